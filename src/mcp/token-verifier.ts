/** The guard as the SDK's token verifier, for servers that already stand behind `requireBearerAuth`. @module */
import { InvalidTokenError, ServerError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { CODES } from "../base/codes.js";
import type { Denied } from "../guard/decision.js";
import type { Guard } from "../guard/guard.js";
import { type AuthInfo, authInfoOf, TOKEN_SEPARATOR } from "./auth-info.js";

/** The SDK's `OAuthTokenVerifier`, by its structure. */
export interface TokenVerifier {
  /** Who asks with this token; rejects with an error of the SDK's for one that does not hold. */
  verifyAccessToken(token: string): Promise<AuthInfo>;
}

/** For which server tokens are verified. */
export interface TokenVerifierOptions {
  /** Which of the guard's audiences; its first unless told. */
  readonly audience?: string;
}

/**
 * Makes a verifier for `requireBearerAuth({ verifier, expectedResource })`: signatures, links, narrowing, times, cuts, and that the
 * audience is granted.
 *
 * It sees a token's text and nothing else, so it proves no possession and decides no call: `guardTransport` does, behind it. What does
 * not hold becomes the SDK's `InvalidTokenError` (401); a store or feed that cannot tell becomes `ServerError`, which refuses too.
 * Tokens are written nowhere.
 */
export function delegationVerifier(
  guard: Pick<Guard, "examine">,
  options: TokenVerifierOptions = {},
): TokenVerifier {
  const { audience } = options;
  return {
    async verifyAccessToken(token) {
      const tokens = token.split(TOKEN_SEPARATOR);
      const place = audience === undefined ? {} : { audience };
      const examined = await guard.examine({ tokens, ...place });
      if (examined.effect === "deny") throw sdkErrorOf(examined);
      const { chain } = examined;
      const { audience: granted } = chain.grant;
      if (granted.length === 0 || (audience !== undefined && !granted.includes(audience))) {
        throw new InvalidTokenError("audience_mismatch: the token is for another resource");
      }
      return authInfoOf(chain, tokens, audience ?? granted[0] ?? "");
    },
  };
}

/** The SDK answers 401 for one, 500 for the other: it has no class of errors that it answers with 503, as `guardHttp` does. */
function sdkErrorOf({ code, message }: Denied): Error {
  const text = `${code}: ${message}`;
  return CODES[code].resource[0] === 401 ? new InvalidTokenError(text) : new ServerError(text);
}
