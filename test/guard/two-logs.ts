/** A store of two logs, made of two engines in memory: each tree is kept, and cut, by one of them; a guard follows both. @module */
import type { Admission } from "../../src/guard/admission.js";
import type { CutFeed, PartitionedFeed } from "../../src/guard/feed.js";
import { Guard, type GuardOptions } from "../../src/guard/guard.js";
import { type EmbeddedHop, openEmbedded } from "../../src/memory/embedded.js";
import { MemoryReplayStore } from "../../src/memory/replay.js";
import { keyRing } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import type { Boundary } from "../../src/wire/cut.js";
import { manualTimers } from "../lifecycle/manual-timers.js";
import { type FaultyFeed, faultyFeed } from "./faulty-feed.js";
import { AUDIENCE, GRANT, PRINCIPAL, START, settled } from "./rig.js";

export type Partition = 0 | 1;

export async function twoLogs() {
  const timers = manualTimers(START);
  const keys = keyRing(generateSigningKey());
  const engines = [
    await openEmbedded({ timers, keys }),
    await openEmbedded({ timers, keys }),
  ] as const;
  const wires: readonly [FaultyFeed, FaultyFeed] = [
    faultyFeed(engines[0].store),
    faultyFeed(engines[1].store),
  ];
  const homes = new Map<string, number>();
  const partitionOf = (tree: string) => homes.get(tree) ?? 0;
  const feed: PartitionedFeed = {
    partitions: 2,
    partitionOf,
    feed: (partition): CutFeed => {
      const wire = wires[partition];
      if (wire === undefined) throw new RangeError("there is no such partition");
      return wire;
    },
  };
  const storeOf = (tree: string | undefined) =>
    partitionOf(tree ?? "") === 0 ? engines[0].store : engines[1].store;
  const admission: Admission = {
    admit: (move) => storeOf(move.tree).admit(move),
    record: async (events, now) => {
      for (const event of events) await storeOf(event.tree).record([event], now);
    },
  };
  return {
    timers,
    engines,
    wires,
    feed,
    /** Says where a tree is to be looked for, whoever keeps it. */
    place: (tree: string, partition: number) => void homes.set(tree, partition),
    pass: async (ms: number) => {
      for (let left = ms; left > 0; left -= 100) {
        timers.advance(Math.min(100, left));
        await settled();
      }
    },
    make: (options: Partial<GuardOptions> = {}) =>
      new Guard({
        name: "g",
        audience: [AUDIENCE],
        trust: engines[0].trust,
        feed,
        admission,
        replay: new MemoryReplayStore(),
        timers,
        clock: timers,
        ...options,
      }),
    root: async (partition: Partition): Promise<EmbeddedHop> => {
      const root = await engines[partition].open({
        principal: PRINCIPAL,
        agent: "planner",
        trigger: "task",
        grant: GRANT,
      });
      homes.set(root.tree, partition);
      return root;
    },
    /** In the log of one tree, or, beyond a tree, in both; as `revoke` answers. */
    cut: async (boundary: Boundary) => {
      if ("tree" in boundary)
        return engines[partitionOf(boundary.tree) as Partition].revoke(boundary);
      const first = await engines[0].revoke(boundary);
      const second = await engines[1].revoke(boundary);
      return { ...first, positions: [first.entry.position, second.entry.position] };
    },
    close: async () => {
      for (const engine of engines) await engine.close();
    },
  };
}

export type TwoLogs = Awaited<ReturnType<typeof twoLogs>>;
