/** What a script answers becomes values or a refusal; whatever else happens means that nobody knows. @module */
import { describe, expect, test } from "vitest";
import { ask, type Caller, isMisdirected, runScript } from "../../src/redis/script.js";

const SCRIPT = { name: "test", version: 1, sha1: "0".repeat(40), text: "return {'ok'}" };
const RUN = { script: SCRIPT, key: "{k}:", args: ["secret-argument", 7] };
const LONG_MS = 5_000;

/** A connection that answers so, one after the other. */
function answering(...replies: readonly (unknown | Error)[]): Caller & { calls: unknown[][] } {
  const rest = [...replies];
  const calls: unknown[][] = [];
  const call = async (...words: unknown[]) => {
    calls.push(words);
    const reply = rest.shift();
    if (reply instanceof Error) throw reply;
    return reply;
  };
  return { call, calls };
}

describe("a run", () => {
  test("is by digest, with one key, and gives what stands behind ok", async () => {
    const caller = answering(["ok", "a", 1, ["b"]]);
    expect(await runScript(caller, RUN, LONG_MS)).toEqual(["a", 1, ["b"]]);
    expect(caller.calls).toEqual([["EVALSHA", SCRIPT.sha1, 1, "{k}:", "secret-argument", 7]]);
  });

  test("brings the text where the server does not know it", async () => {
    const caller = answering(new Error("NOSCRIPT No matching script."), ["ok"]);
    expect(await runScript(caller, RUN, LONG_MS)).toEqual([]);
    expect(caller.calls[1]).toEqual(["EVAL", SCRIPT.text, 1, "{k}:", "secret-argument", 7]);
  });

  test("tells a refusal with all that it names", async () => {
    const caller = answering(["refused", "budget_exhausted", "h", "limits.calls", "used up"]);
    await expect(runScript(caller, RUN, LONG_MS)).rejects.toMatchObject({
      code: "budget_exhausted",
      hop: "h",
      rule: "limits.calls",
      message: "used up",
    });
  });

  test("shows nothing of a code that nobody knows", async () => {
    const caller = answering(["refused", "constructor", "h", "r", "secret"]);
    await expect(runScript(caller, RUN, LONG_MS)).rejects.toMatchObject({
      code: "server_error",
      message: "internal error",
    });
  });

  test.each([
    ["nothing", null],
    ["a text", "OK"],
    ["an empty list", []],
    ["another tag", ["okay"]],
    ["a number", 1],
  ])("that answers %s is not known to be kept", async (_what, reply) => {
    await expect(runScript(answering(reply), RUN, LONG_MS)).rejects.toMatchObject({
      code: "store_unavailable",
    });
  });

  test.each([
    ["LOADING Redis is loading the dataset in memory", "LOADING", false],
    ["READONLY You can't write against a read only replica.", "READONLY", true],
    ["MOVED 3999 127.0.0.1:6381", "MOVED", true],
    ["NOREPLICAS Not enough good replicas to write.", "NOREPLICAS", false],
    ["Command timed out", "CONNECTION", false],
    ["Stream isn't writeable and enableOfflineQueue options is false", "UNSENT", true],
  ])(
    "that fails with %j is not known to be kept, and says no more",
    async (message, rule, moved) => {
      const error = Object.assign(new Error(message), { command: { args: RUN.args } });
      const thrown: unknown = await runScript(answering(error), RUN, LONG_MS).catch((one) => one);
      expect(thrown).toMatchObject({ code: "store_unavailable", rule });
      expect(isMisdirected(thrown)).toBe(moved);
      expect(JSON.stringify(thrown, Object.getOwnPropertyNames(thrown))).not.toContain("secret");
      expect((thrown as Error).cause).toBeUndefined();
    },
  );

  test("that never answers ends with its deadline", async () => {
    const silent: Caller = { call: () => new Promise(() => {}) };
    await expect(runScript(silent, RUN, 5)).rejects.toMatchObject({ rule: "TIMEOUT" });
    await expect(ask(silent, 5, "PING")).rejects.toMatchObject({ code: "store_unavailable" });
  });
});
