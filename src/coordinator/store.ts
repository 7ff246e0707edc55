/**
 * The store contract, in the words of the domain. Each method is one atomic step: state, counters, log of cuts and audit
 * line together, or nothing. `memory` keeps it in plain code and is the model in tests.
 * @module
 */
import type { HopState } from "../lifecycle/state.js";
import type { Boundary, CutEntry, NamedBoundary, Position } from "../wire/cut.js";
import type { AuditDraft, AuditLine } from "../wire/event.js";
import type { Authority } from "../wire/grant.js";
import type { Counters, HopRecord, TicketRecord, TreeRecord } from "../wire/record.js";

/** How the store names what it continues. A store that started empty has a new generation. */
export interface StoreStatus {
  readonly generation: string;
  /** Of the log that was asked about; without a tree, of the first. */
  readonly position: Position;
  /** Hops, trees and live cuts kept. */
  readonly hops: number;
  readonly trees: number;
  readonly cuts: number;
  /** Promises that the servers' settings do not hold up, by name: an operator chose to do without. */
  readonly weakened?: readonly string[];
}

/** A hop to be made: everything but what the store assigns. */
export type HopDraft = Omit<HopRecord, "state" | "counters" | "position">;

/** One attempt to make a hop. */
export interface CreateMove {
  readonly hop: HopDraft;
  readonly authority: Authority;
  /** `requested` hops that need approval start as `pending_approval`. */
  readonly initial: Extract<HopState, "active" | "pending_approval">;
  /** Newest position that the minter had seen when it judged the parent. */
  readonly seen: Position;
  /** (parent, key) is used once; `request` is the digest of what was asked, holder key left out. */
  readonly idempotency?: { readonly key: string; readonly request: string };
  readonly event: AuditDraft;
  readonly now: number;
}

/** `existing`: the same request was served before. `replaced`: a retry with a new holder key cut the first hop and took its slot. */
export interface CreateResult {
  readonly hop: HopRecord;
  readonly outcome: "created" | "existing" | "replaced";
}

/** One cut. */
export interface RevokeMove {
  readonly tenant: string;
  readonly boundary: Boundary;
  readonly event: AuditDraft;
  readonly now: number;
}

/** A cut as the log has it. */
export interface CutResult {
  readonly entry: CutEntry;
  /** False when the same boundary was already cut (standing kinds): nothing new was written. */
  readonly fresh: boolean;
  /** By partition, where a store keeps several logs and the cut is in each of them; `entry` is the first log's. */
  readonly positions?: readonly Position[];
  /**
   * Resolves with the number of replicas that have the cut as well; absent where the answer itself says that it is kept.
   * Rejects `not_durable` when fewer have it in time than the store was told to want: it is in force, and may be lost.
   */
  readonly durable?: Promise<number>;
}

/** What a cut would stop. */
export interface Preview {
  readonly hops: number;
  readonly byState: Readonly<Partial<Record<HopState, number>>>;
  readonly agents: readonly string[];
  readonly tools: readonly string[];
  readonly principals: number;
  /** True when the numbers were counted to a ceiling or kept aside rather than walked. */
  readonly estimate: boolean;
}

/** One node of a tree as people look at it. */
export interface TreeNode {
  readonly hop: HopRecord;
  /** The worst state along its chain: what a guard would say. */
  readonly effective: HopState;
  readonly children: number;
  readonly descendants: number;
  readonly authority: Authority;
}

/** Nodes in depth-first order. */
export interface TreePage {
  readonly nodes: readonly TreeNode[];
  /** Opaque; absent on the last page. */
  readonly next?: string;
  readonly total: number;
}

/** What a store answers without changing anything. */
export interface StoreLooks {
  /** Generation, newest position of the log that `tree` is cut in, and how much is kept. */
  status(tree?: string): Promise<StoreStatus>;

  /** A tree as it stands now: a lease that is due shows as lapsed. Undefined when the tenant has none of this id. */
  tree(tenant: string, tree: string): Promise<TreeRecord | undefined>;
  /** A hop in its own state as it stands now, whatever its ancestors' states. Undefined when the tenant has none of this id. */
  hop(tenant: string, hop: string, tree?: string): Promise<HopRecord | undefined>;
  /** What a hop may do; its expiry is in the record. @throws `hop_not_found` */
  authority(hop: HopRecord): Promise<Authority>;
  /** A ticket; `shown` only while it is `asked`. Undefined when the tenant has none of this id. */
  ticket(tenant: string, ticket: string, tree?: string): Promise<TicketRecord | undefined>;
  /** All tickets kept of a tree; none for a tree that is not known. */
  tickets(tenant: string, tree: string): Promise<readonly TicketRecord[]>;
  /** Root first. @throws `hop_not_found` */
  chain(tenant: string, hop: string, tree?: string): Promise<readonly TreeNode[]>;
  /** Depth-first page of the subtree under `from` (a tree's root by default), stable under inserts; siblings in order of making. */
  page(
    tenant: string,
    tree: string,
    options: { from?: string; cursor?: string; limit: number; depth?: number },
  ): Promise<TreePage>;
  /** Roots of a tenant, newest first; of those trees alone where an agent acts, or that a principal asked for. */
  trees(
    tenant: string,
    options: { cursor?: string; limit: number; of?: NamedBoundary },
  ): Promise<{ trees: readonly TreeRecord[]; next?: string }>;
  /** What the subtree of a hop has used up. @throws `hop_not_found` */
  counters(tenant: string, hop: string, tree?: string): Promise<Counters>;
  /** What a cut would newly stop; changes nothing. */
  preview(tenant: string, boundary: Boundary): Promise<Preview>;
  /** Audit lines in order, of one tree or of the whole log. */
  audit(options: {
    tenant?: string;
    tree?: string;
    from?: number;
    limit: number;
  }): Promise<readonly AuditLine[]>;
}

