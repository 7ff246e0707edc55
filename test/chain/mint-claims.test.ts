/** Texts that are written by hand while minting are the canonical texts of what they stand for. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalize } from "../../src/base/canonical.js";
import { actOf, lineageOf, lineageTexts } from "../../src/chain/mint-claims.js";
import type { ChainHop } from "../../src/chain/verified-chain.js";
import { parseGrant } from "../../src/wire/grant.js";
import { anchor, claimsOf, NOW } from "./forge.js";

const TEXT = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom('"', "\\", "\u2028", "é"));
const HOP: fc.Arbitrary<ChainHop> = fc.record({
  id: TEXT,
  agent: TEXT,
  identity: fc.constantFrom("asserted" as const, "proven" as const),
  holder: TEXT,
});

/** The bytes that were signed. */
function payloadOf(token: string): string {
  return Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
}

describe("canonical texts", () => {
  test("of a lineage and its actors are those of the values", () => {
    fc.assert(
      fc.property(fc.array(HOP, { maxLength: 6 }), (hops) => {
        const texts = lineageTexts(hops);
        expect(texts.get("act")).toBe(canonicalize(actOf(hops)));
        expect(texts.get("lineage")).toBe(canonicalize(lineageOf(hops)));
      }),
      { numRuns: 300 },
    );
  });

  test("of a lineage are its own, whatever was written for the same hops before", () => {
    const lineages = fc
      .tuple(
        fc.array(HOP, { minLength: 1, maxLength: 4 }),
        fc.array(fc.array(fc.nat(3), { maxLength: 5 }), { maxLength: 8 }),
      )
      .map(([hops, paths]) => paths.map((path) => path.flatMap((at) => hops[at] ?? [])));
    fc.assert(
      fc.property(lineages, (all) => {
        for (const hops of all) {
          const texts = lineageTexts(hops);
          expect(texts.get("act")).toBe(canonicalize(actOf(hops)));
          expect(texts.get("lineage")).toBe(canonicalize(lineageOf(hops)));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("are not written of an agent that is no text", () => {
    const hop = { id: "hop", agent: "a\ud800", identity: "asserted", holder: "key" } as const;
    expect(() => lineageTexts([hop])).toThrow(expect.objectContaining({ code: "malformed" }));
  });

  test.each([
    ["tools of the plain form", { "b.read": { path: { constraint_type: "path", under: "/b" } } }],
    [
      "tools that only the schema reads",
      {
        b: { x: { constraint_type: "any", constraints: [{ constraint_type: "exact", value: 1 }] } },
      },
    ],
    ["no tools", {}],
  ])("are what an anchor with %s is signed over", (_what, tools) => {
    const limits = { depth: 2, calls: 3, useOnly: Object.keys(tools) };
    const grant = parseGrant({ tools, limits, expiresAt: NOW / 1_000 + 60 }, { now: NOW });
    const token = anchor({ grant });
    expect(payloadOf(token)).toBe(canonicalize(claimsOf(token)));
    // Made again, from what is known by then.
    expect(payloadOf(anchor({ grant }))).toBe(canonicalize(claimsOf(token)));
  });
});
