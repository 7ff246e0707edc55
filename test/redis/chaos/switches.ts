/** Parts of the store and of guards that can be taken out, to see that the suite says what each is good for. @module */
import { DelegationError } from "../../../src/base/error.js";
import type { PartitionedFeed } from "../../../src/guard/feed.js";
import type { Durability, Sent } from "../../../src/redis/durability.js";
import type { Outbox } from "../../../src/redis/outbox-contract.js";
import { AS_THEY_ARE, type Fitting } from "../../../src/redis/store.js";
import type { OpenTopology, OwnedShard } from "../../../src/redis/topology.js";

export interface Switch {
  readonly name: string;
  /** What is taken out. */
  readonly what: string;
  /** Name of the scenario in which that shows. */
  readonly shows: string;
  readonly fitting: Partial<Fitting>;
  /** What guards follow. */
  readonly followed?: (feed: PartitionedFeed) => PartitionedFeed;
}

export const SWITCHES: readonly Switch[] = [
  {
    name: "wait",
    what: "a write counts as durable without a replica that has it",
    shows: "a primary left behind by its replicas",
    fitting: { durability: withoutWait },
  },
  {
    name: "fencing",
    what: "one life of an owner is like another",
    shows: "quick restart with a cut append-only file",
    fitting: { topology: withoutLives },
  },
  {
    name: "outbox",
    what: "nothing is said again",
    shows: "quick restart with a cut append-only file",
    fitting: { outbox: withoutOutbox },
  },
  {
    name: "generation",
    what: "a guard takes every store for the one that it knew",
    shows: "quick restart without data",
    fitting: {},
    followed: withoutGenerations,
  },
  {
    name: "heartbeat",
    what: "a heartbeat goes out without a quorum that has it",
    shows: "a primary left behind by its replicas",
    fitting: { heartbeatReplicas: 0 },
  },
];

/** The store's parts with one of them taken out; all of them where none is. */
export function fittingOf(without: Switch | undefined): Fitting {
  return { ...AS_THEY_ARE, ...without?.fitting };
}

/** Heartbeats say how many replicas must know of them, and go on waiting for those. */
function withoutWait(part: Durability): Durability {
  const durable = async (sent: Sent): Promise<number> => {
    if (part.sending(sent.partition).life === sent.life) return part.replicas;
    throw new DelegationError("not_durable", "the shard began another life");
  };
  return {
    ...part,
    durable: (sent, want) =>
      want?.replicas === undefined ? durable(sent) : part.durable(sent, want),
    assured: (sent) => durable(sent),
  };
}

function withoutLives(part: OpenTopology): OpenTopology {
  const masked = new WeakMap<OwnedShard, OwnedShard>();
  const maskOf = (shard: OwnedShard): OwnedShard => {
    const known = masked.get(shard) ?? { ...shard, life: "one" };
    masked.set(shard, known);
    return known;
  };
  return {
    partitions: part.partitions,
    base: part.base,
    shardOf: (partition) => maskOf(part.shardOf(partition)),
    shards: () => part.shards().map(maskOf),
    watch: (changed) => part.watch(changed),
    look: () => part.look(),
    close: () => part.close(),
  };
}

function withoutOutbox(part: Outbox, durability: Durability): Outbox {
  return {
    id: part.id,
    size: 0,
    say: async ({ partitions }, send) => {
      const sent = partitions.map((partition) => durability.sending(partition));
      const result = await send();
      const durable = Promise.all(sent.map((one) => durability.durable(one))).then((replicas) =>
        Math.min(...replicas),
      );
      durable.catch(() => undefined);
      return { result, durable };
    },
    note: async () => {},
    retract: () => {},
    repair: async () => {},
    holds: () => false,
    close: () => part.close(),
  };
}

function withoutGenerations(part: PartitionedFeed): PartitionedFeed {
  const first = new Map<number, string>();
  return {
    partitions: part.partitions,
    partitionOf: (tree) => part.partitionOf(tree),
    feed: (partition) => {
      const feed = part.feed(partition);
      const mask = <T extends { readonly generation: string }>(told: T): T => {
        if (!first.has(partition)) first.set(partition, told.generation);
        return { ...told, generation: first.get(partition) ?? "" };
      };
      return {
        subscribe: (listener) =>
          feed.subscribe({
            entry: (entry) => listener.entry(entry),
            heartbeat: (heartbeat) => listener.heartbeat(mask(heartbeat)),
            lost: (reason) => listener.lost(reason),
          }),
        snapshot: async () => {
          const { heartbeat, entries } = await feed.snapshot();
          const known = mask(heartbeat);
          return { heartbeat: known, generations: [known.generation], entries };
        },
        confirm: async () => mask(await feed.confirm()),
        report: (guard, position, calls) => feed.report(guard, position, calls),
      };
    },
  };
}
