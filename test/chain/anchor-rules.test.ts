import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DelegationError } from "../../src/base/error.js";
import { judgeLineage } from "../../src/chain/anchor-rules.js";
import type { ChainToken } from "../../src/chain/chain-token.js";

/** A token of which nothing but its lineage is looked at. */
function tokenWith(ids: readonly string[]): ChainToken {
  const lineage = ids.map((id) => ({ id, agent: "a", identity: "asserted" as const, holder: "k" }));
  return { claims: { anchor: { lineage }, agent: "a" }, holder: "k" } as unknown as ChainToken;
}

function codeFor(ids: readonly string[]): string | undefined {
  try {
    judgeLineage(tokenWith(ids));
    return undefined;
  } catch (thrown) {
    return thrown instanceof DelegationError ? thrown.code : "another error";
  }
}

describe("a lineage names no hop twice", () => {
  it("whatever the ids are, and however alike they end", () => {
    const id = fc.oneof(
      fc.constantFrom("a", "b", "ab", "xx-12345678", "yy-12345678", "zz-12345678", "12345678"),
      fc.string({ minLength: 1, maxLength: 3 }),
      fc.uuid({ version: 7 }),
    );
    fc.assert(
      fc.property(fc.array(id, { minLength: 1, maxLength: 70 }), (ids) => {
        expect(codeFor(ids)).toBe(new Set(ids).size === ids.length ? undefined : "malformed");
      }),
      { numRuns: 300 },
    );
  });

  it("takes ids that differ only where they begin, and ids of which one ends like the other", () => {
    expect(codeFor(["1-aaaaaaaa", "2-aaaaaaaa"])).toBeUndefined();
    expect(codeFor(["aaaaaaaa", "2-aaaaaaaa"])).toBeUndefined();
    // Both give one number: 31 times "a" and "B" is 31 times "b" and "#".
    expect(codeFor(["aB", "b#"])).toBeUndefined();
  });

  it("refuses one that stands twice, wherever", () => {
    const ids = Array.from({ length: 64 }, (_, at) => `hop-${at}`);
    expect(codeFor(ids)).toBeUndefined();
    expect(codeFor([...ids.slice(0, 63), "hop-0"])).toBe("malformed");
    expect(codeFor(["hop-63", ...ids.slice(1)])).toBe("malformed");
  });
});
