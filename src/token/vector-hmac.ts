/**
 * HS256 keys, for the vector runner ONLY: published vectors are signed with a shared secret.
 *
 * Whoever can verify with such a key can sign with it, so it proves nothing about who did. Imported by the
 * vector runner alone, and listed by no door.
 *
 * @module
 */
import { decodeBase64url } from "../base/base64url.js";
import { equalConstantTime, hmacSha256, sha256Base64url } from "../base/digest.js";
import { DelegationError } from "../base/error.js";
import type { VerificationKey } from "./key.js";

/**
 * The verification key of an `oct` JWK. The accepted list must name `HS256` besides.
 *
 * @throws {DelegationError} `key_invalid`
 */
export function hmacVerificationKey(jwk: Readonly<Record<string, unknown>>): VerificationKey {
  const { kty, k } = jwk;
  if (kty !== "oct" || typeof k !== "string") {
    throw new DelegationError("key_invalid", "not a shared secret", { rule: "jwk" });
  }
  const secret = decodeBase64url(k);
  return {
    alg: "HS256",
    thumbprint: sha256Base64url(`{"k":"${k}","kty":"oct"}`),
    verify: (input, signature) => equalConstantTime(hmacSha256(secret, input), signature),
  };
}
