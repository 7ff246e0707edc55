/** `preview`: what a cut would stop; asked beside the cut, never in its way. @module */
import { parseShape } from "../wire/shape.js";
import { revokeRequestSchema } from "../wire/verb-request.js";
import type { Operator } from "./actor.js";
import type { Context } from "./context.js";
import type { RunningCall } from "./guard-reports.js";
import type { Preview } from "./store.js";

/** Counts, and what runs at this moment as far as guards have reported it. */
export interface CutPreview extends Preview {
  /** Calls in the trees that the boundary names; absent where no guard reports. */
  readonly callsInFlight?: number;
}

/** @throws {DelegationError} `invalid_request`, `store_unavailable` */
export async function preview(ctx: Context, who: Operator, input: unknown): Promise<CutPreview> {
  const { boundary } = parseShape(revokeRequestSchema, input, "invalid_request");
  const tenant = who.tenant ?? ctx.config.tenant;
  const counted = await ctx.store.preview(tenant, boundary);
  if (ctx.guards === undefined) return counted;
  const reports = await ctx.guards.reports("tree" in boundary ? boundary.tree : undefined);
  const running = reports.flatMap((report) => report.callsInFlight);
  const inTenant = running.filter((call) => call.tenant === tenant);
  return { ...counted, callsInFlight: inTenant.filter((call) => stops(boundary, call)).length };
}

type Place = ReturnType<typeof revokeRequestSchema.parse>["boundary"];

/** Boundaries that name no place in a tree stop what only the guards can tell: every call of the tenant counts. */
function stops(boundary: Place, call: RunningCall): boolean {
  switch (boundary.kind) {
    case "hop":
      return call.tree === boundary.tree && call.hops.includes(boundary.hop);
    case "below":
      return call.tree === boundary.tree && call.hops.slice(0, -1).includes(boundary.hop);
    case "tree":
      return call.tree === boundary.tree;
    default:
      return true;
  }
}
