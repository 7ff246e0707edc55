/** The one place where the coordinator signs: an anchor, from a record that the store has said yes to. @module */

import { uuidv7 } from "../base/id.js";
import { BEARER_LIFETIME_MS_MAX } from "../base/limits.js";
import { mintAnchor } from "../chain/mint-anchor.js";
import type { ChainHop, Principal } from "../chain/verified-chain.js";
import type { PublicKey } from "../token/key.js";
import type { Authority, Grant } from "../wire/grant.js";
import type { HopRecord } from "../wire/record.js";
import type { Context, Seen } from "./context.js";
import { endingAt, wholeSeconds } from "./delegatee.js";
import type { TreeNode } from "./store.js";

/** A hop and its credential. */
export interface Issued {
  readonly status: "active";
  /** The anchor; worth nothing without the holder key, unless it was made `bearer`. */
  readonly token: string;
  readonly hop: HopRecord;
  /** As the token says it. */
  readonly grant: Grant;
  /** Of the token, epoch ms. The hop itself may live longer: `renew`. */
  readonly expiresAt: number;
  /** `existing`: the same request was served before; `replaced`: a new holder key took the first one's slot. */
  readonly outcome: "created" | "existing" | "replaced" | "renewed";
}

/** What an anchor is made from. */
export interface Issue {
  readonly principal: Principal;
  /** Root first, the record's own hop last. */
  readonly lineage: readonly ChainHop[];
  readonly hop: HopRecord;
  readonly authority: Authority;
  readonly holder: PublicKey;
  /** Earliest end of what stands above: the parent's token or the root's lease. */
  readonly until: number;
  readonly generation: string;
  /** Position that was seen before the hop was found alive. */
  readonly position: number;
  readonly outcome: Issued["outcome"];
}

/**
 * Signs an anchor. It ends with the record, with what stands above it, and after minutes if it is `bearer`.
 *
 * @throws {DelegationError} `profile_cannot_carry`, `lifetime_invalid`
 */
export function issue(ctx: Context, from: Issue, now: number): Issued {
  const bearerUntil = from.hop.bearer ? now + BEARER_LIFETIME_MS_MAX : Number.POSITIVE_INFINITY;
  const expiresAt = wholeSeconds(Math.min(from.hop.expiresAt, from.until, bearerUntil), now);
  const grant = endingAt(from.authority, expiresAt);
  const token = mintAnchor(
    {
      issuer: ctx.config.issuer,
      tokenId: uuidv7(now, ctx.random),
      tenant: from.hop.tenant,
      tree: from.hop.tree,
      principal: from.principal,
      lineage: from.lineage,
      grant,
      holderKey: from.holder,
      generation: from.generation,
      position: from.position,
      bearer: from.hop.bearer,
      issuedAt: now,
    },
    ctx.keys.current,
  );
  ctx.telemetry.count("legate_hops_issued_total", {});
  return { status: "active", token, hop: from.hop, grant, expiresAt, outcome: from.outcome };
}

/** A record as tokens tell it. */
export function chainHopOf(hop: HopRecord): ChainHop {
  return { id: hop.id, agent: hop.agent, identity: hop.identity, holder: hop.holder };
}

/** A fresh anchor for a hop that the store has just been asked about. */
export function reissue(
  ctx: Context,
  from: {
    readonly nodes: readonly TreeNode[];
    readonly leaf: TreeNode;
    readonly principal: Principal;
    readonly holder: PublicKey;
    readonly until: number;
    readonly seen: Seen;
    /** Narrower than the record's, if at all. */
    readonly authority?: Authority;
  },
  now: number,
): Issued {
  return issue(
    ctx,
    {
      principal: from.principal,
      lineage: from.nodes.map(({ hop }) => chainHopOf(hop)),
      hop: from.leaf.hop,
      authority: from.authority ?? from.leaf.authority,
      holder: from.holder,
      until: Math.min(from.until, ...from.nodes.map(({ hop }) => hop.expiresAt)),
      generation: from.seen.generation,
      position: from.seen.position,
      outcome: "renewed",
    },
    now,
  );
}
