/** Grants as people write them, as tokens carry them, as the store keeps them. @module */
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/base/json-value.js";
import { isAatConstraint } from "../../src/wire/constraint.js";
import {
  type Grant,
  hasLimits,
  parseAatDetail,
  parseAgentDelegationDetail,
  parseAuthority,
  parseGrant,
  parseLimitsDetail,
  toAatDetail,
  toAgentDelegationDetail,
  toLimitsDetail,
} from "../../src/wire/grant.js";
import { CONSTRAINTS } from "../model/constraint-domains.js";

const NOW = 1_767_225_600_000;
const path = { constraint_type: "path", under: "/data" };
const EXACT = { constraint_type: "exact", value: 2 ** 53 };
const LIMITS = {
  calls: 5,
  spend: { EUR: "2.00" },
  children: 1,
  descendants: 2,
  depth: 3,
  delegateOnly: ["read"],
  useOnly: [],
  approval: { read: { when: { path }, approvers: 1, from: ["ann"] } },
};
const INPUT = { tools: { read: { path } }, scopes: ["crm.*"], limits: LIMITS };

const parse = (input: unknown): Grant => parseGrant(input, { now: NOW });
const aat = (tools: unknown): unknown =>
  parseAatDetail({ type: "attenuating_agent_token", tools: tools as Json });
const asor = (rest: object): unknown =>
  parseAgentDelegationDetail({ type: "agent_delegation", scopes: [], ...rest });

function refused(act: () => unknown, code: string, rule: string): void {
  expect(act).toThrow(expect.objectContaining({ name: "DelegationError", code, rule }));
}

describe("a grant that somebody asks for", () => {
  test("gets what it does not say", () => {
    const grant = parseGrant({ scopes: [] }, { now: NOW, defaults: { lifetimeMs: 9, depth: 2 } });
    expect(grant).toMatchObject({ scopes: [], audience: [], limits: { depth: 2 } });
    expect(grant.expiresAt).toBe(NOW + 9);
    expect(parse({ tools: {} }).expiresAt).toBe(NOW + 300_000);
    expect(parse({ tools: {}, expiresAt: NOW / 1_000 + 1 }).expiresAt).toBe(NOW + 1_000);
  });

  test("has maps without prototypes", () => {
    const { tools, limits } = parse(INPUT);
    for (const map of [tools, tools.read, limits.spend, limits.approval]) {
      expect(Object.getPrototypeOf(map)).toBeNull();
    }
    expect(tools.constructor).toBeUndefined();
  });

  test.each<[string, unknown, string]>([
    ["S19 an unknown member", { ...INPUT, extra: 1 }, "extra"],
    ["S19 an unknown limit", { ...INPUT, limits: { cals: 1 } }, "limits.cals"],
    [
      "S19 an unknown member of a gate",
      { ...INPUT, limits: { approval: { read: { approvers: 1, x: 1 } } } },
      "limits.approval.read.x",
    ],
    [
      "S19 an unknown member of a constraint",
      { tools: { read: { path: { ...path, x: 1 } } } },
      "tools.read.path.x",
    ],
    ["neither tools nor scopes", { limits: {} }, "(whole)"],
    ["no object", null, "(whole)"],
    ["a list", [], "(whole)"],
    ["a tool's name with a null byte", { tools: { "a\0": {} } }, "tools.?"],
    ["a tool's name that is too long", { tools: { ["a".repeat(257)]: {} } }, "tools.?"],
    ["an empty name", { tools: { "": {} } }, "tools.?"],
    ["__proto__ for a tool", JSON.parse('{"tools":{"__proto__":{}}}'), "tools"],
    ["__proto__ for an argument", JSON.parse('{"tools":{"a":{"__proto__":{}}}}'), "tools.a"],
    ["S32 calls that are no whole number", { tools: {}, limits: { calls: 1.5 } }, "limits.calls"],
    ["S32 calls below zero", { tools: {}, limits: { calls: -1 } }, "limits.calls"],
    ["S32 calls that are true", { tools: {}, limits: { calls: true } }, "limits.calls"],
    ["money as a number", { tools: {}, limits: { spend: { EUR: 2 } } }, "limits.spend.EUR"],
    [
      "money with an exponent",
      { tools: {}, limits: { spend: { EUR: "1e3" } } },
      "limits.spend.EUR",
    ],
    ["money below zero", { tools: {}, limits: { spend: { EUR: "-1" } } }, "limits.spend.EUR"],
    ["an odd currency", { tools: {}, limits: { spend: { eur: "1" } } }, "limits.spend.eur"],
    [
      "no approvers",
      { tools: { a: {} }, limits: { approval: { a: { approvers: 0 } } } },
      "limits.approval.a.approvers",
    ],
    [
      "too few approvers to ask",
      { tools: { a: {} }, limits: { approval: { a: { approvers: 2, from: ["x"] } } } },
      "limits.approval.a",
    ],
    [
      "one approver twice",
      { tools: { a: {} }, limits: { approval: { a: { approvers: 1, from: ["x", "x"] } } } },
      "limits.approval.a.from",
    ],
    [
      "a gate for a tool it does not hold",
      { tools: {}, limits: { approval: { a: { approvers: 1 } } } },
      "limits.approval",
    ],
    [
      "useOnly of a tool it does not hold",
      { tools: {}, limits: { useOnly: ["a"] } },
      "limits.useOnly",
    ],
    ["S32 a scope that is no list", { scopes: "crm.read" }, "scopes"],
    ["a malformed scope", { scopes: ["crm.re*"] }, "scopes.0"],
    [
      "a ceiling per action on a count",
      { scopes: [], ceilings: [{ key: "max_calls", max: 1 }] },
      "ceilings",
    ],
    [
      "S26 a bound that no token could carry",
      { tools: { a: { n: { constraint_type: "range", max: 1e21 } } } },
      "tools.a.n.max",
    ],
    [
      "S26 the same inside a clause",
      { tools: { a: { n: { constraint_type: "any", constraints: [EXACT] } } } },
      "tools.a.n.constraints.0.value",
    ],
    [
      "S26 a ceiling that no token could carry",
      { scopes: [], ceilings: [{ key: "n", max: 2 ** 53 }] },
      "ceilings.0",
    ],
    ["one audience twice", { scopes: [], audience: ["a", "a"] }, "audience"],
  ])("refuses %s", (_why, input, rule) => {
    refused(() => parse(input), "invalid_grant_shape", rule);
  });

  test.each([
    ["in the past", NOW / 1_000],
    ["A29 beyond the longest life", NOW / 1_000 + 90 * 86_400 + 1],
  ])("refuses an end %s", (_why, expiresAt) => {
    refused(() => parse({ scopes: [], expiresAt }), "lifetime_invalid", "expiresAt");
  });

  test("refuses a cycle without falling over", () => {
    const cycle: Record<string, unknown> = {};
    cycle.tools = cycle;
    expect(() => parse(cycle)).toThrow(expect.objectContaining({ code: "invalid_grant_shape" }));
  });
});

