/** Last scenes: budgets run out, tasks end, and what happened is proved. @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { verifyLog } from "../../audit/verify.js";
import { linesOf } from "../lines.js";
import { count } from "../wording.js";
import { type Cast, drawn, hold, type Play, use } from "./play.js";

const OVER = { code: "delegation_revoked", at: "planner" } as const;

/** The writer has three calls; one is used. */
export async function budgets(play: Play, { writer }: Cast): Promise<void> {
  const { narrator } = play;
  await narrator.scene("A budget runs out");
  for (const number of [2, 3]) {
    await use(play, writer, "notes.write", {
      path: `/scratch/out/page-${number}.md`,
      text: `page ${number}\n`,
    });
    narrator.step("writer", `notes.write, call ${number} of 3`, { tool: "notes.write" });
  }
  await narrator.refused(
    "writer",
    "notes.write, call 4",
    { code: "budget_exhausted", rule: "limits.calls", at: "writer" },
    () => use(play, writer, "notes.write", { path: "/scratch/out/page-4.md", text: "page 4\n" }),
  );
}

/** A task that is done gives its authority back, with everything below. */
export async function completion(play: Play, cast: Cast): Promise<void> {
  const { narrator } = play;
  const { planner, writer } = cast;
  await narrator.scene("The task is done, and so is its authority");
  await planner.complete();
  narrator.step("planner", "says that the task is complete", { hop: planner.id });
  await narrator.refused("writer", "notes.write once more", OVER, () =>
    use(play, writer, "notes.write", { path: "/scratch/out/late.md", text: "late\n" }),
  );
  await narrator.refused("planner", "mail.send, which it was granted", OVER, () =>
    use(play, planner, "mail.send", { to: "ada@people.example", text: "one more thing" }),
  );
  if (!narrator.terminal.json) narrator.terminal.out();
  await drawn(play, planner.tree);
}

/** The log verifies; a copy of it in which one byte was turned does not, and the line is named. */
export async function audit({ stage, narrator, places }: Play, journal: string): Promise<void> {
  await narrator.scene("What happened is provable");
  await stage.close();
  const verdict = verifyLog(linesOf(journal));
  hold(verdict.ok, "the journal verifies");
  narrator.step("auditor", `verifies the journal: ${count(verdict.lines, "line")}, intact`, {
    ok: true,
    lines: verdict.lines,
  });
  const copy = join(places.scratch, "forged.jsonl");
  const line = await forge(journal, copy);
  const forged = verifyLog(linesOf(copy));
  hold(forged.firstBad?.line === line, "the forged line is found");
  narrator.step("forger", `turns one byte of a copy, in line ${line}`, { file: copy, line });
  narrator.step(
    "auditor",
    `verifies the copy: broken at line ${line} (${forged.firstBad?.reason})`,
    {
      ok: false,
      ...forged.firstBad,
    },
  );
}

/** Turns one bit in the line in the middle; returns the line's number. */
async function forge(journal: string, copy: string): Promise<number> {
  const bytes = await readFile(journal);
  const lines = bytes.toString("latin1").split("\n");
  const middle = Math.floor(lines.length / 2);
  const start = lines.slice(0, middle).reduce((sum, line) => sum + line.length + 1, 0);
  const at = bytes.indexOf(",", start) - 1;
  // The last digit of the line's time: still a digit, still JSON, another millisecond.
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(copy, bytes);
  return middle + 1;
}
