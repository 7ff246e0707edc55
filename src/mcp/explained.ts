/** Refusals that say what would have been needed. @module */
import { canonicalize } from "../base/canonical.js";
import { CODES } from "../base/codes.js";
import { CHALLENGE_CHARS_MAX } from "../base/limits.js";
import type { Asked, Denied } from "../guard/decision.js";
import { actOf } from "../wire/mcp.js";
import { credentialsOf } from "./credentials.js";
import type { Desk } from "./decide.js";
import { needOf } from "./http-need.js";
import type { NotificationMessage } from "./message.js";
import type { McpExtra } from "./transport.js";

/**
 * The same refusal with the grant that would have done, as RFC 9396 details in JSON, where a grant is what was lacking: what a challenge
 * over HTTP says, and no argument's value. Possession was proved before grants were looked at. Never rejects.
 */
export function explained(
  { guard, audience, url }: Desk,
  { method, params }: NotificationMessage,
  extra: McpExtra | undefined,
  refusal: Denied | Asked,
): Denied | Asked | Promise<Denied | Asked> {
  if (refusal.effect === "ask" || refusal.required !== undefined) return refusal;
  if (CODES[refusal.code].mcp !== CODES.tool_not_granted.mcp) return refusal;
  const tokens = credentialsOf(params, extra, url)?.tokens;
  if (tokens === undefined) return refusal;
  const explaining = guard.examine({ tokens, audience }).then(({ chain }) => {
    if (chain === undefined) return refusal;
    const { details } = needOf(chain, [actOf(method, params)], audience, () => []);
    const required = canonicalize(details);
    return required.length > CHALLENGE_CHARS_MAX ? refusal : { ...refusal, required };
  });
  return explaining.catch(() => refusal);
}
