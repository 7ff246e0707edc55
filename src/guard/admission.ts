/** The admission contract: letting one allowed invocation happen, all at once or not at all. @module */
import type { Position } from "../wire/cut.js";
import type { AuditDraft } from "../wire/event.js";

/** What one use costs: the calls are always one; spend is priced by the guard's configuration, never by the request. */
export interface Charge {
  /** Currency to decimal string. */
  readonly spend: Readonly<Record<string, string>>;
}

/** One allowed invocation that needs the store: budgets, approvals, single use, or strict mode. */
export interface AdmitMove {
  readonly tenant: string;
  readonly tree: string;
  /** Root first, acting hop last; each registered one must be effectively active. */
  readonly hops: readonly string[];
  /** Hops of the chain that the store need not know (offline links without counted limits above them). */
  readonly offline: readonly string[];
  readonly charge: Charge;
  /** Limits that offline links state for themselves: charged like a registered hop's. */
  readonly stated: readonly StatedLimits[];
  /** Tickets to consume, each bound to (hop, tool, arguments' keyed hash, policy version). */
  readonly tickets: readonly TicketUse[];
  /** Consumed once: the digest of the signing input of a single-use token. */
  readonly once?: string;
  /** Newest feed position that the guard had applied when it decided. */
  readonly seen: Position;
  readonly event: AuditDraft;
  readonly now: number;
}

/** What one offline link states for itself. `calls` counts; `spend` maps currency to decimal string. */
export interface StatedLimits {
  readonly hop: string;
  readonly calls?: number;
  readonly spend?: Readonly<Record<string, string>>;
}

/** A granted ticket, and the binding that the guard computed from the call: they must be one. */
export interface TicketUse {
  readonly ticket: string;
  readonly binding: string;
}

/** That it happened, and where it is written. */
export interface Admitted {
  readonly position: Position;
  /** Sequence of the audit line. */
  readonly line: number;
}

/** Keeper of budgets and tickets at call time. */
export interface Admission {
  /**
   * Checks that every hop is effectively active, charges every hop that states a budget, consumes tickets and writes the
   * audit line, in one atomic step.
   *
   * Synchronous, and so throwing, where nothing has to be waited for: what was looked at before is still so.
   *
   * @throws `delegation_revoked`, `delegation_suspended`, `hop_not_active`, `lease_lapsed`, `hop_unregistered`, `budget_exhausted`,
   * `approval_required`, `approval_pending`, `approval_denied`, `approval_lapsed`, `approval_used`, `approval_mismatch`,
   * `proof_replayed` (single use), `store_unavailable`, `clock_skewed`; for what is used up once `not_durable`, and `status_unknown`
   * where the store may have forgotten uses of this tree.
   */
  admit(move: AdmitMove): Admitted | Promise<Admitted>;
  /** Writes decisions made locally, in batches; each holds the guard's own sequence and the position it was made at. */
  record(events: readonly AuditDraft[], now: number): Promise<void>;
}
