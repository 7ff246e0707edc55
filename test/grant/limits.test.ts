/** Budgets, rights and approval gates from parent to child. @module */
import { describe, expect, test } from "vitest";
import { attenuate, escapesOf } from "../../src/grant/attenuate.js";
import { needsCoordinator } from "../../src/grant/limits.js";
import type { Constraint } from "../../src/wire/constraint.js";
import type { Gate, Limits } from "../../src/wire/grant.js";
import { expectEscapes, grant } from "./grants.js";

const TOOLS = { "pay.refund": {}, "web.search": {} };
const limited = (limits: Limits, tools: object = TOOLS) =>
  grant({ tools: tools as never, limits: limits as never });
const above = (min: number): Constraint => ({ constraint_type: "range", min });

describe("budgets", () => {
  test.each<[string, Limits, Limits, string]>([
    ["A32 more calls", { calls: 5 }, { calls: 6 }, "limits.calls"],
    ["A32 more money", { spend: { EUR: "2.00" } }, { spend: { EUR: "2.01" } }, "limits.spend.EUR"],
    ["more children", { children: 1 }, { children: 2 }, "limits.children"],
    ["more descendants", { descendants: 1 }, { descendants: 2 }, "limits.descendants"],
    ["as much depth", { depth: 2 }, { depth: 2 }, "limits.depth"],
    ["any depth below none", { depth: 0 }, {}, "limits.depth"],
  ])("refuses %s", (_why, parent, child, place) => {
    expectEscapes(limited(parent), limited(child), [place]);
  });

  test("A32 refuses another currency, a dropped one and an added one", () => {
    const parent = limited({ spend: { EUR: "2", CHF: "1" } });
    expectEscapes(parent, limited({ spend: { USD: "2", CHF: "1" } }), [
      "limits.spend.EUR",
      "limits.spend.USD",
    ]);
    expectEscapes(parent, limited({ spend: { EUR: "2" } }), ["limits.spend.CHF"]);
  });

  test("A32 refuses a total that is lifted while the bound per call stays", () => {
    const tools = { pay: { amount: { constraint_type: "range", max: 5 } } };
    const parent = limited({ spend: { EUR: "10" } }, tools);
    expectEscapes(parent, limited({ spend: { EUR: "100" } }, tools), ["limits.spend.EUR"]);
  });

  test("compares amounts as decimals", () => {
    const parent = limited({ spend: { EUR: "0.3" } });
    expect(escapesOf(parent, limited({ spend: { EUR: "0.300" } }))).toEqual([]);
    expectEscapes(parent, limited({ spend: { EUR: "0.30000000000000004" } }), ["limits.spend.EUR"]);
  });

  test("inherits what a child does not state, and lets it state less", () => {
    const parent = limited({ calls: 5, children: 3, depth: 4, spend: { EUR: "2" } });
    expect(attenuate(parent, limited({ calls: 2 })).limits).toEqual({
      calls: 2,
      children: 3,
      depth: 3,
      spend: { EUR: "2" },
    });
  });

  test("lets a child bind itself where its parent is free", () => {
    const child = { calls: 1, children: 1, descendants: 1, depth: 9, spend: { EUR: "1" } };
    expect(attenuate(limited({}), limited(child)).limits).toEqual(child);
  });

  test("lets a child have as much as its parent", () => {
    const all = { calls: 5, children: 3, descendants: 4, spend: { EUR: "2" } };
    expect(attenuate(limited(all), limited(all)).limits).toEqual(all);
  });

  test("makes up no limit where neither states one", () => {
    expect(attenuate(limited({}), limited({})).limits).toStrictEqual({});
  });

  test("takes no depth for a self-link, and leaves none", () => {
    for (const depth of [0, 3]) {
      const link = attenuate(limited({ depth }), limited({}), { selfLink: true });
      expect(link.limits.depth).toBe(0);
    }
  });
});

test.each<[string, Limits, Limits, { selfLink?: boolean }, Limits]>([
  ["one less than its parent's", { depth: 3 }, {}, {}, { depth: 2 }],
  ["its own, where it states less", { depth: 3 }, { depth: 1 }, {}, { depth: 1 }],
  ["none in a self-link", { depth: 3 }, {}, { selfLink: true }, { depth: 0 }],
  ["none that nobody stated", {}, {}, {}, {}],
  [
    "none in a self-link, whatever else its parent states",
    { depth: 3, calls: 5 },
    {},
    { selfLink: true },
    { calls: 5, depth: 0 },
  ],
  ["besides what else its parent states", { depth: 3, calls: 5 }, {}, {}, { calls: 5, depth: 2 }],
  ["besides what else it states", { depth: 3 }, { calls: 1 }, {}, { calls: 1, depth: 2 }],
])("a child's depth is %s", (_which, parent, child, how, effective) => {
  expect(attenuate(limited(parent), limited(child), how).limits).toEqual(effective);
});

