/** The strict parser: every fault by its name, and the two halves as one. @module */
import { describe, expect, test } from "vitest";
import type { Code } from "../../src/base/codes.js";
import { DelegationError } from "../../src/base/error.js";
import {
  type Json,
  parseCanonicalJson,
  parseJson,
  parseJsonBytes,
  parseJsonInfo,
} from "../../src/base/json.js";
import { parseStrictly } from "../../src/base/json-strict.js";

const refusal = (code: Code) => expect.objectContaining({ code });
const lists = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const objects = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;

/** Checks both halves of the parser, and that canonical form is asked about last. */
function refuses(text: string, code: Code): void {
  expect(() => parseJson(text)).toThrow(refusal(code));
  expect(() => parseStrictly(text, 128)).toThrow(refusal(code));
  expect(() => parseCanonicalJson(text)).toThrow(refusal(code));
}

describe("refusals by name", () => {
  test.each<[string, Code, string]>([
    ["NaN", "non_finite", '{"a":NaN}'],
    ["Infinity", "non_finite", "[Infinity]"],
    ["negative infinity", "non_finite", "-Infinity"],
    ["a number beyond a double", "non_finite", "1e400"],
    ["a negative number beyond a double", "non_finite", "[-1e400]"],
    ["digits beyond a double", "non_finite", "9".repeat(400)],
    ["2^53", "malformed", "9007199254740992"],
    ["-2^53", "malformed", "-9007199254740992"],
    ["2^53 + 1, which no double holds", "malformed", "[9007199254740993]"],
    ["2^64", "malformed", "18446744073709551616"],
    ["an unsafe integer as an exponent", "malformed", "1e16"],
    ["an unsafe integer with a fraction", "malformed", "9007199254740992.0"],
    ["a fraction that rounds to an unsafe integer", "malformed", "9007199254740991.9"],
    ["a canonical text of an unsafe integer", "malformed", "1e+21"],
  ])("S26 refuses %s as %s", (_what, code, text) => {
    refuses(text, code);
  });

  test.each<[string, Code, string]>([
    ["a member named twice", "duplicate_member", '{"a":1,"a":1}'],
    ["a member named twice further apart", "duplicate_member", '{"a":1,"b":2,"a":3}'],
    ["a member named twice in an inner object", "duplicate_member", '[{"b":{"a":1,"a":2}}]'],
    ["a member named twice under an escape", "duplicate_member", '{"a":1,"\\u0061":1}'],
    ["__proto__ named twice", "duplicate_member", '{"__proto__":1,"__proto__":2}'],
    ["an escaped lone high surrogate", "malformed", '"\\ud800"'],
    ["an escaped lone high surrogate in upper case", "malformed", '"\\uD800"'],
    ["an escaped lone low surrogate", "malformed", '"\\udc00"'],
    ["escaped surrogates the wrong way round", "malformed", '"\\ude00\\ud83d"'],
    ["a raw lone surrogate", "malformed", '"\ud800"'],
    ["a lone surrogate in a name", "malformed", '{"\\udfff":1}'],
    ["a raw lone surrogate in a name", "malformed", '{"\udfff":1}'],
    ["a surrogate pair half raw, half escaped", "malformed", '"\ud83d\\ude00"'],
    ["a byte order mark", "malformed", "\ufeff{}"],
    ["bytes after the value", "malformed", "{}x"],
    ["a second value", "malformed", "{}{}"],
    ["nothing", "malformed", ""],
    ["nothing but white space", "malformed", " \n"],
    ["a leading zero", "malformed", "01"],
    ["a negative leading zero", "malformed", "-01"],
    ["a plus sign", "malformed", "+1"],
    ["a bare minus", "malformed", "-"],
    ["a bare point", "malformed", "1."],
    ["a point first", "malformed", ".5"],
    ["an exponent without digits", "malformed", "1e"],
    ["a hexadecimal number", "malformed", "0x10"],
    ["a control character in a string", "malformed", '"a\nb"'],
    ["a control character after a backslash", "malformed", '"a\\\nb"'],
    ["an unknown escape", "malformed", '"\\x41"'],
    ["a short escape", "malformed", '"\\u12"'],
    ["a string without end", "malformed", '"abc'],
    ["a string that ends in a backslash", "malformed", '"abc\\'],
    ["single quotes", "malformed", "'a'"],
    ["a comma before the bracket", "malformed", "[1,]"],
    ["a comma before the brace", "malformed", '{"a":1,}'],
    ["a comma first", "malformed", "[,1]"],
    ["a missing comma", "malformed", "[1 2]"],
    ["a missing colon", "malformed", '{"a" 1}'],
    ["a missing value", "malformed", '{"a":}'],
    ["a name without quotes", "malformed", "{a:1}"],
    ["an array without end", "malformed", "[1"],
    ["an object without end", "malformed", '{"a":1'],
    ["a comment", "malformed", "1 // one"],
    ["other white space", "malformed", "\u00a01"],
    ["a word cut short", "malformed", "tru"],
    ["a word in upper case", "malformed", "True"],
    ["a word too long", "malformed", "nullx"],
    ["undefined", "malformed", "undefined"],
    ["lists nested beyond the ceiling", "malformed", lists(129)],
    ["objects nested beyond the ceiling", "malformed", objects(129)],
    ["lists that open without end", "malformed", "[".repeat(1_000_000)],
  ])("refuses %s as %s", (_what, code, text) => {
    refuses(text, code);
  });

  test("keeps the text out of its messages and causes", () => {
    for (const text of ['{"secret":1,"secret":2}', '"secret\\x"', '["secret]', "secret"]) {
      let thrown: unknown;
      try {
        parseJson(text);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(DelegationError);
      expect(`${thrown}${(thrown as DelegationError).cause}`).not.toContain("secret");
    }
  });
});

describe("ceilings", () => {
  test("takes nesting up to the ceiling, in order or not", () => {
    for (const text of [lists(128), objects(128), ` ${lists(128)}`]) {
      expect(() => parseJson(text)).not.toThrow();
    }
  });

  test("takes a lower ceiling of nesting, and no higher one", () => {
    expect(() => parseJson("[[]]", { depthMax: 2 })).not.toThrow();
    expect(() => parseJson("[[]]", { depthMax: 1 })).toThrow(refusal("malformed"));
    expect(() => parseJson("[]", { depthMax: 0 })).toThrow(refusal("malformed"));
    expect(() => parseJson(lists(129), { depthMax: 1_000 })).toThrow(refusal("malformed"));
  });

  test("counts bytes, not characters, and before it reads", () => {
    expect(parseJson('"€"', { bytesMax: 5 })).toBe("€");
    expect(() => parseJson('"€"', { bytesMax: 4 })).toThrow(refusal("too_large"));
    expect(() => parseJson("[NaN", { bytesMax: 3 })).toThrow(refusal("too_large"));
    expect(() => parseJson(`"${"a".repeat(1_048_575)}"`)).toThrow(refusal("too_large"));
    expect(() => parseJsonBytes(Buffer.from("[1,2]"), { bytesMax: 4 })).toThrow(
      refusal("too_large"),
    );
  });
});

describe("bytes", () => {
  test.each([
    ["a byte order mark", [0xef, 0xbb, 0xbf, 0x31]],
    ["a byte that starts nothing", [0x22, 0xff, 0x22]],
    ["an overlong form", [0x22, 0xc0, 0xa2, 0x22]],
    ["a surrogate in UTF-8", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["a sequence cut short", [0x22, 0xe2, 0x82]],
  ])("refuses %s", (_what, bytes) => {
    expect(() => parseJsonBytes(Uint8Array.from(bytes))).toThrow(refusal("malformed"));
  });

  test("reads UTF-8", () => {
    expect(parseJsonBytes(Buffer.from('{"a":"€\u{1f600}"}'))).toEqual({ a: "€\u{1f600}" });
  });
});

describe("what is accepted", () => {
  test.each<[string, Json]>([
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["-9007199254740991", Number.MIN_SAFE_INTEGER],
    ["9007199254740991.0", Number.MAX_SAFE_INTEGER],
    ["1.0", 1],
    ["1E+2", 100],
    ["1e-400", 0],
    ['"\\ud83d\\ude00"', "\u{1f600}"],
    ['"C:\\\\udata"', "C:\\udata"],
    ['"\\/\\b\\f\\n\\r\\t\\u0000"', "/\b\f\n\r\t\u0000"],
    [' \t\r\n[ 1 , { "b" : null , "a" : true } ] ', [1, { b: null, a: true }]],
    ['{"10":1,"2":2}', { "10": 1, "2": 2 }],
  ])("reads %s", (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  test.each(['{"__proto__":{"admin":true}}', '{ "__proto__":{"admin":true}}'])(
    "gives %s as a plain own member of an object without prototype",
    (text) => {
      const value = parseJson(text) as Record<string, unknown>;
      expect(Object.keys(value)).toEqual(["__proto__"]);
      expect(Object.getPrototypeOf(value)).toBe(null);
      expect(value.admin).toBe(undefined);
    },
  );

  test.each(['{"a":{}}', ' {"a":{}}'])("gives no prototype to the objects of %j", (text) => {
    const value = parseJson(text) as Record<string, object>;
    expect(Object.getPrototypeOf(value)).toBe(null);
    expect(Object.getPrototypeOf(value.a)).toBe(null);
  });
});

describe("canonical text", () => {
  test.each([
    ["white space", '{"a": 1}'],
    ["white space around", '{"a":1}\n'],
    ["members out of order", '{"b":1,"a":2}'],
    ["array-like names by number", '{"2":1,"10":2}'],
    ["names in code point order where code units differ", '{"\ufb33":1,"\u{1f600}":2}'],
    ["an integral float", "1.0"],
    ["a fraction with a trailing zero", "0.50"],
    ["an exponent", "1e2"],
    ["negative zero", "-0"],
    ["an underflow", "1e-400"],
    ["a needless escape", '"\\u0061"'],
    ["an escaped solidus", '"\\/"'],
    ["a control in upper-case hex", '"\\u000F"'],
    ["a long escape of a short one", '"\\u000a"'],
    ["an escaped surrogate pair", '"\\ud83d\\ude00"'],
  ])("S22 refuses %s", (_what, text) => {
    expect(() => parseJson(text)).not.toThrow();
    expect(() => parseCanonicalJson(text)).toThrow(refusal("non_canonical"));
    expect(parseJsonInfo(text).canonical).toBe(false);
  });

  test.each(['{"10":1,"2":2}', '"C:\\\\udata"', "null", '{"\u{1f600}":1,"\ufb33":2}', "-0.5"])(
    "takes %s, which is",
    (text) => {
      const { value, canonical } = parseJsonInfo(text);
      expect({ value, canonical }).toEqual({ value: JSON.parse(text), canonical: true });
    },
  );
});
