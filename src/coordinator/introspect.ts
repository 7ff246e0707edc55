/** `introspect`: whether a chain is active, and what it says, in the words of RFC 7662. @module */
import { DelegationError } from "../base/error.js";
import type { Json, JsonObject } from "../base/json-value.js";
import { hasLimits, toAatDetail, toLimitsDetail } from "../wire/grant.js";
import { activeLeaf, requireLease } from "./alive.js";
import type { Context } from "./context.js";
import { actingHop, verifyTokens } from "./present.js";

/** Exactly this for whatever is not active, and for whatever is not known (RFC 7662 §2.2). */
export interface Inactive {
  readonly active: false;
}

/** What an active chain says; times in whole seconds. */
export interface Active {
  readonly active: true;
  readonly iss: string;
  readonly sub: string;
  readonly client_id: string;
  readonly exp: number;
  readonly iat: number;
  readonly jti: string;
  readonly token_type: "DPoP" | "Bearer";
  readonly scope?: string;
  readonly aud?: readonly string[];
  readonly cnf?: { readonly jkt: string };
  /** Acting agent first, earlier ones nested (RFC 8693 §4.1): for others to read. */
  readonly act: JsonObject;
  readonly authorization_details: readonly Json[];
  readonly tenant: string;
  /** The tree. */
  readonly txn: string;
}

const INACTIVE: Inactive = Object.freeze({ active: false });

/**
 * Tells of a chain as the store sees it now. Whoever asks was authenticated by the caller.
 *
 * Links that have not been exchanged are not active here: nobody has told the store of them, so it cannot say that they are.
 *
 * @throws {DelegationError} `store_unavailable`, `clock_skewed`: not knowing is not an answer
 */
export async function introspect(
  ctx: Context,
  tokens: readonly string[],
): Promise<Active | Inactive> {
  try {
    return await activeAnswer(ctx, tokens);
  } catch (thrown) {
    if (!(thrown instanceof DelegationError) || thrown.row.outcome === "status_unknown") {
      if (!isGeneration(thrown)) throw thrown;
    }
    return INACTIVE;
  }
}

/** An anchor of another generation is not one that we could know later. */
function isGeneration(thrown: unknown): boolean {
  return thrown instanceof DelegationError && thrown.code === "generation_unknown";
}

async function activeAnswer(ctx: Context, tokens: readonly string[]): Promise<Active> {
  const now = ctx.clock.now();
  const chain = verifyTokens(ctx, tokens, now);
  const acting = actingHop(chain);
  activeLeaf(await ctx.store.chain(chain.tenant, acting.id, chain.tree), now);
  const tree = await ctx.store.tree(chain.tenant, chain.tree);
  if (tree === undefined) throw new DelegationError("hop_not_found", "no such tree");
  requireLease(tree, now);
  const { grant } = chain;
  const limits = hasLimits(grant.limits) ? [toLimitsDetail(grant.limits)] : [];
  return {
    active: true,
    iss: chain.issuer,
    sub: chain.principal.subject,
    client_id: acting.agent,
    exp: Math.floor(chain.expiresAt / 1_000),
    iat: Math.floor(chain.issuedAt / 1_000),
    jti: chain.tokenId,
    token_type: chain.bearer ? "Bearer" : "DPoP",
    ...(grant.scopes.length === 0 ? {} : { scope: grant.scopes.join(" ") }),
    ...(grant.audience.length === 0 ? {} : { aud: grant.audience }),
    ...(chain.bearer ? {} : { cnf: { jkt: chain.holder } }),
    act: actOf(chain.hops.map(({ agent }) => agent)),
    authorization_details: [toAatDetail(grant), ...limits],
    tenant: chain.tenant,
    txn: chain.tree,
  };
}

function actOf(agents: readonly string[]): JsonObject {
  let act: JsonObject = {};
  for (const [index, agent] of agents.entries())
    act = index === 0 ? { sub: agent } : { sub: agent, act };
  return act;
}
