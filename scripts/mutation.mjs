/**
 * `npm run mutation`: mutates one room after the other and prints a score for each; fails when one is below the bar.
 * Arguments name rooms: `npm run mutation -- grant`. Survivors stand in `reports/mutation-<room>.json`, and with their
 * reasons in `test/MUTATION.md`.
 * @module
 */
import { Stryker } from "@stryker-mutator/core";

const ROOMS = ["grant", "lifecycle", "chain"];
const KILLED_PERCENT_MIN = 90;

const scores = [];
for (const room of process.argv.length > 2 ? process.argv.slice(2) : ROOMS) {
  // The processes that run the tests read it, see mutation-runner.mjs.
  process.env.LEGATE_MUTATION_ROOM = room;
  const mutants = await new Stryker({
    testRunner: "room",
    mutate: [`src/${room}/**/*.ts`, "!src/**/*.generated.ts", "!src/**/index.ts"],
    jsonReporter: { fileName: `reports/mutation-${room}.json` },
  }).runMutationTest();
  scores.push({ room, ...scoreOf(mutants) });
}
for (const { room, percent, counts } of scores) {
  const told = Object.entries(counts).map(([status, count]) => `${count} ${status}`);
  console.log(`${room}: ${percent.toFixed(2)} % killed (${told.join(", ")})`);
}
process.exitCode = scores.every(({ percent }) => percent >= KILLED_PERCENT_MIN) ? 0 : 1;

/** Mutants that do not compile or that break the runner itself count neither way. */
function scoreOf(mutants) {
  const counts = {};
  for (const { status } of mutants) counts[status] = (counts[status] ?? 0) + 1;
  const { Killed = 0, Timeout = 0, Survived = 0, NoCoverage = 0 } = counts;
  const judged = Killed + Timeout + Survived + NoCoverage;
  return { counts, percent: judged === 0 ? 0 : (100 * (Killed + Timeout)) / judged };
}
