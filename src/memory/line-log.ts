/** The audit log of a store: puts lines in order and chains them. On a journal, or in memory. @module */
import { DelegationError } from "../base/error.js";
import { AUDIT_LINE_BYTES_MAX } from "../base/limits.js";
import type { AuditDraft, AuditLine } from "../wire/event.js";
import type { HeldCall } from "./held-calls.js";
import type { Trail } from "./model.js";

/**
 * What a line will say, checked, so that nothing can go wrong once the world has changed: its event's canonical text, with the
 * move's where a restart is possible; or the event as it is held until its text is asked for.
 */
export type Prepared =
  | { readonly text: string; readonly move?: string }
  | { readonly call: HeldCall }
  | { readonly event: AuditDraft };

/**
 * Where the log stands: the next line follows on this. Line `n` is the `n`-th that was appended, from 1.
 *
 * INVARIANT: order and content of a line never change once it is appended, and nobody reads one that is not sealed.
 */
export interface LineLog {
  readonly length: number;
  /**
   * Checks what a line will say, and encodes what has to be.
   *
   * @throws {DelegationError} `malformed`, `non_finite`; `too_large` beyond `AUDIT_LINE_BYTES_MAX`.
   */
  prepare(event: AuditDraft, move?: object): Prepared;
  /**
   * Writes one line. `trail`: of the tree that it belongs to.
   *
   * @returns Its sequence number.
   */
  append(at: number, line: Prepared, trail: Trail | undefined): number;
  /** Resolves when {@link read} of this line takes no time to speak of; absent when it does not anyway. */
  ready(seq: number): Promise<void> | undefined;
  /** @throws {DelegationError} `store_unavailable` */
  read(seq: number): AuditLine;
}

/** @throws {DelegationError} `too_large` */
export function checkLength(chars: number): void {
  if (chars * 3 <= AUDIT_LINE_BYTES_MAX) return;
  throw new DelegationError("too_large", "audit line is larger than its ceiling");
}
