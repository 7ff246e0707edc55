/** The two halves of the parser as one: whatever the text, they agree. @module */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Code } from "../../src/base/codes.js";
import { DelegationError } from "../../src/base/error.js";
import { type Json, parseJson, parseJsonInfo } from "../../src/base/json.js";
import { parseStrictly } from "../../src/base/json-strict.js";
import { jsonText, modelCanonical } from "./json-values.js";

describe("properties", () => {
  type Outcome = { readonly code: Code } | { readonly value: Json };
  const outcome = (parse: () => Json): Outcome => {
    try {
      return { value: parse() };
    } catch (error) {
      if (error instanceof DelegationError) return { code: error.code };
      throw error;
    }
  };

  test("the native half and the strict half give the same value or the same refusal", () => {
    const seen = { canonical: 0, accepted: 0, refused: 0 };
    fc.assert(
      fc.property(jsonText, (text) => {
        const strict = outcome(() => parseStrictly(text, 128));
        expect(
          isDeepStrictEqual(
            outcome(() => parseJson(text)),
            strict,
          ),
        ).toBe(true);
        if ("code" in strict) {
          seen.refused += 1;
          return;
        }
        const { value, canonical } = parseJsonInfo(text);
        expect(isDeepStrictEqual(value, strict.value)).toBe(true);
        expect(canonical).toBe(modelCanonical(value) === text);
        seen[canonical ? "canonical" : "accepted"] += 1;
      }),
      { numRuns: 3_000 },
    );
    expect(Math.min(seen.canonical, seen.accepted, seen.refused)).toBeGreaterThan(100);
  });

  test("takes no text that the native parser refuses, and reads the same from the rest", () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const strict = outcome(() => parseJson(text));
        if ("value" in strict) expect(JSON.parse(text)).toEqual(strict.value);
      }),
      { numRuns: 1_000 },
    );
  });

  test("nothing that is written shorter elsewhere makes up for what native parsing drops", () => {
    const spellings = Array.from({ length: 31 }, (_, power) => power - 15).flatMap((power) =>
      ["1", "12", "-3", "0"].map((digits) => `${digits}e${power}`),
    );
    for (const spelled of spellings) {
      for (let more = 0; more < 4; more += 1) {
        const others = Array.from({ length: more }, (_, other) => `"${other}":${spelled},`).join(
          "",
        );
        const twice = `{${others}"a":1,"a":1,"b":${spelled}}`;
        const alone = `{${others}"a":"\\ud800","b":${spelled}}`;
        const right = `{${others}"a":1,"b":${spelled}}`;
        for (const text of [twice, alone, right]) {
          expect(outcome(() => parseJson(text))).toEqual(outcome(() => parseStrictly(text, 128)));
        }
        expect(outcome(() => parseJson(twice))).toHaveProperty("code");
        expect(outcome(() => parseJson(alone))).toHaveProperty("code");
      }
    }
  });
});
