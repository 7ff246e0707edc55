/** Authorities that need no schema: the copies are what reading their JSON would have given. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalize } from "../../src/base/canonical.js";
import { parseJson } from "../../src/base/json.js";
import { parseAuthority } from "../../src/wire/grant.js";
import { isPlainAuthority, plainAuthority } from "../../src/wire/plain-authority.js";
import { sharedToolMap } from "../../src/wire/shared-tool-map.js";

const TOOLS = sharedToolMap({ "pay.refund": { amount: { constraint_type: "range", max: 10 } } });
const COUNT = fc.oneof(fc.nat(40), fc.constantFrom(-1, 1.5, Number.NaN, "1", 2 ** 60));
const AUTHORITY = fc.record({
  audience: fc.array(fc.constantFrom("https://a.example", "https://b.example", "", 7), {
    maxLength: 3,
  }),
  ceilings: fc.constantFrom([], [], [{ key: "max_rows", max: 1 }]),
  limits: fc.dictionary(fc.constantFrom("calls", "children", "depth", "spend", "other"), COUNT, {
    maxKeys: 2,
  }),
  scopes: fc.constantFrom([], [], ["crm.*"]),
  tools: fc.constantFrom(TOOLS, TOOLS, structuredClone(TOOLS)),
});

describe("an authority that needs no schema", () => {
  test("is what reading its own JSON gives, and nothing that reading would refuse", () => {
    let taken = 0;
    fc.assert(
      fc.property(AUTHORITY, (authority) => {
        const plain = plainAuthority(authority);
        if (plain === undefined) return;
        taken += 1;
        const read = parseAuthority(parseJson(JSON.stringify(authority)));
        expect(plain).toEqual(read);
        expect(canonicalize(plain)).toBe(canonicalize(read));
        expect(parseAuthority(plain)).toBe(plain);
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(20);
  });

  test("does not follow what its caller does afterwards", () => {
    const audience = ["https://a.example"];
    const limits = { depth: 2 };
    const plain = plainAuthority({ audience, ceilings: [], limits, scopes: [], tools: TOOLS });
    audience.push("https://b.example");
    limits.depth = 3;
    expect(plain?.audience).toEqual(["https://a.example"]);
    expect(plain?.limits).toEqual({ depth: 2 });
    expect(Object.isFrozen(plain?.audience) && Object.isFrozen(plain?.limits)).toBe(true);
  });

  test.each([
    ["tools that somebody can change", { tools: structuredClone(TOOLS) }],
    ["a member that there is not", { more: 1 }],
    ["scopes", { scopes: ["crm.*"] }],
    ["a limit that is more than a count", { limits: { spend: { EUR: "1" } } }],
  ])("is none with %s", (_what, change) => {
    const plain = { audience: [], ceilings: [], limits: {}, scopes: [], tools: TOOLS };
    expect(isPlainAuthority(plainAuthority(plain))).toBe(true);
    expect(plainAuthority({ ...plain, ...change })).toBeUndefined();
    expect(isPlainAuthority(plain)).toBe(false);
  });
});
