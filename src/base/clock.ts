/** Clocks: where the time comes from, and one that never runs backwards. Epoch milliseconds throughout. @module */
import { DelegationError } from "./error.js";

/** A source of time. Whoever needs the time is handed one; nothing reads the machine's clock by itself. */
export interface Clock {
  /** Milliseconds since the Unix epoch, a whole number. */
  now(): number;
}

/** The machine's clock. It may jump either way; see {@link monotonic}. */
export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands still until it is moved: for tests and simulations. */
export class ManualClock implements Clock {
  #now: number;

  /** @param startMs Epoch milliseconds that the clock shows first. */
  constructor(startMs: number) {
    this.#now = whole(startMs);
  }

  now(): number {
    return this.#now;
  }

  /** Moves the clock by `ms` (negative moves it back) and returns the new time. */
  advance(ms: number): number {
    return this.set(this.#now + ms);
  }

  /** Puts the clock to `ms`, earlier ones included, and returns it. */
  set(ms: number): number {
    this.#now = whole(ms);
    return this.#now;
  }
}

/** A clock that never runs backwards. */
export interface MonotonicClock extends Clock {
  /**
   * Lifts the clock to at least `ms`, so that it never runs behind a time that was heard of elsewhere
   * (a guard's clock, the last heartbeat's). Nothing brings it down again: the caller judges first whether to believe
   * `ms`.
   *
   * @returns The time afterwards.
   * @throws {DelegationError} `clock_skewed` when `ms` is no time at all.
   */
  atLeast(ms: number): number;
}

/**
 * Wraps `clock` so that its readings never decrease.
 *
 * @throws {DelegationError} `clock_skewed` from `now()` when the wrapped clock gives no whole number: a comparison
 *   with NaN is false, and an expiry check would pass.
 */
export function monotonic(clock: Clock): MonotonicClock {
  let latest = Number.NEGATIVE_INFINITY;
  const lift = (ms: number): number => {
    latest = Math.max(latest, whole(ms));
    return latest;
  };
  const now = () => lift(clock.now());
  const atLeast = (ms: number) => {
    lift(ms);
    return now();
  };
  return { now, atLeast };
}

function whole(ms: number): number {
  if (Number.isSafeInteger(ms)) return ms;
  throw new DelegationError("clock_skewed", "clock gave no whole number of milliseconds", {
    rule: "clock",
  });
}
