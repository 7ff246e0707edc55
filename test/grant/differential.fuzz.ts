/** 100,000 pairs of chain and call, the engine against the plain evaluator. @module */
import { expect, test } from "vitest";
import { runDifferential } from "../model/differential.js";

const SEED = Number(process.env.LEGATE_SEED ?? Date.now() & 0x7fffffff);
const RUNS = 10;
const CHECKS = 10_000;

test(`A46 finds no false grant in ${RUNS * CHECKS} checks (LEGATE_SEED=${SEED})`, () => {
  for (let run = 0; run < RUNS; run += 1) {
    const found = runDifferential(SEED + run, CHECKS);
    const { falseGrants, falseDenies, ...counts } = found;
    console.info(`seed ${SEED + run}: ${JSON.stringify(counts)}`);
    expect(falseGrants.slice(0, 3)).toEqual([]);
    expect(falseDenies.slice(0, 3)).toEqual([]);
  }
});
