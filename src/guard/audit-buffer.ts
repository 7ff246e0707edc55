/** Decisions that a guard makes by itself, on their way to the audit log: bounded, in batches, with a sequence of the guard's own. @module */
import { DelegationError } from "../base/error.js";
import type { Json } from "../base/json.js";
import type { Timers } from "../lifecycle/timers.js";
import type { AuditDraft } from "../wire/event.js";
import type { Admission } from "./admission.js";

/** One local decision. */
export interface LocalDecision {
  readonly tenant: string;
  readonly tree: string;
  /** Principal as `issuer subject`: the same for all of a tree. */
  readonly requester: string;
  readonly hop: string;
  readonly agent: string;
  readonly identity: "proven" | "asserted";
  readonly tool: string;
  readonly decision: "allow" | "deny" | "ask";
  readonly code?: string;
  readonly rule?: string;
  /** Digest of the canonical arguments under the guard's key. */
  readonly arguments: () => string;
  readonly at: number;
  readonly seen: number;
  readonly policy?: string;
}

/** How many decisions go into one line at most. */
const BATCH_MAX = 256;
/** How long a decision waits for company. */
const LINGER_MS = 50;

/** A bounded queue in front of {@link Admission.record}. */
export class AuditBuffer {
  readonly #admission: Admission;
  readonly #guard: string;
  readonly #timers: Timers;
  readonly #max: number;
  #waiting: (readonly [sequence: number, decision: LocalDecision])[] = [];
  /** Handed to the store and not yet acknowledged. */
  #underway = 0;
  #sequence = 0;
  #alarm: unknown;
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: { admission: Admission; guard: string; timers: Timers; max: number }) {
    this.#admission = options.admission;
    this.#guard = options.guard;
    this.#timers = options.timers;
    this.#max = options.max;
  }

  /** @throws {DelegationError} `audit_buffer_full`: what cannot be written down does not happen. */
  add(decision: LocalDecision): void {
    if (this.size >= this.#max) {
      throw new DelegationError("audit_buffer_full", "decisions wait to be written", {
        rule: "auditBufferMax",
      });
    }
    this.#sequence += 1;
    this.#waiting.push([this.#sequence, decision]);
    if (this.#waiting.length >= BATCH_MAX) void this.flush().catch(() => undefined);
    else
      this.#alarm ??= this.#timers.setTimeout(
        () => void this.flush().catch(() => undefined),
        LINGER_MS,
      );
  }

  /** Decisions that the store has not acknowledged. */
  get size(): number {
    return this.#waiting.length + this.#underway;
  }

  /** Writes all that waits; a batch that fails waits again, in its place. @throws what the store throws */
  flush(): Promise<void> {
    this.#timers.clearTimeout(this.#alarm);
    this.#alarm = undefined;
    const batch = this.#waiting;
    if (batch.length === 0) return this.#flushing;
    this.#waiting = [];
    this.#underway += batch.length;
    const write = async (): Promise<void> => {
      try {
        await this.#admission.record(linesOf(this.#guard, batch), batch.at(-1)?.[1].at ?? 0);
        this.#underway -= batch.length;
      } catch (error) {
        this.#underway -= batch.length;
        this.#waiting = [...batch, ...this.#waiting];
        throw error;
      }
    };
    this.#flushing = this.#flushing.then(write, write);
    return this.#flushing;
  }
}

/** One line for each tree, in the order of the guard's sequence. */
function linesOf(
  guard: string,
  batch: readonly (readonly [number, LocalDecision])[],
): AuditDraft[] {
  const lines = new Map<string, AuditDraft & { data: { calls: Json[] } }>();
  for (const [sequence, decision] of batch) {
    const key = `${decision.tenant.length}:${decision.tenant}${decision.tree}`;
    let line = lines.get(key);
    if (line === undefined) {
      const { tenant, tree, requester } = decision;
      line = { kind: "calls", tenant, tree, requester, guard, sequence, data: { calls: [] } };
      lines.set(key, line);
    }
    line.data.calls.push(entryOf(sequence, decision));
  }
  return [...lines.values()];
}

function entryOf(sequence: number, decision: LocalDecision): Json {
  const { hop, agent, identity, tool, at, seen, code, rule, policy } = decision;
  return {
    sequence,
    at,
    seen,
    hop,
    agent,
    identity,
    tool,
    decision: decision.decision,
    arguments: decision.arguments(),
    ...(code === undefined ? {} : { code }),
    ...(rule === undefined ? {} : { rule }),
    ...(policy === undefined ? {} : { policy }),
  };
}
