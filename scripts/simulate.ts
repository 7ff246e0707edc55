/** Runs guards and store on the seeded simulator: `--seeds N` of them from `--from N` on, or `--seed N` alone. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { simulate } from "../test/simulate/run.js";

const SEEDS = 10_000;
/** One seed in so many keeps its store on a journal, and reads it back after a crash. */
const JOURNAL_EVERY = 50;
const PROGRESS_EVERY = 1_000;

const { values } = parseArgs({
  options: { seed: { type: "string" }, seeds: { type: "string" }, from: { type: "string" } },
});
const first = Number(values.seed ?? values.from ?? 1);
const count = values.seed === undefined ? Number(values.seeds ?? SEEDS) : 1;
const folder = mkdtempSync(join(tmpdir(), "legate-simulate-"));
const totals = { allowed: 0, denied: 0, cuts: 0 };
let failed = 0;
const began = Date.now();
try {
  for (let seed = first; seed < first + count; seed++) {
    const journal = seed % JOURNAL_EVERY === 0 ? { journal: join(folder, String(seed)) } : {};
    const report = await simulate({ seed, ...journal });
    totals.allowed += report.allowed;
    totals.denied += report.denied;
    totals.cuts += report.cuts;
    if (report.violations.length > 0) {
      failed += 1;
      for (const { fault, what } of report.violations)
        console.log(`seed ${seed}: ${fault}: ${what}`);
      console.log(`  again: npm run simulate -- --seed ${seed}`);
    }
    const done = seed - first + 1;
    if (done % PROGRESS_EVERY === 0) console.log(`${done} of ${count} seeds, ${failed} failed`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
const seconds = Math.round((Date.now() - began) / 1_000);
const { allowed, denied, cuts } = totals;
console.log(
  `${count} seeds from ${first}: ${failed} failed; ${allowed} calls allowed, ${denied} denied, ${cuts} cuts; ${seconds} s`,
);
process.exitCode = failed === 0 ? 0 : 1;
