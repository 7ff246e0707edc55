/**
 * Runs sections, each in a process of its own, so that no section's heap or compiled code is another's; shows them and keeps
 * them. Limits are shown, not enforced: a busy machine must not fail.
 * @module
 */
import { spawnSync } from "node:child_process";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { FULL, QUICK, type Run } from "./harness.js";
import { isOver, markdownOf, type Section, textOf } from "./report.js";

/** What one command measures. */
export interface Suite {
  /** As one types it. */
  readonly command: string;
  /** The file that runs this suite, once compiled. */
  readonly program: string;
  readonly sections: Readonly<
    Record<string, () => Promise<{ measureSection(run: Run): Promise<Section> }>>
  >;
  /** Programs that are measured besides Node, with their versions. */
  readonly others?: () => readonly string[];
  /** What stands above the machine's lines in the results. */
  readonly head: readonly string[];
  /** Takes the results, for good. */
  readonly keep: (text: string) => void;
}

/** Marks the line on which a section hands its result to the parent process. */
const MARK = "legate-bench:";

interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly write: boolean;
  readonly only?: string | undefined;
}

/** All that the command line asks for. */
export async function runSuite(suite: Suite): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      only: { type: "string" },
      section: { type: "string" },
    },
  });
  if (options.section === undefined) runAll(suite, options);
  else await runOne(suite, options.section, options.quick);
}

async function runOne({ sections }: Suite, name: string, quick: boolean): Promise<void> {
  const load = sections[name];
  if (load === undefined) throw new RangeError(`no section ${name}`);
  const { measureSection } = await load();
  const section = await measureSection({ effort: quick ? QUICK : FULL, quick });
  process.stdout.write(`${MARK}${JSON.stringify(section)}\n`);
}

function runAll(suite: Suite, options: Options): void {
  const started = Date.now();
  const about = machine(suite, options);
  const names = Object.keys(suite.sections).filter((name) =>
    (options.only ?? name).split(",").includes(name),
  );
  if (!options.json) process.stdout.write(`${about.join("\n")}\n\n`);
  const sections: Section[] = [];
  const crashed: string[] = [];
  for (const name of names) {
    const section = inOwnProcess(suite, name, options);
    if (section === undefined) crashed.push(name);
    else {
      sections.push(section);
      if (!options.json) process.stdout.write(`${textOf(section)}\n`);
    }
  }
  const summary = summaryOf(sections, crashed, started);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ machine: about, sections, crashed }, null, 2)}\n`);
  } else process.stdout.write(`${summary.join("\n")}\n`);
  if (options.write) {
    const facts = [...about, ...summary].map((line) => `* ${line}`);
    suite.keep([...suite.head, "", ...facts, "", ...sections.map(markdownOf)].join("\n"));
  }
  if (crashed.length > 0) process.exitCode = 1;
}

function inOwnProcess({ program }: Suite, name: string, { quick }: Options): Section | undefined {
  const args = [...process.execArgv, program, "--section", name, ...(quick ? ["--quick"] : [])];
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

function machine({ command, others }: Suite, { quick }: Options): string[] {
  const [cpu] = cpus();
  const [load = 0] = loadavg();
  const gib = Math.round(totalmem() / 2 ** 30);
  return [
    `${cpu?.model.trim() ?? "unknown processor"}, ${availableParallelism()} threads, ${gib} GiB, ${process.platform} ${process.arch}`,
    `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}, V8 ${process.versions.v8}`,
    ...(others?.() ?? []),
    `load when it began: ${load.toFixed(1)} (quiet is below 1: what else runs costs warm code more than bare signatures)`,
    `${new Date().toISOString().slice(0, 10)}, ${command}${quick ? " -- --quick" : ""}`,
  ];
}
