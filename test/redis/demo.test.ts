/** The demonstration on a real server: four processes, one of them killed half-way, and the same end. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { verifyLog } from "../../src/audit/verify.js";
import { type Built, buildCommand, valuesIn } from "../cli/command.js";
import { RedisServer } from "./servers.js";

vi.setConfig({ testTimeout: 120_000 });

const PASSWORD = "pass-that-nobody-may-see";

let command: Built;
let server: RedisServer;
beforeAll(async () => {
  command = buildCommand();
  const settings = [`requirepass ${PASSWORD}`];
  server = await RedisServer.start({ appendfsync: "always", settings });
}, 300_000);
afterAll(async () => {
  await server?.stop();
  command.remove();
});

describe("legate demo --redis", () => {
  test("comes to the same end in four processes, with the coordinator killed half-way", async () => {
    const url = `redis://:${PASSWORD}@${server.host}:${server.port}`;
    const journal = join(command.folder, "audit.jsonl");
    const args = ["demo", "--fast", "--json", "--redis", url, "--journal", journal];
    const { status, stdout, stderr } = await command.run(args);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const steps = valuesIn(stdout);
    const embedded = join(command.folder, "embedded.jsonl");
    const other = await command.run(["demo", "--fast", "--json", "--journal", embedded]);
    const refusals = (all: typeof steps) =>
      all
        .filter(({ outcome }) => outcome === "refused")
        .map(({ scene, who, did, code, agent, rule }) => [scene, who, did, code, agent, rule]);
    expect(refusals(steps)).toEqual(refusals(valuesIn(other.stdout)));
    expect(refusals(steps)).toHaveLength(12);
    const [killed, next] = steps.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
    expect(next).not.toBe(killed);
    expect(steps.at(-1)).toMatchObject({ scene: "end", outcome: "done", refusals: 12 });
    expect(verifyLog(readFileSync(journal, "utf8").trimEnd().split("\n"))).toMatchObject({
      ok: true,
    });
    const scratch = String(steps.at(-1)?.scratch);
    expect(readFileSync(join(scratch, "out", "summary.md"), "utf8")).toContain("# Summary");
    for (const name of ["out/late.md", "out/page-4.md", "outbox.txt"]) {
      expect(existsSync(join(scratch, name))).toBe(false);
    }
    for (const role of ["coordinator", "files", "desk"]) {
      expect(existsSync(join(scratch, `${role}.outbox`))).toBe(true);
    }
    for (const secret of [PASSWORD, "eyJ", '"d":']) expect(stdout + stderr).not.toContain(secret);
  });

  test("ends with 6 where no server answers", async () => {
    const { status, stderr } = await command.run(["demo", "--redis", "redis://127.0.0.1:1"]);
    expect(stderr).toMatch(/^legate: store_unavailable: no answer from 127\.0\.0\.1:1/);
    expect(status).toBe(6);
  });
});
