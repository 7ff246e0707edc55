import { describe, expect, test } from "vitest";
import {
  consult,
  type PolicyEngine,
  type PolicyRequest,
  refusalOf,
} from "../../src/policy/engine.js";

const request = { tool: "files.read" } as PolicyRequest;
const engine = (decide: unknown): PolicyEngine =>
  ({ version: "v1", decide: () => decide }) as unknown as PolicyEngine;
const FAILED = { effect: "deny", rules: [], code: "policy_failed" };

describe("consulting a policy", () => {
  test("hands a well-formed answer on, and stays synchronous when the engine is", () => {
    const answer = { effect: "allow", rules: ["r"], obligations: [] };
    expect(consult(engine(answer), request)).toBe(answer);
  });

  test("waits for an engine that takes its time", async () => {
    const answer = { effect: "deny", rules: ["r"], code: "policy_denied" };
    await expect(consult(engine(Promise.resolve(answer)), request)).resolves.toBe(answer);
  });

  test("E18 denies when the engine throws or rejects", async () => {
    const thrower: PolicyEngine = {
      version: "v1",
      decide: () => {
        throw new Error("boom");
      },
    };
    expect(consult(thrower, request)).toEqual(FAILED);
    await expect(consult(engine(Promise.reject(new Error("boom"))), request)).resolves.toEqual(
      FAILED,
    );
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a bare yes", true],
    ["an unknown effect", { effect: "permit", rules: [], obligations: [] }],
    ["an allow without obligations", { effect: "allow", rules: [] }],
    [
      "an obligation that nobody knows",
      { effect: "allow", rules: [], obligations: [{ kind: "log" }] },
    ],
    [
      "an approval by nobody",
      { effect: "allow", rules: [], obligations: [{ kind: "require_approval", approvers: 0 }] },
    ],
    [
      "an approval from no list of people",
      {
        effect: "allow",
        rules: [],
        obligations: [{ kind: "require_approval", approvers: 1, from: "ana" }],
      },
    ],
    [
      "an approval by more than can be counted",
      { effect: "allow", rules: [], obligations: [{ kind: "require_approval", approvers: 1e21 }] },
    ],
    ["an allow without rules", { effect: "allow", obligations: [] }],
    ["a denial with a code of its own", { effect: "deny", rules: [], code: "server_error" }],
  ])("denies on an answer that is %s", (_what, answer) => {
    expect(consult(engine(answer), request)).toEqual(FAILED);
  });

  test.each(["policy_denied", "policy_failed"] as const)(
    "turns %s into a refusal that names the rule",
    (code) => {
      expect(refusalOf({ effect: "deny", rules: ["no-night"], code })).toMatchObject({
        code,
        rule: "no-night",
      });
    },
  );
});
