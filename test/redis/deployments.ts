/** The deployments that suites run on: one server with one partition and with four, and a Cluster of three shards with a replica each. @module */
import type { RedisStore } from "../../src/redis/store.js";
import { createRedisStore } from "../../src/redis/store.js";
import { type MakeStore, TOLERANCE_MS } from "../contract/stage.js";
import { PATIENT } from "../patience.js";
import { RedisCluster } from "./cluster.js";
import { RedisServer } from "./servers.js";

/** Servers on which each store has a name, and so keys, of its own. */
export interface Deployment {
  readonly partitions: number;
  readonly make: MakeStore;
  /** Closes every store that was made and is still open. */
  closeStores(): Promise<void>;
  stop(): Promise<void>;
}

export const SINGLE = "one server, one partition";
export const SINGLE_OF_FOUR = "one server, four partitions";
export const CLUSTER = "a Cluster of three shards, four partitions";

/** Starts one. `name` is one of those above. */
export async function deploymentOf(name: string, binary: string): Promise<Deployment> {
  if (name !== CLUSTER) {
    const server = await RedisServer.start({ binary });
    return deployment(server.url, name === SINGLE ? 1 : 4, () => server.stop());
  }
  const cluster = await RedisCluster.start({ binary });
  const [seed = ""] = cluster.addresses;
  return deployment(`redis://${seed}`, 4, () => cluster.stop());
}

function deployment(url: string, partitions: number, stop: () => Promise<void>): Deployment {
  const open = new Set<RedisStore>();
  let stores = 0;
  const closeStores = async () => {
    await Promise.all([...open].map((store) => store.close()));
    open.clear();
  };
  return {
    partitions,
    make: async (clock) => {
      stores += 1;
      const store = await createRedisStore({
        url,
        partitions,
        prefix: `suite-${stores}`,
        tolerance: TOLERANCE_MS,
        testClock: clock,
        // What is not asked for does not happen while a clock stands still.
        heartbeats: false,
        patience: PATIENT,
      });
      open.add(store);
      return store;
    },
    closeStores,
    stop: async () => {
      await closeStores();
      await stop();
    },
  };
}
