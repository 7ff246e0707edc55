/** Kills a writer with -9 in the middle of 10,000 operations, fifty times, and checks its journal each time. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../src/base/random.js";
import { crash } from "../test/memory/crash-run.js";

const KILLS = Number(process.argv[2] ?? 50);
const OPERATIONS = 10_000;
/** Runs that go on writing to one journal before a new one is begun. */
const RUNS_PER_JOURNAL = 5;

const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const random = seededRandom(seed);
const folder = mkdtempSync(join(tmpdir(), "legate-crash-"));
let failed = 0;
let torn = 0;
try {
  for (let kill = 0; kill < KILLS; kill++) {
    const journal = join(folder, `${Math.floor(kill / RUNS_PER_JOURNAL)}.jsonl`);
    const killAfter = 1 + (new DataView(random(4).buffer).getUint32(0) % (OPERATIONS - 2_000));
    const report = await crash(journal, seed + kill, OPERATIONS, killAfter);
    if (report.torn) torn += 1;
    if (report.faults.length > 0) failed += 1;
    const verdict = report.faults.length === 0 ? "whole" : report.faults.slice(0, 5).join("; ");
    console.log(`${kill + 1}/${KILLS} killed after ${report.acknowledged}: ${verdict}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`seed ${seed}: ${KILLS} kills, ${torn} torn ends cut off, ${failed} failures`);
process.exitCode = failed === 0 ? 0 : 1;
