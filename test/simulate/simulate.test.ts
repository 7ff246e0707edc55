/** The simulation in its short form, and whether it would find what it is there for. @module */
import { describe, expect, test } from "vitest";
import { PLANTS } from "./plants.js";
import { type Plant, simulate } from "./run.js";

const SEEDS = 60;
/** Within so many seeds a planted bug must show. */
const SEEDS_TO_FIND = 200;

describe("guards and a store over links that lose, delay, repeat and break", () => {
  test("keep every promise, whatever the seed", async () => {
    let allowed = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const report = await simulate({ seed });
      allowed += report.allowed;
      expect(report.violations, `npm run simulate -- --seed ${seed}`).toEqual([]);
    }
    expect(allowed).toBeGreaterThan(SEEDS);
  });

  test("do the same again for the same seed", async () => {
    expect(await simulate({ seed: 7 })).toEqual(await simulate({ seed: 7 }));
  });
});

test("a store whose last snapshot leaves out what it acknowledged has lost it", async () => {
  const faults = new Set<string>();
  const plant: Plant = {
    store: (store) => ({
      ...store,
      snapshot: async () => ({ ...(await store.snapshot()), entries: [] }),
    }),
  };
  for (let seed = 1; seed <= SEEDS_TO_FIND && !faults.has("cut_lost"); seed++) {
    const { violations } = await simulate({ seed, plant });
    for (const { fault, what } of violations) if (/in no snapshot/.test(what)) faults.add(fault);
  }
  expect([...faults]).toEqual(["cut_lost"]);
});

describe("the simulation finds a guard or store that", () => {
  test.each(Object.entries(PLANTS))("%s", async (_, plant) => {
    let found = 0;
    for (let seed = 1; seed <= SEEDS_TO_FIND && found === 0; seed++) {
      found = (await simulate({ seed, plant })).violations.length;
    }
    expect(found).toBeGreaterThan(0);
  });
});
