/** Time as the actors see it: a clock and its alarms, both passed in. @module */
import { DelegationError } from "../base/error.js";

/** A clock with alarms. Milliseconds since the epoch and from now. */
export interface Timers {
  /** Epoch ms. */
  now(): number;
  /** Calls `ring` once, `delayMs` from now, unless cleared; returns the handle for it. */
  setTimeout(ring: () => void, delayMs: number): unknown;
  /** Clears an alarm; one that has rung, or was cleared, is left alone. */
  clearTimeout(handle: unknown): void;
}

/** The longest delay that Node keeps; it would ring a longer one at once. */
const DELAY_MS_MAX = 2_147_483_647;

/** The system's clock. Its alarms never keep a process alive, and may lie months ahead. */
export const systemTimers: Timers = {
  now: () => Date.now(),
  setTimeout: (ring, delayMs) => new Alarm(ring, delayMs),
  clearTimeout: (handle) => {
    if (handle instanceof Alarm) handle.clear();
  },
};

/** A time that never runs back: a clock that is set back must not make old knowledge young. */
export function steadyNow(clock: Timers): () => number {
  let latestMs = Number.NEGATIVE_INFINITY;
  return () => {
    latestMs = Math.max(latestMs, clock.now());
    return latestMs;
  };
}

/**
 * Hands on a time or duration that can be compared.
 *
 * @throws {DelegationError} `config_invalid` for what is not finite: a deadline that is not a number would never be due.
 */
export function finiteMs(rule: string, valueMs: number): number {
  if (Number.isFinite(valueMs)) return valueMs;
  throw new DelegationError("config_invalid", "a time must be a finite number", { rule });
}

class Alarm {
  readonly #ring: () => void;
  #timeout: NodeJS.Timeout | undefined;

  constructor(ring: () => void, delayMs: number) {
    this.#ring = ring;
    this.#arm(delayMs);
  }

  clear(): void {
    clearTimeout(this.#timeout);
  }

  #arm(delayMs: number): void {
    const stepMs = Math.min(delayMs, DELAY_MS_MAX);
    const leftMs = delayMs - stepMs;
    this.#timeout = setTimeout(() => (leftMs > 0 ? this.#arm(leftMs) : this.#ring()), stepMs);
    this.#timeout.unref();
  }
}