/**
 * Keeper of trees.
 *
 * A hop or ticket is named by (tenant, id). Its tree, where the caller knows it, spares a store of many partitions the search;
 * a hop that is not in that tree is not found.
 *
 * Every method takes the caller's `now` (epoch ms), compares it with its own clock and refuses `clock_skewed` beyond the
 * tolerance. All throw `store_unavailable` when the answer is not known to be kept.
 */
export interface DelegationStore extends StoreLooks {
  /** Which log of cuts a tree is cut in, from 0; absent where the store keeps one. */
  logOf?(tree: string): number;

  /** Makes a tree and its root hop. @throws `id_taken` */
  open(tree: TreeRecord, move: CreateMove): Promise<CreateResult>;

  /**
   * Makes a hop below a parent that is effectively active, charging `children` of the parent and `descendants` of every
   * ancestor that states them.
   * @throws `position_behind` when a newer cut would cover the hop; `delegation_revoked`, `delegation_suspended`,
   * `hop_not_active`, `lease_lapsed`, `hop_not_found`; `children_exhausted`, `descendants_exhausted`; `idempotency_conflict`.
   */
  create(move: CreateMove): Promise<CreateResult>;

  /**
   * Registers hops that were delegated offline, root-most first, charging their ancestors, all or none. Hops already known are left
   * alone. @throws as `create`
   */
  register(moves: readonly CreateMove[]): Promise<readonly HopRecord[]>;

  /** Moves a hop that waits for approval. @throws `illegal_transition`, and as `create` when an ancestor died meanwhile */
  settle(move: {
    tenant: string;
    tree: string;
    hop: string;
    verdict: "approve" | "deny";
    event: AuditDraft;
    now: number;
  }): Promise<HopRecord>;

  /** Suspends a hop; the suspension's id is returned in the entry. @throws `illegal_transition` */
  suspend(move: {
    tenant: string;
    tree: string;
    hop: string;
    suspension: string;
    event: AuditDraft;
    now: number;
  }): Promise<CutResult>;
  /** Lifts one suspension. The hop is active again when none is left. @throws `illegal_transition` */
  resume(move: {
    tenant: string;
    tree: string;
    hop: string;
    suspension: string;
    event: AuditDraft;
    now: number;
  }): Promise<CutResult>;

  /** Ends a task: the hop is `completed`, and cut. @throws `illegal_transition` */
  complete(move: {
    tenant: string;
    tree: string;
    hop: string;
    event: AuditDraft;
    now: number;
  }): Promise<CutResult>;

  /**
   * Replaces a hop by a narrower successor with the same parent, which keeps its counters; the predecessor is `superseded` and cut.
   * A later cut of the predecessor cuts the successor in the same step.
   */
  narrow(move: CreateMove & { predecessor: string }): Promise<CreateResult & { cut: CutEntry }>;

  /** Logs a cut, whatever state the hop is in, also for a hop never seen. Size of the subtree does not matter. */
  revoke(move: RevokeMove): Promise<CutResult>;

  /** Renews the lease on a root; never shortens it. @throws `lease_lapsed` */
  renew(move: {
    tenant: string;
    tree: string;
    until: number;
    event: AuditDraft;
    now: number;
  }): Promise<TreeRecord>;
  /** Cuts the trees whose lease was due by `now`, and marks hops expired by then; at most `max`, returns how many remain. */
  sweep(now: number, max: number): Promise<{ lapsed: number; remaining: number }>;

  /** Keeps an approval ticket in `asked`. @throws `quota_exceeded`, and as `create` when the hop is not effectively active */
  ask(ticket: TicketRecord, event: AuditDraft): Promise<TicketRecord>;
  /** One person's decision. Enough approvals grant, one denial denies. @throws `approval_lapsed`, `approval_used`, `illegal_transition`, `approver_not_allowed` */
  decide(move: {
    tenant: string;
    tree?: string;
    ticket: string;
    approver: string;
    verdict: "approve" | "deny";
    event: AuditDraft;
    now: number;
  }): Promise<TicketRecord>;

  /** Lets go of everything once all that was done is kept; afterwards every method refuses `store_unavailable`. */
  close(): Promise<void>;
}