describe("constraints", () => {
  test("S20 of an unknown type are refused by name of the place, at any depth", () => {
    const unknown = { constraint_type: "regex", value: "x" };
    refused(
      () => aat({ a: { b: unknown } }),
      "unknown_constraint",
      "attenuating_agent_token.tools.a.b.constraint_type",
    );
    const nested = { constraint_type: "any", constraints: [unknown] };
    refused(
      () => aat({ a: { b: nested } }),
      "unknown_constraint",
      "attenuating_agent_token.tools.a.b.constraints.0.constraint_type",
    );
    refused(
      () => aat({ a: { b: { constraint_type: "toString" } } }),
      "unknown_constraint",
      "attenuating_agent_token.tools.a.b.constraint_type",
    );
  });

  test("may nest 32 levels deep and no deeper", () => {
    const nested = (levels: number): unknown =>
      levels === 1
        ? { constraint_type: "wildcard" }
        : { constraint_type: "all", constraints: [nested(levels - 1)] };
    expect(() => aat({ a: { b: nested(32) } })).not.toThrow();
    refused(() => aat({ a: { b: nested(33) } }), "malformed", "attenuating_agent_token.tools.a.b");
  });

  test.each<[string, object]>([
    ["no type", {}],
    ["a type that is no text", { constraint_type: 200 }],
    ["a bound in a string", { constraint_type: "range", max: "5" }],
    ["a bound that is NaN", { constraint_type: "range", max: Number.NaN }],
    ["an exact object", { constraint_type: "exact", value: {} }],
    ["no clauses", { constraint_type: "all", constraints: [] }],
    ["a path with dots", { constraint_type: "path", under: "/data/../etc" }],
    ["a path that ends in a slash", { constraint_type: "path", under: "/data/" }],
    ["a relative path", { constraint_type: "path", under: "data" }],
    ["three stars", { constraint_type: "pattern", value: "***" }],
    ["a dangling escape", { constraint_type: "pattern", value: "a\\" }],
    ["a long pattern", { constraint_type: "pattern", value: "a".repeat(257) }],
    ["a separator of two letters", { constraint_type: "pattern", value: "a", separator: "ab" }],
    ["a network with bits behind its prefix", { constraint_type: "cidr", network: "10.0.0.1/8" }],
    ["a network with a prefix too long", { constraint_type: "cidr", network: "10.0.0.0/33" }],
    ["a network with a zone", { constraint_type: "cidr", network: "fe80::%1/64" }],
    ["an address for a network", { constraint_type: "cidr", network: "10.0.0.0" }],
    ["a host in upper case", { constraint_type: "host", hosts: ["Example.com"] }],
    ["a star for a host", { constraint_type: "host", hosts: ["*"] }],
    ["a star inside", { constraint_type: "host", hosts: ["a.*.example.com"] }],
    ["a star above an address", { constraint_type: "host", hosts: ["*.0.0.1"] }],
    ["no hosts", { constraint_type: "host", hosts: [] }],
    ["another scheme", { constraint_type: "host", hosts: ["a.b"], schemes: ["file"] }],
    ["port 0", { constraint_type: "host", hosts: ["a.b"], ports: [0] }],
    ["a date without a time", { constraint_type: "time_window", from: "2026-01-01" }],
    ["a date that is none", { constraint_type: "time_window", from: "2026-02-30T00:00:00Z" }],
    ["half a character", { constraint_type: "length", max: 0.5 }],
    ["a value of 5 kB", { constraint_type: "exact", value: "é".repeat(2_049) }],
  ])("with %s are malformed", (_why, constraint) => {
    expect(() => aat({ a: { b: constraint } })).toThrow(
      expect.objectContaining({ code: "malformed" }),
    );
  });

  test("of every domain parse, and the draft's own are known as such", () => {
    const own = Object.entries(CONSTRAINTS).flatMap(([type, list]) => {
      for (const constraint of list) expect(() => aat({ a: { b: constraint } })).not.toThrow();
      return list.every(isAatConstraint) ? [type] : [];
    });
    const draft = ["exact", "range", "one_of", "not_one_of", "contains", "subset", "wildcard"];
    expect(own.sort()).toEqual(draft.sort());
  });
});

