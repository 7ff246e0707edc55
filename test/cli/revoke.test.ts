import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { revoke } from "../../src/cli/revoke.js";
import type { Terminal } from "../../src/cli/terminal.js";
import { openEmbedded } from "../../src/memory/embedded.js";
import { createMemoryStore } from "../../src/memory/store.js";
import { AUDIENCE, type Made, writeJournal } from "./journal.js";

const folder = mkdtempSync(join(tmpdir(), "legate-revoke-"));
const journal = join(folder, "journal.jsonl");
let made: Made;
beforeAll(async () => {
  made = await writeJournal(journal);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A terminal at which somebody sits who answers `answer` to everything. */
function terminalWith(answer: string | undefined): Terminal & { questions: string[] } {
  const questions: string[] = [];
  return {
    questions,
    json: false,
    unicode: true,
    columns: 80,
    interactive: true,
    out: () => {},
    exact: () => {},
    record: () => {},
    say: () => {},
    tone: (_tone, text) => text,
    ask: async (question) => {
      questions.push(question);
      return answer;
    },
  };
}

const OPTIONS = { journal, tenant: "default", dryRun: false, yes: false, command: "legate" };

async function stateOf(hop: string): Promise<string | undefined> {
  const store = createMemoryStore({ clock: systemClock, journal, readonly: true });
  const record = await store.hop("default", hop);
  await store.close();
  return record?.state;
}

describe("revoke, with somebody to ask", () => {
  test.each([["n"], [""], [undefined], ["yess"]])(
    "cuts nothing when the answer is %o",
    async (answer) => {
      const terminal = terminalWith(answer);
      const attempt = revoke(terminal, `hop:${made.writer}`, OPTIONS);
      await expect(attempt).rejects.toMatchObject({ exit: 130, message: "nothing was cut" });
      expect(await stateOf(made.writer)).toBe("active");
    },
  );

  test("cuts when the answer is yes", async () => {
    const terminal = terminalWith("y");
    expect(await revoke(terminal, `hop:${made.readers[0]}`, OPTIONS)).toBe(0);
    expect(terminal.questions).toEqual(["cut? [y/N] "]);
    expect(await stateOf(made.readers[0] ?? "")).toBe("revoked");
  });

  test("has the boundary typed once more when much would stop", async () => {
    const engine = await openEmbedded({ issuer: "https://legate.example", journal });
    const root = await engine.open({
      principal: { issuer: "https://people.example", subject: "ada" },
      trigger: "much",
      agent: "planner",
      grant: { tools: { "files.read": {} }, audience: [AUDIENCE] },
    });
    for (let i = 0; i < 101; i += 1) {
      await root.delegate({ agent: "swarm", grant: { tools: { "files.read": {} } } });
    }
    await engine.close();
    const attempt = revoke(terminalWith("y"), "agent:swarm", OPTIONS);
    await expect(attempt).rejects.toMatchObject({ exit: 130 });
    const terminal = terminalWith("agent:swarm");
    expect(await revoke(terminal, "agent:swarm", OPTIONS)).toBe(0);
    expect(terminal.questions).toEqual(["type agent:swarm to cut it: "]);
  });
});
