/** The store against a second, plain one: all moves interleaved at random, the same answers and the same trees. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { ManualClock } from "../../src/base/clock.js";
import { DelegationError } from "../../src/base/error.js";
import { createMemoryStore } from "../../src/memory/store.js";
import type { Boundary } from "../../src/wire/cut.js";
import type { Limits } from "../../src/wire/grant.js";
import { START_MS, Stage, TOLERANCE_MS } from "../contract/stage.js";
import { type PlainLimits, PlainStore } from "../model/plain-store.js";
import { looksAt } from "./looks-at.js";

const folder = mkdtempSync(join(tmpdir(), "legate-model-"));
afterAll(() => rmSync(folder, { recursive: true }));

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
  lifeMs: fc.constantFrom(40, 100_000, 100_000, 100_000),
  waits: fc.boolean().map((heads) => heads && true),
  lag: fc.constantFrom(0, 0, 0, 1, 3),
};
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
const move = fc.oneof(
  {
    weight: 3,
    arbitrary: of("open", {
      ...words,
      id: tree,
      subject: fc.constantFrom("ada", "bob"),
      leaseMs: fc.constantFrom(undefined, 30, 200),
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
    weight: 2,
    arbitrary: of("settle", { hop, verdict: fc.constantFrom("approve" as const, "deny" as const) }),
  },
  { weight: 2, arbitrary: of("suspend", { hop, id: fc.constantFrom("s0", "s1", "s2") }) },
  { weight: 4, arbitrary: of("resume", { hop, id: fc.constantFrom("s0", "s1", "s2") }) },
  { weight: 1, arbitrary: of("complete", { hop }) },
  { weight: 1, arbitrary: of("revoke", { boundary }) },
  { weight: 1, arbitrary: of("renew", { tree, forMs: fc.constantFrom(30, 200) }) },
  { weight: 1, arbitrary: of("sweep", {}) },
  { weight: 2, arbitrary: of("tick", { ms: fc.constantFrom(1, 1, 10, 30) }) },
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
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

const plainWords = {
  agent: "planner",
  holder: "k0",
  limits: {},
  waits: false,
  lag: 0 as const,
  lifeMs: 100_000 as const,
};
/** Something for the moves to be about. */
const FIRST: readonly Move[] = [
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

/** Makes one move on both, and answers what each of them said. */
async function both(stage: Stage, plain: PlainStore, one: Move): Promise<[string, string]> {
  const treeOf = (id: string) => plain.find(id)?.tree ?? TREES[0] ?? "";
  const real = async (run: () => Promise<unknown>) => {
    try {
      await run();
      return "ok";
    } catch (thrown) {
      if (thrown instanceof DelegationError) return thrown.code;
      throw thrown;
    }
  };
  const seenOf = async (lag: number) => Math.max(0, (await stage.store.status()).position - lag);
  switch (one.op) {
    case "tick":
      plain.now = stage.clock.advance(one.ms);
      return ["ok", "ok"];
    case "sweep":
      return [await real(() => stage.store.sweep(stage.now, 10)), plain.try(() => plain.sweep())];
    case "open":
    case "create":
    case "narrow": {
      const expiresAt = stage.now + one.lifeMs;
      const { id, agent, holder, waits, lag } = one;
      const said = {
        agent,
        holder,
        limits: limitsOf(one.limits),
        expiresAt,
        initial: waits ? ("pending_approval" as const) : ("active" as const),
        seen: await seenOf(lag),
      };
      const make = { id, agent, holder, limits: one.limits, expiresAt, waits, lag };
      if (one.op === "open") {
        const lease = one.leaseMs === undefined ? undefined : stage.now + one.leaseMs;
        const rest = { subject: one.subject, ...(lease === undefined ? {} : { lease }) };
        return [
          await real(() => stage.open(id, { ...said, ...rest })),
          plain.try(() => plain.openTree({ ...make, tree: id }, one.subject, lease)),
        ];
      }
      if (one.op === "narrow") {
        const old = plain.find(one.predecessor);
        const in_ = treeOf(one.predecessor);
        const full = await stage.move(id, old?.parent, in_, said);
        const placed = { ...full, hop: { ...full.hop, depth: old?.depth ?? 0 } };
        return [
          await real(() => stage.store.narrow({ ...placed, predecessor: one.predecessor })),
          plain.try(() => plain.narrow({ ...make, tree: in_, key: undefined }, one.predecessor)),
        ];
      }
      const { parent, key } = one;
      const full = await stage.move(id, parent, treeOf(parent), {
        ...said,
        ...(key === undefined ? {} : { key }),
      });
      const depth = (plain.find(parent)?.depth ?? 0) + 1;
      return [
        await real(() => stage.store.create({ ...full, hop: { ...full.hop, depth } })),
        plain.try(() => plain.create({ ...make, tree: treeOf(parent), parent, key })),
      ];
    }
    case "settle":
      return [
        await real(() => stage.settle(treeOf(one.hop), one.hop, one.verdict)),
        plain.try(() => plain.settle(treeOf(one.hop), one.hop, one.verdict)),
      ];
    case "suspend":
    case "resume":
      return [
        await real(() => stage[one.op](treeOf(one.hop), one.hop, one.id)),
        plain.try(() => plain[one.op](treeOf(one.hop), one.hop, one.id)),
      ];
    case "complete":
      return [
        await real(() => stage.complete(treeOf(one.hop), one.hop)),
        plain.try(() => plain.complete(treeOf(one.hop), one.hop)),
      ];
    case "revoke":
      return [
        await real(() => stage.revoke(one.boundary)),
        plain.try(() => plain.revoke(one.boundary)),
      ];
    case "renew":
      return [
        await real(() => stage.renew(one.tree, stage.now + one.forMs)),
        plain.try(() => plain.renew(one.tree, plain.now + one.forMs)),
      ];
    case "admit": {
      const chain = plain.chain(one.hop).map(({ id }) => id);
      const tickets =
        one.ticket === undefined
          ? []
          : [{ ticket: one.ticket, binding: `binding of ${one.ticket}` }];
      const charge = { spend: { EUR: (one.cents / 100).toFixed(2) } };
      return [
        await real(() => stage.admit(treeOf(one.hop), chain, { charge, tickets })),
        plain.try(() => plain.admit(treeOf(one.hop), one.hop, one.cents, one.ticket)),
      ];
    }
    case "ask": {
      const deadline = stage.now + 50;
      const in_ = treeOf(one.hop);
      return [
        await real(() => stage.ask(one.id, in_, one.hop, { need: one.need, deadline })),
        plain.try(() => plain.ask(one.id, in_, one.hop, one.need, deadline)),
      ];
    }
    case "decide":
      return [
        await real(() => stage.decide(one.id, one.approver, one.verdict)),
        plain.try(() => plain.decide(one.id, one.approver, one.verdict)),
      ];
  }
}

/** Everything that both can be asked for. */
async function compare(stage: Stage, plain: PlainStore): Promise<void> {
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

describe("the store against a plain model", () => {
  const reached = new Map<string, number>();

  test("gives the same answer to every move, and the same trees after each", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { minLength: 20, maxLength: 80, size: "max" }),
        async (moves) => {
          const stage = await Stage.of((clock) =>
            createMemoryStore({ clock, tolerance: TOLERANCE_MS }),
          );
          const plain = new PlainStore(START_MS);
          for (const [index, one] of [...FIRST, ...moves].entries()) {
            const [real, model] = await both(stage, plain, one);
            expect(real, `move ${index}: ${JSON.stringify(one)}`).toBe(model);
            reached.set(`${one.op} ${real}`, (reached.get(`${one.op} ${real}`) ?? 0) + 1);
            await compare(stage, plain);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test("reached acceptance by every move, and refusals of each kind", () => {
    for (const op of [
      "open",
      "create",
      "narrow",
      "settle",
      "suspend",
      "resume",
      "admit",
      "decide",
    ]) {
      expect(reached.get(`${op} ok`) ?? 0, op).toBeGreaterThan(3);
    }
    const codes = new Set([...reached.keys()].map((one) => one.split(" ")[1]));
    expect(codes).toContain("budget_exhausted");
    expect(codes).toContain("delegation_revoked");
    expect(codes).toContain("delegation_suspended");
    expect(codes).toContain("illegal_transition");
    expect(codes.size).toBeGreaterThanOrEqual(10);
  });

  test("a journal read back gives exactly the store that wrote it", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { minLength: 10, maxLength: 80, size: "max" }),
        async (moves) => {
          run += 1;
          const journal = join(folder, `${run}.jsonl`);
          const stage = await Stage.of((clock) =>
            createMemoryStore({ clock, journal, tolerance: TOLERANCE_MS }),
          );
          const plain = new PlainStore(START_MS);
          for (const one of [...FIRST, ...moves]) await both(stage, plain, one);
          const looks = await looksAt(stage.store);
          await stage.store.close();
          const clock = new ManualClock(stage.now);
          const again = createMemoryStore({ clock, journal, tolerance: TOLERANCE_MS });
          expect(await looksAt(again)).toEqual(looks);
          await again.close();
        },
      ),
      { numRuns: 20 },
    );
  });
});
