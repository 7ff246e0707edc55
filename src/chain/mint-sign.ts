/** The last step of minting: judged as a verifier will judge it, then signed. @module */
import type { JsonObject } from "../base/json-value.js";
import { signJws } from "../token/jws.js";
import type { SigningKey } from "../token/key.js";
import type { Origin } from "./assemble.js";
import { judgeDraft } from "./judge.js";
import type { Profile } from "./profile.js";

/**
 * Signs claims as a token below `origin`, or as a root.
 *
 * @throws {DelegationError} whatever a verifier would refuse the token for, its signature aside; `too_large`.
 */
export function signToken(
  claims: JsonObject,
  origin: Origin | undefined,
  profile: Profile,
  { key, now }: { readonly key: SigningKey; readonly now: number },
): string {
  const rule = origin === undefined ? profile.typ.root : profile.typ.child;
  judgeDraft(claims, origin?.token, { profile, trust: undefined, now }, key.thumbprint);
  const showsKey =
    origin !== undefined &&
    profile.childSigner === "delegator" &&
    origin.token.holderKey === undefined;
  const header = {
    alg: key.alg === "EdDSA" ? profile.edAlg : key.alg,
    ...(profile.canonical ? { c14n: "JCS" as const } : {}),
    ...(showsKey ? { jwk: key.jwk } : {}),
    ...(origin === undefined || profile.childSigner === "issuer" ? { kid: key.kid } : {}),
    ...("must" in rule ? { typ: rule.must } : {}),
  };
  return signJws(header, claims, key);
}
