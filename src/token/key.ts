/** Public keys that verify, and private keys that sign without ever showing themselves. @module */
import {
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from "node:crypto";
import { inspect } from "node:util";
import { asciiBytes } from "../base/ascii.js";
import { decodeBase64url } from "../base/base64url.js";
import { sha256Base64url } from "../base/digest.js";
import { DelegationError } from "../base/error.js";
import { type RandomBytes, systemRandom } from "../base/random.js";
import {
  type PrivateJwk,
  type PublicJwk,
  privateJwkSchema,
  publicJwkSchema,
} from "../wire/jose.js";
import { isSafeEd25519Point } from "./point.js";
import { ed25519FromSeed, p256FromRandom, p256FromScalar } from "./private-key.js";

/** Algorithms of the keys that sign here; Ed25519 goes by two names on the wire, see `verifyJws`. */
export type Alg = "EdDSA" | "ES256";

/** What verifies a signature: the algorithm is the key's own. */
export interface VerificationKey {
  readonly alg: string;
  /** RFC 7638 SHA-256 thumbprint: the key's name everywhere. */
  readonly thumbprint: string;
  /** Whether `signature` is this key's over the ASCII bytes of `signingInput`. Never throws for a bad signature. */
  verify(signingInput: string, signature: Uint8Array): boolean;
}

/** A public key that has been checked. */
export interface PublicKey extends VerificationKey {
  readonly alg: Alg;
  readonly key: KeyObject;
  readonly jwk: PublicJwk;
}

/** A private key. It does not leave by `JSON.stringify`, `inspect` or cloning; see {@link exportSigningKey}. */
export interface SigningKey extends PublicKey {
  /** Id in a JWKS: the thumbprint, unless the key file says otherwise. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** Signature over the ASCII bytes of `input`: 64 bytes for both algorithms (ES256: r‖s, RFC 7518 §3.4). */
  sign(input: string): Uint8Array;
}

/**
 * Takes a public JWK in, at about the cost of Node's own import (Ed25519 a few µs, P-256 some tens).
 *
 * @throws {DelegationError} `key_invalid`: private members, another kty or crv, wrong lengths, `alg`, `use` or `key_ops`
 *   that contradict, an Ed25519 point of low order or not canonical, a P-256 point that is not on the curve.
 */
export function importPublicKey(jwk: unknown): PublicKey {
  const plain = plainEddsaJwk(jwk);
  if (plain !== undefined) return publicKeyFrom(plain);
  const parsed = publicJwkSchema.safeParse(jwk);
  if (!parsed.success) throw keyInvalid("not a public key of a known kind");
  return publicKeyFrom(namingMembers(parsed.data));
}

/** Makes a fresh signing key; `random` other than the system's is for tests. */
export function generateSigningKey(
  alg: Alg = "EdDSA",
  random: RandomBytes = systemRandom,
): SigningKey {
  const privateKey = alg === "EdDSA" ? ed25519FromSeed(random(32)) : p256FromRandom(random);
  return signingKeyFrom(privateKey);
}

/**
 * Takes a private JWK in, from a key file.
 *
 * @throws {DelegationError} `key_invalid`, also when the public members are not those of the private one.
 */
export function importSigningKey(privateJwk: unknown): SigningKey {
  const parsed = privateJwkSchema.safeParse(privateJwk);
  if (!parsed.success) throw keyInvalid("not a private key of a known kind");
  const { data } = parsed;
  const key = signingKeyFrom(privateKeyFrom(data), data.kid);
  if (thumbprint(namingMembers(data)) === key.thumbprint) return key;
  throw keyInvalid("public and private members are not of one key");
}

/** The private JWK, for a key file and nothing else. */
export function exportSigningKey(key: SigningKey): PrivateJwk {
  const { d } = key.privateKey.export({ format: "jwk" });
  return privateJwkSchema.parse({ ...key.jwk, alg: key.alg, use: "sig", kid: key.kid, d });
}

/** RFC 7638 SHA-256 thumbprint. */
export function thumbprint(jwk: PublicJwk): string {
  // The members are strict base64url, so this is JSON, in the order that RFC 7638 §3.3 asks for.
  const text =
    jwk.kty === "OKP"
      ? `{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`
      : `{"crv":"P-256","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`;
  return sha256Base64url(text);
}

/** The URI of a SHA-256 thumbprint (RFC 9278 §3): `iss` of a link. */
export function thumbprintUri(thumb: string): string {
  return `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${thumb}`;
}

/** What nearly all holder keys are: exactly the naming members, of an Ed25519 key. All else is for the schema to judge. */
function plainEddsaJwk(jwk: unknown): PublicJwk | undefined {
  if (typeof jwk !== "object" || jwk === null) return undefined;
  const { kty, crv, x } = jwk as { kty?: unknown; crv?: unknown; x?: unknown };
  if (kty !== "OKP" || crv !== "Ed25519" || typeof x !== "string") return undefined;
  return x.length === 43 && Object.keys(jwk).length === 3 ? { crv, kty, x } : undefined;
}

function publicKeyFrom(jwk: PublicJwk): PublicKey {
  if (jwk.kty === "EC") {
    decodeStrictly(jwk.x);
    decodeStrictly(jwk.y);
    return ecdsaKey(jwk);
  }
  if (isSafeEd25519Point(jwk.x)) return new EddsaKey(jwk);
  throw keyInvalid("point is not in strict base64url, not canonical or of low order");
}

/**
 * Node's import looks at nothing but the length here, so it can wait until the key is used: most leaves' never are. The
 * first use imports in passing, and no object is made: most keys between root and leaf verify once.
 *
 * A class, since a literal with an accessor costs as much as all the rest.
 */
class EddsaKey implements PublicKey {
  readonly alg = "EdDSA";
  readonly jwk: PublicJwk;
  readonly thumbprint: string;
  #made: KeyObject | undefined;
  #used = false;

  constructor(jwk: PublicJwk) {
    this.jwk = jwk;
    this.thumbprint = eddsaThumbprint(jwk.x);
  }

  get key(): KeyObject {
    this.#made ??= nodePublicKey(this.jwk);
    return this.#made;
  }

  verify(input: string, signature: Uint8Array): boolean {
    if (signature.length !== 64) return false;
    const again = this.#used || this.#made !== undefined;
    this.#used = true;
    const key = again ? this.key : { key: this.jwk as JsonWebKey, format: "jwk" as const };
    return verifyBytes(null, asciiBytes(input), key, signature);
  }
}

/** {@link thumbprint} of a key whose point was found to be strict base64url: written where it stands in the text. */
function eddsaThumbprint(x: string): string {
  EDDSA_TEXT.write(x, EDDSA_X_AT, "latin1");
  return sha256Base64url(EDDSA_TEXT);
}

const EDDSA_HEAD = '{"crv":"Ed25519","kty":"OKP","x":"';
const EDDSA_X_AT = EDDSA_HEAD.length;
const EDDSA_TEXT = Buffer.from(`${EDDSA_HEAD}${"A".repeat(43)}"}`, "latin1");

function ecdsaKey(jwk: PublicJwk): PublicKey {
  const key = nodePublicKey(jwk);
  const how = { key, dsaEncoding: "ieee-p1363" } as const;
  return {
    alg: "ES256",
    key,
    jwk,
    thumbprint: thumbprint(jwk),
    verify: (input, signature) =>
      signature.length === 64 && verifyBytes("sha256", asciiBytes(input), how, signature),
  };
}

function signingKeyFrom(privateKey: KeyObject, kid?: string): SigningKey {
  const jwk = createPublicKey(privateKey).export({ format: "jwk" });
  const shown = importPublicKey(jwk);
  const sign =
    shown.alg === "EdDSA"
      ? (input: string) => signBytes(null, asciiBytes(input), privateKey)
      : (input: string) =>
          signBytes("sha256", asciiBytes(input), {
            key: privateKey,
            dsaEncoding: "ieee-p1363",
          });
  const key: SigningKey = {
    alg: shown.alg,
    jwk: shown.jwk,
    thumbprint: shown.thumbprint,
    key: shown.key,
    verify: (input, signature) => shown.verify(input, signature),
    kid: kid ?? shown.thumbprint,
    sign,
    privateKey,
  };
  const face = () => ({ ...shown.jwk, kid: key.kid });
  const hidden = { enumerable: false };
  return Object.defineProperties(key, {
    privateKey: hidden,
    toJSON: { ...hidden, value: face },
    [inspect.custom]: { ...hidden, value: () => `SigningKey ${inspect(face())}` },
  });
}

function namingMembers(jwk: PublicJwk): PublicJwk {
  return jwk.kty === "OKP"
    ? { crv: jwk.crv, kty: jwk.kty, x: jwk.x }
    : { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y };
}

/** Strict base64url: a second spelling of one key would have a second thumbprint. */
function decodeStrictly(member: string): Uint8Array {
  try {
    return decodeBase64url(member);
  } catch (cause) {
    throw keyInvalid("a member is not strict base64url", cause);
  }
}

function nodePublicKey(jwk: PublicJwk): KeyObject {
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
  } catch (cause) {
    throw keyInvalid("not a point on the curve", cause);
  }
}

function privateKeyFrom(jwk: PrivateJwk): KeyObject {
  const d = decodeStrictly(jwk.d);
  try {
    return jwk.kty === "OKP" ? ed25519FromSeed(d) : p256FromScalar(d);
  } catch (cause) {
    throw keyInvalid("not a private key", cause);
  }
}

function keyInvalid(message: string, cause?: unknown): DelegationError {
  return new DelegationError("key_invalid", message, { rule: "jwk", cause });
}
