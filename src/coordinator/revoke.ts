/** `revoke`: cuts a tree at a boundary. @module */
import { DelegationError } from "../base/error.js";
import type { Boundary } from "../wire/cut.js";
import { parseShape } from "../wire/shape.js";
import { revokeRequestSchema } from "../wire/verb-request.js";
import { type Actor, type Entitled, entitle, notEntitled, reaches } from "./actor.js";
import { barrierOf, enforced } from "./barrier.js";
import type { Context } from "./context.js";
import { placeEvent } from "./event.js";
import type { Barrier } from "./guard-reports.js";
import { actingHop } from "./present.js";
import type { CutResult } from "./store.js";

/** A cut that is applied. */
export interface Revoked extends CutResult {
  readonly applied: true;
  /** Who had it when this was answered; absent where no guard reports, or nobody could tell. */
  readonly barrier?: Barrier;
}

/**
 * Cuts. One write, whatever lies below; whatever state the hop is in, also for a hop never seen. Final: nothing is un-revoked.
 *
 * An operator may cut at any boundary of its tenant; an id that does not exist there is answered like one that does. A holder
 * may cut its own hop, below it, and any hop below; the root's holder the whole tree.
 *
 * With `wait: "guards"` it answers once every guard has the cut or denies by construction, and says which does what: it is in force
 * everywhere then.
 *
 * @throws {DelegationError} `invalid_request` for an empty or wildcard selector; `not_entitled`; `store_unavailable`
 */
export async function revoke(ctx: Context, actor: Actor, input: object): Promise<Revoked> {
  const now = ctx.clock.now();
  const { boundary, reason, wait } = parseShape(revokeRequestSchema, input, "invalid_request");
  refuseWildcard(boundary);
  const who = await entitle(ctx, actor, "revoke", input, now);
  if (!(await mayCut(ctx, who, boundary))) throw notEntitled();
  const { tenant } = who;
  const event = {
    ...placeEvent("cut", placeOf(tenant, boundary), { by: who.by, reason, data: { boundary } }),
  };
  const result = await ctx.store.revoke({ tenant, boundary, event, now });
  if (result.fresh) ctx.telemetry.count("legate_hops_revoked_total", { reason: boundary.kind });
  const { guards } = ctx;
  const tree = "tree" in boundary ? boundary.tree : undefined;
  const barrier = await (wait === "guards"
    ? enforced(guards, result, tree, ctx.clock)
    : barrierOf(guards, result, tree));
  return { ...result, applied: true, ...(barrier === undefined ? {} : { barrier }) };
}

/** A selector that looks like a pattern is a mistake that would cut nothing, or a wish that would cut everything. */
function refuseWildcard(boundary: Boundary): void {
  const bad = Object.entries(boundary).find(([, name]) => name.trim() === "" || name.includes("*"));
  if (bad === undefined) return;
  throw new DelegationError("invalid_request", "a cut names one place, not a pattern", {
    rule: `boundary.${bad[0]}`,
  });
}

async function mayCut(ctx: Context, who: Entitled, boundary: Boundary): Promise<boolean> {
  const { chain } = who;
  if (chain === undefined) return true;
  switch (boundary.kind) {
    case "hop":
    case "below":
      return boundary.tree === chain.tree && reaches(ctx, chain, boundary.hop, "own");
    case "tree":
      return boundary.tree === chain.tree && actingHop(chain).id === chain.hops[0]?.id;
    default:
      return false;
  }
}

function placeOf(tenant: string, boundary: Boundary) {
  return {
    tenant,
    ...("tree" in boundary ? { tree: boundary.tree } : {}),
    ...("hop" in boundary ? { hop: boundary.hop } : {}),
  };
}
