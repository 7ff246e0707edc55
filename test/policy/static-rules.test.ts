import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PolicyRequest } from "../../src/policy/engine.js";
import { staticRules } from "../../src/policy/static-rules.js";

const request: PolicyRequest = {
  tenant: "acme",
  principal: { issuer: "https://id.example", subject: "ana" },
  hops: [
    { id: "h0", agent: "planner", identity: "proven" },
    { id: "h1", agent: "reader", identity: "asserted" },
  ],
  tool: "files.read",
  arguments: { path: "/reports/a.txt", lines: 10 },
  audience: "https://files.example.com",
  now: 1_000,
  context: { region: "eu" },
};

const decide = (rules: unknown[], extra: object = {}, asked: PolicyRequest = request) =>
  staticRules({ version: "v1", rules, ...extra }).decide(asked);
const allowAll = { id: "all", effect: "allow" };

describe("static rules", () => {
  test("deny by default, and allow by default only when told to", () => {
    expect(decide([])).toEqual({ effect: "deny", rules: [], code: "policy_denied" });
    expect(decide([], { default: "allow" })).toMatchObject({ effect: "allow", obligations: [] });
  });

  test("let a denial override every allow, in whatever order", () => {
    const no = { id: "no", effect: "deny", when: { tools: ["files.*"] } };
    for (const rules of [
      [allowAll, no],
      [no, allowAll],
    ]) {
      expect(decide(rules)).toEqual({ effect: "deny", rules: ["no"], code: "policy_denied" });
    }
  });

  test("H01 hand every approval that applies to the guard as an obligation", () => {
    const one = { id: "one", effect: "require_approval" };
    const two = {
      id: "two",
      effect: "require_approval",
      approval: { approvers: 2, from: ["ben", "cleo"] },
    };
    expect(decide([one, allowAll, two])).toEqual({
      effect: "allow",
      rules: ["one", "two"],
      obligations: [
        { kind: "require_approval", approvers: 1 },
        { kind: "require_approval", approvers: 2, from: ["ben", "cleo"] },
      ],
    });
  });

  const CONDITIONS: readonly [string, object, boolean][] = [
    ["the tenant", { tenants: ["acme"] }, true],
    ["another tenant", { tenants: ["other"] }, false],
    ["the tool by prefix", { tools: ["files.*"] }, true],
    ["a tool that only starts alike", { tools: ["files.re"] }, false],
    ["the audience", { audiences: ["https://files.example.com"] }, true],
    ["the acting agent", { agents: ["reader"] }, true],
    ["an agent above as the acting one", { agents: ["planner"] }, false],
    ["an agent anywhere in the chain", { anyAgent: ["planner"] }, true],
    ["the principal", { principals: [{ issuer: "https://id.example", subject: "ana" }] }, true],
    ["another issuer's principal", { principals: [{ issuer: "x", subject: "ana" }] }, false],
    ["a chain with an asserted agent", { identity: "asserted" }, true],
    ["a chain of proven agents", { identity: "proven" }, false],
    ["at least as many hops", { hops: { min: 2 } }, true],
    ["at least one hop more", { hops: { min: 3 } }, false],
    ["at most as many hops", { hops: { max: 2 } }, true],
    ["at most one hop less", { hops: { max: 1 } }, false],
    ["an argument", { arguments: { path: { constraint_type: "path", under: "/reports" } } }, true],
    ["another argument", { arguments: { lines: { constraint_type: "range", max: 9 } } }, false],
    ["a fact", { context: { region: { constraint_type: "exact", value: "eu" } } }, true],
    ["another fact", { context: { region: { constraint_type: "exact", value: "us" } } }, false],
  ];
  test.each(CONDITIONS)("match %s", (_what, when, met) => {
    const effect = decide([{ id: "r", effect: "allow", when }]).effect;
    expect(effect).toBe(met ? "allow" : "deny");
  });

  const ABSENT = { arguments: { amount: { constraint_type: "range", min: 50 } } };
  test.each([
    ["deny", "deny", ["r"]],
    ["require_approval", "allow", ["r"]],
    ["allow", "allow", []],
  ])(
    "take an argument that the call lacks for the worse case in a %s rule",
    (effect, expected, rules) => {
      const answer = decide([{ id: "r", effect, when: ABSENT }], { default: "allow" });
      expect(answer).toMatchObject({ effect: expected, rules });
    },
  );

  test("fail the whole decision over a fact that the guard does not know, wherever the rule stands", () => {
    const unknown = {
      id: "risk",
      effect: "allow",
      when: { context: { risk: { constraint_type: "range", max: 3 } } },
    };
    for (const rules of [
      [unknown, allowAll],
      [allowAll, unknown],
    ]) {
      expect(decide(rules)).toEqual({ effect: "deny", rules: ["risk"], code: "policy_failed" });
    }
  });

  test("do not fail over an unknown fact in a rule that another condition rules out", () => {
    const when = { tools: ["other"], context: { risk: { constraint_type: "wildcard" } } };
    expect(decide([allowAll, { id: "risk", effect: "deny", when }]).effect).toBe("allow");
  });

  test.each([
    ["a misspelt condition", { rules: [{ ...allowAll, when: { tool: ["x"] } }] }, "config_invalid"],
    ["an unknown effect", { rules: [{ id: "a", effect: "permit" }] }, "config_invalid"],
    ["two rules of one name", { rules: [allowAll, allowAll] }, "config_invalid"],
    [
      "a star inside a pattern",
      { rules: [{ ...allowAll, when: { tools: ["a*b"] } }] },
      "config_invalid",
    ],
    [
      "more approvers than may approve",
      {
        rules: [
          { id: "a", effect: "require_approval", approval: { approvers: 2, from: ["ben", "ben"] } },
        ],
      },
      "config_invalid",
    ],
    [
      "an approval that no rule asks for",
      { rules: [{ ...allowAll, approval: { approvers: 1 } }] },
      "config_invalid",
    ],
    [
      "an unknown constraint",
      { rules: [{ ...allowAll, when: { arguments: { a: { constraint_type: "cel" } } } }] },
      "unknown_constraint",
    ],
  ])("refuse to load %s", (_what, policy, code) => {
    expect(() => staticRules({ version: "v1", ...policy })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test("decide the same whatever the order of the rules", () => {
    const rule = fc.record({
      effect: fc.constantFrom("allow", "deny", "require_approval"),
      when: fc.constantFrom(
        {},
        { tools: ["files.read"] },
        { tools: ["other"] },
        { hops: { min: 9 } },
      ),
    });
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 6 }).chain((rules) => {
          const named = rules.map((one, index) => ({ ...one, id: `r${index}` }));
          return fc.tuple(
            fc.constant(named),
            fc.shuffledSubarray(named, { minLength: named.length }),
          );
        }),
        ([rules, shuffled]) => {
          expect(decide(shuffled).effect).toBe(decide(rules).effect);
        },
      ),
    );
  });
});