describe("use and delegate", () => {
  const online = { online: true, proven: true, differentAgent: true };
  const parent = limited({ delegateOnly: ["pay.refund"], useOnly: ["web.search"] });
  const paying = limited({ delegateOnly: [] }, { "pay.refund": {} });

  test("refuses to hand on what is only for use, even online", () => {
    expectEscapes(parent, limited({}, { "web.search": {} }), ["tools.web.search"], online);
  });

  test("the very same tools pass at once, but not past what their parent may not hand on", () => {
    const { tools } = parent;
    expect(attenuate(limited({}), { ...limited({}), tools: limited({}).tools }).tools).toEqual(
      tools,
    );
    expectEscapes(parent, { ...limited({}), tools }, ["tools.web.search"], online);
    const useOnly = limited({ useOnly: ["web.search"] });
    expectEscapes(useOnly, { ...limited({}), tools: useOnly.tools }, ["tools.web.search"], online);
    const delegateOnly = limited({ delegateOnly: ["pay.refund"] });
    expectEscapes(delegateOnly, { ...limited({}), tools: delegateOnly.tools }, [
      "tools.pay.refund",
    ]);
  });

  test.each([
    ["offline", { ...online, online: false }],
    ["to an asserted agent", { ...online, proven: false }],
    ["to the same agent", { ...online, differentAgent: false }],
    ["in a self-link", { ...online, selfLink: true }],
  ])("refuses to hand on %s what is only to be handed on", (_why, how) => {
    expectEscapes(parent, paying, ["tools.pay.refund"], how);
  });

  test("hands on online, to a proven and different agent, for use if it says so", () => {
    expect(attenuate(parent, paying, online).limits.delegateOnly).toEqual([]);
    const silent = limited({}, { "pay.refund": {} });
    expect(attenuate(parent, silent, online).limits.delegateOnly).toEqual(["pay.refund"]);
  });

  test("hands rights down with their tools, and drops those of tools that are not held", () => {
    const searching = attenuate(parent, limited({}, { "web.search": {} }), { selfLink: true });
    expect(searching.limits.useOnly).toEqual(["web.search"]);
    expect(attenuate(parent, limited({}, { "pay.refund": {} }), online).limits).toStrictEqual({
      delegateOnly: ["pay.refund"],
    });
    const stated = limited({ useOnly: ["pay.refund"] });
    expect(attenuate(limited({}), stated).limits.useOnly).toEqual(["pay.refund"]);
  });

  test("lets a self-link have what its holder may use", () => {
    const link = attenuate(parent, limited({}, { "web.search": {} }), { selfLink: true });
    expect(Object.keys(link.tools)).toEqual(["web.search"]);
  });
});

describe("approval gates", () => {
  const gated = (gate: Gate | undefined, tools: object = TOOLS) =>
    limited(gate === undefined ? { approval: {} } : { approval: { "pay.refund": gate } }, tools);
  const parent = gated({ when: { amount: above(50) }, approvers: 2, from: ["ann", "bob", "cy"] });
  const place = ["limits.approval.pay.refund"];
  const kept = { when: { amount: above(50) }, approvers: 2, from: ["ann", "bob"] };

  test.each<[string, Gate | undefined]>([
    ["A35 an emptied map", undefined],
    ["A35 a condition that applies less often", { ...kept, when: { amount: above(51) } }],
    ["A35 a condition more", { ...kept, when: { amount: above(50), reason: above(1) } }],
    ["A36 fewer approvers", { ...kept, approvers: 1 }],
    ["A36 other approvers", { ...kept, from: ["ann", "bob", "eve"] }],
    ["A36 anybody for an approver", { when: kept.when, approvers: 2 }],
  ])("refuses %s", (_why, gate) => {
    expectEscapes(parent, gated(gate), place);
  });

  test.each<[string, Gate]>([
    ["the same gate", kept],
    ["a condition that applies more often", { ...kept, when: { amount: above(10) } }],
    ["no condition", { approvers: 2, from: ["ann", "bob"] }],
    ["more approvers", { ...kept, approvers: 3, from: ["ann", "bob", "cy"] }],
  ])("A35 accepts %s", (_why, gate) => {
    expect(attenuate(parent, gated(gate)).limits.approval).toEqual({ "pay.refund": gate });
  });

  test("lets a child ask for approval where its parent does not", () => {
    expect(attenuate(limited({}), gated(kept)).limits.approval).toEqual({ "pay.refund": kept });
  });

  test("A35 lets a gate go with its tool, and hands it down otherwise", () => {
    const searching = gated(undefined, { "web.search": {} });
    expect(escapesOf(parent, searching)).toEqual([]);
    expect(attenuate(parent, limited({})).limits.approval).toEqual(parent.limits.approval);
    expect(attenuate(parent, limited({}, { "web.search": {} })).limits.approval).toBeUndefined();
  });
});

test.each<[Limits, boolean]>([
  [{}, false],
  [{ calls: 1, spend: { EUR: "1" }, depth: 1, useOnly: [], delegateOnly: [] }, false],
  [{ approval: {} }, false],
  [{ children: 0 }, true],
  [{ descendants: 1 }, true],
  [{ approval: { a: { approvers: 1 } } }, true],
])("only the coordinator can hold %j: %s", (limits, needed) => {
  expect(needsCoordinator(limits)).toBe(needed);
});
