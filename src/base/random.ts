/** Randomness as a function that is handed in. @module */
import { randomBytes } from "node:crypto";

/** Gives `n` fresh random bytes. */
export type RandomBytes = (n: number) => Uint8Array;

/** The operating system's cryptographic randomness. */
export const systemRandom: RandomBytes = (n) => randomBytes(n);

/** Bytes that are drawn at once: asking the system for ten costs as much as asking for thousands. */
const POOL_BYTES = 4_096;

/**
 * The same randomness, drawn in larger portions: for ids and nonces, which show anyway. Not for keys: what is still in the
 * pool lies in memory before its use.
 */
export function pooled(random: RandomBytes): RandomBytes {
  let pool = new Uint8Array(0);
  let used = 0;
  return (n) => {
    if (n > POOL_BYTES) return random(n);
    if (used + n > pool.length) {
      // A copy, and so a plain array: a Buffer's slice would be a view of what is wiped below.
      pool = new Uint8Array(random(POOL_BYTES));
      used = 0;
    }
    const bytes = pool.slice(used, used + n);
    pool.fill(0, used, used + n);
    used += n;
    return bytes;
  };
}

/**
 * Bytes that repeat for the same seed (the mulberry32 generator), for tests and simulations.
 *
 * NOT SECURE: whoever knows the seed, or a few bytes, knows all the rest. Never for keys, ids or nonces of a live system.
 *
 * @param seed Any number; its low 32 bits count.
 */
export function seededRandom(seed: number): RandomBytes {
  let state = seed >>> 0;
  return (n) => {
    const bytes = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      bytes[i] = (mixed ^ (mixed >>> 14)) & 0xff;
    }
    return bytes;
  };
}
