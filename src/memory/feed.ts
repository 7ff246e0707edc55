/** The feed of the embedded store: the log of cuts as guards follow it. @module */
import type { CutFeed, Heartbeat } from "../guard/feed.js";
import type { Core } from "./core.js";
import { sweep } from "./moves.js";

/**
 * What is handed out is settled when it is asked for and kept for good before it is given: a guard never knows a
 * position that a restart could give to another cut.
 *
 * @param forget Drops the tickets that lapsed.
 */
export function feedOf(core: Core, forget: (at: number) => void): CutFeed {
  return {
    subscribe: (listener) => core.followers.subscribe(listener),
    snapshot: async () => {
      core.checkOpen();
      const { cuts, generation } = core.world;
      const heartbeat = heartbeatOf(core);
      for (const [key, { until }] of cuts) {
        if (until !== undefined && until < heartbeat.at) cuts.delete(key);
      }
      const entries = [...cuts.values()];
      await core.settled();
      return { heartbeat, generations: [generation], entries };
    },
    confirm: async () => {
      core.checkOpen();
      const at = core.now();
      forget(at);
      // Leases first: the heartbeat says that all that were due by then are cut.
      sweep(core, at, Number.POSITIVE_INFINITY);
      const heartbeat = heartbeatOf(core, at);
      await core.settled();
      core.followers.heartbeat(heartbeat);
      return heartbeat;
    },
    report: (guard, position, callsInFlight) =>
      core.followers.report({ guard, position, callsInFlight, at: core.now() }),
  };
}

function heartbeatOf(core: Core, at = core.now()): Heartbeat {
  const { generation, position } = core.world;
  return { generation, position, at };
}
