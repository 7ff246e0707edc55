/** Renewing the lease of a root: the tree goes on while somebody keeps saying so. @module */
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { TreeRecord } from "../wire/record.js";
import { parseShape } from "../wire/shape.js";
import { leaseRequestSchema } from "../wire/verb-request.js";
import { type Actor, entitle, notEntitled } from "./actor.js";
import { activeLeaf, requireLease } from "./alive.js";
import type { Context } from "./context.js";
import { placeEvent } from "./event.js";
import { actingHop } from "./present.js";

/**
 * Renews a root's lease, by an operator or the root's own holder. A lapsed lease cannot be renewed, and none is shortened: anchors
 * may have been made that live as long.
 *
 * @throws {DelegationError} `not_entitled`, `hop_not_found`, `lease_lapsed`; to a holder `delegation_revoked`, `hop_not_active`
 */
export async function renewLease(ctx: Context, actor: Actor, input: object): Promise<TreeRecord> {
  const now = ctx.clock.now();
  const request = parseShape(leaseRequestSchema, input, "invalid_request");
  const who = await entitle(ctx, actor, "lease", input, now);
  const { chain } = who;
  const isRoot = chain === undefined || (chain.hops.length === 1 && !chain.selfLink);
  if (!isRoot || (chain !== undefined && chain.tree !== request.tree)) throw notEntitled();
  if (chain !== undefined) await requireRoot(ctx, chain, now);
  const place = { tenant: who.tenant, tree: request.tree };
  const until = now + request.leaseSeconds * 1_000;
  const event = placeEvent("lease.renewed", { ...place, hop: request.tree }, { by: who.by });
  return ctx.store.renew({ ...place, until, event, now });
}

/** A root that has ended speaks for its tree no more, though a successor may live; a suspended one keeps the tree for later. */
async function requireRoot(ctx: Context, chain: VerifiedChain, now: number): Promise<void> {
  const tree = await ctx.store.tree(chain.tenant, chain.tree);
  if (tree !== undefined) requireLease(tree, now);
  const nodes = await ctx.store.chain(chain.tenant, actingHop(chain).id, chain.tree);
  if (nodes.at(-1)?.effective !== "suspended") activeLeaf(nodes, now);
}
