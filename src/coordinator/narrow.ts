/** `narrow`: the scope of a task changed, so its hop is replaced by a narrower one. @module */
import { DelegationError } from "../base/error.js";
import { uuidv7 } from "../base/id.js";
import { attenuate } from "../grant/attenuate.js";
import { importPublicKey, type PublicKey } from "../token/key.js";
import { type Authority, type Grant, type Limits, parseGrant } from "../wire/grant.js";
import type { HopRecord } from "../wire/record.js";
import { parseShape } from "../wire/shape.js";
import { narrowRequestSchema } from "../wire/verb-request.js";
import { type Actor, type Entitled, entitle, notEntitled, reachedHop } from "./actor.js";
import type { Context } from "./context.js";
import { authorityOf, wholeSeconds } from "./delegatee.js";
import { hopEvent } from "./event.js";
import type { Issued } from "./issue.js";
import { actingHop } from "./present.js";
import { freshAnchor, holderOf } from "./renew.js";
import { retryBehind } from "./retry.js";
import type { HopDraft } from "./store.js";

/** The successor. */
export interface Narrowed {
  readonly hop: HopRecord;
  /** Absent when whoever asked does not hold the key: the holder fetches its token with `claim`. */
  readonly issued?: Issued;
}

/**
 * Replaces a hop by a narrower successor: same agent, same parent, the same counters. The predecessor is superseded and
 * everything below it cut, in the same step; a later cut of the predecessor cuts the successor too.
 *
 * An operator may narrow any hop, a holder its own and those below. A new holder key is for an operator or the hop's own holder to
 * name: a delegator that could would get what it may only hand on.
 *
 * @throws {DelegationError} `hop_not_found`, `not_entitled`; `grant_exceeds_parent`, naming every escape; as `store.narrow`
 */
export async function narrow(ctx: Context, actor: Actor, input: object): Promise<Narrowed> {
  const now = ctx.clock.now();
  const request = parseShape(narrowRequestSchema, input, "invalid_request");
  const key = request.holderKey === undefined ? undefined : importPublicKey(request.holderKey);
  const asked = parseGrant(request.grant, { now, defaults: { lifetimeMs: ctx.config.lifetimeMs } });
  const stated = (request.grant as { expiresAt?: unknown }).expiresAt !== undefined;
  const who = await entitle(ctx, actor, "narrow", input, now);
  const before = await reachedHop(ctx, who, request.hop, "own");
  refuseForeignKey(who, before, key);
  const held: Grant = { ...(await ctx.store.authority(before)), expiresAt: before.expiresAt };
  const expiresAt = stated ? asked.expiresAt : Math.min(asked.expiresAt, held.expiresAt);
  const grant = within(held, { ...asked, expiresAt: wholeSeconds(expiresAt, now) });
  const { authority, digest } = authorityOf(grant);
  const hop = successorOf(
    before,
    { key, digest, expiresAt: grant.expiresAt },
    uuidv7(now, ctx.random),
    now,
  );
  const remarks = { by: who.by, reason: request.reason };
  const event = hopEvent("hop.superseded", hop, remarks);
  const { result } = await retryBehind(ctx, hop.tree, (at) =>
    ctx.store.narrow({
      hop,
      authority,
      initial: "active",
      seen: at.position,
      event,
      now,
      predecessor: before.id,
    }),
  );
  const holder = key ?? ownKey(who, before);
  if (holder === undefined) return { hop: result.hop };
  return {
    hop: result.hop,
    issued: await freshAnchor(ctx, result.hop, holder, now),
  };
}

/**
 * Checks that `child` gives no more than `held` did, to the same agent in the same place.
 *
 * It is no delegation: what may only be used, or only handed on, stays with the hop and stays so marked; no depth is used up.
 *
 * @throws {DelegationError} `grant_exceeds_parent`
 */
function within(held: Grant, child: Grant): Grant {
  const { delegateOnly, useOnly, ...limits } = held.limits;
  const depth = held.limits.depth;
  const place: Limits = { ...limits, ...(depth === undefined ? {} : { depth: depth + 1 }) };
  const grant = attenuate({ ...held, limits: place }, child, {});
  const kept: Limits = {
    ...grant.limits,
    ...marks(child, "delegateOnly", delegateOnly),
    ...marks(child, "useOnly", useOnly),
  };
  return { ...grant, limits: kept };
}

/** A mark can be added and never taken off a tool that stays. */
function marks(
  child: Authority,
  member: "delegateOnly" | "useOnly",
  before: readonly string[] | undefined,
): Partial<Limits> {
  const due = (before ?? []).filter((tool) => Object.hasOwn(child.tools, tool));
  const stated = child.limits[member];
  if (stated === undefined) return before === undefined ? {} : { [member]: due };
  if (due.every((tool) => stated.includes(tool))) return { [member]: stated };
  throw new DelegationError("grant_exceeds_parent", `child exceeds parent in: limits.${member}`, {
    rule: `limits.${member}`,
  });
}

function successorOf(
  before: HopRecord,
  made: { key: PublicKey | undefined; digest: string; expiresAt: number },
  id: string,
  now: number,
): HopDraft {
  const holder = made.key?.thumbprint ?? before.holder;
  return {
    tenant: before.tenant,
    tree: before.tree,
    id,
    ...(before.parent === undefined ? {} : { parent: before.parent }),
    depth: before.depth,
    agent: before.agent,
    // The agent's identity key signed the first key; of another one it has said nothing.
    identity: holder === before.holder ? before.identity : "asserted",
    holder,
    authority: made.digest,
    createdAt: now,
    expiresAt: made.expiresAt,
    origin: "coordinator",
    bearer: before.bearer,
    predecessor: before.id,
  };
}

function refuseForeignKey(who: Entitled, before: HopRecord, key: PublicKey | undefined): void {
  if (key === undefined || who.chain === undefined || key.thumbprint === before.holder) return;
  if (actingHop(who.chain).id !== before.id) throw notEntitled();
}

function ownKey({ chain }: Entitled, before: HopRecord): PublicKey | undefined {
  return chain?.holder === before.holder ? holderOf(chain) : undefined;
}
