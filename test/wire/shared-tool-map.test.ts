/** Maps of tools by their text: one object for one text, which is what parsing would have given. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalize } from "../../src/base/canonical.js";
import type { Json } from "../../src/base/json-value.js";
import { SHARED_TEXT_CHARS_MAX, SHARED_TOOL_MAPS_MAX } from "../../src/base/limits.js";
import { isSharedToolMap, sharedTextOf, sharedToolMap } from "../../src/wire/shared-tool-map.js";
import { copyPlainToolMap } from "../../src/wire/tool-map-form.js";

const NAME = fc.constantFrom("a", "b", "files.read", "10", "9", "__proto__", "constructor", "é");
const CONSTRAINT: fc.Arbitrary<Json> = fc.oneof(
  fc.record({ constraint_type: fc.constant("exact"), value: fc.constantFrom(-0, 1.5, "x", null) }),
  fc.record({
    values: fc.constant<Json>(["a", 1]),
    constraint_type: fc.constantFrom("one_of", "oneof"),
  }),
  fc.record(
    { constraint_type: fc.constant("range"), max: fc.nat(), min: fc.nat() },
    { requiredKeys: ["constraint_type"] },
  ),
);
const TOOLS = fc.dictionary(NAME, fc.dictionary(NAME, CONSTRAINT, { maxKeys: 3 }), { maxKeys: 4 });

const TRUE = { constraint_type: "exact", value: true };

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

describe("a shared map of tools", () => {
  test("is what a plain copy would be, takes what that takes, and knows its canonical text", () => {
    let taken = 0;
    fc.assert(
      fc.property(TOOLS, (tools) => {
        const shared = sharedToolMap(tools);
        const copy = copyPlainToolMap(tools);
        expect(shared === undefined).toBe(copy === undefined);
        if (shared === undefined || copy === undefined) return;
        taken += 1;
        expect(canonicalize(shared)).toBe(canonicalize(copy));
        expect(sharedTextOf(shared)).toBe(canonicalize(tools));
        expect(isDeeplyFrozen(shared)).toBe(true);
        expect(sharedToolMap(structuredClone(tools))).toBe(shared);
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  test("does not follow what the caller does to the value afterwards", () => {
    const constraint = { constraint_type: "range", max: 1 };
    const tools = { pay: { amount: constraint } };
    const before = sharedToolMap(tools);
    constraint.max = 2;
    expect(before?.pay?.amount).toEqual({ constraint_type: "range", max: 1 });
    expect(sharedToolMap(tools)).not.toBe(before);
    expect(sharedToolMap({ pay: { amount: { constraint_type: "range", max: 1 } } })).toBe(before);
  });

  test("is of the value that was written, also when reading it again would give another", () => {
    let reads = 0;
    const constraint = { constraint_type: "range" };
    Object.defineProperty(constraint, "max", {
      enumerable: true,
      get: () => (reads++ < 2 ? 7 : 9),
    });
    const shared = sharedToolMap({ pay: { amount: constraint } });
    const text = shared === undefined ? undefined : sharedTextOf(shared);
    expect(text).toBe(canonicalize(shared));
  });

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["a member that is undefined", { a: { b: { constraint_type: "range", max: undefined } } }],
    ["a number that is none", { a: { b: { constraint_type: "exact", value: Number.NaN } } }],
    ["a date", { a: { b: { constraint_type: "exact", value: new Date(0) } } }],
    ["text with a lone surrogate", { a: { b: { constraint_type: "prefix", value: "\ud800" } } }],
    ["an own toJSON", { toJSON: () => ({}) }],
    ["a text beyond its ceiling", { ["a".repeat(SHARED_TEXT_CHARS_MAX)]: {} }],
  ])("is not made of %s", (_what, value) => {
    expect(sharedToolMap(value)).toBeUndefined();
  });

  test("is never another one's, however often that came before", () => {
    fc.assert(
      fc.property(TOOLS, TOOLS, (tools, other) => {
        for (let times = 0; times < 4; times++) sharedToolMap(structuredClone(tools));
        const shared = sharedToolMap(other);
        expect(shared === undefined).toBe(copyPlainToolMap(other) === undefined);
        if (shared !== undefined) expect(sharedTextOf(shared)).toBe(canonicalize(other));
      }),
      { numRuns: 500 },
    );
  });

  class Own {
    readonly constraint_type = "range";
    readonly max = 1;
  }
  const often = {
    p: {
      a: { constraint_type: "range", max: 1 },
      b: { constraint_type: "one_of", values: ["x", 1] },
    },
  };
  const withP = (a: unknown, values: unknown = ["x", 1]) => ({
    p: { a, b: { constraint_type: "one_of", values } },
  });
  const sparse: unknown[] = ["x"];
  sparse.length = 2;

  test.each<[string, unknown]>([
    ["an object of a class", withP(new Own())],
    ["inherited members", withP(Object.create({ constraint_type: "range", max: 1 }))],
    ["a member that is undefined", withP({ constraint_type: "range", max: undefined })],
    ["one more that is undefined", withP({ ...often.p.a, min: undefined })],
    ["a list with a hole", withP(often.p.a, sparse)],
    [
      "a list of another class",
      withP(often.p.a, Object.assign(Object.create(Array.prototype), ["x", 1])),
    ],
    ["an object for a list", withP(often.p.a, { 0: "x", 1: 1 })],
    ["a list for an object", withP(["range", 1])],
    ["nothing", null],
  ])("that came often is not taken for %s", (_what, value) => {
    for (let times = 0; times < 4; times++) {
      expect(sharedToolMap(structuredClone(often))).toBeDefined();
    }
    expect(sharedToolMap(value)).toBeUndefined();
  });

  test.each<[string, object, string]>([
    [
      "one member fewer",
      { p: { a: often.p.a } },
      '{"p":{"a":{"constraint_type":"range","max":1}}}',
    ],
    [
      "another value",
      { p: { a: { ...often.p.a, max: 2 } } },
      '{"p":{"a":{"constraint_type":"range","max":2}}}',
    ],
    [
      "a shorter list",
      { p: { b: { ...often.p.b, values: ["x"] } } },
      '{"p":{"b":{"constraint_type":"one_of","values":["x"]}}}',
    ],
  ])("that came often is not taken for that of %s", (_what, value, text) => {
    for (let times = 0; times < 4; times++) sharedToolMap(structuredClone(often));
    const shared = sharedToolMap(value);
    expect(shared === undefined ? undefined : sharedTextOf(shared)).toBe(text);
  });

  test("is known as shared only if it is one", () => {
    const shared = sharedToolMap({ a: {} });
    expect(isSharedToolMap(shared as Json | undefined)).toBe(true);
    expect(isSharedToolMap({ ...shared } as Json)).toBe(false);
    expect(isSharedToolMap(null)).toBe(false);
    expect(sharedTextOf({ a: {} })).toBeUndefined();
  });

  test("is one, in whatever order its members were named", () => {
    const one = sharedToolMap({ x: { b: { max: 3, constraint_type: "range" }, a: TRUE }, w: {} });
    const other = sharedToolMap({ w: {}, x: { a: TRUE, b: { constraint_type: "range", max: 3 } } });
    expect(one).toBeDefined();
    expect(other).toBe(one);
  });

  test("stays right when there are more than can be kept", () => {
    const first = sharedToolMap({ first: {} });
    for (let i = 0; i <= SHARED_TOOL_MAPS_MAX; i++) sharedToolMap({ [`tool${i}`]: {} });
    const again = sharedToolMap({ first: {} });
    expect(again).toEqual(first);
    expect(first === undefined ? undefined : sharedTextOf(first)).toBe('{"first":{}}');
  });
});
