/** `legate vectors`: runs files of conformance vectors and compares. @module */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { parseJsonBytes } from "../base/json.js";
import { runVectors, type VectorResult } from "../chain/vectors.js";
import { CommandError, EXIT, type ExitCode } from "./exit.js";
import type { Terminal } from "./terminal.js";
import { count, signs } from "./wording.js";

/** Bytes of one vector file. */
const FILE_BYTES_MAX = 67_108_864;

/** @param paths Files, or folders whose `.json` files are run. Ends `ok` only if every case agrees. */
export function vectors(terminal: Terminal, paths: readonly string[]): ExitCode {
  let agreed = 0;
  let differed = 0;
  for (const file of paths.flatMap(filesOf)) {
    const results = resultsOf(file);
    if (!terminal.json) terminal.out(terminal.tone("heading", basename(file)));
    for (const result of results) {
      print(terminal, file, result);
      if (result.agree) agreed += 1;
      else differed += 1;
    }
  }
  terminal.say(
    `${count(agreed, "case")} ${agreed === 1 ? "agrees" : "agree"}, ${count(differed, "case")} ${differed === 1 ? "differs" : "differ"}`,
  );
  if (agreed + differed === 0) throw new CommandError(EXIT.usage, "no vectors in there");
  return differed === 0 ? EXIT.ok : EXIT.denied;
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => join(path, name));
  } catch {
    throw new CommandError(EXIT.notFound, `no such file or folder: ${path}`);
  }
}

function resultsOf(file: string): readonly VectorResult[] {
  let parsed: unknown;
  try {
    parsed = parseJsonBytes(readFileSync(file), { bytesMax: FILE_BYTES_MAX });
  } catch {
    throw new CommandError(EXIT.usage, `not JSON: ${file}`);
  }
  try {
    return runVectors(parsed);
  } catch {
    throw new CommandError(
      EXIT.usage,
      `not a vector file: ${file}`,
      "it needs profile and vectors",
    );
  }
}

function print(terminal: Terminal, file: string, result: VectorResult): void {
  if (terminal.json) {
    terminal.record({ file: basename(file), ...result });
    return;
  }
  const { name, expected, observed, agree, code } = result;
  const verdict = agree ? terminal.tone("good", "agree ") : terminal.tone("bad", "DIFFER");
  const ours = code === undefined || code === observed ? "" : terminal.tone("faint", ` (${code})`);
  terminal.out(
    `  ${verdict}  ${name}  expected ${expected} ${signs(terminal).to} observed ${observed}${ours}`,
  );
}
