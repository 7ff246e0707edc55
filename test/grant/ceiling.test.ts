/** Ceilings of the agent-delegation draft. @module */
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/base/json-value.js";
import { ceilingEscapes, ceilingRefusal } from "../../src/grant/ceiling.js";
import type { Ceiling } from "../../src/wire/ceiling.js";

const ORDER = ["none", "internal", "any"];
const rank = (value: string, order = ORDER): Ceiling => ({ key: "egress", rank: value, order });
const on = (members: object, key = "n"): Ceiling => ({ key, ...members });

describe("a child's ceiling", () => {
  test.each<[string, Ceiling, Ceiling]>([
    ["a higher max", on({ max: 5 }), on({ max: 6 })],
    ["a lower min", on({ min: 5 }), on({ min: 4 })],
    ["a higher max_lifetime", on({ max_lifetime: 5 }), on({ max_lifetime: 6 })],
    ["a higher max_subtree", on({ max_subtree: 5 }), on({ max_subtree: 6 })],
    ["a larger list", on({ one_of: [1] }), on({ one_of: [1, 2] })],
    ["fewer exclusions", on({ not_one_of: [1, 2] }), on({ not_one_of: [1] })],
    ["a shorter prefix", on({ prefix: "ab" }), on({ prefix: "a" })],
    ["a more permissive rank", rank("none"), rank("internal")],
    ["another order", rank("any"), rank("any", ["none", "any", "internal"])],
    ["another type", on({ max: 5 }), on({ max_lifetime: 5 })],
    ["another type, where a list was", on({ one_of: [1] }), on({ max: 1 })],
    ["no order at all", on({ rank: "any" }), on({ rank: "any" })],
    ["an order where none was", on({ rank: "any" }), { ...rank("any"), key: "n" }],
    ["no order where one was", { ...rank("any"), key: "n" }, on({ rank: "any" })],
    ["another key", on({ max: 5 }), on({ max: 5 }, "m")],
    ["an unknown type that differs", on({ zork: { a: 1 } }), on({ zork: { a: 2 } })],
  ])("refuses %s", (_why, parent, child) => {
    const type = Object.keys(parent).find((member) => !["key", "order"].includes(member));
    expect(ceilingEscapes([parent], [child])).toEqual([`ceilings.${parent.key}.${type}`]);
    expect(ceilingEscapes([parent], [])).toEqual([`ceilings.${parent.key}.${type}`]);
  });

  test.each<[string, Ceiling, Ceiling]>([
    ["an equal max", on({ max: 5 }), on({ max: 5 })],
    ["a lower max", on({ max: 5 }), on({ max: 4 })],
    ["a higher min", on({ min: 5 }), on({ min: 6 })],
    ["a lower max_lifetime", on({ max_lifetime: 5 }), on({ max_lifetime: 4 })],
    ["a lower max_subtree", on({ max_subtree: 5 }), on({ max_subtree: 4 })],
    ["the same rank", rank("internal"), rank("internal")],
    [
      "a smaller list, equal in canonical JSON",
      on({ one_of: [1, { a: 1 }] }),
      on({ one_of: [{ a: 1 }] }),
    ],
    ["more exclusions", on({ not_one_of: [1] }), on({ not_one_of: [2, 1] })],
    ["a longer prefix", on({ prefix: "a" }), on({ prefix: "ab" })],
    ["a stricter rank", rank("any"), rank("none")],
    ["an unknown type, identical", on({ zork: { a: 1, b: 2 } }), on({ zork: { b: 2, a: 1 } })],
  ])("accepts %s", (_why, parent, child) => {
    expect(ceilingEscapes([parent], [child, on({ max: 1 }, "added")])).toEqual([]);
  });
});

describe("a request", () => {
  test.each<[string, Ceiling, Json, boolean]>([
    ["at max", on({ max: 5 }), 5, true],
    ["over max", on({ max: 5 }), 5.1, false],
    ["a numeral", on({ max: 5 }), "5", false],
    ["at min", on({ min: 5 }), 5, true],
    ["under min", on({ min: 5 }), 4, false],
    ["on the list", on({ one_of: ["a", [1]] }), [1], true],
    ["off the list", on({ one_of: [1] }), true, false],
    ["excluded", on({ not_one_of: [1] }), 1, false],
    ["one of those excluded", on({ not_one_of: [1, 2] }), 2, false],
    ["not excluded", on({ not_one_of: [1] }), "1", true],
    ["with the prefix", on({ prefix: "a" }), "ab", true],
    ["without the prefix", on({ prefix: "a" }), "b", false],
    ["a number for a prefix", on({ prefix: "a" }), 1, false],
    ["text under a prefix that is none", on({ prefix: 5 }), "5x", false],
    ["a number under a max that is none", on({ max: "6" }), 5, false],
    ["at the least rank", { ...rank("internal"), key: "n" }, "none", true],
    ["at the rank", { ...rank("internal"), key: "n" }, "internal", true],
    ["over the rank", { ...rank("internal"), key: "n" }, "any", false],
    ["without a rank", { ...rank("any"), key: "n" }, "else", false],
  ])("%s", (_why, ceiling, value, passes) => {
    expect(ceilingRefusal([ceiling], { n: value }) === undefined).toBe(passes);
    if (!passes) expect(ceilingRefusal([ceiling], { n: value })?.code).toBe("ceiling_exceeded");
  });

  test("S20 of any kind is denied by a type that is not known", () => {
    expect(ceilingRefusal([on({ zork: 1 })], { n: 1 })).toEqual({
      code: "unknown_constraint",
      rule: "ceilings.n.zork",
    });
  });

  test("that lacks the key is denied, unless the deployment says otherwise", () => {
    const ceilings = [on({ max: 5 }, "constructor")];
    expect(ceilingRefusal(ceilings, {})?.code).toBe("ceiling_exceeded");
    expect(ceilingRefusal(ceilings, {}, { whenAbsent: "allow" })).toBeUndefined();
  });

  test("is judged on trusted totals alone where they count", () => {
    const used = (lifetime: number, subtree: number) => ({
      totals: { lifetime: new Map([["n", lifetime]]), subtree: new Map([["n", subtree]]) },
    });
    const ceilings = [on({ max_lifetime: 5 }), on({ max_subtree: 9 })];
    expect(ceilingRefusal(ceilings, { n: 99 }, used(5, 9))).toBeUndefined();
    expect(ceilingRefusal(ceilings, { n: 0 }, used(6, 9))?.rule).toBe("ceilings.n.max_lifetime");
    expect(ceilingRefusal(ceilings, { n: 0 }, used(5, 10))?.rule).toBe("ceilings.n.max_subtree");
    expect(ceilingRefusal(ceilings, { n: 0 })?.code).toBe("ceiling_exceeded");
    expect(ceilingRefusal(ceilings, { n: 0 }, { whenAbsent: "allow" })?.code).toBe(
      "ceiling_exceeded",
    );
  });
});
