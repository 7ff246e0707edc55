/** RFC 8785: its own examples, its number table, and a plain model for the rest. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canonicalDigest,
  canonicalize,
  canonicalizeWith,
  nativeText,
} from "../../src/base/canonical.js";
import { type Json, parseJson, parseJsonInfo } from "../../src/base/json.js";
import { jsonValue, modelCanonical } from "./json-values.js";

function double(hex: string): number {
  return Buffer.from(hex, "hex").readDoubleBE();
}

describe("numbers (RFC 8785 appendix B)", () => {
  test.each([
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["ffefffffffffffff", "-1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["c340000000000000", "-9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["44b52d02c7e14af7", "1.0000000000000001e+23"],
    ["444b1ae4d6e2ef4e", "999999999999999700000"],
    ["444b1ae4d6e2ef4f", "999999999999999900000"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555553", "333333333.3333332"],
    ["41b3de4355555554", "333333333.33333325"],
    ["41b3de4355555555", "333333333.3333333"],
    ["41b3de4355555556", "333333333.3333334"],
    ["41b3de4355555557", "333333333.33333343"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ])("writes the double %s as %s", (hex, text) => {
    expect(canonicalize(double(hex))).toBe(text);
  });

  test.each([
    ["a NaN", "7fffffffffffffff"],
    ["infinity", "7ff0000000000000"],
    ["negative infinity", "fff0000000000000"],
  ])("refuses %s", (_what, hex) => {
    expect(() => canonicalize([double(hex)])).toThrow(
      expect.objectContaining({ code: "non_finite" }),
    );
  });
});

describe("texts", () => {
  test("writes the example of RFC 8785 §3.2.2", () => {
    const value: unknown = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        String.raw`"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    );
    expect(canonicalize(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  test("orders members by UTF-16 code units, as the example of RFC 8785 §3.2.3", () => {
    const value = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\u{1f600}": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    };
    expect(Object.values(JSON.parse(canonicalize(value)) as object).slice(1)).toEqual([
      "Carriage Return",
      "Control",
      "Latin Small Letter O With Diaeresis",
      "Euro Sign",
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ]);
    expect(canonicalize(value).startsWith(String.raw`{"\r":"Carriage Return","1":"One"`)).toBe(
      true,
    );
  });

  test.each<[string, unknown, string]>([
    ["names that look like array indices as text", { 2: 0, 10: 0, 1: 0 }, '{"1":0,"10":0,"2":0}'],
    ["a member called __proto__", JSON.parse('{"__proto__":1,"A":2}'), '{"A":2,"__proto__":1}'],
    ["a member called toJSON that is data", { toJSON: 1 }, '{"toJSON":1}'],
    ["nothing but the scalar at the top", "a", '"a"'],
    ["an empty object and array", [{}, []], "[{},[]]"],
    ["objects without prototype", Object.assign(Object.create(null), { b: 1 }), '{"b":1}'],
    ["U+2028 and DEL raw", "\u2028\u007f", '"\u2028\u007f"'],
  ])("writes %s", (_what, value, text) => {
    expect(canonicalize(value)).toBe(text);
  });

  test("gives the SHA-256 of the canonical text as its digest", () => {
    // echo -n '{"a":1,"b":2}' | openssl dgst -sha256 -binary | basenc --base64url
    expect(canonicalDigest({ b: 2, a: 1 })).toBe("QyWM_3g_5wNtikMDP4MK38YOwDc4JHNUisdCuIgpJ3c");
  });
});

describe("digests", () => {
  test("S24 keep true, 1 and their texts apart", () => {
    const digests = [true, 1, "1", "true", [1], null].map((value) => canonicalDigest({ a: value }));
    expect(new Set(digests).size).toBe(6);
  });

  test("S22 are the same for all spellings of one number", () => {
    const digests = ["100", "1e2", "100.0", "1E+2"].map((text) => canonicalDigest(parseJson(text)));
    expect(new Set(digests).size).toBe(1);
    expect(canonicalDigest(parseJson("-0"))).toBe(canonicalDigest(0));
  });
});

describe("refusals", () => {
  const nested = (depth: number): unknown => {
    let value: unknown = 0;
    for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
    return value;
  };
  const circle: unknown[] = [];
  circle.push(circle);
  class Money {
    amount = 1;
  }
  const hidden = Object.defineProperty([1], "toJSON", { value: () => 2, enumerable: false });

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["a member that is undefined", { a: undefined }],
    ["a function", { a: () => 1 }],
    ["a symbol", [Symbol("a")]],
    ["a bigint", [1n]],
    ["a sparse array", new Array(2)],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["bytes", new Uint8Array(1)],
    ["a boxed string", Object("a")],
    ["an instance of a class", new Money()],
    ["an object that inherits from another", Object.create({ a: 1 })],
    ["an own toJSON", { toJSON: () => 1 }],
    ["a hidden toJSON", hidden],
    ["an array of a subclass", new (class extends Array {})()],
    ["a lone high surrogate", ["a\ud800"]],
    ["a lone low surrogate", "\udc00a"],
    ["a lone surrogate in a name", { "\ud800": 1 }],
    ["a circle", circle],
    ["nesting beyond the ceiling", nested(129)],
  ])("refuses %s", (_what, value) => {
    const refused = expect.objectContaining({ code: "malformed" });
    expect(() => canonicalize(value)).toThrow(refused);
    expect(() => nativeText(value)).toThrow(refused);
    expect(() => canonicalizeWith({ a: [value] }, new Map([["b", "1"]]))).toThrow(refused);
  });

  test("refuses the object whose members are known as it refuses any other", () => {
    const refused = expect.objectContaining({ code: "malformed" });
    const known = new Map([
      ["amount", "1"],
      ["toJSON", "1"],
    ]);
    for (const members of [
      new Money(),
      { toJSON: () => 1 },
      Object.create({ amount: 1 }),
      hidden,
    ]) {
      expect(() => canonicalizeWith(members, known)).toThrow(refused);
    }
  });

  test("accepts nesting up to the ceiling", () => {
    expect(canonicalize(nested(128))).toHaveLength(64 * 2 + 64 * 6 + 1);
  });
});

describe("properties", () => {
  test("agrees with a plain model on every value", () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(canonicalize(value)).toBe(modelCanonical(value));
      }),
      { numRuns: 500 },
    );
  });

  test("gives the same text whichever members' texts are known before", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "grapheme" }), jsonValue),
        fc.nat(),
        (members, bits) => {
          const known = Object.entries(members)
            .filter((_, index) => ((bits >> (index % 31)) & 1) === 1)
            .map(([name, member]) => [name, canonicalize(member)] as const);
          expect(canonicalizeWith(members, new Map(known))).toBe(canonicalize(members));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("gives a native text that is of this value only", () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(canonicalize(JSON.parse(nativeText(value)))).toBe(canonicalize(value));
      }),
      { numRuns: 300 },
    );
  });

  test("gives a text that parses to the same value and is known as canonical", () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const text = canonicalize(value);
        expect(parseJson(text)).toEqual(value);
        expect(parseJsonInfo(text).canonical).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("S22 gives one digest in whatever order members were added", () => {
    const reversed = (value: Json): Json => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== "object" || value === null) return value;
      const out: { [name: string]: Json } = Object.create(null);
      for (const [name, member] of Object.entries(value).reverse()) out[name] = reversed(member);
      return out;
    };
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(canonicalDigest(reversed(value))).toBe(canonicalDigest(value));
      }),
      { numRuns: 200 },
    );
  });
});

test.each<[string, string, string]>([
  [
    "beside members out of order",
    '[{"b":1,"a":2},{"__proto__":3}]',
    '[{"a":2,"b":1},{"__proto__":3}]',
  ],
  [
    "with others out of order",
    '{"b":{"__proto__":1,"A":2},"a":3}',
    '{"a":3,"b":{"A":2,"__proto__":1}}',
  ],
])("a member named __proto__ stays a member %s", (_where, text, canonical) => {
  expect(canonicalize(JSON.parse(text))).toBe(canonical);
});
