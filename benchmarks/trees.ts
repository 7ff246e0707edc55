/** Cost against the size of the tree: the same verbs in stores of ten to a million hops. @module */

import { canonicalDigest } from "../src/base/canonical.js";
import { uuidv7 } from "../src/base/id.js";
import { systemRandom } from "../src/base/random.js";
import { hopEvent } from "../src/coordinator/event.js";
import type { HopDraft } from "../src/coordinator/store.js";
import type { Guard } from "../src/guard/guard.js";
import type { EmbeddedHop } from "../src/memory/embedded-hop.js";
import type { Authority } from "../src/wire/grant.js";
import {
  type Caller,
  callerOf,
  type Delegator,
  decide,
  delegating,
  delegatorOf,
  type Embedded,
  keyPool,
  openEmbedded,
  openTree,
} from "./engine-material.js";
import {
  collectGarbage,
  exactly,
  measure,
  type Run,
  ratioOf,
  type Spread,
  type Subject,
} from "./harness.js";
import { AUDIENCE } from "./material.js";
import type { Line, Section } from "./report.js";

/** Children of each hop that has some. */
const WIDTH = 8;
/** As many as the smallest tree has. */
const PAGE = 10;
/** Trees that are cut beforehand, so that the one cut that counts runs compiled code. */
const PRACTICE = 300;
const FLAT = 2;
const CALLS = 16;

/** Measures all sizes side by side. */
export async function measureSection(run: Run): Promise<Section> {
  const sizes = run.quick ? [10, 1_000, 100_000] : [10, 1_000, 100_000, 1_000_000];
  // The largest first: its heap is measured while nothing else is there.
  const forests: Forest[] = [];
  for (const size of [...sizes].reverse()) forests.unshift(await plant(size));
  const timings = await measure(forests.flatMap(subjectsOf), run.effort);
  const cuts: Spread[] = [];
  for (const forest of forests) cuts.push(await cutRoot(forest));
  const lines: Line[] = [];
  const smallest = sizes[0] ?? 0;
  for (const verb of ["delegate", "authorize", "first page"]) {
    for (const size of sizes.slice(1)) {
      lines.push({
        name: `${verb}, ${named(size)} ÷ ${named(smallest)}`,
        value: ratioOf(timings, `${verb} ${size}`, `${verb} ${smallest}`),
        unit: "ratio",
        limit: FLAT,
      });
    }
  }
  for (const [index, size] of sizes.entries()) {
    const value = cuts[index] ?? exactly(Number.NaN);
    lines.push({ name: `revoke of the root, ${named(size)}`, value, unit: "us", clock: "wall" });
  }
  for (const { size, heap, outside } of forests.slice(2)) {
    const limit = size === 1_000_000 ? { limit: 1_500 } : {};
    lines.push(
      { name: `heap for each hop, ${named(size)}`, value: exactly(heap), unit: "bytes", ...limit },
      {
        name: `outside the heap, for each hop, ${named(size)}`,
        value: exactly(outside),
        unit: "bytes",
      },
    );
  }
  for (const { engine } of forests) await engine.close();
  return {
    title: "Cost against the size of the tree",
    lines,
    notes: [
      `One tree in a store of its own, ${WIDTH} children to a hop, all with one grant. Flat means at most ${FLAT} times the smallest.`,
      "What is measured adds to the trees: delegations make the smaller ones some thousand hops larger.",
      "Of the audit log, what a line says is in the heap until it is sealed, and its order outside.",
      "The root is cut once, after cuts of other trees: one write, whatever lies below.",
    ],
  };
}

/** A store with one tree of `size` hops. */
interface Forest {
  readonly size: number;
  readonly engine: Embedded;
  readonly guard: Guard;
  readonly root: EmbeddedHop;
  readonly delegator: Delegator;
  readonly caller: Caller;
  /** Bytes for each hop. */
  readonly heap: number;
  readonly outside: number;
}

async function plant(size: number): Promise<Forest> {
  const engine = await openEmbedded();
  const guard = await engine.guard({ audience: AUDIENCE });
  const root = await openTree(engine, 0);
  const delegator = await delegatorOf(engine, root, keyPool());
  const caller = await callerOf(guard, root);
  await guard.flush();
  collectGarbage();
  const before = process.memoryUsage();
  const { hops } = await engine.store.status();
  await grow(engine, root, size - hops);
  collectGarbage();
  const after = process.memoryUsage();
  const planted = Math.max(1, size - hops);
  return {
    size,
    engine,
    guard,
    root,
    delegator,
    caller,
    heap: (after.heapUsed - before.heapUsed) / planted,
    outside: (after.external - before.external) / planted,
  };
}

/** Breadth first, by the store's own move: signing a million tokens would measure signatures. */
async function grow({ store }: Embedded, root: EmbeddedHop, count: number): Promise<void> {
  const { chain } = root.holder;
  const authority = authorityOf(root);
  const digest = canonicalDigest(authority);
  const { position } = await store.status();
  const ids: string[] = [root.id];
  const depths: number[] = [0];
  const now = Date.now();
  for (let made = 0; made < count; made++) {
    const parent = ids[Math.floor(made / WIDTH)] ?? root.id;
    const depth = (depths[Math.floor(made / WIDTH)] ?? 0) + 1;
    const id = uuidv7(now, systemRandom);
    const hop: HopDraft = {
      tenant: chain.tenant,
      tree: chain.tree,
      id,
      parent,
      depth,
      agent: `spiffe://example.com/agent/${made % 100}`,
      identity: "asserted",
      holder: holderOf(made),
      authority: digest,
      createdAt: now,
      expiresAt: chain.expiresAt,
      origin: "coordinator",
      bearer: false,
    };
    const event = hopEvent("hop.created", hop, { principal: chain.principal });
    await store.create({
      hop,
      authority,
      initial: "active",
      seen: position,
      event,
      now: Date.now(),
    });
    if (ids.length * WIDTH <= count) {
      ids.push(id);
      depths.push(depth);
    }
  }
}

/** As long as a thumbprint, and as different; a million keys would take too long. */
function holderOf(made: number): string {
  return `${"A".repeat(33)}${String(made).padStart(10, "0")}`;
}

function authorityOf(root: EmbeddedHop): Authority {
  const { expiresAt: _, ...authority } = root.holder.chain.grant;
  return { ...authority, limits: {} };
}

function subjectsOf({ size, engine, guard, root, delegator, caller }: Forest): Subject[] {
  let calls: ReturnType<Caller["bySession"]>[] = [];
  let made = 0;
  return [
    delegating(`delegate ${size}`, [delegator], 1),
    {
      name: `authorize ${size}`,
      batch: CALLS,
      before: (count) => {
        calls = Array.from({ length: count * CALLS }, () => caller.bySession(made++));
      },
      run: async () => {
        for (const call of calls.splice(-CALLS)) await decide(guard, call);
        await guard.flush();
      },
    },
    {
      name: `first page ${size}`,
      run: () => engine.store.page(root.holder.chain.tenant, root.tree, { limit: PAGE }),
    },
  ];
}

async function cutRoot({ engine, root }: Forest): Promise<Spread> {
  for (let index = 0; index < PRACTICE; index++) {
    await timeCut(engine, (await openTree(engine, index)).tree);
  }
  return exactly(await timeCut(engine, root.tree));
}

async function timeCut(engine: Embedded, tree: string): Promise<number> {
  const start = performance.now();
  await engine.revoke({ kind: "tree", tree });
  return (performance.now() - start) * 1_000;
}

function named(hops: number): string {
  return `${hops.toLocaleString("en-US")} hops`;
}
