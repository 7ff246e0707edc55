/** `claim`: whoever holds a hop's key fetches its token, after an approval or a narrowing that they did not ask for. @module */
import { sha256Base64url } from "../base/digest.js";
import { DelegationError } from "../base/error.js";
import { PROOF_KEPT_MS } from "../base/limits.js";
import { verifyAatProof } from "../token/aat-proof.js";
import { importPublicKey } from "../token/key.js";
import { parseShape } from "../wire/shape.js";
import { claimRequestSchema } from "../wire/verb-request.js";
import type { Context } from "./context.js";
import type { Issued } from "./issue.js";
import { toolOf } from "./present.js";
import { freshAnchor } from "./renew.js";

/**
 * Gives the anchor of a hop to the holder of its key.
 *
 * There is no token to present yet, so the proof is an AAT proof by the holder key that names the hop in the token's place.
 *
 * @param proof For the tool `legate.claim`, the hop's id as token id, the coordinator's issuer as audience, the request as arguments.
 * @throws {DelegationError} `proof_invalid`, `proof_expired`, `proof_replayed`; `hop_not_found` also for another key than the hop's;
 *   `approval_pending`, `approval_denied`, `delegation_revoked`, `delegation_suspended`, `hop_not_active`, `lease_lapsed`
 */
export async function claim(
  ctx: Context,
  who: { readonly proof: string; readonly tenant?: string },
  input: object,
): Promise<Issued> {
  const now = ctx.clock.now();
  const request = parseShape(claimRequestSchema, input, "invalid_request");
  const holder = importPublicKey(request.holderKey);
  const proved = verifyAatProof(who.proof, {
    key: holder,
    tokenId: request.hop,
    tool: toolOf("claim"),
    arguments: input,
    audience: ctx.config.issuer,
    nowMs: now,
  });
  const tenant = who.tenant ?? ctx.config.tenant;
  // Before the proof is remembered: a stranger, whose key is no hop's, must not fill that memory.
  const known = await ctx.store.hop(tenant, request.hop);
  if (known?.holder !== holder.thumbprint) {
    throw new DelegationError("hop_not_found", "no such hop");
  }
  const once = sha256Base64url(`legate-claim\n${proved.jkt}\n${proved.jti}`);
  const until = proved.issuedAtMs + PROOF_KEPT_MS;
  if (!(await ctx.replay.claim(once, until, now))) {
    throw new DelegationError("proof_replayed", "proof was shown before", { rule: "jti" });
  }
  return freshAnchor(ctx, known, holder, now);
}
