/** `complete`: the task is over, and so is the authority that it had. @module */
import { parseShape } from "../wire/shape.js";
import { hopRequestSchema } from "../wire/verb-request.js";
import { type Actor, entitle, reachedHop } from "./actor.js";
import type { Context } from "./context.js";
import { hopEvent } from "./event.js";
import type { CutResult } from "./store.js";

/**
 * Ends a hop because its task is done, failed or was given up; everything below is cut in the same step.
 *
 * An operator may complete any hop, a holder its own and those below.
 *
 * @throws {DelegationError} `hop_not_found`, `not_entitled`, `illegal_transition`
 */
export async function complete(ctx: Context, actor: Actor, input: object): Promise<CutResult> {
  const now = ctx.clock.now();
  const request = parseShape(hopRequestSchema, input, "invalid_request");
  const who = await entitle(ctx, actor, "complete", input, now);
  const hop = await reachedHop(ctx, who, request.hop, "own");
  return ctx.store.complete({
    tenant: hop.tenant,
    tree: hop.tree,
    hop: hop.id,
    event: hopEvent("hop.completed", hop, { by: who.by, reason: request.reason }),
    now,
  });
}
