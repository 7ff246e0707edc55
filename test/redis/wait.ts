/** Waiting for what another process does, with an end. @module */
import { setTimeout as sleep } from "node:timers/promises";

const STEP_MS = 20;

/** Asks again and again until `look` gives something. @throws when it does not in time, with the reason of the last look */
export async function waitFor<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(STEP_MS);
  }
}

/** The same for a look that may fail, as long as it does not fail for ever. */
export function waitForGood(
  what: string,
  withinMs: number,
  look: () => Promise<boolean>,
): Promise<boolean> {
  return waitFor(what, withinMs, async () =>
    (await look().catch(() => false)) ? true : undefined,
  );
}
