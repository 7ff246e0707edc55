/** `exchange`: one anchor for a chain, and its offline hops told to the store. RFC 8693; also called compaction. @module */
import { DelegationError } from "../base/error.js";
import type { PossessionResult } from "../chain/possession.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { audienceEscapes } from "../grant/attenuate.js";
import { parseShape } from "../wire/shape.js";
import { type ExchangeRequest, exchangeRequestSchema } from "../wire/verb-request.js";
import { activeLeaf, requireLease } from "./alive.js";
import type { Context } from "./context.js";
import { type Delegated, extend } from "./delegate.js";
import { authorityOf, readDelegatee } from "./delegatee.js";
import { type Issued, reissue } from "./issue.js";
import { registerLinks } from "./links.js";
import { actingHop, type Presented, provePossession, verifyTokens } from "./present.js";
import { holderOf } from "./renew.js";

/**
 * Turns a chain into one anchor.
 *
 * Hops that the coordinator had not seen are registered and charged to their ancestors in one step, or refused. Same holder
 * key: same hop, audience and expiry never wider. With a `delegatee`: a new hop for another key, counted like any delegation.
 * Either way the presenter proves that it holds the leaf's key, so that a stolen chain is worth nothing.
 *
 * @throws {DelegationError} as `verifyChain` and `checkPossession`; `self_link_invalid`; `audience_mismatch`, `lifetime_invalid`;
 *   `hop_not_found` for an anchor that the store has no record of; as `store.register`, `delegate` and `renew`
 */
export async function exchange(
  ctx: Context,
  presented: Presented,
  input: object,
): Promise<Delegated> {
  const now = ctx.clock.now();
  const request = parseShape(exchangeRequestSchema, input, "invalid_request");
  const chain = verifyTokens(ctx, presented.tokens, now);
  const delegatee =
    request.delegatee === undefined ? undefined : readDelegatee(ctx, request.delegatee, now);
  const proof = { possession: presented.possession, verb: "exchange", request: input } as const;
  const possession: PossessionResult = await provePossession(ctx, chain, proof, now);
  if (chain.selfLink) {
    throw new DelegationError("self_link_invalid", "a self-link is no hop to exchange into", {
      hop: actingHop(chain).id,
    });
  }
  const made =
    request.delegatee === undefined || delegatee === undefined
      ? await compacted(ctx, chain, request, now)
      : await extend(
          ctx,
          { chain, again: () => verifyTokens(ctx, presented.tokens, ctx.clock.now()) },
          { request: request.delegatee, delegatee },
          now,
        );
  return { ...made, ...possession };
}

async function compacted(
  ctx: Context,
  chain: VerifiedChain,
  request: ExchangeRequest,
  now: number,
): Promise<Issued> {
  const audience = request.audience ?? chain.grant.audience;
  if (audienceEscapes(chain.grant.audience, audience).length > 0) {
    throw new DelegationError("audience_mismatch", "audience is wider than the chain's", {
      rule: "audience",
    });
  }
  const asked = (request.expiresAt ?? Number.POSITIVE_INFINITY) * 1_000;
  await registerLinks(ctx, chain, now);
  const seen = await ctx.horizon.refresh(chain.tree);
  const nodes = await ctx.store.chain(chain.tenant, actingHop(chain).id, chain.tree);
  const tree = await ctx.store.tree(chain.tenant, chain.tree);
  if (tree === undefined) throw new DelegationError("hop_not_found", "no such tree");
  requireLease(tree, now);
  const leaf = activeLeaf(nodes, now);
  // The chain's own grant, not the record's: an exchange may narrow the same hop again and again, and never widens it.
  const { authority } = authorityOf({ ...chain.grant, audience });
  const until = Math.min(asked, chain.expiresAt, tree.lease?.until ?? Number.POSITIVE_INFINITY);
  const { principal } = chain;
  return reissue(
    ctx,
    { nodes, leaf, principal, holder: holderOf(chain), until, seen, authority },
    now,
  );
}
