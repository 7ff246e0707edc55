/** Delegations each second, from one and two coordinators, on one shard and on three. @module */
import { RedisCluster } from "../../test/redis/cluster.js";
import { RedisServer } from "../../test/redis/servers.js";
import { type Run, spreadOf } from "../harness.js";
import type { Line, Section } from "../report.js";
import { Mate } from "./crew.js";
import { openStore, openTree } from "./material.js";

const PARTITIONS = 16;
const ROUNDS = 3;

/** Each pair of numbers by itself; the processes work at the same time, on trees of every partition. */
export async function measureSection({ quick }: Run): Promise<Section> {
  const forMs = quick ? 500 : 5_000;
  const single = await RedisServer.start();
  const alone = await rates(single.url, forMs).finally(() => single.stop());
  const cluster = await RedisCluster.start({ replicas: 0 });
  const url = `redis://${cluster.addresses[0] ?? ""}`;
  const three = await rates(url, forMs).finally(() => cluster.stop());
  const all = [
    ["1 coordinator, 1 shard", alone.one],
    ["2 coordinators, 1 shard", alone.two],
    ["1 coordinator, 3 shards", three.one],
    ["2 coordinators, 3 shards", three.two],
  ] as const;
  const lines = all.flatMap(([name, values]): Line[] => [
    {
      name: `delegations each second, ${name}`,
      value: spreadOf(values),
      unit: "count",
      clock: "wall",
    },
    {
      name: `${name} ÷ ${all[0][0]}`,
      value: spreadOf(values.map((value) => value / spreadOf(alone.one).median)),
      unit: "ratio",
      clock: "wall",
    },
  ]);
  return {
    title: "Coordinators and shards",
    lines: lines.filter((_, index) => index !== 1),
    notes: [
      `${PARTITIONS} partitions, a tree in each, 64 delegations in flight in each process; no leader, no lock. Server and client processes share this machine's threads, so what more of them can gain shows where there are more threads than processes.`,
    ],
  };
}

async function rates(url: string, forMs: number): Promise<{ one: number[]; two: number[] }> {
  const store = await openStore(url, PARTITIONS);
  const trees = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    trees.push((await openTree(store, partition)).record);
  }
  await store.close();
  const mates: Mate[] = [];
  try {
    for (let mate = 0; mate < 2; mate++) {
      mates.push(
        await Mate.start({ role: "coordinator", url, partitions: PARTITIONS, trees, forMs }),
      );
    }
    const one: number[] = [];
    const two: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      one.push(await together(mates.slice(0, 1)));
      two.push(await together(mates));
    }
    return { one, two };
  } finally {
    for (const mate of mates) mate.end();
  }
}

async function together(mates: readonly Mate[]): Promise<number> {
  const done = await Promise.all(mates.map((mate) => mate.ask({ go: true })));
  return done.reduce((sum, did) => sum + ("made" in did ? did.made / did.seconds : 0), 0);
}
