/** Hops that were delegated offline, told to the store: registered root-most first, their ancestors charged, all or none. @module */
import { DelegationError } from "../base/error.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Context } from "./context.js";
import { authorityOf } from "./delegatee.js";
import { hopEvent } from "./event.js";
import type { CreateMove, HopDraft } from "./store.js";

/**
 * Registers the links of a chain; those that the store knows already are left alone, and a self-link is none. Asks the store
 * nothing for a chain without links.
 *
 * A link counts as made when its anchor was: a cut of an agent, a principal or everything since then covers it, and it must not
 * come back to life by being registered afterwards.
 *
 * @throws {DelegationError} `delegation_revoked` for a link under an anchor older than such a cut; as `store.register`
 */
export async function registerLinks(
  ctx: Context,
  chain: VerifiedChain,
  now: number,
): Promise<void> {
  if (chain.offline.length === 0) return;
  try {
    await ctx.store.register(movesOf(chain, now));
  } catch (thrown) {
    if (!(thrown instanceof DelegationError) || thrown.code !== "position_behind") throw thrown;
    throw new DelegationError("delegation_revoked", "a cut since the anchor covers the link", {
      ...(thrown.hop === undefined ? {} : { hop: thrown.hop }),
      cause: thrown,
    });
  }
}

function movesOf(chain: VerifiedChain, now: number): CreateMove[] {
  const first = chain.hops.length - chain.offline.length;
  const moves: CreateMove[] = [];
  for (let depth = first; depth < chain.hops.length; depth++) {
    const link = chain.hops[depth];
    const parent = chain.hops[depth - 1];
    const grant = chain.grants[depth - first + 1];
    if (link === undefined || parent === undefined || grant === undefined) {
      throw new DelegationError("malformed", "chain has a link without a parent");
    }
    const { authority, digest } = authorityOf(grant);
    const hop: HopDraft = {
      tenant: chain.tenant,
      tree: chain.tree,
      id: link.id,
      parent: parent.id,
      depth,
      agent: link.agent,
      identity: link.identity,
      holder: link.holder,
      authority: digest,
      createdAt: now,
      expiresAt: grant.expiresAt,
      origin: "link",
      bearer: false,
    };
    const event = hopEvent("hop.registered", hop, { data: { expiresAt: grant.expiresAt } });
    moves.push({ hop, authority, initial: "active", seen: chain.position, event, now });
  }
  return moves;
}
