/** What the store holds in memory: plain objects that point at each other, compact enough for a million hops. @module */
import type { Decimal } from "../base/decimal.js";
import type { HopState, LeaseState } from "../lifecycle/state.js";
import type { CutEntry, Position } from "../wire/cut.js";
import type { Authority } from "../wire/grant.js";
import type { HopRecord, TicketRecord } from "../wire/record.js";

/** Everything. Changed by `apply.ts` and what it does deeds with alone, one deed at a time. */
export interface World {
  readonly generation: string;
  readonly toleranceMs: number;
  readonly tenants: Map<string, Tenant>;
  /** One of each authority, by digest. */
  readonly authorities: Map<string, Kept>;
  /** Live entries of the log of cuts in order of position; one for each boundary. */
  readonly cuts: Map<string, CutEntry>;
  readonly leases: Leases;
  /** Tickets that nobody decided yet. */
  readonly waiting: Set<Ticket>;
  position: Position;
  hops: number;
  trees: number;
}

/** Counters of one hop, shared with the successors that take its place. They never go down. */
export interface Tally {
  calls: number;
  spend: Map<string, Decimal> | undefined;
  children: number;
  descendants: number;
}

/** Trees whose lease is held, by when they are due. */
export interface Leases {
  push(tree: Tree, until: number): void;
  due(now: number): Tree | undefined;
  count(now: number): number;
}

/** An authority that any number of hops share, and its digest. */
export interface Kept {
  readonly digest: string;
  readonly authority: Authority;
}

export interface Tenant {
  readonly name: string;
  readonly hops: Map<string, Hop>;
  readonly trees: Map<string, Tree>;
  /** In order of opening. */
  readonly opened: Tree[];
  readonly agents: Map<string, Agent>;
  readonly principals: Map<string, Principal>;
  /** Thumbprints that a `key` cut stands against. */
  readonly keys: Set<string>;
  /** Cuts by tree of hops and trees that were never seen. */
  readonly unseen: Map<string, Unseen>;
  /** Revocations by boundary, so that the same one twice is one. */
  readonly standing: Map<string, CutEntry>;
  /** Every id of a suspension that was ever used. */
  readonly suspensions: Map<string, Suspension>;
  readonly tickets: Map<string, Ticket>;
  /** Idempotency keys of roots. */
  readonly slots: Map<string, Slot>;
  /** Position of the newest `epoch` cut; 0 for none. */
  epoch: Position;
}

/** One acting agent of a tenant; shared by its hops, so that its cut is one write. */
export interface Agent {
  readonly name: string;
  hops: number;
  /** Position of the newest `agent` cut; 0 for none. */
  cutAt: Position;
  banned: boolean;
}

export interface Principal {
  readonly issuer: string;
  readonly subject: string;
  cutAt: Position;
}

export interface Unseen {
  tree: boolean;
  readonly hops: Set<string>;
  readonly below: Set<string>;
}

export interface Suspension {
  readonly hop: Hop;
  readonly entry: CutEntry;
  lifted: CutEntry | undefined;
}

/** The hop that an idempotency key of its parent names. */
export interface Slot {
  readonly request: string;
  hop: Hop;
}

export interface Tree {
  readonly id: string;
  readonly tenant: Tenant;
  readonly principal: Principal;
  readonly trigger: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Position at which it was opened. */
  readonly position: Position;
  readonly lease: { until: number; state: LeaseState } | undefined;
  readonly trail: Trail;
  /** The root, and the successors that narrowed it. */
  first: Hop | undefined;
  last: Hop | undefined;
  hops: number;
  cut: boolean;
  /** When the longest-lived of its hops ends. */
  horizon: number;
  tickets: Ticket[] | undefined;
  /** How many of its tickets wait for a decision. */
  waiting: number;
  /** Single-use tokens that were used. */
  once: Set<string> | undefined;
  /** What links that no record is kept of have used up. */
  offline: Map<string, Tally> | undefined;
}

/** Where the audit trail of a tree stands. */
export interface Trail {
  n: number;
  /** On a journal: hash of its last line. */
  up: string;
  /** Sequence numbers of its lines. */
  readonly lines: number[];
}

/** One hop. Fields that few hops need stand in `extra`. */
export class Hop {
  readonly id: string;
  readonly tree: Tree;
  readonly parent: Hop | undefined;
  readonly depth: number;
  readonly agent: Agent;
  readonly identity: HopRecord["identity"];
  readonly holder: string;
  readonly kept: Kept;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly origin: HopRecord["origin"];
  readonly bearer: boolean;
  readonly position: Position;
  readonly predecessor: Hop | undefined;
  state: HopState;
  /** A `hop` cut stands against it. */
  cut = false;
  /** A `below` cut stands against everything under it. */
  below = false;
  tally: Tally | undefined = undefined;
  children = 0;
  descendants = 0;
  firstChild: Hop | undefined = undefined;
  lastChild: Hop | undefined = undefined;
  nextSibling: Hop | undefined = undefined;
  extra: Extra | undefined = undefined;

  constructor(fields: HopFields) {
    this.id = fields.id;
    this.tree = fields.tree;
    this.parent = fields.parent;
    this.depth = fields.parent === undefined ? 0 : fields.parent.depth + 1;
    this.agent = fields.agent;
    this.identity = fields.identity;
    this.holder = fields.holder;
    this.kept = fields.kept;
    this.createdAt = fields.createdAt;
    this.expiresAt = fields.expiresAt;
    this.origin = fields.origin;
    this.bearer = fields.bearer;
    this.position = fields.position;
    this.predecessor = fields.predecessor;
    this.state = fields.state;
  }
}

export type HopFields = Pick<
  Hop,
  | "id"
  | "tree"
  | "parent"
  | "agent"
  | "identity"
  | "holder"
  | "kept"
  | "createdAt"
  | "expiresAt"
  | "origin"
  | "bearer"
  | "position"
  | "predecessor"
  | "state"
>;

export interface Extra {
  successors: Hop[];
  /** Suspensions that are not lifted. */
  readonly held: Set<string>;
  /** Idempotency keys of children. */
  readonly slots: Map<string, Slot>;
}

/** A ticket as it is kept; `state` may have lapsed by now, see `tickets.ts`. */
export type Ticket = Omit<TicketRecord, "shown">;
