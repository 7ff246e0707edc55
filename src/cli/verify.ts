/** `legate verify`: checks an audit log offline, and says what that proves and what not. @module */
import { type Checkpoint, openCheckpoint } from "../audit/checkpoint.js";
import { type LogFault, type LogVerdict, verifyLog } from "../audit/verify.js";
import { noteVerifier } from "../token/note-key.js";
import { CommandError, EXIT, type ExitCode } from "./exit.js";
import { linesOf } from "./lines.js";
import { filesOf, linesOfAll, notesBeside } from "./segments.js";
import type { Terminal } from "./terminal.js";
import { count } from "./wording.js";

/** What the command was told. */
export interface VerifyOptions {
  /** The file is the export of this tree. */
  readonly tree?: string;
  readonly tenant: string;
  /** File of the public key that checkpoints beside the files were signed with. */
  readonly key?: string;
}

const FAULTS: Readonly<Record<LogFault, string>> = {
  torn: "the last line is not whole: a write that never ended",
  malformed: "not a line of an audit log",
  not_canonical: "says the same in other bytes",
  hash: "its content was changed after it was written",
  gap: "a line before it is missing",
  duplicate: "it was there before, or comes too late",
  link: "it does not follow on the line before it",
  tree_order: "a line of its tree is missing before it",
  tree_link: "it does not follow on the line of its tree before it",
  foreign: "it is of another tree",
  checkpoint: "it is not what a checkpoint signed",
  truncated: "the log ends before a checkpoint",
  made_twice: "it makes a hop a second time",
  parent_unknown: "it makes a hop below one that was never made",
  spawn_after_cut: "it makes a hop where a cut stands",
  allow_before_hop: "it allows a call of a hop that was never made",
  allow_after_cut: "it allows a call after a cut",
};

/**
 * Several files are one log, in their order; a folder stands for the segments in it.
 *
 * Ends `denied` when the log is bad. @throws {CommandError} `usage`, `notFound`
 */
export function verify(
  terminal: Terminal,
  paths: readonly string[],
  options: VerifyOptions,
): ExitCode {
  const { tree, tenant, key } = options;
  const files = filesOf(paths);
  if (files.length === 0)
    throw new CommandError(EXIT.notFound, `no segments in ${paths.join(", ")}`);
  const verdict = verifyLog(linesOfAll(files), {
    ...(tree === undefined ? {} : { tree: { tenant, tree } }),
    ...(key === undefined ? {} : { checkpoints: checkpointsOf(files, key) }),
  });
  const [file] = paths;
  if (terminal.json)
    terminal.record({ ...(paths.length === 1 ? { file } : { files }), ...verdict });
  else for (const line of verdictLines(terminal, verdict, tree)) terminal.out(line);
  return verdict.ok ? EXIT.ok : EXIT.denied;
}

/** @throws {CommandError} `notFound`, `usage`; {DelegationError} `signature_invalid` for one that another key signed */
function checkpointsOf(files: readonly string[], key: string): Checkpoint[] {
  const pem = [...linesOf(key)].join("\n");
  return notesBeside(files).map((note) => openCheckpoint(note, noteVerifier(pem, note)));
}

/** The verdict in words, what it covers first. */
function verdictLines(
  terminal: Terminal,
  { ok, lines, firstBad, sealed, notChecked }: LogVerdict,
  tree?: string,
): string[] {
  const head =
    firstBad === undefined
      ? `${terminal.tone("good", "intact")}  ${count(lines, "line")}`
      : `${terminal.tone("bad", "broken")}  line ${firstBad.line}: ${FAULTS[firstBad.reason]} (${firstBad.reason})`;
  const before =
    firstBad === undefined
      ? []
      : [`        ${count(lines, "line")} before it ${lines === 1 ? "is" : "are"} good`];
  const order =
    tree === undefined
      ? "every line follows on the one before, in the log and in its tree"
      : "every line follows on the one before in this tree";
  return [
    head,
    ...before,
    ...(ok
      ? [
          `checked      each line's hash; ${order}`,
          "             no hop is made and no call allowed where the lines tell of a cut",
          ...(sealed > 0
            ? [`             lines up to ${sealed} are what a signed checkpoint vouches for`]
            : []),
        ]
      : []),
    ...notChecked.map((what, index) => `${index === 0 ? "not checked" : ""}`.padEnd(13) + what),
  ];
}
