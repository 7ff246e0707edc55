import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalDigest } from "../../src/base/canonical.js";
import { digestOfAuthority } from "../../src/coordinator/authority-digest.js";
import type { Authority, Limits } from "../../src/wire/grant.js";
import { sharedToolMap } from "../../src/wire/shared-tool-map.js";

const TOOLS = ["/a", "/b"].map((under) => {
  const tools = sharedToolMap({ read: { path: { constraint_type: "path", under } } });
  if (tools === undefined) throw new Error("not shared");
  return tools;
});
const count = fc.constantFrom(0, -0, 1, 2);
const limits = fc.oneof(
  fc.record({ calls: count, children: count, depth: count }, { requiredKeys: [] }),
  fc.constantFrom({ use_only: ["read"] }, { spend: { EUR: "1.00" } }, { depth: 1, calls: 1 }),
) as fc.Arbitrary<Limits>;
const authority: fc.Arbitrary<Authority> = fc.record({
  tools: fc.constantFrom(...TOOLS, {}),
  audience: fc.array(fc.constantFrom("a", "b"), { maxLength: 2 }),
  limits,
  scopes: fc.constantFrom<string[]>([], ["files:read"]),
  ceilings: fc.constant([]),
});

describe("the digest of an authority", () => {
  it("is of its canonical text, whatever was asked before", () => {
    fc.assert(
      fc.property(fc.array(authority, { minLength: 1, maxLength: 12 }), (asked) => {
        expect(asked.map(digestOfAuthority)).toEqual(asked.map((one) => canonicalDigest(one)));
      }),
      { numRuns: 300 },
    );
  });

  it("does not change with what was handed in before", () => {
    const [tools = {}] = TOOLS;
    const audience = ["a"];
    const counts: { depth: number } = { depth: 1 };
    const first: Authority = { tools, audience, limits: counts, scopes: [], ceilings: [] };
    const before = digestOfAuthority(first);
    audience[0] = "b";
    counts.depth = 2;
    expect(digestOfAuthority(first)).toBe(canonicalDigest(first));
    expect(digestOfAuthority(first)).not.toBe(before);
  });
});
