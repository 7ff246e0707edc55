/** The engine against the plain evaluator, in short; `npm run fuzz` does it at length. @module */
import { expect, test } from "vitest";
import { runDifferential } from "../model/differential.js";

const SEEDS = [1, 20_260_101, Date.now() & 0x7fffffff];

test.each(SEEDS)("A45 A46 random chains never widen, says a second evaluator (seed %i)", (seed) => {
  const found = runDifferential(seed, 2_000);
  expect(found.falseGrants.slice(0, 3)).toEqual([]);
  expect(found.falseDenies.slice(0, 3)).toEqual([]);
  // Both ways are reached: a run that only refuses would prove nothing.
  expect(found.allowed).toBeGreaterThan(200);
  expect(found.accepted).toBeGreaterThan(50);
  expect(found.refused).toBeGreaterThan(50);
});
