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
