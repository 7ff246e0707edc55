/** `legate export --archive`: sealed lines that nothing needs any more, as files with signed checkpoints; then they leave the servers. @module */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { sealLine } from "../audit/chain.js";
import { type NoteSigner, signCheckpoint } from "../audit/checkpoint.js";
import { DelegationError } from "../base/error.js";
import type { LineRange } from "../redis/archive.js";
import { noteSigner } from "../token/note-key.js";
import { CommandError, EXIT, type ExitCode } from "./exit.js";
import { segmentName } from "./segments.js";
import type { Opened } from "./state.js";
import type { Terminal } from "./terminal.js";
import { count } from "./wording.js";

/** What the command was told. */
export interface ArchiveOptions {
  readonly folder: string;
  /** An instant, or an age such as `90d`. */
  readonly before: string;
  /** File of the private key that signs checkpoints. */
  readonly key?: string;
  /** Name of the log in checkpoints. */
  readonly origin: string;
}

/** Lines of one file. */
const SEGMENT_LINES = 100_000;
const PAGE = 1_000;
const DAY_MS = 86_400_000;

/**
 * Writes segment after segment; each is on the disk, with its checkpoint, before its lines go.
 *
 * @throws {CommandError} `usage` for a state that is not on Redis, a key or an instant that is none; `denied` when a line is not what it
 *   was sealed with, and then nothing goes
 */
export async function archiveLog(
  terminal: Terminal,
  { store, now }: Opened,
  { folder, before, key, origin }: ArchiveOptions,
): Promise<ExitCode> {
  const { archive } = store;
  if (archive === undefined)
    throw usage("only a deployment on Redis is archived: a journal is a file already");
  if (key === undefined) {
    throw usage(
      "--archive needs --key: a checkpoint that is not signed proves nothing",
      "openssl genpkey -algorithm ed25519 -out archive.pem; openssl pkey -in archive.pem -pubout -out archive.pub",
    );
  }
  const signer = signerIn(key);
  const until = instantOf(before, now);
  mkdirSync(folder, { recursive: true });
  let lines = 0;
  for (;;) {
    const range = partOf(await archive.ready(until));
    if (range.last < range.first) break;
    await writeSegment(store, folder, range, signer, origin);
    await archive.forget(range);
    lines += range.last - range.first + 1;
    const file = segmentName(range);
    if (terminal.json) terminal.record({ ...range, file });
    else terminal.out(`${file}  ${count(range.last - range.first + 1, "line")}`);
  }
  terminal.say(
    lines === 0
      ? "nothing to archive: no line is so old, or its tree is still kept"
      : `${count(lines, "line")} archived; legate verify ${folder} --key PUBLIC.pem checks them`,
  );
  return EXIT.ok;
}

function signerIn(path: string): NoteSigner {
  if (!existsSync(path)) throw new CommandError(EXIT.notFound, `no such file: ${path}`);
  try {
    return noteSigner(readFileSync(path, "utf8"), "legate-archive");
  } catch (thrown) {
    throw usage(thrown instanceof DelegationError ? thrown.message : `not a key: ${path}`);
  }
}

function partOf({ first, last }: LineRange): LineRange {
  return { first, last: Math.min(last, first + SEGMENT_LINES - 1) };
}

/** Under another name first: what has the name of a segment is whole. */
async function writeSegment(
  store: Opened["store"],
  folder: string,
  { first, last }: LineRange,
  signer: NoteSigner,
  origin: string,
): Promise<void> {
  const path = join(folder, segmentName({ first, last }));
  const file = openSync(`${path}.part`, "w", 0o600);
  let head = "";
  try {
    for (let from = first; from <= last; ) {
      const page = await store.audit({ from, limit: Math.min(PAGE, last - from + 1) });
      const texts = page.map((line, index) => {
        const sealed = sealLine(line);
        if (sealed.hash !== line.hash || line.seq !== from + index) {
          throw new CommandError(
            EXIT.denied,
            `audit_broken: line ${line.seq} is not what it was sealed with`,
          );
        }
        return `${sealed.text}\n`;
      });
      const end = page.at(-1);
      if (end === undefined)
        throw new CommandError(EXIT.unreachable, "store_unavailable: lines are missing");
      writeSync(file, texts.join(""));
      from = end.seq + 1;
      head = end.hash;
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  const note = openSync(`${path}.checkpoint`, "w", 0o600);
  try {
    writeSync(note, signCheckpoint({ origin, size: last, head }, signer));
    fsyncSync(note);
  } finally {
    closeSync(note);
  }
  renameSync(`${path}.part`, path);
  const directory = openSync(folder, "r");
  fsyncSync(directory);
  closeSync(directory);
}

function instantOf(text: string, now: number): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const instant = days === undefined ? Date.parse(text) : now - Number(days) * DAY_MS;
  if (Number.isFinite(instant)) return instant;
  throw usage(
    `not an instant: ${text}`,
    "an age in days such as 90d, or an instant such as 2027-01-31T00:00:00Z",
  );
}

function usage(message: string, hint?: string): CommandError {
  return new CommandError(EXIT.usage, message, hint);
}
