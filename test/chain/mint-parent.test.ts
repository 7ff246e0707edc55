/** Links that hand on shared tools: judged like any others, and the same tokens in the end. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DelegationError } from "../../src/base/error.js";
import { seededRandom } from "../../src/base/random.js";
import { mintLink } from "../../src/chain/mint.js";
import type { VerifiedChain } from "../../src/chain/verified-chain.js";
import type { ToolMap } from "../../src/wire/grant.js";
import { sharedToolMap } from "../../src/wire/shared-tool-map.js";
import { anchor, GRANT, holder, linkDraft, verified } from "./forge.js";

const CONSTRAINT = fc.oneof(
  fc.constantFrom("/a", "/a/b").map((under) => ({ constraint_type: "path" as const, under })),
  fc.nat(3).map((max) => ({ constraint_type: "range" as const, max })),
);
const ARGUMENTS = fc.dictionary(fc.constantFrom("x", "y"), CONSTRAINT);
const TOOLS = fc.dictionary(fc.constantFrom("a.read", "b.write"), ARGUMENTS);

/** The link, or why there is none; alike in all that chance decides. */
function outcomeOf(parent: VerifiedChain, tools: ToolMap): string {
  const draft = linkDraft(1, { grant: { tools }, random: seededRandom(5) });
  try {
    return mintLink(parent, draft, holder(0));
  } catch (thrown) {
    if (thrown instanceof DelegationError) return `${thrown.code} ${thrown.message} ${thrown.rule}`;
    throw thrown;
  }
}

describe("a link with shared tools", () => {
  test("is the link that a copy of them makes, or is refused as that is", () => {
    let made = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        TOOLS,
        TOOLS,
        fc.boolean(),
        fc.constantFrom(undefined, "useOnly" as const, "delegateOnly" as const),
        (outer, other, same, right) => {
          const limits = { depth: 3, ...(right && { [right]: Object.keys(outer).slice(0, 1) }) };
          const root = anchor({ grant: { ...GRANT, tools: outer, limits } });
          const parent = verified([root]);
          const shared = sharedToolMap(same ? outer : other) ?? {};
          const outcome = outcomeOf(parent, shared);
          expect(outcome).toBe(outcomeOf(parent, structuredClone(shared)));
          expect(outcomeOf(parent, shared)).toBe(outcome);
          if (outcome.includes(" ")) refused += 1;
          else made += 1;
        },
      ),
      { numRuns: 150 },
    );
    expect(made).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(20);
  });

  test("is judged by what its parent said when it was signed", () => {
    const tools = { pay: { amount: { constraint_type: "range" as const, max: 1 } } };
    const parent = verified([anchor({ grant: { ...GRANT, tools } })]);
    const wider = sharedToolMap({ pay: { amount: { constraint_type: "range", max: 2 } } }) ?? {};
    expect(outcomeOf(parent, sharedToolMap(tools) ?? {}).split(".")).toHaveLength(3);
    expect(outcomeOf(parent, wider)).toContain("grant_exceeds_parent");
  });
});
