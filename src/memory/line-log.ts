/** The audit log of a store: puts lines in order, chains them, and hands their text to whoever keeps it. @module */

import { type EncodedLine, encodeEvent, sealEncoded } from "../audit/chain.js";
import { canonicalize } from "../base/canonical.js";
import { DelegationError } from "../base/error.js";
import { parseJson } from "../base/json.js";
import { AUDIT_LINE_BYTES_MAX } from "../base/limits.js";
import type { AuditDraft, AuditLine } from "../wire/event.js";
import type { Trail } from "./model.js";

/** Keeps the text of lines. Line `n` is the `n`-th that was appended, from 1. */
export interface LineKeeper {
  /** Whether a restart is possible, so that lines carry their deeds. */
  readonly durable: boolean;
  append(texts: readonly string[]): void;
  /** @throws {DelegationError} `store_unavailable` */
  read(n: number): string;
  /** Resolves when all that was appended so far is kept for good; absent where it is at once. @throws {DelegationError} `store_unavailable` */
  settled?(): Promise<void>;
  /** Why nothing is answered any more, if so. */
  failure?(): DelegationError | undefined;
  close(): Promise<void>;
  /** Closes at once; what was appended is lost. */
  discard(): void;
}

/** What a line says, encoded. */
export interface Prepared {
  readonly event: string;
  readonly move?: string;
}

/** A line whose place and content are settled, and whose hash is still to be computed. */
interface Unsealed extends Omit<EncodedLine, "prev" | "up"> {
  readonly trail: Trail | undefined;
}

/** Lines that are sealed together where none of them has to reach a disk: one after the other, hashing is cheaper. */
const SEALED_TOGETHER = 16;

/**
 * Where the log stands: the next line follows on this.
 *
 * INVARIANT: order and content of a line never change once it is appended; nobody reads one that is not sealed, and on a
 * journal none waits for it.
 */
export class LineLog {
  readonly #keeper: LineKeeper;
  #unsealed: Unsealed[] = [];
  #seq: number;
  #prev: string;

  constructor(keeper: LineKeeper, seq = 0, prev = "") {
    this.#keeper = keeper;
    this.#seq = seq;
    this.#prev = prev;
  }

  get length(): number {
    return this.#seq;
  }

  /**
   * Encodes what a line will say, so that nothing can go wrong once the world has changed.
   *
   * @throws {DelegationError} `malformed`, `non_finite`; `too_large` beyond `AUDIT_LINE_BYTES_MAX`.
   */
  prepare(event: AuditDraft, move?: object): Prepared {
    const kept = move === undefined || !this.#keeper.durable ? undefined : canonicalize(move);
    const encoded = encodeEvent(event);
    const length = encoded.length + (kept?.length ?? 0);
    if (length * 3 > AUDIT_LINE_BYTES_MAX) {
      throw new DelegationError("too_large", "audit line is larger than its ceiling");
    }
    return kept === undefined ? { event: encoded } : { event: encoded, move: kept };
  }

  /**
   * Writes one line. `trail`: of the tree that it belongs to.
   *
   * @returns Its sequence number.
   */
  append(at: number, line: Prepared, trail: Trail | undefined): number {
    const seq = this.#seq + 1;
    const n = trail === undefined ? 0 : trail.n + 1;
    this.#unsealed.push({ at, event: line.event, move: line.move, n, seq, trail });
    this.#seq = seq;
    if (trail !== undefined) {
      trail.n = n;
      trail.lines.push(seq);
    }
    if (this.#keeper.durable || this.#unsealed.length >= SEALED_TOGETHER) this.#seal();
    return seq;
  }

  read(seq: number): AuditLine {
    this.#seal();
    return parseJson(this.#keeper.read(seq)) as unknown as AuditLine;
  }

  /** Chains all lines that wait for it. */
  #seal(): void {
    if (this.#unsealed.length === 0) return;
    const texts: string[] = [];
    for (const { at, event, move, n, seq, trail } of this.#unsealed) {
      const up = trail?.up ?? "";
      const { text, hash } = sealEncoded({ at, event, move, n, prev: this.#prev, seq, up });
      texts.push(text);
      this.#prev = hash;
      if (trail !== undefined) trail.up = hash;
    }
    this.#unsealed = [];
    this.#keeper.append(texts);
  }
}

export function extend(trail: Trail, seq: number, hash: string): void {
  trail.n += 1;
  trail.up = hash;
  trail.lines.push(seq);
}

/** More than one line can be. */
const SEGMENT_BYTES = 2 * AUDIT_LINE_BYTES_MAX;
const NEWLINE = 0x0a;

/** Keeps lines in memory, many to a buffer: a million strings would be a burden on every collection. */
export class MemoryKeeper implements LineKeeper {
  readonly durable = false;
  readonly #segments: Buffer[] = [];
  readonly #offsets = new Offsets();
  #used = SEGMENT_BYTES;

  /** All of them by one write where they fit. */
  append(texts: readonly string[]): void {
    const together = `${texts.join("\n")}\n`;
    const bytes = Buffer.byteLength(together);
    if (texts.length > 1 && bytes > SEGMENT_BYTES) {
      for (const text of texts) this.append([text]);
      return;
    }
    if (this.#used + bytes > SEGMENT_BYTES) {
      this.#segments.push(Buffer.allocUnsafeSlow(SEGMENT_BYTES));
      this.#used = 0;
    }
    const isAscii = bytes === together.length;
    let offset = (this.#segments.length - 1) * SEGMENT_BYTES + this.#used;
    for (const text of texts) {
      this.#offsets.push(offset);
      offset += 1 + (isAscii ? text.length : Buffer.byteLength(text));
    }
    this.#segments.at(-1)?.write(together, this.#used, isAscii ? "latin1" : "utf8");
    this.#used += bytes;
  }

  read(n: number): string {
    const offset = this.#offsets.at(n - 1);
    const segment = this.#segments[Math.floor(offset / SEGMENT_BYTES)];
    const start = offset % SEGMENT_BYTES;
    if (segment === undefined) throw new DelegationError("store_unavailable", "no such line");
    return segment.toString("utf8", start, segment.indexOf(NEWLINE, start));
  }

  async close(): Promise<void> {}

  discard(): void {}
}

/** A list of offsets, eight bytes each. */
export class Offsets {
  #list = new Float64Array(1_024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(offset: number): void {
    if (this.#length === this.#list.length) {
      const wider = new Float64Array(2 * this.#length);
      wider.set(this.#list);
      this.#list = wider;
    }
    this.#list[this.#length] = offset;
    this.#length += 1;
  }

  /** @throws {DelegationError} `store_unavailable` beyond the end. */
  at(index: number): number {
    const offset = index < this.#length ? this.#list[index] : undefined;
    if (offset === undefined) throw new DelegationError("store_unavailable", "no such line");
    return offset;
  }
}
