/** The keeper: cuts trees whose lease was due and marks what has expired, for as long as it runs. @module */
import { SWEEP_MAX } from "../base/limits.js";
import type { Timers } from "../lifecycle/timers.js";
import type { Context } from "./context.js";

/** A keeper that runs. */
export interface Keeper {
  /** Sweeps now, until nothing due remains; resolves to how many leases lapsed. @throws {DelegationError} `store_unavailable` */
  sweep(): Promise<number>;
  /** Stops; a sweep that is under way finishes. */
  stop(): void;
}

/**
 * Starts sweeping at the configured interval.
 *
 * Nothing depends on its being on time: a lease that is due permits nothing, swept or not, and the store sends no heartbeat for a
 * time by which it has not cut every lease that was due. A sweep that fails is tried again at the next turn.
 */
export function startKeeper(ctx: Context, timers: Timers): Keeper {
  let handle: unknown;
  let stopped = false;
  const sweep = async (): Promise<number> => {
    let lapsed = 0;
    for (;;) {
      const swept = await ctx.store.sweep(ctx.clock.now(), SWEEP_MAX);
      lapsed += swept.lapsed;
      if (swept.remaining === 0) return lapsed;
    }
  };
  const turn = async (): Promise<void> => {
    try {
      await sweep();
      ctx.telemetry.gauge("legate_store_up", {}, 1);
    } catch {
      ctx.telemetry.gauge("legate_store_up", {}, 0);
    }
    arm();
  };
  const arm = (): void => {
    if (!stopped) handle = timers.setTimeout(() => void turn(), ctx.config.sweepMs);
  };
  arm();
  return {
    sweep,
    stop: () => {
      stopped = true;
      timers.clearTimeout(handle);
    },
  };
}
