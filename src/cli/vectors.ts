/** `legate vectors`: runs files of conformance vectors and compares. @module */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { DelegationError } from "../base/error.js";
import { runVectors, type VectorResult } from "../chain/vectors.js";
import { CommandError, EXIT, type ExitCode } from "./exit.js";
import type { Terminal } from "./terminal.js";
import { count, signs } from "./wording.js";

/** Bytes of one vector file. */
const FILE_BYTES_MAX = 67_108_864;

/**
 * Ends `ok` only if every case of every file agrees. A file that cannot be read is told of at the end, after the cases of
 * the others.
 *
 * @param paths Files, or folders whose `.json` files are run.
 */
export function vectors(terminal: Terminal, paths: readonly string[]): ExitCode {
  let agreed = 0;
  let differed = 0;
  const faults: CommandError[] = [];
  for (const file of paths.flatMap(filesOf)) {
    const results = resultsOf(file, faults);
    if (results === undefined) continue;
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
  const [fault, ...more] = faults;
  for (const { message } of more) terminal.say(message);
  if (fault !== undefined) throw fault;
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

/** The results of one file; of one that cannot be read none, and a fault more. */
function resultsOf(file: string, faults: CommandError[]): readonly VectorResult[] | undefined {
  try {
    return runVectors(contentOf(file));
  } catch (thrown) {
    const rule = thrown instanceof DelegationError ? thrown.rule : undefined;
    if (!(thrown instanceof CommandError) && rule === undefined) throw thrown;
    const hint = "it needs a profile that is known, and vectors";
    const fault = new CommandError(EXIT.usage, `not a vector file: ${file} (see ${rule})`, hint);
    faults.push(thrown instanceof CommandError ? thrown : fault);
    return undefined;
  }
}

/** Not by the strict parser: a case may be about what that refuses. */
function contentOf(file: string): unknown {
  try {
    const bytes = readFileSync(file);
    if (bytes.length <= FILE_BYTES_MAX) return JSON.parse(bytes.toString());
  } catch {
    throw new CommandError(EXIT.usage, `not JSON: ${file}`);
  }
  throw new CommandError(EXIT.usage, `too large: ${file}`);
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
