/** What happens to servers: each of the faults that Redis is known to lose acknowledged writes by. @module */
import { setTimeout as sleep } from "node:timers/promises";
import { RedisCluster, waitForPrimary } from "../cluster.js";
import { FaultProxy } from "../fault-proxy.js";
import { RedisServer } from "../servers.js";
import { waitFor } from "../wait.js";
import { joinHosts, partHosts } from "./network.js";
import type { Arena, Scenario } from "./run.js";

/** Longer than the Cluster takes to notice and to vote. */
const ZOMBIE_MS = 4_500;
/** Shorter than that: the same owner comes back before anybody has noticed. */
const RESTART_MS = 200;
const HOLE_MS = 4_000;

async function clusterArena(
  options: Parameters<typeof RedisCluster.start>[0],
  disturb: (cluster: RedisCluster) => Promise<void>,
): Promise<Arena & { readonly cluster: RedisCluster }> {
  const cluster = await RedisCluster.start(options);
  return {
    cluster,
    options: { url: cluster.addresses.map((address) => `redis://${address}`) },
    disturb: () => disturb(cluster),
    stop: () => cluster.stop(),
  };
}

/** The owner of the first slot, and who follows it. */
async function shardOf(cluster: RedisCluster) {
  const owner = await cluster.ownerOf(0);
  return { owner, replicas: await cluster.replicasOf(owner) };
}

async function promoted(replicas: readonly RedisServer[]): Promise<void> {
  await Promise.race(replicas.map((replica) => waitForPrimary(replica)));
}

const killed: Scenario = {
  name: "kill -9 of an owner",
  replicas: 1,
  isShort: true,
  arena: () =>
    clusterArena({ replicas: 2 }, async (cluster) => {
      const { owner, replicas } = await shardOf(cluster);
      await owner.kill();
      await promoted(replicas);
      await owner.launch();
    }),
};

const paused: Scenario = {
  name: "an owner stopped and continued (SIGSTOP, SIGCONT)",
  replicas: 1,
  arena: () =>
    clusterArena({ replicas: 2 }, async (cluster) => {
      const { owner, replicas } = await shardOf(cluster);
      owner.pause();
      await sleep(ZOMBIE_MS);
      owner.resume();
      await promoted(replicas);
    }),
};

function restarted(
  name: string,
  appendfsync: "everysec" | undefined,
  between: (owner: RedisServer, atStart: number) => void,
): Scenario {
  return {
    name,
    replicas: 1,
    arena: async () => {
      let atStart = 0;
      const options = appendfsync === undefined ? {} : { appendfsync };
      const arena = await clusterArena(options, async (cluster) => {
        const { owner } = await shardOf(cluster);
        await owner.kill();
        between(owner, atStart);
        await sleep(RESTART_MS);
        await owner.launch();
      });
      const begin = async () => {
        const { owner } = await shardOf(arena.cluster);
        if (appendfsync !== undefined) atStart = owner.appendOnlyBytes;
      };
      return { ...arena, begin };
    },
  };
}

const CUT_BYTES = 65_536;

const restartedWithData = restarted("quick restart with its data", "everysec", () => {});
/** Guards hear of the new store when its first heartbeats come; only from then on they could let in what it does not continue. */
const restartedEmpty: Scenario = {
  ...restarted("quick restart without data", undefined, (owner) => owner.forget()),
  afterMs: 8_000,
};
/** What was there before the load stays: a tree that is lost with all of its hops lets nothing in. */
const restartedCut = restarted(
  "quick restart with a cut append-only file",
  "everysec",
  (owner, atStart) => owner.cutAppendOnlyFile(Math.max(atStart, owner.appendOnlyBytes - CUT_BYTES)),
);

const LAG_MS = 1_500;

/** The one replica that acknowledged dies with the owner; the other, which had stood still, is elected. */
const laggard: Scenario = {
  name: "a replica that lagged behind is promoted",
  replicas: 1,
  arena: () =>
    clusterArena({ replicas: 2 }, async (cluster) => {
      const { owner, replicas } = await shardOf(cluster);
      const [acker, late] = replicas;
      if (acker === undefined || late === undefined) throw new Error("two replicas are needed");
      // A replica that cannot log in stays behind, and is still fit to be elected.
      await late.ask("CONFIG", "SET", "masterauth", "none of it");
      await owner.ask("CLIENT", "KILL", "TYPE", "replica");
      await sleep(LAG_MS);
      await Promise.all([acker.kill(), owner.kill()]);
      await late.ask("CONFIG", "SET", "masterauth", "");
      await waitForPrimary(late, 30_000);
      await Promise.all([acker.launch(), owner.launch()]);
    }),
};

