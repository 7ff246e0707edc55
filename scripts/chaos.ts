/**
 * `npm run chaos`: real servers under load, everything done to them that Redis is known to lose writes by, and a checker that reads
 * what the clients saw. Words name scenarios (a part of the name is enough); `--write` keeps the table in `benchmarks/RESULTS.md`.
 *
 * @module
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canIsolate, isInside, prepareNetwork, runInside } from "../test/redis/chaos/network.js";
import { type Outcome, runScenario, type Scenario } from "../test/redis/chaos/run.js";
import { SCENARIOS, SCENARIOS_OF_NETWORKS } from "../test/redis/chaos/scenarios.js";

const RESULTS = new URL("../benchmarks/RESULTS.md", import.meta.url);
const BEGIN = "<!-- chaos:begin -->";
const END = "<!-- chaos:end -->";

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const isWanted = ({ name }: Scenario) =>
  words.length === 0 || words.some((word) => name.includes(word));
/** Both processes write what they found here: the one outside, and the one in a network of its own. */
const folder =
  process.env.LEGATE_CHAOS_FOLDER ?? mkdtempSync(join(tmpdir(), "legate-chaos-histories-"));
process.env.LEGATE_CHAOS_FOLDER = folder;
const found = join(folder, "outcomes.jsonl");

if (isInside()) {
  prepareNetwork();
  await runAll(SCENARIOS_OF_NETWORKS.filter(isWanted));
} else {
  await runAll(SCENARIOS.filter(isWanted));
  if (SCENARIOS_OF_NETWORKS.some(isWanted)) {
    if (canIsolate()) runInside(process.argv.slice(1));
    else console.log("left out: a network partition takes Linux, root, unshare and ip");
  }
  finish();
}

async function runAll(scenarios: readonly Scenario[]): Promise<void> {
  for (const scenario of scenarios) {
    const history = join(folder, `${scenario.name.replace(/\W+/g, "-")}.jsonl`);
    const outcome = await runScenario(scenario, { history });
    appendFileSync(found, `${JSON.stringify(outcome)}\n`);
    console.log(rowOf(outcome));
    for (const { fault, op = "", what } of outcome.violations.slice(0, 10)) {
      console.log(`    ${fault} ${op} ${what}`);
    }
  }
}

function finish(): void {
  const text = existsSync(found) ? readFileSync(found, "utf8") : "";
  const outcomes: Outcome[] = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  const table = [
    "| scenario | acked | lost | outage | decisions | violations |",
    "|---|--:|--:|--:|--:|--:|",
    ...outcomes.map(rowOf),
  ].join("\n");
  console.log(`\n${table}\n\nhistories: ${folder}`);
  if (process.argv.includes("--write")) keep(table);
  const isWell = outcomes.every(({ violations }) => violations.length === 0);
  const isWhole = words.length > 0 || outcomes.length >= SCENARIOS.length;
  process.exitCode = isWell && isWhole ? 0 : 1;
}

function rowOf({ scenario, acked, lost, outageMs, decisions, violations }: Outcome): string {
  const outage = `${(outageMs / 1_000).toFixed(2)} s`;
  const found = faultsOf(violations);
  return `| ${scenario} | ${acked} | ${lost} | ${outage} | ${decisions} | ${found} |`;
}

/** How many of each kind. */
function faultsOf(violations: Outcome["violations"]): string {
  const counts = new Map<string, number>();
  for (const { fault } of violations) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  return [...counts].map(([fault, count]) => `${count} ${fault}`).join(", ") || "0";
}

/** Between its marks in the results; at their end the first time. */
function keep(table: string): void {
  const words = `Cuts and suspensions that were acknowledged as durable, those of them that were gone in the end, and the longest time in which no cut of some tree was acknowledged. Violations are all else that the checker of histories found (\`test/redis/history.ts\`): \`not_applied\` is a call whose charge or single use was acknowledged and is gone, \`spend_lost\` a budget that forgot one. Each row is one deployment of real servers under load (\`npm run chaos -- --write\`).`;
  const section = `${BEGIN}\n\n## Chaos\n\n${words}\n\n${table}\n\n${END}`;
  const text = readFileSync(RESULTS, "utf8");
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  writeFileSync(
    RESULTS,
    after === undefined ? `${text.trimEnd()}\n\n${section}\n` : `${before}${section}${after}`,
  );
}
