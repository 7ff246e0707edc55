/** Several servers that work together: a Cluster of shards with replicas, and a primary that Sentinels watch. @module */
import { RedisServer, type ServerOptions } from "./servers.js";
import { waitFor, waitForGood } from "./wait.js";

const SLOTS = 16_384;
const FORMING_MS = 30_000;

export interface ClusterOptions extends Omit<ServerOptions, "cluster"> {
  /** 3 by default. */
  readonly shards?: number;
  /** Per shard; 1 by default. */
  readonly replicas?: number;
  /** Where node number `index` listens; all on 127.0.0.1 by default. */
  readonly hostOf?: (index: number) => string;
}

/** Shards first, then the replicas of the first one, of the second one and so on. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[];
  readonly shards: number;

  private constructor(nodes: readonly RedisServer[], shards: number) {
    this.nodes = nodes;
    this.shards = shards;
  }

  /** Starts a Cluster and waits until each node says that all is well and each replica follows. */
  static async start(options: ClusterOptions = {}): Promise<RedisCluster> {
    const { shards = 3, replicas = 1, hostOf, ...rest } = options;
    const nodes = await Promise.all(
      Array.from({ length: shards * (1 + replicas) }, (_, index) =>
        RedisServer.start({
          ...rest,
          ...(hostOf === undefined ? {} : { host: hostOf(index) }),
          cluster: true,
        }),
      ),
    );
    const cluster = new RedisCluster(nodes, shards);
    try {
      await cluster.#join(replicas);
      return cluster;
    } catch (thrown) {
      await cluster.stop();
      throw thrown;
    }
  }

  /** As `host:port`, any of which leads to all. */
  get addresses(): readonly string[] {
    return this.nodes.map(({ host, port }) => `${host}:${port}`);
  }

  /** The server that owns a slot now, as `witness` sees it. */
  async ownerOf(slot: number, witness = this.nodes[0]): Promise<RedisServer> {
    for (const [from, to, [, port]] of await slotsOf(witness)) {
      const owner = this.nodes.find((node) => node.port === port);
      if (slot >= from && slot <= to && owner !== undefined) return owner;
    }
    throw new Error(`nobody owns slot ${slot}`);
  }

  /** The replicas that follow `primary`. */
  async replicasOf(primary: RedisServer): Promise<readonly RedisServer[]> {
    const info = await primary.info("replication");
    const ports = [...info].flatMap(([name, value]) =>
      /^slave\d+$/.test(name) ? [Number(/port=(\d+)/.exec(value)?.[1])] : [],
    );
    return this.nodes.filter(({ port }) => ports.includes(port));
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  async #join(replicas: number): Promise<void> {
    const [first] = this.nodes;
    if (first === undefined) return;
    const each = Math.ceil(SLOTS / this.shards);
    await Promise.all(
      this.nodes.map(async (node, index) => {
        await node.ask("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
        if (index >= this.shards) return;
        const last = Math.min(SLOTS, (index + 1) * each) - 1;
        await node.ask("CLUSTER", "ADDSLOTSRANGE", index * each, last);
      }),
    );
    for (const node of this.nodes.slice(1)) {
      await first.ask("CLUSTER", "MEET", node.host, node.port);
    }
    const all = this.nodes.length;
    const knows = async (node: RedisServer) =>
      (await clusterInfo(node)).includes(`cluster_known_nodes:${all}`);
    await this.#everyone("the nodes know each other", knows);
    await Promise.all(
      this.nodes.slice(this.shards).map(async (node, index) => {
        const primary = this.nodes[Math.floor(index / replicas)] ?? first;
        const id = String(await primary.ask("CLUSTER", "MYID"));
        await waitForGood("a replica is taken in", FORMING_MS, async () => {
          await node.ask("CLUSTER", "REPLICATE", id);
          return true;
        });
      }),
    );
    await this.settled();
  }

  /** Waits until every node is content and every replica follows its primary. */
  settled(): Promise<void> {
    return this.#everyone("the Cluster is whole", async (node) => {
      if (!(await clusterInfo(node)).includes("cluster_state:ok")) return false;
      const info = await node.info("replication");
      if (info.get("role") === "slave") return info.get("master_link_status") === "up";
      return this.nodes.length === this.shards || Number(info.get("connected_slaves")) >= 1;
    });
  }

  async #everyone(what: string, holds: (node: RedisServer) => Promise<boolean>): Promise<void> {
    await Promise.all(this.nodes.map((node) => waitForGood(what, FORMING_MS, () => holds(node))));
  }
}

async function clusterInfo(node: RedisServer): Promise<string> {
  return String(await node.ask("CLUSTER", "INFO"));
}

async function slotsOf(
  node: RedisServer | undefined,
): Promise<[number, number, [string, number]][]> {
  return (await node?.ask("CLUSTER", "SLOTS")) as [number, number, [string, number]][];
}

/** A primary with replicas, and Sentinels that promote one of them when it is gone. */
export interface Sentinels {
  readonly name: string;
  readonly primary: RedisServer;
  readonly replicas: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Starts one primary, `replicas` replicas and three Sentinels, and waits until all know of each other. */
export async function startSentinels(options: ServerOptions = {}, count = 1): Promise<Sentinels> {
  const name = "legate";
  const primary = await RedisServer.start(options);
  const replicas = await Promise.all(
    Array.from({ length: count }, () => RedisServer.start({ ...options, replicaOf: primary })),
  );
  const settings = [
    `sentinel monitor ${name} ${primary.host} ${primary.port} 2`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 5000`,
  ];
  const sentinels = await Promise.all(
    Array.from({ length: 3 }, () => RedisServer.start({ sentinel: true, settings })),
  );
  const stop = async () => {
    await Promise.all([...sentinels, ...replicas, primary].map((server) => server.stop()));
  };
  const ready = async (sentinel: RedisServer) => {
    const told = (await sentinel.ask("SENTINEL", "MASTER", name)) as string[];
    const value = (field: string) => Number(told[told.indexOf(field) + 1]);
    return value("num-other-sentinels") === 2 && value("num-slaves") === count;
  };
  await Promise.all(
    sentinels.map((one) => waitForGood("Sentinels know each other", FORMING_MS, () => ready(one))),
  );
  return { name, primary, replicas, sentinels, stop };
}

/** Waits until `server` is a primary. */
export async function waitForPrimary(server: RedisServer, withinMs = 20_000): Promise<void> {
  await waitFor(`${server.port} is promoted`, withinMs, async () => {
    const role = await server.info("replication").catch(() => new Map<string, string>());
    return role.get("role") === "master" ? true : undefined;
  });
}
