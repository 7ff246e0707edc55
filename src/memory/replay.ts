/** The replay contract, kept in one process's memory. @module */
import { DelegationError } from "../base/error.js";
import { REPLAYS_MAX } from "../base/limits.js";
import type { ReplayStore } from "../token/replay.js";

/** Width of the slices of time in which keys are forgotten. */
const SLICE_MS = 1_000;

/**
 * Remembers keys until they expire, in slices of a second; forgets none that is alive, and refuses when it is full.
 *
 * Constant time for each claim, but for the slices that have passed since the last one.
 */
export class MemoryReplayStore implements ReplayStore {
  readonly #capacity: number;
  readonly #keys = new Set<string>();
  /** Keys by the slice that their expiry lies in. */
  readonly #slices = new Map<number, string[]>();
  /** Latest time seen. */
  #latest = Number.NEGATIVE_INFINITY;
  /** Slices before this one have been dropped. */
  #swept = Number.NEGATIVE_INFINITY;

  constructor(capacity: number = REPLAYS_MAX) {
    this.#capacity = capacity;
  }

  /** Keys held; expired ones of the running slice may be among them. */
  get size(): number {
    return this.#keys.size;
  }

  /** As the contract says; synchronous. */
  claim(key: string, expiresAt: number, now: number): boolean {
    this.#latest = Math.max(this.#latest, now);
    // Written so that a time that is not a number refuses.
    if (!(expiresAt > this.#latest)) return false;
    this.#sweep();
    if (this.#keys.has(key)) return false;
    if (this.#keys.size >= this.#capacity) {
      throw new DelegationError("replay_store_full", "no more proofs can be remembered");
    }
    this.#keys.add(key);
    const slice = sliceOf(expiresAt);
    const keys = this.#slices.get(slice);
    if (keys === undefined) this.#slices.set(slice, [key]);
    else keys.push(key);
    return true;
  }

  /** Drops the slices that have passed as a whole. */
  #sweep(): void {
    const running = sliceOf(this.#latest);
    if (running === this.#swept) return;
    const passed =
      running - this.#swept < this.#slices.size
        ? range(this.#swept, running)
        : [...this.#slices.keys()].filter((slice) => slice < running);
    for (const slice of passed) {
      for (const key of this.#slices.get(slice) ?? []) this.#keys.delete(key);
      this.#slices.delete(slice);
    }
    this.#swept = running;
  }
}

function sliceOf(ms: number): number {
  return Math.floor(ms / SLICE_MS);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
