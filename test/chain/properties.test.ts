import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DelegationError } from "../../src/base/error.js";
import { ChainCache } from "../../src/chain/cache.js";
import { mintLink } from "../../src/chain/mint.js";
import type { VerifiedChain } from "../../src/chain/verified-chain.js";
import { verifyChain, verifyLeaf } from "../../src/chain/verify.js";
import { evaluate } from "../../src/grant/evaluate.js";
import type { Authority } from "../../src/wire/grant.js";
import { parseInvocation } from "../../src/wire/invocation.js";
import { anchor, chainOf, GRANT, holder, linkDraft, NOW, options, verified } from "./forge.js";

type Tools = Authority["tools"];

/** Hands on some tools, some of them tighter, some asked too wide. */
const step = fc.record({
  /** Two times out of three: hand on what there is. */
  keep: fc.integer({ min: 0, max: 2 }).map((n) => n > 0),
  tools: fc.subarray(Object.keys(GRANT.tools)),
  max: fc.integer({ min: 0, max: 150 }),
  under: fc.constantFrom("/reports", "/reports/q3", "/reports/q3/eu", "/"),
  currencies: fc.subarray(["EUR", "USD", "GBP"], { minLength: 1 }),
  depth: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
  calls: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function toolsOf({ tools, max, under, currencies }: Step): Tools {
  const wanted: Record<string, Tools[string]> = {
    "files.read": { path: { constraint_type: "path", under } },
    "pay.refund": {
      amount: { constraint_type: "range", max },
      currency: { constraint_type: "one_of", values: currencies },
    },
    "web.search": {},
  };
  return Object.fromEntries(tools.map((name) => [name, wanted[name] ?? {}]));
}

function limitsOf({ depth, calls }: Step): Authority["limits"] {
  return { ...(depth === undefined ? {} : { depth }), ...(calls === undefined ? {} : { calls }) };
}

/** Mints as many of the steps as the minter allows, and verifies after each. */
function grow(steps: readonly Step[], cache?: ChainCache): readonly VerifiedChain[] {
  const at = cache === undefined ? options : { ...options, cache };
  const tokens = [anchor()];
  const chains = [verifyChain(tokens, at)];
  for (const [place, each] of steps.entries()) {
    const parent = chains.at(-1);
    if (parent === undefined) break;
    const { tools } = parent.grant;
    const grant = each.keep ? { tools } : { tools: toolsOf(each), limits: limitsOf(each) };
    try {
      const next = linkDraft(tokens.length, { grant });
      tokens.push(mintLink(parent, next, holder(tokens.length - 1)));
    } catch (thrown) {
      if (!(thrown instanceof DelegationError)) throw thrown;
      expect(["grant_exceeds_parent", "depth_invalid"], `step ${place}`).toContain(thrown.code);
      continue;
    }
    chains.push(verifyChain(tokens, at));
  }
  return chains;
}

const call = fc.oneof(
  fc.record({
    tool: fc.constant("files.read"),
    arguments: fc.record({ path: fc.constantFrom("/reports/a", "/reports/q3/a", "/etc/passwd") }),
  }),
  fc.record({
    tool: fc.constant("pay.refund"),
    arguments: fc.record({
      amount: fc.integer({ min: -5, max: 160 }),
      currency: fc.constantFrom("EUR", "USD", "GBP"),
    }),
  }),
  fc.record({ tool: fc.constantFrom("web.search", "files.write"), arguments: fc.constant({}) }),
);

describe("random chains", () => {
  test("A45 verify as minted, to depth 8, and allow nothing that an ancestor refuses", () => {
    let deepest = 0;
    let allowed = 0;
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 12 }),
        fc.array(call, { minLength: 8, maxLength: 8 }),
        (steps, calls) => {
          const chains = grow(steps);
          deepest = Math.max(deepest, chains.length);
          for (const each of calls) {
            const asked = parseInvocation({ ...each, audience: GRANT.audience[0] });
            const verdicts = chains.map(({ grant }) => evaluate([grant], asked) === undefined);
            expect(verdicts.indexOf(true, Math.max(0, verdicts.indexOf(false)))).toBe(
              verdicts.includes(false) ? -1 : 0,
            );
            allowed += verdicts.filter(Boolean).length;
          }
          for (const [depth, { hops, grants, hopsLeft, grant }] of chains.entries()) {
            expect([hops.length, grants.length]).toEqual([depth + 1, depth + 1]);
            const before = chains[depth - 1];
            if (before === undefined) continue;
            expect(hopsLeft).toBeLessThan(before.hopsLeft);
            expect(grant.limits.calls).toBeLessThanOrEqual(before.grant.limits.calls ?? 0);
          }
        },
      ),
      { numRuns: 100 },
    );
    expect(deepest).toBeGreaterThanOrEqual(8);
    expect(allowed).toBeGreaterThan(100);
  });

  test("give one answer with a cache and without, known or not", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
        const cache = new ChainCache();
        const seen = grow(steps, cache).map((chain) => ({ ...chain, keys: [...chain.keys] }));
        const fresh = grow(steps).map((chain) => ({ ...chain, keys: [...chain.keys] }));
        const told = ({ hops, grants, ...rest }: (typeof seen)[number]) => ({
          agents: hops.map(({ agent, holder: key }) => [agent, key]),
          grants,
          hopsLeft: rest.hopsLeft,
          keys: rest.keys,
          expiresAt: rest.expiresAt,
        });
        expect(seen.map(told)).toEqual(fresh.map(told));
      }),
      { numRuns: 40 },
    );
  });
});

