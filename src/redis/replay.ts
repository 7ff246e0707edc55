/** The replay contract, kept by the deployment: what was shown to one process is not shown to another. @module */
import { sha256Base64url } from "../base/digest.js";
import type { ReplayStore } from "../token/replay.js";
import type { Ground } from "./ground.js";
import { partitionOf } from "./layout.js";
import { ask } from "./script.js";

/**
 * Remembers each key in a partition of its own choice, with native expiry: by the time in which it counts for whoever shows it, and as much
 * longer as clocks may lie apart. One round trip for each claim.
 */
export function replayOf(
  ground: Ground,
  margin: { toleranceMs: number; commandMs: number },
): ReplayStore {
  let latest = Number.NEGATIVE_INFINITY;
  return {
    claim: async (key, expiresAt, now) => {
      ground.checkOpen();
      latest = Math.max(latest, now);
      // Written so that a time that is not a number refuses.
      if (!(expiresAt > latest)) return false;
      const { topology } = ground;
      const digest = sha256Base64url(key);
      const partition = partitionOf(digest, topology.partitions);
      const { writer } = topology.shardOf(partition);
      const keepMs = Math.ceil(expiresAt - latest) + margin.toleranceMs;
      const name = `${topology.base(partition)}z${digest}`;
      return (await ask(writer, margin.commandMs, "SET", name, "", "NX", "PX", keepMs)) === "OK";
    },
  };
}
