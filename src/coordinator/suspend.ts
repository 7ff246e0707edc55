/** `suspend`: stops a hop and everything below, for now. @module */
import { opaqueId } from "../base/id.js";
import { parseShape } from "../wire/shape.js";
import { hopRequestSchema } from "../wire/verb-request.js";
import { type Actor, entitle, reachedHop } from "./actor.js";
import type { Context } from "./context.js";
import { hopEvent } from "./event.js";
import { actingHop } from "./present.js";
import type { CutResult } from "./store.js";

/**
 * Suspends a hop. The entry's id names this suspension; `resume` names it again. The hop is suspended while any one of its
 * suspensions is not lifted.
 *
 * An operator may suspend any hop, a holder those below its own.
 *
 * @throws {DelegationError} `hop_not_found`, `not_entitled`, `illegal_transition`
 */
export async function suspend(ctx: Context, actor: Actor, input: object): Promise<CutResult> {
  const now = ctx.clock.now();
  const request = parseShape(hopRequestSchema, input, "invalid_request");
  const who = await entitle(ctx, actor, "suspend", input, now);
  const hop = await reachedHop(ctx, who, request.hop, "below");
  const holder = who.chain === undefined ? undefined : actingHop(who.chain).id;
  const suspension = opaqueId(suspensionPrefix(holder), ctx.random);
  return ctx.store.suspend({
    tenant: hop.tenant,
    tree: hop.tree,
    hop: hop.id,
    suspension,
    event: hopEvent("hop.suspended", hop, { by: who.by, reason: request.reason }),
    now,
  });
}

/** The coordinator alone makes these ids, so they tell whose suspension it is: a holder may lift its own and no other. */
export function suspensionPrefix(holder: string | undefined): string {
  return holder === undefined ? "sus" : `sus.${holder}`;
}