const four = chainOf(4);
const text = four.join("~");

function refused(tokens: readonly string[], at = options): string {
  try {
    verifyChain(tokens, at);
  } catch (thrown) {
    if (thrown instanceof DelegationError) return thrown.code;
    throw thrown;
  }
  throw new Error("taken");
}

describe("a chain that is not the one that was minted", () => {
  test("S04 is refused whichever byte was flipped", () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), (at, mask) => {
        const flipped = String.fromCharCode(text.charCodeAt(at) ^ mask);
        expect(
          refused(`${text.slice(0, at)}${flipped}${text.slice(at + 1)}`.split("~")),
        ).toBeTruthy();
      }),
      { numRuns: 400 },
    );
  });

  test("S05 is refused at every length short of the whole, but where a token ends", () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), (length) => {
        const cut = text.slice(0, length);
        fc.pre(four.every((_, place) => cut !== four.slice(0, place).join("~")));
        expect(refused(cut.split("~"))).toBeTruthy();
      }),
      { numRuns: 200 },
    );
  });

  test("S34 S35 C03 is refused with tokens removed, repeated, swapped or shuffled", () => {
    const other = chainOf(4).map((token, place) => (place === 0 ? four[0] : token));
    const pool = [...four, ...other].filter((token) => token !== undefined);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pool), { maxLength: 6 }), (tokens) => {
        const isPrefix = (whole: readonly unknown[]) =>
          tokens.length > 0 && tokens.every((token, place) => token === whole[place]);
        fc.pre(!isPrefix(four) && !isPrefix(other));
        expect(refused(tokens)).toBeTruthy();
      }),
      { numRuns: 300 },
    );
  });

  test("is refused by a warm cache too, wherever its last token is not one that was verified", () => {
    const cache = new ChainCache();
    const at = { ...options, cache };
    verifyChain(four, at);
    fc.assert(
      fc.property(
        fc.nat((four[3] ?? "").length - 1),
        fc.integer({ min: 1, max: 127 }),
        (place, mask) => {
          const leaf = four[3] ?? "";
          const flipped = String.fromCharCode(leaf.charCodeAt(place) ^ mask);
          const forged = `${leaf.slice(0, place)}${flipped}${leaf.slice(place + 1)}`;
          expect(refused([...four.slice(0, 3), forged], at)).toBeTruthy();
          expect(() => verifyLeaf(forged, at)).toThrow(DelegationError);
        },
      ),
      { numRuns: 200 },
    );
    expect(verified(four, { cache }).verifiedAt).toBe(NOW);
  });
});
