/** Random moves for a store, and how each is made on a real one and on the plain one. @module */
import fc from "fast-check";
import { expect } from "vitest";
import { DelegationError } from "../../src/base/error.js";
import type { Boundary } from "../../src/wire/cut.js";
import type { Limits } from "../../src/wire/grant.js";
import type { Stage } from "../contract/stage.js";
import type { PlainLimits, PlainMake, PlainStore } from "./plain-store.js";

const TREES = ["r0", "r1"];
const HOPS = [...TREES, ...Array.from({ length: 6 }, (_, i) => `h${i}`)];
const AGENTS = ["planner", "reader", "writer"];
const HOLDERS = ["k0", "k1", "k2"];
const TICKETS = ["t0", "t1", "t2"];

const tree = fc.constantFrom(...TREES);
/** Mostly those that are there, so that moves are accepted too. */
const hop = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("r0", "h0", "h0", "h1", "h2") },
  { weight: 1, arbitrary: fc.constantFrom(...HOPS) },
);
const limits: fc.Arbitrary<PlainLimits> = fc.record(
  {
    calls: fc.nat({ max: 4 }),
    cents: fc.nat({ max: 300 }),
    children: fc.nat({ max: 4 }),
    descendants: fc.nat({ max: 6 }),
  },
  { requiredKeys: [] },
);
const words = {
  id: fc.constantFrom(...HOPS),
  agent: fc.constantFrom(...AGENTS),
  holder: fc.constantFrom(...HOLDERS),
  limits: fc.option(limits, { nil: {}, freq: 2 }),
  lifeMs: fc.constantFrom(4_000, 10_000_000, 10_000_000, 10_000_000),
  waits: fc.boolean().map((heads) => heads && true),
  lag: fc.constantFrom(0, 0, 0, 1, 3),
};
/** A link of a chain that nobody has shown yet; `below`: under the one before it. */
const link = fc.record({ ...words, parent: hop, below: fc.boolean() });
const boundary: fc.Arbitrary<Boundary> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("hop" as const), tree, hop }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("below" as const), tree, hop }) },
  fc.record({ kind: fc.constant("tree" as const), tree }),
  fc.record({ kind: fc.constant("agent" as const), agent: words.agent }),
  fc.record({
    kind: fc.constant("principal" as const),
    issuer: fc.constant("https://idp.example"),
    subject: fc.constantFrom("ada", "bob"),
  }),
  fc.record({ kind: fc.constant("epoch" as const) }),
  fc.record({ kind: fc.constant("key" as const), thumbprint: words.holder }),
  fc.record({ kind: fc.constant("ban" as const), agent: words.agent }),
);
const of = <Op extends string, T>(op: Op, model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record({ op: fc.constant(op), ...model }) as unknown as fc.Arbitrary<{ op: Op } & T>;
export const move = fc.oneof(
  {
    weight: 3,
    arbitrary: of("open", {
      ...words,
      id: tree,
      subject: fc.constantFrom("ada", "bob"),
      leaseMs: fc.constantFrom(undefined, 3_000, 20_000),
    }),
  },
  {
    weight: 12,
    arbitrary: of("create", {
      ...words,
      parent: hop,
      key: fc.constantFrom(undefined, undefined, "q0", "q1"),
    }),
  },
  { weight: 3, arbitrary: of("narrow", { ...words, predecessor: hop }) },
  {
    weight: 3,
    arbitrary: of("register", { links: fc.array(link, { minLength: 1, maxLength: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: of("settle", { hop, verdict: fc.constantFrom("approve" as const, "deny" as const) }),
  },
  { weight: 2, arbitrary: of("suspend", { hop, id: fc.constantFrom("s0", "s1", "s2") }) },
  { weight: 4, arbitrary: of("resume", { hop, id: fc.constantFrom("s0", "s1", "s2") }) },
  { weight: 1, arbitrary: of("complete", { hop }) },
  { weight: 1, arbitrary: of("revoke", { boundary }) },
  { weight: 1, arbitrary: of("renew", { tree, forMs: fc.constantFrom(3_000, 20_000) }) },
  { weight: 1, arbitrary: of("sweep", {}) },
  { weight: 2, arbitrary: of("tick", { ms: fc.constantFrom(100, 100, 1_000, 3_000) }) },
  {
    weight: 6,
    arbitrary: of("admit", {
      hop,
      cents: fc.nat({ max: 200 }),
      ticket: fc.constantFrom(undefined, undefined, ...TICKETS),
    }),
  },
  {
    weight: 2,
    arbitrary: of("ask", {
      id: fc.constantFrom(...TICKETS),
      hop,
      need: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: of("decide", {
      id: fc.constantFrom(...TICKETS),
      approver: fc.constantFrom("bob", "eve"),
      verdict: fc.constantFrom("approve" as const, "approve" as const, "deny" as const),
    }),
  },
);
export type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

const plainWords = {
  agent: "planner",
  holder: "k0",
  limits: {},
  waits: false,
  lag: 0 as const,
  lifeMs: 10_000_000 as const,
};
/** Something for the moves to be about. */
export const FIRST: readonly Move[] = [
  {
    op: "open",
    ...plainWords,
    limits: { calls: 4, cents: 300 },
    id: "r0",
    subject: "ada",
    leaseMs: undefined,
  },
  { op: "create", ...plainWords, id: "h0", parent: "r0", key: undefined },
];

function limitsOf({ cents, ...rest }: PlainLimits): Limits {
  return cents === undefined ? rest : { ...rest, spend: { EUR: (cents / 100).toFixed(2) } };
}

/** What a store said to a move: what it gave, or how it refused. */
export type Outcome =
  | { readonly gave: unknown }
  | { readonly refused: { readonly code: string; readonly hop?: string; readonly rule?: string } };

/** `ok`, or the code of the refusal. */
export function wordOf(outcome: Outcome): string {
  return "gave" in outcome ? "ok" : outcome.refused.code;
}

async function outcomeOf(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { gave: await run() };
  } catch (thrown) {
    if (!(thrown instanceof DelegationError)) throw thrown;
    const { code, hop: at, rule } = thrown;
    return {
      refused: {
        code,
        ...(at === undefined ? {} : { hop: at }),
        ...(rule === undefined ? {} : { rule }),
      },
    };
  }
}

type MoveOf<Op extends Move["op"]> = Extract<Move, { op: Op }>;
type Words = Pick<MoveOf<"create">, "agent" | "holder" | "limits" | "waits" | "lag" | "lifeMs">;

/** Makes a move on a real store. `plain`, which has not made it yet, knows which tree each name is in. */
export function real(stage: Stage, plain: PlainStore, one: Move): Promise<Outcome> {
  const treeOf = (id: string) => plain.find(id)?.tree ?? TREES[0] ?? "";
  const saidOf = async (words: Words, tree: string) => ({
    agent: words.agent,
    holder: words.holder,
    limits: limitsOf(words.limits),
    expiresAt: stage.now + words.lifeMs,
    initial: words.waits ? ("pending_approval" as const) : ("active" as const),
    seen: Math.max(0, (await stage.store.status(tree)).position - words.lag),
  });
  switch (one.op) {
    case "tick":
      return outcomeOf(async () => stage.clock.advance(one.ms));
    case "sweep":
      return outcomeOf(() => stage.store.sweep(stage.now, 10));
    case "open":
      return outcomeOf(async () => {
        const { subject, leaseMs } = one;
        const lease = leaseMs === undefined ? {} : { lease: stage.now + leaseMs };
        return stage.open(one.id, { ...(await saidOf(one, one.id)), subject, ...lease });
      });
    case "narrow":
      return outcomeOf(async () => {
        const { predecessor } = one;
        const old = plain.find(predecessor);
        const tree = treeOf(predecessor);
        const full = await stage.move(one.id, old?.parent, tree, await saidOf(one, tree));
        const placed = { ...full, hop: { ...full.hop, depth: old?.depth ?? 0 } };
        return stage.store.narrow({ ...placed, predecessor });
      });
    case "create":
      return outcomeOf(async () => {
        const { id, parent, key } = one;
        const tree = treeOf(parent);
        const said = { ...(await saidOf(one, tree)), ...(key === undefined ? {} : { key }) };
        const full = await stage.move(id, parent, tree, said);
        const depth = (plain.find(parent)?.depth ?? 0) + 1;
        return stage.store.create({ ...full, hop: { ...full.hop, depth } });
      });
    case "register":
      return outcomeOf(async () => {
        const moves = [];
        for (const { id, parent, tree, depth, words } of linksOf(plain, one)) {
          const full = await stage.move(id, parent, tree, await saidOf(words, tree));
          moves.push({ ...full, hop: { ...full.hop, depth, origin: "link" as const } });
        }
        return stage.store.register(moves);
      });
    case "settle":
      return outcomeOf(() => stage.settle(treeOf(one.hop), one.hop, one.verdict));
    case "suspend":
    case "resume":
      return outcomeOf(() => stage[one.op](treeOf(one.hop), one.hop, one.id));
    case "complete":
      return outcomeOf(() => stage.complete(treeOf(one.hop), one.hop));
    case "revoke":
      return outcomeOf(() => stage.revoke(one.boundary));
    case "renew":
      return outcomeOf(() => stage.renew(one.tree, stage.now + one.forMs));
    case "admit": {
      const chain = plain.chain(one.hop).map(({ id }) => id);
      const { ticket } = one;
      const tickets = ticket === undefined ? [] : [{ ticket, binding: `binding of ${ticket}` }];
      const charge = { spend: { EUR: (one.cents / 100).toFixed(2) } };
      return outcomeOf(() => stage.admit(treeOf(one.hop), chain, { charge, tickets }));
    }
    case "ask": {
      const deadline = stage.now + ASK_MS;
      const { id, need } = one;
      return outcomeOf(() => stage.ask(id, treeOf(one.hop), one.hop, { need, deadline }));
    }
    case "decide":
      return outcomeOf(() => stage.decide(one.id, one.approver, one.verdict));
  }
}

/** Long enough that nothing which a server drops by its own clock is gone before a test has looked. */
const ASK_MS = 5_000;

/** The links of one registration, each with its place: the tree of the first, a level below its parent. */
function linksOf(plain: PlainStore, { links }: MoveOf<"register">) {
  const placed: { id: string; parent: string; tree: string; depth: number; words: Words }[] = [];
  for (const { id, parent: said, below, ...words } of links) {
    const parent = below ? (placed.at(-1)?.id ?? said) : said;
    const made = placed.findLast((one) => one.id === parent);
    const known = plain.find(parent);
    const tree = known?.tree ?? made?.tree ?? TREES[0] ?? "";
    placed.push({ id, parent, tree, depth: (known?.depth ?? made?.depth ?? 0) + 1, words });
  }
  return placed;
}

/** Makes a move on the plain store. `now`: the time of the real one. */
export function model(plain: PlainStore, one: Move): string {
  const treeOf = (id: string) => plain.find(id)?.tree ?? TREES[0] ?? "";
  const makeOf = (id: string, words: Words) => ({
    id,
    agent: words.agent,
    holder: words.holder,
    limits: words.limits,
    expiresAt: plain.now + words.lifeMs,
    waits: words.waits,
    lag: words.lag,
  });
  const move = () => {
    switch (one.op) {
      case "tick":
        plain.now += one.ms;
        return;
      case "sweep":
        return plain.sweep();
      case "open": {
        const lease = one.leaseMs === undefined ? undefined : plain.now + one.leaseMs;
        return plain.openTree({ ...makeOf(one.id, one), tree: one.id }, one.subject, lease);
      }
      case "narrow": {
        const make = { ...makeOf(one.id, one), tree: treeOf(one.predecessor), key: undefined };
        return plain.narrow(make, one.predecessor);
      }
      case "create": {
        const { parent, key } = one;
        return plain.create({ ...makeOf(one.id, one), tree: treeOf(parent), parent, key });
      }
      case "register":
        return plain.register(
          linksOf(plain, one).map(({ id, parent, tree, words: said }): PlainMake => {
            return { ...makeOf(id, said), tree, parent, key: undefined };
          }),
        );
      case "settle":
        return plain.settle(treeOf(one.hop), one.hop, one.verdict);
      case "suspend":
      case "resume":
        return plain[one.op](treeOf(one.hop), one.hop, one.id);
      case "complete":
        return plain.complete(treeOf(one.hop), one.hop);
      case "revoke":
        return plain.revoke(one.boundary);
      case "renew":
        return plain.renew(one.tree, plain.now + one.forMs);
      case "admit":
        return plain.admit(treeOf(one.hop), one.hop, one.cents, one.ticket);
      case "ask":
        return plain.ask(one.id, treeOf(one.hop), one.hop, one.need, plain.now + ASK_MS);
      case "decide":
        return plain.decide(one.id, one.approver, one.verdict);
    }
  };
  return plain.try(move);
}

/** Everything that both can be asked for. */
export async function compare(stage: Stage, plain: PlainStore): Promise<void> {
  expect((await stage.store.status()).position).toBe(plain.position);
  for (const known of plain.hops) {
    const { state, counters, predecessor } = await stage.hop(known.id);
    const { cents, ...counts } = plain.counters(known.id);
    const spent = Number(counters.spend.EUR ?? "0") * 100;
    expect({
      id: known.id,
      state,
      effective: await stage.effective(known.id),
      predecessor,
      cents: Math.round(spent),
      calls: counters.calls,
      children: counters.children,
      descendants: counters.descendants,
    }).toEqual({
      id: known.id,
      state: plain.own(known),
      effective: plain.effective(known.id),
      predecessor: known.predecessor,
      cents,
      ...counts,
    });
  }
}
