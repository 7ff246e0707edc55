/** Sets of keys (RFC 7517 §5), and a ring of them that rotates. Pure data: files and the network are elsewhere. @module */
import { DelegationError } from "../base/error.js";
import { JWKS_KEYS_MAX } from "../base/limits.js";
import { jwksSchema, type PublicJwk } from "../wire/jose.js";
import { type Alg, importPublicKey, type PublicKey, type SigningKey } from "./key.js";

/** A JWKS as it is served. */
export interface Jwks {
  readonly keys: readonly ServedJwk[];
}
/** A public key as a JWKS names it (RFC 7517 §4). */
export type ServedJwk = PublicJwk & {
  readonly kid: string;
  readonly alg: Alg;
  readonly use: "sig";
};

/** Keys by id: what signs now, and all that verifies what was signed before. */
export interface KeyRing {
  readonly current: SigningKey;
  /** By `kid`; the current one is in it. */
  readonly verification: ReadonlyMap<string, PublicKey>;
}

/**
 * Reads a JWKS. A key without `kid` goes by its thumbprint. Keys of a kind that does not sign here are left out (§5).
 *
 * @throws {DelegationError} `key_invalid` when it is no JWKS, names one `kid` twice, or holds a key of a known kind that
 *   `importPublicKey` refuses; `too_large`.
 */
export function parseJwks(value: unknown): ReadonlyMap<string, PublicKey> {
  const parsed = jwksSchema.safeParse(value);
  if (!parsed.success) throw new DelegationError("key_invalid", "not a set of keys");
  if (parsed.data.keys.length > JWKS_KEYS_MAX) {
    throw new DelegationError("too_large", "set of keys is larger than its ceiling");
  }
  const keys = new Map<string, PublicKey>();
  for (const jwk of parsed.data.keys) {
    if (!signsHere(jwk)) continue;
    const key = importPublicKey(jwk);
    const kid = jwk.kid ?? key.thumbprint;
    if (keys.has(kid)) throw new DelegationError("key_invalid", "two keys have one id");
    keys.set(kid, key);
  }
  return keys;
}

/** The JWKS of these keys, by id. Holds no private member, whatever keys come in. */
export function publicJwks(keys: ReadonlyMap<string, PublicKey>): Jwks {
  const served = [...keys].map(
    ([kid, { alg, jwk }]): ServedJwk => ({ ...jwk, kid, alg, use: "sig" }),
  );
  return { keys: served };
}

/** A ring that signs with `current` and also verifies what `previous` signed. */
export function keyRing(current: SigningKey, previous?: ReadonlyMap<string, PublicKey>): KeyRing {
  const verification = new Map<string, PublicKey>(previous);
  const taken = verification.get(current.kid);
  if (taken !== undefined && taken.thumbprint !== current.thumbprint) {
    throw new DelegationError("key_invalid", "another key has this id");
  }
  // The public part alone: who is handed the verification keys must not be able to sign.
  return { current, verification: verification.set(current.kid, importPublicKey(current.jwk)) };
}

/** Puts `next` in charge: the key before it verifies what it signed, and signs nothing more. */
export function rotate(ring: KeyRing, next: SigningKey): KeyRing {
  return keyRing(next, ring.verification);
}

/**
 * Forgets a previous key, once nothing that it signed is alive.
 *
 * @throws {DelegationError} `key_invalid` for the current one.
 */
export function retire(ring: KeyRing, kid: string): KeyRing {
  if (kid === ring.current.kid) {
    throw new DelegationError("key_invalid", "the current key cannot be retired");
  }
  const verification = new Map(ring.verification);
  verification.delete(kid);
  return { current: ring.current, verification };
}

function signsHere(jwk: unknown): jwk is { readonly kid?: string } {
  if (typeof jwk !== "object" || jwk === null) {
    throw new DelegationError("key_invalid", "a key is not an object");
  }
  const { kty, crv, use } = jwk as Readonly<Record<string, unknown>>;
  if (use === "enc") return false;
  return (kty === "OKP" && crv === "Ed25519") || (kty === "EC" && crv === "P-256");
}
