/**
 * The benchmark: quotients of our work and of bare signatures, measured in one run. Limits are shown, not enforced: a busy
 * machine must not fail. Each section runs in a process of its own, so that no section's heap or compiled code is another's.
 * @module
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { FULL, QUICK, type Run } from "./harness.js";
import { isOver, markdownOf, type Section, textOf } from "./report.js";

const SECTIONS: Readonly<
  Record<string, () => Promise<{ measureSection(run: Run): Promise<Section> }>>
> = {
  signatures: () => import("./signatures.js"),
  decision: () => import("./decision.js"),
  chains: () => import("./chains.js"),
  calls: () => import("./calls.js"),
  delegation: () => import("./delegation.js"),
  trees: () => import("./trees.js"),
  peers: () => import("./peers.js"),
};

const HERE = fileURLToPath(import.meta.url);
const RESULTS = fileURLToPath(new URL("../../../benchmarks/RESULTS.md", import.meta.url));
/** Marks the line on which a section hands its result to the parent process. */
const MARK = "legate-bench:";

const [LOAD] = loadavg();

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    only: { type: "string" },
    section: { type: "string" },
  },
});
const { quick } = options;

if (options.section === undefined) runAll();
else await runOne(options.section);

async function runOne(name: string): Promise<void> {
  const load = SECTIONS[name];
  if (load === undefined) throw new RangeError(`no section ${name}`);
  const { measureSection } = await load();
  const section = await measureSection({ effort: quick ? QUICK : FULL, quick });
  process.stdout.write(`${MARK}${JSON.stringify(section)}\n`);
}

function runAll(): void {
  const started = Date.now();
  const names = Object.keys(SECTIONS).filter((name) =>
    (options.only ?? name).split(",").includes(name),
  );
  if (!options.json) process.stdout.write(`${machine().join("\n")}\n\n`);
  const sections: Section[] = [];
  const crashed: string[] = [];
  for (const name of names) {
    const section = inOwnProcess(name);
    if (section === undefined) crashed.push(name);
    else {
      sections.push(section);
      if (!options.json) process.stdout.write(`${textOf(section)}\n`);
    }
  }
  const summary = summaryOf(sections, crashed, started);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ machine: machine(), sections, crashed }, null, 2)}\n`);
  } else process.stdout.write(`${summary.join("\n")}\n`);
  if (options.write) writeFileSync(RESULTS, resultsOf(sections, summary));
  if (crashed.length > 0) process.exitCode = 1;
}

function inOwnProcess(name: string): Section | undefined {
  const args = [...process.execArgv, HERE, "--section", name, ...(quick ? ["--quick"] : [])];
  const { stdout } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1_048_576,
  });
  const line = stdout.split("\n").find((text) => text.startsWith(MARK));
  if (line === undefined) {
    process.stderr.write(`section ${name} ended without a result\n`);
    return undefined;
  }
  return JSON.parse(line.slice(MARK.length)) as Section;
}

function summaryOf(
  sections: readonly Section[],
  crashed: readonly string[],
  started: number,
): string[] {
  const limited = sections.flatMap(({ lines }) => lines).filter(({ limit }) => limit !== undefined);
  const over = limited.filter(isOver);
  return [
    `${limited.length - over.length} of ${limited.length} limits hold, ${Math.round((Date.now() - started) / 1_000)} s`,
    ...over.map(({ name }) => `OVER: ${name}`),
    ...crashed.map((name) => `no result: ${name}`),
  ];
}

function machine(): string[] {
  const [cpu] = cpus();
  const gib = Math.round(totalmem() / 2 ** 30);
  const versions = `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}, V8 ${process.versions.v8}`;
  return [
    `${cpu?.model.trim() ?? "unknown processor"}, ${availableParallelism()} threads, ${gib} GiB, ${process.platform} ${process.arch}`,
    versions,
    `load when it began: ${(LOAD ?? 0).toFixed(1)} (quiet is below 1: what else runs costs warm code more than bare signatures)`,
    `${new Date().toISOString().slice(0, 10)}, npm run bench${quick ? " -- --quick" : ""}`,
  ];
}

function resultsOf(sections: readonly Section[], summary: readonly string[]): string {
  return [
    "# Results",
    "",
    "Written by `npm run bench -- --write`, never by hand. Quotients of one run; what they are made of is in the section titles.",
    "A value is the median over blocks of interleaved samples, with the smallest and the largest block beside it; within a block the lower quartile counts. CPU time unless it says wall.",
    "",
    ...machine().map((line) => `* ${line}`),
    ...summary.map((line) => `* ${line}`),
    "",
    ...sections.map(markdownOf),
  ].join("\n");
}