describe("details", () => {
  const whole = parse(INPUT);

  test("round the wire", () => {
    expect(parseAatDetail(toAatDetail(whole))).toEqual(whole.tools);
    expect(toLimitsDetail(whole.limits)).toMatchObject({ delegate_only: ["read"], use_only: [] });
    expect(parseLimitsDetail(toLimitsDetail(whole.limits))).toEqual(whole.limits);
    const scoped = { scopes: ["crm.*"], ceilings: [{ key: "n", max: 5 }] };
    expect(parseAgentDelegationDetail(toAgentDelegationDetail(scoped))).toEqual(scoped);
    expect(toAgentDelegationDetail({ scopes: [], ceilings: [] })).toEqual({
      type: "agent_delegation",
      scopes: [],
    });
    const { expiresAt: _, ...authority } = whole;
    expect(parseAuthority(JSON.parse(JSON.stringify(authority)))).toEqual(authority);
  });

  test("know whether limits say anything", () => {
    expect([hasLimits({}), hasLimits({ calls: 0 }), hasLimits({ useOnly: [] })]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test.each<[string, () => unknown, string]>([
    [
      "S19 another member",
      () => aat2({ tools: {}, actions: [] }),
      "attenuating_agent_token.actions",
    ],
    [
      "another type",
      () => parseAatDetail({ type: "other", tools: {} }),
      "attenuating_agent_token.type",
    ],
    ["S31 tools as a list", () => aat([]), "attenuating_agent_token.tools"],
    ["S19 another member", () => asor({ locations: [] }), "agent_delegation.locations"],
    [
      "no scopes",
      () => parseAgentDelegationDetail({ type: "agent_delegation" }),
      "agent_delegation.scopes",
    ],
    [
      "a scope with a line break",
      () => asor({ scopes: ["crm.read\n"] }),
      "agent_delegation.scopes.0",
    ],
    [
      "one key and type twice",
      () =>
        asor({
          constraints: [
            { key: "n", max: 5 },
            { key: "n", max: 4 },
          ],
        }),
      "agent_delegation.constraints",
    ],
    [
      "camel case on the wire",
      () => parseLimitsDetail({ type: "delegation_limits", useOnly: [] }),
      "delegation_limits.useOnly",
    ],
  ])("refuse %s", (_why, act, rule) => refused(act, "malformed", rule));

  test.each<[string, object]>([
    ["two types", { key: "n", max: 5, min: 1 }],
    ["two unknown types", { key: "n", a: 1, b: 2 }],
    ["no type", { key: "n" }],
    ["no key", { max: 1 }],
    ["rank without order", { key: "e", rank: "a" }],
    ["a rank that is not in order", { key: "e", rank: "c", order: ["a", "b"] }],
    ["an order of one", { key: "e", rank: "a", order: ["a"] }],
    ["an order with one step twice", { key: "e", rank: "a", order: ["a", "a"] }],
    ["order without rank", { key: "e", max: 1, order: ["a", "b"] }],
    ["a bound in a string", { key: "n", max: "5" }],
    ["a list that is none", { key: "n", one_of: "a" }],
  ])("refuse a ceiling with %s", (_why, ceiling) => {
    expect(() => asor({ constraints: [ceiling] })).toThrow(
      expect.objectContaining({ code: "malformed" }),
    );
  });

  test("accept min and max on one key, and one unknown type", () => {
    const constraints = [
      { key: "n", min: 1 },
      { key: "n", max: 2 },
      { key: "n", zork: { a: [1] } },
    ];
    expect(asor({ constraints })).toEqual({ scopes: [], ceilings: constraints });
  });
});

function aat2(rest: object): unknown {
  return parseAatDetail({ type: "attenuating_agent_token", ...rest });
}
