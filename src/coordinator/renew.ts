/** `renew`: a fresh anchor for the same hop and the same holder key. @module */
import { DelegationError } from "../base/error.js";
import type { PossessionResult } from "../chain/possession.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { PublicKey } from "../token/key.js";
import type { HopRecord } from "../wire/record.js";
import { parseShape } from "../wire/shape.js";
import { renewRequestSchema } from "../wire/verb-request.js";
import { activeLeaf, requireLease } from "./alive.js";
import type { Context } from "./context.js";
import { type Issued, reissue } from "./issue.js";
import { actingHop, type Presented, present } from "./present.js";

/**
 * Renews the anchor of a hop that is alive: same hop, same key, a new position. It never outlives the record, its ancestors or
 * the root's lease.
 *
 * @throws {DelegationError} as `verifyChain` and `checkPossession`; `invalid_request` for a chain with links, which is exchanged;
 *   `delegation_revoked`, `delegation_suspended`, `hop_not_active`, `lease_lapsed`, `hop_not_found`
 */
export async function renew(
  ctx: Context,
  presented: Presented,
  input: object = {},
): Promise<Issued & PossessionResult> {
  const now = ctx.clock.now();
  parseShape(renewRequestSchema, input, "invalid_request");
  const { chain, ...possession } = await present(ctx, presented, "renew", input, now);
  if (chain.offline.length > 0 || chain.selfLink) {
    throw new DelegationError("invalid_request", "a chain with links is exchanged, not renewed", {
      rule: "tokens",
    });
  }
  const { tenant, tree } = chain;
  const hop = { tenant, tree, id: actingHop(chain).id };
  const issued = await freshAnchor(ctx, hop, holderOf(chain), now);
  return { ...issued, ...possession };
}

/**
 * Asks the store about a hop and signs a fresh anchor for it. The log of cuts is looked at first: a cut that comes in between
 * has a newer position than the anchor, and covers it.
 *
 * @throws {DelegationError} when anything above it, or it, is not active; `hop_not_found` also for a key that is not its holder's
 */
export async function freshAnchor(
  ctx: Context,
  hop: Pick<HopRecord, "tenant" | "tree" | "id">,
  holder: PublicKey,
  now: number,
): Promise<Issued> {
  const { tenant, id } = hop;
  const seen = await ctx.horizon.refresh(hop.tree);
  const nodes = await ctx.store.chain(tenant, id, hop.tree);
  const leaf = nodes.at(-1);
  const tree = await ctx.store.tree(tenant, hop.tree);
  if (leaf === undefined || tree === undefined || leaf.hop.holder !== holder.thumbprint) {
    throw new DelegationError("hop_not_found", "no such hop");
  }
  requireLease(tree, now);
  activeLeaf(nodes, now);
  const until = tree.lease?.until ?? Number.POSITIVE_INFINITY;
  return reissue(ctx, { nodes, leaf, principal: tree.principal, holder, until, seen }, now);
}

/** The key that a chain of ours confirms; only drafts' tokens confirm by thumbprint alone. */
export function holderOf(chain: VerifiedChain): PublicKey {
  if (chain.holderKey !== undefined) return chain.holderKey;
  throw new DelegationError("key_invalid", "token does not hold its key", { rule: "cnf" });
}
