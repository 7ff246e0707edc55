/** The hand-written half of the tool map's schema: what it says yes to, the schema takes and hands back unchanged. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/base/json-value.js";
import { parseAuthority } from "../../src/wire/grant.js";
import { copyPlainToolMap, isPlainToolMap } from "../../src/wire/tool-map-form.js";

/** As the schema sees it: the tools, or undefined when it refuses. */
function bySchema(tools: Json): unknown {
  try {
    return parseAuthority({ tools, scopes: [], ceilings: [], audience: [], limits: {} }).tools;
  } catch {
    return undefined;
  }
}

/** As the parser of tokens gives it: no object has a prototype. */
function bare(value: Json): Json {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, bare(member)] as const);
  return Object.assign(Object.create(null), Object.fromEntries(entries)) as Json;
}

const PLAIN: Readonly<Record<string, Json>> = {
  exact: { constraint_type: "exact", value: null },
  range: { constraint_type: "range", min: -1, max: 2.5, max_inclusive: false },
  "empty range": { constraint_type: "range" },
  one_of: { constraint_type: "one_of", values: ["a", 1, true, null] },
  not_one_of: { constraint_type: "not_one_of", excluded: [] },
  contains: { constraint_type: "contains", required: ["x"] },
  subset: { constraint_type: "subset", allowed: [0] },
  wildcard: { constraint_type: "wildcard" },
  prefix: { constraint_type: "prefix", value: "a/" },
  path: { constraint_type: "path", under: "/data" },
  pattern: { constraint_type: "pattern", value: "a*b?" },
  cidr: { constraint_type: "cidr", network: "10.0.0.0/8" },
  host: { constraint_type: "host", hosts: ["*.example.com"] },
  time_window: { constraint_type: "time_window", from: "2026-01-01T00:00:00Z" },
  length: { constraint_type: "length", max: 3 },
};

describe("a map of tools in its plain form", () => {
  test.each(Object.entries(PLAIN))("is recognised with a constraint of type %s", (_type, one) => {
    const tools = bare({ "files.read": { argument: one }, free: {} });
    expect(isPlainToolMap(tools)).toBe(true);
    expect(bySchema(tools)).toEqual(tools);
  });

  test.each<[string, Json]>([
    ["an unknown type", { constraint_type: "regex", value: "a" }],
    ["no type", { value: "a" }],
    ["an unknown member", { constraint_type: "exact", value: 1, note: "x" }],
    ["a member that is missing", { constraint_type: "path" }],
    ["a path that is not normal", { constraint_type: "path", under: "/a/../b" }],
    ["a pattern with three stars", { constraint_type: "pattern", value: "***" }],
    ["a network that is none", { constraint_type: "cidr", network: "10.0.0.1/8" }],
    ["no hosts", { constraint_type: "host", hosts: [] }],
    ["a host in capitals", { constraint_type: "host", hosts: ["EXAMPLE.com"] }],
    ["an instant that is none", { constraint_type: "time_window", from: "soon" }],
    ["a negative length", { constraint_type: "length", min: -1 }],
    ["a bound in a string", { constraint_type: "range", max: "5" }],
    ["a list in a list", { constraint_type: "one_of", values: [["a"]] }],
    ["a list for a constraint", ["exact"]],
    ["nothing for a constraint", null],
  ])("is not recognised with %s, nor taken by the schema", (_what, one) => {
    const tools = bare({ tool: { argument: one } });
    expect(isPlainToolMap(tools)).toBe(false);
    expect(bySchema(tools)).toBeUndefined();
  });

  test("is left to the schema when an object has a prototype, a clause or long text", () => {
    expect(isPlainToolMap({ tool: {} })).toBe(false);
    const clause = { constraint_type: "all", constraints: [{ constraint_type: "wildcard" }] };
    expect(isPlainToolMap(bare({ tool: { argument: clause } }))).toBe(false);
    const long = { constraint_type: "prefix", value: "é".repeat(2_000) };
    expect(isPlainToolMap(bare({ tool: { argument: long } }))).toBe(false);
  });

  test.each<[string, Json]>([
    ["a tool without a name", { "": {} }],
    ["a name with a control character", { "a\u0000": {} }],
    ["a name that is too long", { ["n".repeat(257)]: {} }],
    ["too many tools", Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`t${i}`, {}]))],
    [
      "too many arguments",
      {
        tool: Object.fromEntries(
          Array.from({ length: 65 }, (_, i) => [`a${i}`, { constraint_type: "wildcard" }]),
        ),
      },
    ],
    ["a list for the arguments", { tool: [] }],
    ["a list for the tools", []],
  ])("is not recognised with %s, nor taken by the schema", (_what, tools) => {
    expect(isPlainToolMap(bare(tools))).toBe(false);
    expect(bySchema(tools)).toBeUndefined();
  });

  test("is recognised only where the schema takes it as it is", () => {
    const scalar = fc.oneof(
      fc.string({ maxLength: 4 }),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom("/a", "/a/", "10.0.0.0/8", "a.example", "2026-01-01T00:00:00Z", "*"),
    );
    const member = fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }));
    const names = fc.constantFrom(
      ...["value", "values", "excluded", "required", "allowed", "under", "network", "hosts"],
      ...["min", "max", "min_inclusive", "from", "until", "schemes", "separator", "note"],
    );
    const types = fc.constantFrom(
      ...Object.values(PLAIN).map((one) => (one as { constraint_type: string }).constraint_type),
      ...["all", "regex", "__proto__", "constructor"],
    );
    const constraint = fc
      .tuple(types, fc.dictionary(names, member, { maxKeys: 2 }))
      .map(([constraint_type, members]) => ({ ...members, constraint_type }));
    let taken = 0;
    fc.assert(
      fc.property(constraint, fc.string({ maxLength: 3 }), (one, argument) => {
        const tools = bare({ tool: { [argument]: one as Json } });
        if (!isPlainToolMap(tools)) return;
        taken += 1;
        expect(bySchema(tools)).toEqual(tools);
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(50);
  });
});

describe("a map of tools that somebody else made", () => {
  test("is copied in order of names, on every level without prototype", () => {
    const mine = { b: {}, a: { z: { max: 1, constraint_type: "range" } } };
    const copy = copyPlainToolMap(mine);
    expect(copy).toEqual(mine);
    expect(JSON.stringify(copy)).toBe('{"a":{"z":{"constraint_type":"range","max":1}},"b":{}}');
    expect(Object.getPrototypeOf(copy?.a ?? {})).toBeNull();
    mine.a.z.max = 2;
    expect(copy).toHaveProperty("a.z.max", 1);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["an instance of a class", { tool: new Date(0) }],
    ["a list with a hole", { t: { a: { constraint_type: "one_of", values: new Array(1) } } }],
    ["a function", { tool: () => ({}) }],
    ["a member that is undefined", { t: { a: { constraint_type: "range", max: undefined } } }],
    ["a big integer", { t: { a: { constraint_type: "exact", value: 1n } } }],
    ["a name that would be the prototype", JSON.parse('{"__proto__":{}}')],
    ["deeper nesting than any plain form has", { t: { a: { b: { c: { d: { e: {} } } } } } }],
  ])("is left to the schema when it is or holds %s", (_what, tools) => {
    expect(copyPlainToolMap(tools)).toBeUndefined();
  });
});