/** Ways to some nodes of a Cluster that can be closed; all others are reached as they are. */
async function gateTo(cluster: RedisCluster, closable: (index: number) => boolean) {
  const gates = new Map<string, FaultProxy>();
  for (const [n, node] of cluster.nodes.entries()) {
    if (closable(n)) gates.set(cluster.addresses[n] ?? "", await FaultProxy.to(node));
  }
  const reachedAs = Object.fromEntries(
    [...gates].map(([address, { host, port }]) => [address, { host, port }]),
  );
  const url = cluster.addresses.map((address) => {
    const { host, port } = gates.get(address) ?? {};
    return port === undefined ? `redis://${address}` : `redis://${host}:${port}`;
  });
  return {
    where: { url, reachedAs },
    set: (fault: "hole" | "pass") => {
      for (const gate of gates.values()) gate.set(fault);
    },
    close: async () => {
      await Promise.all([...gates.values()].map((gate) => gate.close()));
    },
  };
}

/** Longer than anybody waits for a coordinator that does not come forward. */
const LEFT_MS = 9_000;

/**
 * A primary that goes on for a coordinator and a guard while its replicas follow another and everybody else has been sent there: no
 * quorum of a Cluster stops it.
 */
const leftBehind: Scenario = {
  name: "a primary left behind by its replicas",
  replicas: 1,
  arena: async () => {
    const before = await RedisServer.start();
    const next = await RedisServer.start({ replicaOf: before });
    const other = await RedisServer.start({ replicaOf: before });
    await followed(before, 2);
    const front = await FaultProxy.to(before);
    const behind = await FaultProxy.to(before);
    const urlOf = ({ host, port }: FaultProxy) => `redis://${host}:${port}`;
    return {
      options: { url: urlOf(front) },
      apart: { url: urlOf(behind) },
      coordinatorApart: true,
      disturb: async () => {
        await next.ask("REPLICAOF", "NO", "ONE");
        await other.ask("REPLICAOF", next.host, next.port);
        await followed(next, 1);
        front.lead(next);
        await sleep(LEFT_MS);
        await before.ask("REPLICAOF", next.host, next.port);
        await followed(next, 2);
        behind.lead(next);
      },
      stop: async () => {
        await Promise.all([front.close(), behind.close()]);
        await Promise.all([before.stop(), next.stop(), other.stop()]);
      },
    };
  },
};

async function followed(primary: RedisServer, replicas: number): Promise<void> {
  await waitFor("the replicas", 10_000, async () => {
    return (await primary.ask("WAIT", replicas, 100)) === replicas || undefined;
  });
}

/** One guard and no coordinator loses sight of everything, and nobody closes a connection. */
const blackHole: Scenario = {
  name: "a guard's connections lead nowhere",
  replicas: 1,
  isShort: true,
  arena: async () => {
    const cluster = await RedisCluster.start({});
    const gate = await gateTo(cluster, () => true);
    return {
      options: { url: cluster.addresses.map((address) => `redis://${address}`) },
      apart: gate.where,
      disturb: async () => {
        gate.set("hole");
        await sleep(HOLE_MS);
        gate.set("pass");
      },
      stop: async () => {
        await gate.close();
        await cluster.stop();
      },
    };
  },
};

const NEAR = "127.0.0.2";
const FAR = "127.0.0.3";
/** The owner of the first slot and one of its two replicas: enough for `WAIT 1`, and not enough to be elected by. */
const IN_MINORITY = new Set([0, 3]);
const PARTED_MS = 7_000;

/**
 * A minority with an owner, one of its replicas, a coordinator and a guard, against all others. Runs in a network namespace of
 * its own, see `network.ts`.
 */
const parted: Scenario = {
  name: "a network partition with a replica on either side",
  replicas: 1,
  arena: async () => {
    const cluster = await RedisCluster.start({
      replicas: 2,
      hostOf: (index) => (IN_MINORITY.has(index) ? NEAR : FAR),
    });
    const toFar = await gateTo(cluster, (index) => !IN_MINORITY.has(index));
    const toNear = await gateTo(cluster, (index) => IN_MINORITY.has(index));
    return {
      options: toNear.where,
      apart: toFar.where,
      coordinatorApart: true,
      disturb: async () => {
        partHosts(NEAR, FAR);
        for (const gate of [toFar, toNear]) gate.set("hole");
        await sleep(PARTED_MS);
        joinHosts(NEAR, FAR);
        for (const gate of [toFar, toNear]) gate.set("pass");
      },
      stop: async () => {
        joinHosts(NEAR, FAR);
        await Promise.all([toFar.close(), toNear.close()]);
        await cluster.stop();
      },
    };
  },
};

export const SCENARIOS: readonly Scenario[] = [
  killed,
  paused,
  restartedWithData,
  restartedEmpty,
  restartedCut,
  laggard,
  leftBehind,
  blackHole,
];

/** Those that need a network of their own. */
export const SCENARIOS_OF_NETWORKS: readonly Scenario[] = [parted];
