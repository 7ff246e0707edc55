/** `resume`: lifts one suspension. @module */
import { parseShape } from "../wire/shape.js";
import { resumeRequestSchema } from "../wire/verb-request.js";
import { type Actor, entitle, notEntitled, reachedHop } from "./actor.js";
import type { Context } from "./context.js";
import { hopEvent } from "./event.js";
import { actingHop } from "./present.js";
import type { CutResult } from "./store.js";
import { suspensionPrefix } from "./suspend.js";

const RANDOM_CHARS = 22;

/**
 * Lifts one suspension; the hop is active again when none is left, with what it had, and never past a cut or its expiry.
 *
 * An operator may lift any, a holder those that it made itself.
 *
 * @throws {DelegationError} `hop_not_found`, `not_entitled`, `illegal_transition`
 */
export async function resume(ctx: Context, actor: Actor, input: object): Promise<CutResult> {
  const now = ctx.clock.now();
  const request = parseShape(resumeRequestSchema, input, "invalid_request");
  const who = await entitle(ctx, actor, "resume", input, now);
  if (who.chain !== undefined && !isOwn(request.suspension, actingHop(who.chain).id)) {
    throw notEntitled();
  }
  const hop = await reachedHop(ctx, who, request.hop, "below");
  return ctx.store.resume({
    tenant: hop.tenant,
    tree: hop.tree,
    hop: hop.id,
    suspension: request.suspension,
    event: hopEvent("hop.resumed", hop, { by: who.by, reason: request.reason }),
    now,
  });
}

function isOwn(suspension: string, holder: string): boolean {
  const prefix = `${suspensionPrefix(holder)}_`;
  return suspension.startsWith(prefix) && suspension.length === prefix.length + RANDOM_CHARS;
}
