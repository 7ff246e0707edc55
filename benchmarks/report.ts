/** What was measured, as a table for people and as JSON for programs. @module */
import type { Clock, Spread } from "./harness.js";

/** One line of the table. */
export interface Line {
  readonly name: string;
  readonly value: Spread;
  /** `ratio` and `percent` are quotients in one run; the rest is for information. */
  readonly unit: "ratio" | "percent" | "us" | "bytes" | "count";
  /** In the same unit; absent for information only. */
  readonly limit?: number;
  readonly clock?: Clock;
}

/** What one process measured. */
export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Things to know when reading the numbers. */
  readonly notes?: readonly string[];
}

/** Whether the median is above its limit. */
export function isOver({ value, limit }: Line): boolean {
  return limit !== undefined && !(value.median <= limit);
}

/** The section as a table in plain text. */
export function textOf(section: Section): string {
  const rows = section.lines.map(cellsOf);
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(HEAD[column]?.length ?? 0, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lineOf = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  const notes = (section.notes ?? []).map((note) => `  ${note}`);
  return [section.title, lineOf(HEAD), ...rows.map(lineOf), ...notes, ""].join("\n");
}

/** The section as Markdown. */
export function markdownOf(section: Section): string {
  const rows = section.lines.map((line) => `| ${cellsOf(line).join(" | ")} |`);
  const notes = (section.notes ?? []).map((note) => `* ${note}`);
  return [
    `## ${section.title}`,
    "",
    `| ${HEAD.join(" | ")} |`,
    "|---|---:|---:|---:|---|",
    ...rows,
    ...(notes.length > 0 ? ["", ...notes] : []),
    "",
  ].join("\n");
}

const HEAD = ["what", "median", "min..max", "limit", ""];

function cellsOf(line: Line): string[] {
  const { name, value, unit, limit, clock } = line;
  const spread = value.min === value.max ? "" : `${numberOf(value.min)}..${numberOf(value.max)}`;
  const bound = limit === undefined ? "" : `${numberOf(limit)}${SUFFIX[unit]}`;
  const verdict = limit === undefined ? "" : isOver(line) ? "OVER" : "ok";
  const label = clock === "wall" ? `${name} (wall)` : name;
  return [label, `${numberOf(value.median)}${SUFFIX[unit]}`, spread, bound, verdict];
}

const SUFFIX = { ratio: "", percent: " %", us: " us", bytes: " B", count: "" } as const;

/** Three digits that mean something; whole numbers from a hundred on. */
function numberOf(value: number): string {
  if (value === Infinity || Number.isNaN(value)) return String(value);
  if (Math.abs(value) >= 100 || Number.isInteger(value)) {
    return Math.round(value).toLocaleString("en-US");
  }
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
