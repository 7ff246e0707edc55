/** What a guard decides by itself, on its way to the audit log: bounded, in batches, with a sequence of the guard's own. @module */
import { DelegationError } from "../base/error.js";
import type { Timers } from "../lifecycle/timers.js";
import type { AuditDraft } from "../wire/event.js";
import type { Admission } from "./admission.js";
import { type LocalDecision, linesOf, type Scribe, type Waiting } from "./audit-lines.js";

/** How many decisions go to the store at once, at most. */
const BATCH_MAX = 256;
/** How long a decision waits for company. */
const LINGER_MS = 50;
/** Share of the buffer that refusals may fill: whoever is refused must not be able to stop what is allowed. */
const REFUSALS_SHARE = 0.5;

/**
 * A bounded queue in front of {@link Admission.record}.
 *
 * INVARIANT: what is written is written in order of the sequence; a number that is missing in the log was a refusal for which
 * there was no room, or has not been written.
 */
export class AuditBuffer {
  readonly #admission: Admission;
  readonly #scribe: Scribe;
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #max: number;
  readonly #waiting: Waiting[] = [];
  #sequence = 0;
  #alarm: unknown;
  #writing: Promise<void> | undefined;

  constructor(options: {
    readonly admission: Admission;
    readonly scribe: Scribe;
    readonly timers: Timers;
    readonly now: () => number;
    readonly max: number;
  }) {
    this.#admission = options.admission;
    this.#scribe = options.scribe;
    this.#timers = options.timers;
    this.#now = options.now;
    this.#max = options.max;
  }

  /** Notes what is about to happen. @throws {DelegationError} `audit_buffer_full`: what cannot be written down does not happen. */
  add(decision: LocalDecision): void {
    if (this.#waiting.length >= this.#max) {
      throw new DelegationError("audit_buffer_full", "decisions wait to be written", {
        rule: "auditBufferMax",
      });
    }
    decision.sequence = this.#next();
    this.#push(decision);
  }

  /** Notes a refusal, if there is room; returns whether there was. */
  addRefusal(decision: LocalDecision): boolean {
    decision.sequence = this.#next();
    if (this.#waiting.length >= this.#max * REFUSALS_SHARE) return false;
    this.#push(decision);
    return true;
  }

  /** Notes what has happened already, room or not: there are never more of them than calls in flight. */
  addLine(line: AuditDraft): void {
    this.#push({ sequence: this.#next(), line });
  }

  /** What the store has not acknowledged. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Writes all that waits now. @throws what the store throws; what was not written goes on waiting */
  async flush(): Promise<void> {
    const last = this.#sequence;
    while ((this.#waiting[0]?.sequence ?? Number.POSITIVE_INFINITY) <= last) {
      await (this.#writing ?? this.#write());
    }
  }

  #next(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  #push(waiting: Waiting): void {
    const length = this.#waiting.push(waiting);
    if (length === BATCH_MAX && this.#writing === undefined) this.#writeAlone();
    else this.#alarm ??= this.#timers.setTimeout(() => this.#writeAlone(), LINGER_MS);
  }

  /** Nobody waits for this one: what fails is tried again when the alarm rings next. */
  #writeAlone(): void {
    (this.#writing ?? this.#write()).catch(() => undefined);
  }

  /** Batch by batch until less than a whole one waits; one at a time, so that a batch that fails is not overtaken. */
  #write(): Promise<void> {
    this.#timers.clearTimeout(this.#alarm);
    this.#alarm = undefined;
    this.#writing = this.#drain().finally(() => {
      this.#writing = undefined;
      if (this.#waiting.length === 0) return;
      this.#alarm ??= this.#timers.setTimeout(() => this.#writeAlone(), LINGER_MS);
    });
    return this.#writing;
  }

  async #drain(): Promise<void> {
    do {
      const batch = this.#waiting.slice(0, BATCH_MAX);
      if (batch.length === 0) return;
      await this.#admission.record(linesOf(this.#scribe, batch), this.#now());
      this.#waiting.splice(0, batch.length);
    } while (this.#waiting.length >= BATCH_MAX);
  }
}
