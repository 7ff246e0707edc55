/** The index of cuts against a plain model: whatever the order, whatever comes twice. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { VerifiedChain } from "../../src/chain/verified-chain.js";
import { rememberingClear } from "../../src/guard/clear-chains.js";
import { createRevocationIndex } from "../../src/guard/revocation-index.js";
import type { Boundary, CutEntry } from "../../src/wire/cut.js";

const few = (letter: string) => fc.integer({ min: 0, max: 3 }).map((n) => `${letter}${n}`);
const tree = few("t");
const hop = few("h");
const agent = few("a");
const key = few("k");
const tenant = fc.constantFrom("x", "y");
const subject = few("s");

const boundary: fc.Arbitrary<Boundary> = fc.oneof(
  fc.record({ kind: fc.constant("hop" as const), tree, hop }),
  fc.record({ kind: fc.constant("below" as const), tree, hop }),
  fc.record({ kind: fc.constant("tree" as const), tree }),
  fc.record({ kind: fc.constant("agent" as const), agent }),
  fc.record({ kind: fc.constant("principal" as const), issuer: fc.constant("i"), subject }),
  fc.record({ kind: fc.constant("epoch" as const) }),
  fc.record({ kind: fc.constant("key" as const), thumbprint: key }),
  fc.record({ kind: fc.constant("ban" as const), agent }),
);
const position = fc.integer({ min: 1, max: 9 });
const entry: fc.Arbitrary<CutEntry> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("cut" as const),
      id: fc.constant("c"),
      tenant,
      position,
      boundary,
      at: fc.constant(0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("suspend" as const, "lift" as const),
      id: few("u"),
      tenant,
      position,
      tree,
      hop,
      at: fc.constant(0),
    }),
  },
);
const chain = fc
  .record({
    tenant,
    tree,
    position: fc.integer({ min: 0, max: 9 }),
    principal: fc.record({ issuer: fc.constant("i"), subject }),
    hops: fc.uniqueArray(fc.record({ id: hop, agent, holder: key }), {
      minLength: 1,
      maxLength: 4,
      selector: ({ id }) => id,
    }),
    signer: key,
  })
  .map(({ signer, ...rest }) => ({
    ...rest,
    keys: new Set([signer, ...rest.hops.map(({ holder }) => holder)]),
  }));
type Chain = typeof chain extends fc.Arbitrary<infer T> ? T : never;

/** One entry against one chain, as the table of boundaries says it. */
function covers(cut: Boundary, at: number, one: Chain): boolean {
  const before = at > one.position;
  switch (cut.kind) {
    case "hop":
      return cut.tree === one.tree && one.hops.some(({ id }) => id === cut.hop);
    case "below":
      return cut.tree === one.tree && one.hops.slice(0, -1).some(({ id }) => id === cut.hop);
    case "tree":
      return cut.tree === one.tree;
    case "agent":
      return before && one.hops.some((hopOf) => hopOf.agent === cut.agent);
    case "principal":
      return before && cut.subject === one.principal.subject;
    case "epoch":
      return before;
    case "key":
      return one.keys.has(cut.thumbprint);
    case "ban":
      return one.hops.some((hopOf) => hopOf.agent === cut.agent);
  }
}

function modelOf(entries: readonly CutEntry[], one: Chain): string | undefined {
  const mine = entries.filter((it) => it.tenant === one.tenant);
  if (mine.some((it) => it.kind === "cut" && covers(it.boundary, it.position, one)))
    return "delegation_revoked";
  const lifted = new Set(
    mine.flatMap((it) => (it.kind === "lift" && it.tree === one.tree ? [it.id] : [])),
  );
  const suspended = mine.some(
    (it) =>
      it.kind === "suspend" &&
      it.tree === one.tree &&
      !lifted.has(it.id) &&
      one.hops.some(({ id }) => id === it.hop),
  );
  return suspended ? "delegation_suspended" : undefined;
}

const indexOf = (entries: readonly CutEntry[]) => {
  const index = createRevocationIndex();
  for (const one of entries) index.apply(one);
  return index;
};
const ask = (entries: readonly CutEntry[], one: Chain) =>
  indexOf(entries).covering(one as unknown as VerifiedChain)?.code;

describe("the index of cuts", () => {
  test("answers as the plain model does", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), chain, (entries, one) => {
        expect(ask(entries, one)).toBe(modelOf(entries, one));
      }),
      { numRuns: 3_000 },
    );
  });

  test("R27 answers alike in whatever order entries come, and however often", () => {
    const shuffled = fc.array(entry, { maxLength: 6 }).chain((entries) =>
      fc.record({
        entries: fc.constant(entries),
        again: fc.shuffledSubarray([...entries, ...entries], { minLength: 2 * entries.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, chain, ({ entries, again }, one) => {
        expect(ask(again, one)).toBe(ask(entries, one));
      }),
    );
  });

  test("R21 never takes a cut back, whatever follows", () => {
    fc.assert(
      fc.property(fc.array(entry), fc.array(entry), chain, (first, later, one) => {
        fc.pre(ask(first, one) === "delegation_revoked");
        expect(ask([...first, ...later], one)).toBe("delegation_revoked");
      }),
    );
  });

  test("R08 forgets what can cover no living token any more, and nothing before", () => {
    const at = (until: number | undefined, it: Boundary): CutEntry => ({
      kind: "cut",
      id: "c",
      tenant: "x",
      position: 5,
      boundary: it,
      at: 0,
      ...(until === undefined ? {} : { until }),
    });
    const index = indexOf([
      at(100, { kind: "tree", tree: "t1" }),
      at(100, { kind: "hop", tree: "t1", hop: "h1" }),
      at(200, { kind: "hop", tree: "t2", hop: "h1" }),
      at(100, { kind: "agent", agent: "a1" }),
      at(100, { kind: "principal", issuer: "i", subject: "s1" }),
      at(undefined, { kind: "ban", agent: "a2" }),
      at(undefined, { kind: "key", thumbprint: "k1" }),
    ]);
    index.prune(100);
    expect(index.size()).toBe(7);
    index.prune(101);
    expect(index.size()).toBe(3);
    index.prune(201);
    expect(index.size()).toBe(2);
  });

  test("keeps the longer of two lives of what it knows twice", () => {
    const cut = (until: number): CutEntry => ({
      kind: "cut",
      id: "c",
      tenant: "x",
      position: until,
      boundary: { kind: "agent", agent: "a1" },
      at: 0,
      until,
    });
    const index = indexOf([cut(200), cut(100)]);
    index.prune(150);
    expect(index.size()).toBe(1);
  });

  test("R21 answers alike when it remembers which chains were clear, asked after every entry", () => {
    const chains = fc.array(chain, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.oneof(entry, fc.constant(undefined))), chains, (steps, all) => {
        const plain = createRevocationIndex();
        const remembering = rememberingClear(createRevocationIndex());
        for (const step of steps) {
          for (const index of [plain, remembering]) {
            if (step === undefined) index.forgetPositions();
            else index.apply(step);
            index.prune(0);
          }
          for (const one of [...all, ...all] as unknown as VerifiedChain[]) {
            expect(remembering.covering(one)).toEqual(plain.covering(one));
          }
          expect(remembering.size()).toBe(plain.size());
        }
      }),
    );
  });
});
