/** Who asks for a change: an operator, or the holder of a hop, who may touch its own hop and what lies below. @module */
import { DelegationError } from "../base/error.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { HopRecord } from "../wire/record.js";
import type { Context } from "./context.js";
import { actingHop, type Presented, present, type Verb, type Vouched } from "./present.js";

/** An operator of a tenant, as the caller has authenticated them; they may touch any hop of it. */
export interface Operator {
  readonly operator: string;
  readonly tenant?: string;
}

/** Whoever asks. */
export type Actor = Operator | Presented | Vouched;

/** An actor whose right to speak is established; what they may touch is not. */
export interface Entitled {
  readonly tenant: string;
  /** For the audit: operator or agent. */
  readonly by: string;
  /** Absent for an operator. */
  readonly chain: VerifiedChain | undefined;
}

/** @throws {DelegationError} as `verifyChain` and `checkPossession`, for a holder */
export async function entitle(
  ctx: Context,
  actor: Actor,
  verb: Verb,
  request: object,
  now: number,
): Promise<Entitled> {
  if ("operator" in actor) {
    return { tenant: actor.tenant ?? ctx.config.tenant, by: actor.operator, chain: undefined };
  }
  const { chain } = await present(ctx, actor, verb, request, now);
  return { tenant: chain.tenant, by: actingHop(chain).agent, chain };
}

/**
 * The record of a hop that the actor may touch.
 *
 * @param reach `own`: a holder's own hop as well; `below`: only what lies under it.
 * @throws {DelegationError} `hop_not_found` to an operator, `not_entitled` to a holder, alike for a hop that does not exist,
 *   one of another tenant, and one out of reach
 */
export async function reachedHop(
  ctx: Context,
  who: Entitled,
  id: string,
  reach: "own" | "below",
): Promise<HopRecord> {
  const hop = await ctx.store.hop(who.tenant, id, who.chain?.tree);
  if (who.chain === undefined) {
    if (hop !== undefined) return hop;
    throw new DelegationError("hop_not_found", "no such hop");
  }
  if (hop !== undefined && (await reaches(ctx, who.chain, id, reach))) return hop;
  throw notEntitled();
}

/** Whether the hop is the holder's own, or lies below it as the store knows the tree. */
export async function reaches(
  ctx: Context,
  chain: VerifiedChain,
  id: string,
  reach: "own" | "below",
): Promise<boolean> {
  const own = actingHop(chain).id;
  if (id === own) return reach === "own";
  try {
    const nodes = await ctx.store.chain(chain.tenant, id, chain.tree);
    return nodes.some(({ hop }) => hop.id === own);
  } catch (thrown) {
    if (thrown instanceof DelegationError && thrown.code === "hop_not_found") return false;
    throw thrown;
  }
}

/** One answer for everything that a holder may not touch, whether or not it exists. */
export function notEntitled(): DelegationError {
  return new DelegationError("not_entitled", "a holder may touch its own hop and those below");
}
