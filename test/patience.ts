/** Waiting for what comes by itself: as long as the slowest machine takes, so that no test depends on how fast this one is. @module */
import { setTimeout as sleep } from "node:timers/promises";

/** Far more than anything takes that comes at all; only what never comes costs it. */
export const PATIENCE_MS = 30_000;

/** The same for the store's own connections, where what is tested is not how long they wait. */
export const PATIENT = { connectMs: PATIENCE_MS, commandMs: PATIENCE_MS };

const STEP_MS = 20;

/** Asks again and again until `look` does not throw, and gives what it gave. @throws its last reason */
export async function patiently<T>(look: () => T | Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await look();
    } catch (thrown) {
      if (performance.now() > end) throw thrown;
    }
    await sleep(STEP_MS);
  }
}
