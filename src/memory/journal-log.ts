/** The audit log on a journal: each line is sealed at once, on its way to the disk. @module */
import { encodeEvent, sealEncoded } from "../audit/chain.js";
import { canonicalize } from "../base/canonical.js";
import { DelegationError } from "../base/error.js";
import { parseJson } from "../base/json.js";
import type { AuditDraft, AuditLine } from "../wire/event.js";
import type { Journal } from "./journal.js";
import { checkLength, type LineLog, type Prepared } from "./line-log.js";
import type { Trail } from "./model.js";

/** Lines carry their moves, which a restart does again. No change is acknowledged before its line is on the disk. */
export class JournalLog implements LineLog {
  readonly #journal: Journal;
  #seq: number;
  #prev: string;

  /** @param last Number and hash of the last line that the journal holds. */
  constructor(journal: Journal, last: { readonly seq: number; readonly prev: string }) {
    this.#journal = journal;
    this.#seq = last.seq;
    this.#prev = last.prev;
  }

  get length(): number {
    return this.#seq;
  }

  prepare(event: AuditDraft, deed?: object): Prepared {
    const move = deed === undefined ? undefined : canonicalize(deed);
    const text = encodeEvent(event);
    checkLength(text.length + (move?.length ?? 0));
    return move === undefined ? { text } : { text, move };
  }

  append(at: number, line: Prepared, trail: Trail | undefined): number {
    if (!("text" in line)) throw new DelegationError("server_error", "a line of another log");
    const seq = this.#seq + 1;
    const n = trail === undefined ? 0 : trail.n + 1;
    const { text: event, move } = line;
    const up = trail?.up ?? "";
    const { text, hash } = sealEncoded({ at, event, move, n, prev: this.#prev, seq, up });
    this.#journal.append(text);
    this.#seq = seq;
    this.#prev = hash;
    if (trail !== undefined) extend(trail, seq, hash);
    return seq;
  }

  ready(): undefined {
    return undefined;
  }

  read(seq: number): AuditLine {
    return parseJson(this.#journal.read(seq)) as unknown as AuditLine;
  }
}

/** One more line of a tree. */
export function extend(trail: Trail, seq: number, hash: string): void {
  trail.n += 1;
  trail.up = hash;
  trail.lines.push(seq);
}
