/**
 * Writes what is derived from the machines: `src/lifecycle/table.generated.ts` and the diagrams in `src/README.md`.
 *
 * `tsx scripts/generate-lifecycle.ts` writes; with `--check` it writes nothing and exits 1 when either has drifted.
 *
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { AnyStateMachine } from "xstate";
import { approvalMachine } from "../src/lifecycle/approval-machine.js";
import { deriveTable } from "../src/lifecycle/derive.js";
import { feedMachine } from "../src/lifecycle/feed-machine.js";
import { hopMachine } from "../src/lifecycle/hop-machine.js";
import { leaseMachine } from "../src/lifecycle/lease-machine.js";
import type { Table } from "../src/lifecycle/lookup.js";
import { toMermaid } from "../src/lifecycle/mermaid.js";

const MACHINES: readonly [title: string, machine: AnyStateMachine][] = [
  ["Hop", hopMachine],
  ["Approval", approvalMachine],
  ["Lease", leaseMachine],
  ["Feed", feedMachine],
];
const BEGIN = "<!-- lifecycle:begin -->";
const END = "<!-- lifecycle:end -->";
const LINE_CHARS_MAX = 100;

/** The source text of `table.generated.ts`, formatted as Biome would. */
export function tablesSource(): string {
  const blocks = MACHINES.map(([title, machine]) => tableSource(title, deriveTable(machine)));
  const names = MACHINES.flatMap(([title]) => [`  ${title}Event,`, `  ${title}State,`]).sort();
  return [
    "/** Derived from the machines by `npm run generate`; not written by hand. @module */",
    'import type { Table } from "./lookup.js";',
    `import type {\n${names.join("\n")}\n} from "./state.js";`,
    `\n${blocks.join("\n\n")}\n`,
  ].join("\n");
}

/** `readme` with the diagrams between their markers; the section is appended where it is missing. */
export function withDiagrams(readme: string): string {
  const diagrams = MACHINES.map(
    ([title, machine]) =>
      `**${title}**\n\n\`\`\`mermaid\n${toMermaid(deriveTable(machine))}\n\`\`\`\n`,
  );
  const block = `${BEGIN}\n\n${diagrams.join("\n")}\n${END}`;
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin >= 0 && end > begin) {
    return readme.slice(0, begin) + block + readme.slice(end + END.length);
  }
  const head = readme === "" ? "" : `${readme.trimEnd()}\n\n`;
  return `${head}## The state machines\n\n${block}\n`;
}

/**
 * Writes both files below `root`, or only compares them.
 *
 * @returns Paths, relative to `root`, that had drifted.
 */
export function generate(root: string, check: boolean): string[] {
  const readme = join("src", "README.md");
  const wanted = new Map([
    [join("src", "lifecycle", "table.generated.ts"), tablesSource()],
    [readme, withDiagrams(read(join(root, readme)))],
  ]);
  const drifted = [...wanted].filter(([path, text]) => read(join(root, path)) !== text);
  if (!check) for (const [path, text] of drifted) writeFileSync(join(root, path), text);
  return drifted.map(([path]) => path);
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function tableSource(title: string, table: Table<string, string>): string {
  const rows = Object.entries(table.rows).map(([state, row]) => {
    const cells = Object.entries(row).map(([event, to]) => `      ${event}: "${to}",\n`);
    return cells.length === 0
      ? `    ${state}: {},\n`
      : `    ${state}: {\n${cells.join("")}    },\n`;
  });
  return [
    `export const ${title.toUpperCase()}_DATA = {`,
    `  name: "${table.name}",`,
    `  initial: "${table.initial}",`,
    listSource("states", table.states),
    listSource("events", table.events),
    listSource("final", table.final),
    `  rows: {\n${rows.join("")}  },`,
    `  digest: "${table.digest}",`,
    `} as const satisfies Table<${title}State, ${title}Event>;`,
  ].join("\n");
}

function listSource(name: string, items: readonly string[]): string {
  const line = `  ${name}: [${items.map((item) => `"${item}"`).join(", ")}],`;
  if (line.length <= LINE_CHARS_MAX) return line;
  return `  ${name}: [\n${items.map((item) => `    "${item}",\n`).join("")}  ],`;
}

function main(): void {
  const check = process.argv.includes("--check");
  const drifted = generate(fileURLToPath(new URL("..", import.meta.url)), check);
  for (const path of drifted) console.log(`${check ? "drifted" : "written"}: ${path}`);
  if (check && drifted.length > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
