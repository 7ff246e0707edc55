/**
 * Deeds: what a move that was allowed does, as plain JSON. A journal keeps exactly this, and a restart does it again.
 *
 * Names are short because a journal has one per hop. What the audit event says already (tenant, tree, hop, agent, identity,
 * parent) is not said again: the store itself writes those into the event, see {@link Scope}.
 *
 * @module
 */
import type { JsonObject } from "../base/json-value.js";
import type { Boundary } from "../wire/cut.js";
import type { AuditDraft } from "../wire/event.js";
import type { HopRecord, TicketRecord } from "../wire/record.js";

/** Where a deed is done, read from the audit event that tells of it. */
export interface Scope {
  readonly tenant: string;
  readonly tree: string;
  readonly hop: string;
  readonly agent: string;
  readonly identity: HopRecord["identity"];
  readonly parent: string | undefined;
}

/** What a new hop brings besides its scope. */
export interface Seed {
  /** Digest of its authority. */
  readonly a: string;
  readonly bearer?: true;
  readonly c: number;
  /** The authority itself, where it is seen first. */
  readonly g?: JsonObject;
  /** Thumbprint of the holder key. */
  readonly h: string;
  /** Idempotency key and digest of the request. */
  readonly k?: string;
  /** It came as a link. */
  readonly link?: true;
  readonly q?: string;
  /** It waits for approval. */
  readonly wait?: true;
  /** Expiry. */
  readonly x: number;
}

export interface TreeSeed {
  readonly c: number;
  readonly iss: string;
  readonly lease?: number;
  readonly sub: string;
  readonly trigger: string;
  readonly x: number;
}

export type Deed =
  | { readonly op: "open"; readonly s: Seed; readonly t: TreeSeed; readonly old?: string }
  /** `old`: the hop whose place it takes; `end` tells how that one ends. */
  | {
      readonly op: "make";
      /** More of the same move follows on the next line: all or none. */
      readonly more?: true;
      readonly s: Seed;
      readonly old?: string;
      readonly end?: "superseded" | "revoked";
    }
  | { readonly op: "settle"; readonly v: "approve" | "deny" }
  | { readonly op: "suspend"; readonly id: string }
  | { readonly op: "resume"; readonly id: string }
  | { readonly op: "complete" }
  | { readonly op: "cut"; readonly b: Boundary }
  | { readonly op: "renew"; readonly until: number }
  | { readonly op: "lapse" }
  | { readonly op: "ask"; readonly k: TicketSeed }
  | {
      readonly op: "decide";
      readonly by: string;
      readonly id: string;
      readonly v: "approve" | "deny";
    }
  | {
      readonly op: "admit";
      /** The last hop that a record is kept of. */
      readonly leaf: string;
      /** Links that state a budget. */
      readonly links?: readonly string[];
      readonly once?: string;
      readonly spend?: Readonly<Record<string, string>>;
      readonly tickets?: readonly string[];
    };

/** A ticket without what its event says, and without the arguments that its approver is shown. */
export type TicketSeed = Omit<
  TicketRecord,
  "tenant" | "tree" | "hop" | "shown" | "state" | "approvals"
>;

/** What the store knows of a move, written over what the caller says of it. */
export interface Stamp {
  readonly tenant: string;
  readonly tree?: string;
  readonly hop?: string;
  readonly agent?: string;
  readonly identity?: HopRecord["identity"];
  readonly kind?: string;
  readonly ticket?: string;
  readonly by?: string;
  readonly data?: JsonObject;
}

/**
 * The caller's event with the store's facts in it: an event cannot tell of another hop than its move is about.
 *
 * A cut beyond one tree belongs to no tree, whatever the draft says. Member by member: this is done for each call that is
 * admitted, and what is undefined is not written.
 */
export function stamped(draft: AuditDraft, facts: Stamp): AuditDraft {
  return {
    agent: facts.agent ?? draft.agent,
    arguments: draft.arguments,
    by: facts.by ?? draft.by,
    code: draft.code,
    data: draft.data === undefined ? facts.data : { ...draft.data, ...facts.data },
    decision: draft.decision,
    guard: draft.guard,
    hop: facts.hop,
    identity: facts.identity ?? draft.identity,
    kind: facts.kind ?? draft.kind,
    policy: draft.policy,
    reason: draft.reason,
    requester: draft.requester,
    rule: draft.rule,
    seen: draft.seen,
    sequence: draft.sequence,
    tenant: facts.tenant,
    ticket: facts.ticket ?? draft.ticket,
    tool: draft.tool,
    tree: facts.tree,
  };
}

export function scopeOf(event: AuditDraft): Scope {
  const { tenant, tree = "", hop = "", agent = "", identity = "asserted" } = event;
  const parent = event.data?.parent;
  return {
    tenant,
    tree,
    hop,
    agent,
    identity,
    parent: typeof parent === "string" ? parent : undefined,
  };
}
