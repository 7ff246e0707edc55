/** Values and texts for the JSON tests, and the plainest canonical writer. @module */
import fc from "fast-check";
import type { Json } from "../../src/base/json.js";

/** Names that have bitten somebody: array-like, inherited, escaped, beyond the basic plane. */
const name = fc.oneof(
  fc.constantFrom("", "a", "b", "aa", "1", "2", "10", "-1", "01", "4294967295"),
  fc.constantFrom("__proto__", "constructor", "toJSON", "hasOwnProperty", "\\ud800", "\\"),
  fc.constantFrom("\u20ac", "\ufb33", "\u{1f600}", "\r", '"', "\u2028", "\u0000"),
  fc.string({ unit: "grapheme", maxLength: 4 }),
);

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, 0.5, 1e-7, 5e-324, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((n) => !Object.is(n, -0) && (!Number.isInteger(n) || Number.isSafeInteger(n))),
);

const { value } = fc.letrec<{ value: Json; list: Json[]; members: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    number,
    name,
    tie("list"),
    tie("members"),
  ),
  list: fc.array(tie("value"), { maxLength: 4 }),
  members: fc.array(fc.tuple(name, tie("value")), { maxLength: 5 }).map(objectOf),
}));

/** Any JSON value that the parser takes; -0 apart, whose canonical text is that of 0. */
export const jsonValue: fc.Arbitrary<Json> = value;

function objectOf(entries: readonly (readonly [string, Json])[]): Json {
  const members: { [name: string]: Json } = Object.create(null);
  for (const [key, member] of entries) members[key] = member;
  return members;
}

/** RFC 8785 word for word: no native serialization of anything that has members. */
export function modelCanonical(json: Json): string {
  if (Array.isArray(json)) return `[${json.map(modelCanonical).join()}]`;
  if (typeof json !== "object" || json === null) return JSON.stringify(json);
  const entries = Object.entries(json).sort(([a], [b]) => compareUnits(a, b));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${modelCanonical(member)}`).join()}}`;
}

function compareUnits(a: string, b: string): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(i);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** What mutations put into a text: each the start of some fault. */
const SPLINTERS = [
  ...'{}[],:"\\ \n\t0-.e1',
  ...["NaN", "Infinity", "-Infinity", "1e400", "9007199254740992", "9007199254740991", "1e16"],
  ...["1.0", "-0", "00", "\\ud800", "\\udc00", "\\ud83d\\ude00", "\ud800", "\ufeff", "\u0000"],
  ...['"a":1,', '"a":1,"a":2', '"\\u0061":1,"a":1', '"__proto__":{}', "null", "//", "\\x"],
];

/** A text, sound or broken in up to two places. */
export const jsonText: fc.Arbitrary<string> = fc
  .tuple(
    jsonValue,
    fc.constantFrom<(json: Json) => string>(modelCanonical, JSON.stringify, (json) =>
      JSON.stringify(json, null, 1),
    ),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.constantFrom("", ...SPLINTERS)), {
      maxLength: 2,
    }),
  )
  .map(([json, write, wounds]) => {
    let text = write(json);
    for (const [place, length, splinter] of wounds) {
      const at = place % (text.length + 1);
      text = text.slice(0, at) + splinter + text.slice(at + length);
    }
    return text;
  });
