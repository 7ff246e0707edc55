/** The heart of an embedded engine: what keeps its guards live. @module */
import { HEARTBEAT_MS } from "../base/limits.js";
import type { Telemetry } from "../base/telemetry.js";
import type { CutFeed } from "../guard/feed.js";
import type { Timers } from "../lifecycle/timers.js";

/** Tells guards, again and again, that they have missed nothing; each time after cutting the leases that were due; returns how to stop. */
export function startHeart(
  store: Pick<CutFeed, "confirm">,
  timers: Timers,
  telemetry: Telemetry,
): () => void {
  let alarm: unknown;
  let stopped = false;
  const arm = (): void => {
    if (!stopped) alarm = timers.setTimeout(() => void beat(), HEARTBEAT_MS);
  };
  const beat = async (): Promise<void> => {
    arm();
    try {
      await store.confirm();
      telemetry.gauge("legate_store_up", {}, 1);
    } catch {
      telemetry.gauge("legate_store_up", {}, 0);
    }
  };
  arm();
  return () => {
    stopped = true;
    timers.clearTimeout(alarm);
  };
}
