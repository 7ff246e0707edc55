/** Reads a journal back: checks every line as strictly as it was written, and does its deeds again. @module */
import { sealLine } from "../audit/chain.js";
import { DelegationError } from "../base/error.js";
import { parseJsonBytes } from "../base/json.js";
import { AUDIT_LINE_BYTES_MAX } from "../base/limits.js";
import type { Position } from "../wire/cut.js";
import type { AuditLine } from "../wire/event.js";
import { apply, emptyWorld } from "./apply.js";
import { type Deed, scopeOf } from "./deed.js";
import type { Journal } from "./journal.js";
import { extend } from "./journal-log.js";
import type { World } from "./model.js";

/** What was cut off the end: the last write had not reached the disk whole, so nobody was told of it. */
export interface Torn {
  /** Number of the first line that was cut off. */
  readonly line: number;
  readonly bytes: number;
}

export interface Recovered {
  /** Absent when the journal was empty. */
  readonly world?: World;
  readonly seq: number;
  readonly prev: string;
  readonly torn?: Torn;
}

interface Reader {
  world: World | undefined;
  seq: number;
  prev: string;
  /** Lines of a move whose last line has not come yet. */
  readonly group: { line: AuditLine; offset: number; bytes: number }[];
}

/**
 * Rebuilds the world that wrote `journal`, line by line; memory does not grow with the text.
 *
 * A last line without its line end, and the lines of a move whose last one is missing, were never acknowledged: they are cut off and
 * reported. Anything else that is not exactly what this store writes refuses.
 *
 * @throws {DelegationError} `journal_damaged`, naming the line.
 */
export function recover(journal: Journal, toleranceMs: number): Recovered {
  const reader: Reader = { world: undefined, seq: 0, prev: "", group: [] };
  let torn: Torn | undefined;
  for (const { bytes, offset, whole } of journal.stored()) {
    if (!whole) {
      torn = { line: reader.seq + reader.group.length + 1, bytes: bytes.length };
      break;
    }
    take(reader, journal, { bytes, offset }, toleranceMs);
  }
  const [first] = reader.group;
  if (first !== undefined) {
    const bytes = reader.group.reduce((sum, one) => sum + one.bytes + 1, torn?.bytes ?? 0);
    torn = { line: first.line.seq, bytes };
  }
  journal.trim();
  const { world, seq, prev } = reader;
  return {
    seq,
    prev,
    ...(world === undefined ? {} : { world }),
    ...(torn === undefined ? {} : { torn }),
  };
}

function take(
  reader: Reader,
  journal: Journal,
  { bytes, offset }: { bytes: Buffer; offset: number },
  toleranceMs: number,
): void {
  const number = reader.seq + reader.group.length + 1;
  try {
    const last = reader.group.at(-1)?.line.hash ?? reader.prev;
    const line = readLine(bytes, number, last);
    reader.group.push({ line, offset, bytes: bytes.length });
    if ((line.move as Deed | undefined)?.op === "make" && hasMore(line)) return;
    for (const one of reader.group) replay(reader, one.line, toleranceMs);
    for (const one of reader.group) journal.accept(one.offset, one.bytes);
    reader.group.length = 0;
  } catch (cause) {
    throw new DelegationError("journal_damaged", `journal is damaged at line ${number}`, {
      rule: `line ${number}`,
      cause,
    });
  }
}

function hasMore({ move }: AuditLine): boolean {
  return (move as { more?: unknown }).more === true;
}

/** A line is good when it is, byte for byte, what sealing its content gives, and follows on the one before. */
function readLine(bytes: Buffer, seq: number, prev: string): AuditLine {
  const line = parseJsonBytes(bytes, {
    bytesMax: 2 * AUDIT_LINE_BYTES_MAX,
  }) as unknown as AuditLine;
  if (line.seq !== seq || line.prev !== prev) throw damaged("order");
  if (sealLine(line).text !== bytes.toString("utf8")) throw damaged("hash");
  return line;
}

function replay(reader: Reader, line: AuditLine, toleranceMs: number): void {
  const move = line.move as Deed | StartDeed | undefined;
  if (reader.world === undefined) {
    if (move?.op !== "start" || move.format !== FORMAT) throw damaged("no start");
    reader.world = emptyWorld(move.generation, toleranceMs);
  } else if (move !== undefined) {
    if (move.op === "start") throw damaged("second start");
    checkCuts(apply(reader.world, scopeOf(line.event), move, line.at).at(-1)?.position, line);
  }
  const { tenant, tree = "" } = line.event;
  const trail = reader.world.tenants.get(tenant)?.trees.get(tree)?.trail;
  if (line.n !== (trail === undefined ? 0 : trail.n + 1)) throw damaged("order in the tree");
  if (line.up !== (trail?.up ?? "")) throw damaged("link in the tree");
  if (trail !== undefined) extend(trail, line.seq, line.hash);
  reader.seq = line.seq;
  reader.prev = line.hash;
}

/** The event says which position its cut had; done again it must come to the same. */
function checkCuts(position: Position | undefined, { event }: AuditLine): void {
  if (position === undefined) return;
  if (event.data?.position !== position) throw damaged("position");
}

/** First line of every journal. */
export interface StartDeed {
  readonly op: "start";
  readonly format: typeof FORMAT;
  readonly generation: string;
}

export const FORMAT = 1;

function damaged(what: string): DelegationError {
  return new DelegationError("journal_damaged", `line does not fit: ${what}`);
}
