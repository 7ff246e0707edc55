/**
 * `npm run mutation:survivors`: prints for each room the table of the mutants that survived, from
 * `reports/mutation-<room>.json`, with the reasons that stand in `test/MUTATION.md`; `--write` puts the tables there.
 * Fails when a survivor has no reason, or a reason no survivor any more.
 *
 * Arguments name rooms; without any, those that have a report. A survivor is known by its file, what stood there and
 * what it became, never by its line, which moves with every change above it.
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const ROOMS = ["grant", "lifecycle", "chain"];
const LISTED = new URL("../test/MUTATION.md", import.meta.url);
const SURVIVED = new Set(["Survived", "NoCoverage"]);
const CELL_CHARS_MAX = 120;
const HEAD = ["| where | was | became | why it survives |", "|---|---|---|---|"];

const named = process.argv.slice(2).filter((name) => name !== "--write");
const rooms = named.length > 0 ? named : ROOMS.filter((room) => existsSync(reportOf(room)));
let listed = existsSync(LISTED) ? readFileSync(LISTED, "utf8") : "";
let faults = 0;
if (rooms.length === 0) fault("no report yet: `npm run mutation` writes them");
for (const room of rooms) {
  const begin = `<!-- mutation:${room}:begin -->`;
  const end = `<!-- mutation:${room}:end -->`;
  const [from, to] = [listed.indexOf(begin), listed.indexOf(end)];
  if (from < 0 || to < from) {
    fault(`test/MUTATION.md has no place for ${room}: ${begin} … ${end}`);
    continue;
  }
  const reasons = reasonsIn(listed.slice(from, to));
  const rows = survivorsOf(JSON.parse(readFileSync(reportOf(room), "utf8"))).map((survivor) => {
    const reason = reasons.get(survivor.key)?.shift() ?? "";
    if (reason === "") fault(`no reason: ${survivor.cells.join(" ")}`);
    return `| ${[...survivor.cells, reason].join(" | ")} |`;
  });
  for (const [key, left] of reasons) if (left.length > 0) fault(`survives no more: ${key}`);
  const table = [...HEAD, ...rows].join("\n");
  console.log(`${room}: ${rows.length} survivors\n${table}\n`);
  listed = `${listed.slice(0, from)}${begin}\n\n${table}\n\n${listed.slice(to)}`;
}
if (process.argv.includes("--write")) writeFileSync(LISTED, listed);
process.exitCode = faults === 0 ? 0 : 1;

function reportOf(room) {
  return new URL(`../reports/mutation-${room}.json`, import.meta.url);
}

function fault(message) {
  faults += 1;
  console.error(message);
}

/** In the order of the source. Mutants that look alike have the same key, and as many reasons as there are of them. */
function survivorsOf(report) {
  const files = Object.entries(report.files).sort(([one], [other]) => (one < other ? -1 : 1));
  return files.flatMap(([file, { source, mutants }]) => {
    const lines = source.split("\n");
    return mutants
      .filter(({ status }) => SURVIVED.has(status))
      .sort((one, other) => compare(one.location, other.location))
      .map(({ location, replacement }) => {
        const name = file.replace(/^src\//, "");
        const was = code(textAt(lines, location));
        const became = code(replacement);
        const cells = [`${name}:${location.start.line}`, was, became];
        return { key: keyOf(name, was, became), cells };
      });
  });
}

function compare(one, other) {
  const [a, b] = [one.start, other.start];
  return a.line - b.line || a.column - b.column || one.end.line - other.end.line;
}

/** Lines and columns count from 1. */
function textAt(lines, { start, end }) {
  if (start.line === end.line) return lines[start.line - 1].slice(start.column - 1, end.column - 1);
  const first = lines[start.line - 1].slice(start.column - 1);
  const last = lines[end.line - 1].slice(0, end.column - 1);
  return [first, ...lines.slice(start.line, end.line - 1), last].join("\n");
}

/** A cell in one line; of what is long the middle is left out. */
function code(text) {
  const line = text.replace(/\s+/g, " ").trim();
  const half = CELL_CHARS_MAX / 2;
  const short =
    line.length > CELL_CHARS_MAX ? `${line.slice(0, half)} … ${line.slice(-half)}` : line;
  const fence = short.includes("`") ? "``" : "`";
  return `${fence}${short === "" ? " " : short}${fence}`.replaceAll("|", "\\|");
}

function reasonsIn(section) {
  const reasons = new Map();
  for (const line of section.split("\n").filter((text) => /^\| \S+:\d+ /.test(text))) {
    const [where, was, became, reason] = line.slice(2, -2).split(/ \| /);
    const key = keyOf(where.replace(/:\d+$/, ""), was, became);
    reasons.set(key, [...(reasons.get(key) ?? []), reason.trim()]);
  }
  return reasons;
}

function keyOf(name, was, became) {
  return [name, was, became].join(" | ");
}
