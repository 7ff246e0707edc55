/** Who may never approve: the agents of the chain, and the principal where the operator says so. @module */
import type { Principal } from "../chain/verified-chain.js";
import type { Context } from "./context.js";

/** Ids that no approval of this chain's may come from, in every spelling that names them. */
export function excludedBy(
  ctx: Context,
  hops: readonly { readonly agent: string }[],
  principal: Principal,
): string[] {
  const excluded = new Set(hops.map(({ agent }) => agent));
  if (!ctx.config.principalApproves) {
    excluded.add(principal.subject).add(`${principal.issuer} ${principal.subject}`);
  }
  return [...excluded];
}
