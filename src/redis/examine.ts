/** Looks at servers as an operator does: their settings, and what was started there. Changes nothing. @module */
import { serversOf } from "./address.js";
import { PATIENCE } from "./connect.js";
import { type Deployment, deploymentIn, type FindOptions } from "./deployment.js";
import { baseKey, checkPrefix, PREFIX_DEFAULT } from "./layout.js";
import { type Check, checksOf } from "./settings.js";
import { openTopology } from "./topology.js";

/** What there is. */
export interface Examined {
  /** Every setting that a promise rests on, of every owner. */
  readonly checks: readonly Check[];
  /** Undefined where no deployment has that name yet. */
  readonly deployment: Deployment | undefined;
}

/**
 * Looks at every owner.
 *
 * @param options `replicas`: how many a write is to wait for; 0 unless told.
 * @throws {DelegationError} `config_invalid` for options that are none; `store_unavailable`
 */
export async function examine(
  options: FindOptions & { readonly replicas?: number },
): Promise<Examined> {
  const prefix = checkPrefix(options.prefix ?? PREFIX_DEFAULT);
  const patience = { ...PATIENCE, ...options.patience };
  const base = (partition: number) => baseKey(prefix, partition);
  const topology = await openTopology(serversOf(options), 1, base, patience);
  try {
    const checks = await checksOf({ topology, replicas: options.replicas ?? 0 });
    return { checks, deployment: await deploymentIn(topology, patience) };
  } finally {
    topology.close();
  }
}
