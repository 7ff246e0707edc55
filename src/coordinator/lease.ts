/** Renewing the lease of a root: the tree goes on while somebody keeps saying so. @module */

import type { TreeRecord } from "../wire/record.js";
import { parseShape } from "../wire/shape.js";
import { leaseRequestSchema } from "../wire/verb-request.js";
import { type Actor, entitle, notEntitled } from "./actor.js";
import type { Context } from "./context.js";
import { placeEvent } from "./event.js";

/**
 * Renews a root's lease, by an operator or the root's own holder. A lapsed lease cannot be renewed.
 *
 * @throws {DelegationError} `not_entitled`, `hop_not_found`, `lease_lapsed`
 */
export async function renewLease(ctx: Context, actor: Actor, input: object): Promise<TreeRecord> {
  const now = ctx.clock.now();
  const request = parseShape(leaseRequestSchema, input, "invalid_request");
  const who = await entitle(ctx, actor, "lease", input, now);
  const { chain } = who;
  const isRoot = chain === undefined || (chain.hops.length === 1 && !chain.selfLink);
  if (!isRoot || (chain !== undefined && chain.tree !== request.tree)) throw notEntitled();
  const place = { tenant: who.tenant, tree: request.tree };
  const until = now + request.leaseSeconds * 1_000;
  const event = placeEvent("lease.renewed", { ...place, hop: request.tree }, { by: who.by });
  return ctx.store.renew({ ...place, until, event, now });
}
