/** `open`: makes a tree and its root hop. @module */
import { DelegationError } from "../base/error.js";
import { uuidv7 } from "../base/id.js";
import type { TreeRecord } from "../wire/record.js";
import { parseShape } from "../wire/shape.js";
import { openRequestSchema } from "../wire/verb-request.js";
import type { Context } from "./context.js";
import { authorityOf, identityOf, readDelegatee } from "./delegatee.js";
import { hopEvent } from "./event.js";
import { chainHopOf, type Issued, issue } from "./issue.js";
import { retryBehind } from "./retry.js";
import type { HopDraft } from "./store.js";

/**
 * Opens a tree on behalf of a principal and hands its root hop to an agent.
 *
 * The caller has authenticated the principal and decided that this agent may have this grant: a root is the one authority
 * that no other hop vouches for. The principal never changes inside the tree.
 *
 * @param input See `openRequestSchema`.
 * @throws {DelegationError} `invalid_request`, `key_invalid`, `invalid_grant_shape`, `lifetime_invalid`,
 *   `bearer_not_allowed`, `proof_invalid`; `delegation_revoked` for a banned agent or key; `store_unavailable`
 */
export async function open(ctx: Context, input: unknown): Promise<Issued> {
  const now = ctx.clock.now();
  const request = parseShape(openRequestSchema, input, "invalid_request");
  const delegatee = readDelegatee(ctx, request, now, request.depth ?? ctx.config.depth);
  const { grant } = delegatee;
  if (grant.expiresAt > now + ctx.config.lifetimeMsMax) {
    throw new DelegationError("lifetime_invalid", "root would live too long", {
      rule: "expiresAt",
    });
  }
  const identity = identityOf(ctx, delegatee, "", now);
  const { authority, digest } = authorityOf(grant);
  const id = uuidv7(now, ctx.random);
  const tenant = request.tenant ?? ctx.config.tenant;
  const tree: TreeRecord = {
    tenant,
    id,
    principal: request.principal,
    trigger: request.trigger,
    createdAt: now,
    expiresAt: grant.expiresAt,
    ...(request.leaseSeconds === undefined
      ? {}
      : { lease: { until: now + request.leaseSeconds * 1_000, state: "held" as const } }),
  };
  const hop: HopDraft = {
    tenant,
    tree: id,
    id,
    depth: 0,
    agent: delegatee.agent,
    identity,
    holder: delegatee.holder.thumbprint,
    authority: digest,
    createdAt: now,
    expiresAt: grant.expiresAt,
    origin: "coordinator",
    bearer: delegatee.bearer,
  };
  const event = hopEvent("hop.opened", hop, {
    principal: request.principal,
    data: { trigger: request.trigger, expiresAt: grant.expiresAt },
  });
  const { result, seen } = await retryBehind(ctx, tree.id, (at) =>
    ctx.store.open(tree, { hop, authority, initial: "active", seen: at.position, event, now }),
  );
  return issue(
    ctx,
    {
      principal: request.principal,
      lineage: [chainHopOf(result.hop)],
      hop: result.hop,
      authority,
      holder: delegatee.holder,
      until: tree.lease?.until ?? Number.POSITIVE_INFINITY,
      generation: seen.generation,
      position: result.hop.position,
      outcome: result.outcome,
    },
    now,
  );
}
