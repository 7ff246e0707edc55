import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { verifyLog } from "../../src/audit/verify.js";
import { type Built, buildCommand, valuesIn } from "./command.js";

vi.setConfig({ testTimeout: 120_000 });

let command: Built;
beforeAll(() => {
  command = buildCommand();
}, 300_000);
afterAll(() => command.remove());

describe("legate demo", () => {
  test("runs to the end by itself, and all that it promised was refused", async () => {
    const journal = join(command.folder, "told.jsonl");
    const { status, stdout, stderr } = await command.run([
      "demo",
      "--fast",
      "--json",
      "--journal",
      journal,
    ]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const steps = valuesIn(stdout);
    expect(
      steps
        .filter(({ outcome }) => outcome === "refused")
        .map(({ who, code, agent, rule }) => [who, code, agent, rule]),
    ).toEqual([
      ["researcher", "grant_exceeds_parent", "researcher", "tools.files.read.path"],
      ["reader", "argument_refused", "reader", "files.read.path"],
      ["reader", "argument_refused", "reader", "files.read.path"],
      ["reader", "tool_not_granted", "reader", "mail.send"],
      ["reader", "grant_exceeds_parent", "reader", "tools.mail.send"],
      ["reader", "proof_invalid", undefined, expect.any(String)],
      ["reader", "delegation_revoked", "researcher", "hop"],
      ["researcher", "delegation_revoked", "researcher", "hop"],
      ["researcher", "delegation_revoked", "researcher", undefined],
      ["writer", "budget_exhausted", "writer", "limits.calls"],
      ["writer", "delegation_revoked", "planner", "hop"],
      ["planner", "delegation_revoked", "planner", "hop"],
    ]);
    expect(steps.find(({ code }) => code === "aborted")).toMatchObject({
      stoppedMs: expect.any(Number),
    });
    expect(steps.at(-1)).toMatchObject({ scene: "end", refusals: 12, journal });
  });

  test("leaves a journal that verifies, the summary, and no letter", async () => {
    const journal = join(command.folder, "left.jsonl");
    const { stdout } = await command.run(["demo", "--fast", "--json", "--journal", journal]);
    expect(verifyLog(readFileSync(journal, "utf8").trimEnd().split("\n")).ok).toBe(true);
    const scratch = String(valuesIn(stdout).at(-1)?.scratch);
    expect(readFileSync(join(scratch, "out", "summary.md"), "utf8")).toContain("# Summary");
    for (const name of ["out/late.md", "out/page-4.md", "outbox.txt"]) {
      expect(existsSync(join(scratch, name))).toBe(false);
    }
  });

  test("ends with lines that run", async () => {
    const { status, stdout } = await command.run(["demo", "--fast"]);
    expect(status).toBe(0);
    const journal = /LEGATE_JOURNAL=(\S+)/.exec(stdout)?.[1] ?? "";
    const lines = [...stdout.matchAll(/^ {2}node \S+main\.js (.*)$/gm)].map(
      ([, line = ""]) => line,
    );
    expect(lines).toHaveLength(5);
    for (const line of lines) {
      const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(
        ([, quoted, plain]) => quoted ?? plain ?? "",
      );
      const run = await command.run(args, { env: { LEGATE_JOURNAL: journal } });
      expect([line, run.status]).toEqual([line, line.includes("--tool") ? 3 : 0]);
    }
  });

  test("shows no token, no private key and no argument that was refused", async () => {
    const { stdout, stderr } = await command.run(["demo", "--fast", "--json"]);
    expect(stdout + stderr).not.toContain("eyJ");
    expect(stdout + stderr).not.toContain('"d":');
  });

  test("does not write into a journal that is there already", async () => {
    const journal = join(command.folder, "twice.jsonl");
    expect((await command.run(["demo", "--fast", "--journal", journal])).status).toBe(0);
    const before = readFileSync(journal);
    const { status, stderr } = await command.run(["demo", "--fast", "--journal", journal]);
    expect(status).toBe(5);
    expect(stderr).toContain("there is a journal already");
    expect(readFileSync(journal).equals(before)).toBe(true);
  });

  test("ends with 130 at Ctrl-C, and leaves no lock behind", async () => {
    const journal = join(command.folder, "stopped.jsonl");
    const args = ["demo", "--journal", journal];
    const { status } = await command.run(args, { interruptAt: "4. A page gives orders" });
    expect(status).toBe(130);
    expect((await command.run(["revoke", "epoch", "--yes", "--journal", journal])).status).toBe(0);
  });
});
