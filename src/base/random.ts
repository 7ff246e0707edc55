/** Randomness as a function that is handed in. @module */
import { randomBytes } from "node:crypto";

/** Gives `n` fresh random bytes. */
export type RandomBytes = (n: number) => Uint8Array;

/** The operating system's cryptographic randomness. */
export const systemRandom: RandomBytes = (n) => randomBytes(n);

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
