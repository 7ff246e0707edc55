/** Members that are restated: read as the strict parser reads them, or not at all. @module */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/base/json.js";
import { parseRestating, type StatedMember, statedMember } from "../../src/base/json-restated.js";
import type { Json, JsonObject } from "../../src/base/json-value.js";

const NAME = "details";

/** As `text` states it. */
function stated(text: string): StatedMember {
  const member = statedMember(text, parseJson(text) as JsonObject, NAME);
  if (member === undefined) throw new Error("not plain to see");
  return member;
}

const PLAIN = '{"a":1,"details":[{"b":["]}",{}]}],"z":"{"}';

describe("a member that is stated", () => {
  test("is its value with its text, brackets in strings left alone", () => {
    const member = stated(PLAIN);
    expect(member.text).toBe('[{"b":["]}",{}]}]');
    expect(member.value).toEqual([{ b: ["]}", {}] }]);
  });

  test.each([
    ["is not there", '{"a":1}'],
    ["is no container", '{"details":1}'],
    ["has an escape beside it", '{"a":"\\n","details":[1]}'],
    ["is named twice, once deeper", '{"details":[1],"z":{"details":[2]}}'],
    ["is told of elsewhere", '{"a":"details","details":[1]}'],
    ["has white space before its colon", '{"details" :[1]}'],
    ["has white space before its value", '{"details": [1]}'],
  ])("is not seen where it %s", (_why, text) => {
    expect(statedMember(text, parseJson(text) as JsonObject, NAME)).toBeUndefined();
  });
});

describe("a text that restates it", () => {
  test("is read as it stands, with the very value", () => {
    const member = stated(PLAIN);
    const text = '{"a":2,"details":[{"b":["]}",{}]}]}';
    const read = parseRestating(text, NAME, member);
    expect(read).toEqual(parseJson(text));
    expect(read?.details).toBe(member.value);
    expect(Object.getPrototypeOf(read)).toBeNull();
  });

  test.each([
    ["states another value", '{"details":[2]}'],
    ["states one that begins alike", '{"details":[1],"a":[1]]}'],
    ["goes on behind the value", '{"details":[1]1}'],
    ["states it deeper", '{"a":{"details":[1]}}'],
    ["states it deeper, and another by an escape", '{"a":{"details":[1]},"\\u0064etails":0}'],
    ["states it by an escape", '{"\\u0064etails":[1]}'],
    ["states it twice", '{"details":[1],"details":[1]}'],
    ["states it in a string", '{"a":",\\"details\\":[1],","details":0}'],
    ["ends a name with it", '{"a,\\"details":[1],"details":0}'],
    ["is a list", '[{"details":[1]}]'],
    ["is no json", '{"details":[1],}'],
    ["names another member twice", '{"a":1,"a":2,"details":[1]}'],
    ["has a number beyond all bounds", '{"a":1e400,"details":[1]}'],
    ["has an integer that is not safe", '{"a":9007199254740993,"details":[1]}'],
    ["is the value alone", "[1]"],
  ])("is left to the parser where it %s", (_why, text) => {
    expect(parseRestating(text, NAME, stated('{"details":[1]}'))).toBeUndefined();
  });

  test("gives what the strict parser gives, whatever is around", () => {
    const scalar = fc.oneof(
      fc.integer(),
      fc.boolean(),
      fc.constantFrom("", "details", "{", "],", ":"),
    );
    const value = fc.array(fc.oneof(scalar, fc.dictionary(fc.constantFrom("b", NAME), scalar)));
    const piece = fc.constantFrom(
      ...[
        '"details":',
        '"a":',
        "0",
        "[1]",
        "{",
        "}",
        "[",
        "]",
        ",",
        '"',
        "\\",
        "\\u0064etails",
        " ",
      ],
    );
    const around = fc.oneof(
      fc
        .record({ a: scalar, z: scalar })
        .map((members): [string, string] => [
          `{"a":${JSON.stringify(members.a)},"details":`,
          `,"z":${JSON.stringify(members.z)}}`,
        ]),
      fc
        .tuple(fc.array(piece), fc.array(piece))
        .map(([before, after]): [string, string] => [
          `{${before.join("")}"details":`,
          `${after.join("")}}`,
        ]),
    );
    const seen = { restated: 0, left: 0 };
    fc.assert(
      fc.property(value, around, (details, [before, after]) => {
        const member = { text: JSON.stringify(details), value: details as Json };
        const text = `${before}${member.text}${after}`;
        const read = parseRestating(text, NAME, member);
        seen[read === undefined ? "left" : "restated"] += 1;
        if (read !== undefined) {
          expect(isDeepStrictEqual(JSON.parse(JSON.stringify(read)), JSON.parse(text))).toBe(true);
          expect(() => parseJson(text)).not.toThrow();
        }
      }),
      { numRuns: 3_000 },
    );
    expect(Math.min(seen.restated, seen.left)).toBeGreaterThan(100);
  });
});
