/** Looks whether a deployment is there, for those who would rather start none. @module */
import { type RedisServers, serversOf } from "./address.js";
import { PATIENCE, type Patience } from "./connect.js";
import { baseKey, checkPrefix, metaKey, PREFIX_DEFAULT } from "./layout.js";
import { ask } from "./script.js";
import { type OpenTopology, openTopology } from "./topology.js";

/** Where to look. */
export interface FindOptions extends RedisServers {
  /** Name of the deployment; `legate` unless told. */
  readonly prefix?: string;
  readonly patience?: Partial<Patience>;
}

/** What a deployment was started with. */
export interface Deployment {
  readonly partitions: number;
  /** Milliseconds that a caller's clock may lie off. */
  readonly tolerance: number;
}

/**
 * Reads what the first partition keeps of itself, and changes nothing.
 *
 * @returns Undefined where no deployment has that name.
 * @throws {DelegationError} `config_invalid` for options that are none; `store_unavailable`
 */
export async function findDeployment(options: FindOptions): Promise<Deployment | undefined> {
  const prefix = checkPrefix(options.prefix ?? PREFIX_DEFAULT);
  const patience = { ...PATIENCE, ...options.patience };
  const base = (partition: number) => baseKey(prefix, partition);
  const topology = await openTopology(serversOf(options), 1, base, patience);
  try {
    return await deploymentIn(topology, patience);
  } finally {
    topology.close();
  }
}

/** The same on a topology that is open. */
export async function deploymentIn(
  topology: OpenTopology,
  { commandMs }: Patience,
): Promise<Deployment | undefined> {
  const { reader } = topology.shardOf(0);
  const fields = ["partitions", "tolerance"];
  const told = await ask(reader, commandMs, "HMGET", metaKey(topology.base(0)), ...fields);
  const [partitions, tolerance] = Array.isArray(told) ? told.map(Number) : [];
  return partitions && tolerance !== undefined ? { partitions, tolerance } : undefined;
}
