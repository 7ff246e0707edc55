/** Files of an archived log: what they are called, and in which order they stand. @module */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { linesOf } from "./lines.js";

const DIGITS = 12;
const SEGMENT = /^audit-(\d{12})-(\d{12})\.jsonl$/;

/** Name of the file that holds these lines. */
export function segmentName({ first, last }: { first: number; last: number }): string {
  const padded = (line: number) => String(line).padStart(DIGITS, "0");
  return `audit-${padded(first)}-${padded(last)}.jsonl`;
}

/** Files in the order of their lines: a folder stands for the segments in it. */
export function filesOf(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!existsSync(path) || !statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => SEGMENT.test(name));
    return names.sort().map((name) => join(path, name));
  });
}

/** The lines of all of them, one after the other. @throws {CommandError} `notFound` */
export function* linesOfAll(files: readonly string[]): Generator<string> {
  for (const file of files) yield* linesOf(file);
}

/** Checkpoints that lie beside these files. */
export function notesBeside(files: readonly string[]): string[] {
  const notes = files.map((file) => `${file}.checkpoint`).filter((path) => existsSync(path));
  return notes.map((path) => readFileSync(path, "utf8"));
}
