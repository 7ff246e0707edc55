/**
 * `npm run chaos`: real servers under load, everything done to them that Redis is known to lose writes by, and a checker that reads
 * what the clients saw. Words name scenarios (a part of the name is enough); `--write` keeps the table in `benchmarks/RESULTS.md`.
 *
 * `--without NAME` takes one part out (see `test/redis/chaos/switches.ts`): then something is violated, and the status is 1. `--switches`
 * takes out one after the other, each in the scenario where it shows, and succeeds when each is missed.
 *
 * @module
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { canIsolate, isInside, prepareNetwork, runInside } from "../test/redis/chaos/network.js";
import { type Outcome, runScenario, type Scenario } from "../test/redis/chaos/run.js";
import { SCENARIOS, SCENARIOS_OF_NETWORKS } from "../test/redis/chaos/scenarios.js";
import { SWITCHES, type Switch } from "../test/redis/chaos/switches.js";

const RESULTS = new URL("../benchmarks/RESULTS.md", import.meta.url);

const SCENARIO_WORDS = `What was acknowledged: cuts, suspensions and lifts that were said to be durable, and calls let in that used up a single-use token, an approval or money. Of that, what was gone in the end, budgets that forgot something included. Outage is the longest time in which no cut of some tree was acknowledged; decisions are those of real guards on real chains. Violations are all that the checker of histories found (\`test/redis/history.ts\`). Each row is one deployment of real servers under load (\`npm run chaos -- --write\`).`;

const SWITCH_WORDS = `The same, with one part taken out each time, in the scenario where that shows (\`npm run chaos -- --switches --write\`): what is violated is what the part is good for.`;

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: "boolean", default: false },
    without: { type: "string" },
    switches: { type: "boolean", default: false },
  },
});
const without = options.without === undefined ? undefined : switchOf(options.without);
const isWanted = ({ name }: Scenario) =>
  words.length === 0 || words.some((word) => name.includes(word));
/** Both processes write what they found here: the one outside, and the one in a network of its own. */
const folder =
  process.env.LEGATE_CHAOS_FOLDER ?? mkdtempSync(join(tmpdir(), "legate-chaos-histories-"));
process.env.LEGATE_CHAOS_FOLDER = folder;
const found = join(folder, "outcomes.jsonl");

if (options.switches) {
  await missAll();
} else if (isInside()) {
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
    const outcome = await runScenario(scenario, {
      history,
      ...(without === undefined ? {} : { without }),
    });
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
  if (options.write && words.length === 0 && without === undefined) {
    keep("chaos", "Chaos", SCENARIO_WORDS, table);
  }
  const isWell = outcomes.every(({ violations }) => violations.length === 0);
  const isWhole = words.length > 0 || outcomes.length >= SCENARIOS.length;
  process.exitCode = isWell && isWhole ? 0 : 1;
}

/** Each part is taken out, and is missed. */
async function missAll(): Promise<void> {
  const rows: string[] = [];
  for (const one of SWITCHES) {
    const scenario = SCENARIOS.find(({ name }) => name === one.shows);
    if (scenario === undefined) throw new Error(`no scenario is called ${one.shows}`);
    const history = join(folder, `without-${one.name}.jsonl`);
    const outcome = await runScenario(scenario, { history, without: one });
    const isMissed = outcome.violations.length > 0;
    rows.push(`| ${one.name} | ${one.what} | ${one.shows} | ${faultsOf(outcome.violations)} |`);
    console.log(rows.at(-1));
    if (!isMissed) process.exitCode = 1;
  }
  const table = [
    "| without | so that | scenario | violations |",
    "|---|---|---|--:|",
    ...rows,
  ].join("\n");
  console.log(`\n${table}\n\nhistories: ${folder}`);
  if (options.write) keep("chaos-switches", "Chaos without a part", SWITCH_WORDS, table);
}

function switchOf(name: string): Switch {
  const found = SWITCHES.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new Error(`--without takes one of ${SWITCHES.map((one) => one.name).join(", ")}`);
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
function keep(name: string, title: string, about: string, table: string): void {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const section = `${begin}\n\n## ${title}\n\n${about}\n\n${table}\n\n${end}`;
  const text = readFileSync(RESULTS, "utf8");
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  writeFileSync(
    RESULTS,
    after === undefined ? `${text.trimEnd()}\n\n${section}\n` : `${before}${section}${after}`,
  );
}
