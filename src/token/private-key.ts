/** Private keys from given randomness; Node's own generator takes none. @module */
import { createECDH, createPrivateKey, type KeyObject } from "node:crypto";
import { encodeBase64url } from "../base/base64url.js";
import type { RandomBytes } from "../base/random.js";

/** PKCS #8 up to the 32 bytes of the key (RFC 8410 §7). */
const ED25519_PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const X25519_PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");
/** A number outside 1 … n − 1 has a chance of 2^-32 on P-256: randomness that keeps giving them is broken. */
const P256_ATTEMPTS_MAX = 8;

/** The Ed25519 key of a 32-byte seed (RFC 8032 §5.1.5). */
export function ed25519FromSeed(seed: Uint8Array): KeyObject {
  return fromPkcs8(ED25519_PKCS8, seed);
}

/** The X25519 key of 32 bytes (RFC 7748 §5). */
export function x25519FromSeed(seed: Uint8Array): KeyObject {
  return fromPkcs8(X25519_PKCS8, seed);
}

/**
 * The P-256 key of a number of 32 bytes. The public part is computed: Node would take any that stands beside it.
 *
 * Throws what OpenSSL throws for a number outside 1 … n − 1.
 */
export function p256FromScalar(d: Uint8Array): KeyObject {
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(d);
  const point = curve.getPublicKey();
  const x = encodeBase64url(point.subarray(1, 33));
  const y = encodeBase64url(point.subarray(33));
  const jwk = { kty: "EC", crv: "P-256", x, y, d: encodeBase64url(d) };
  return createPrivateKey({ key: jwk, format: "jwk" });
}

/** A P-256 key, by drawing until a number fits (FIPS 186-5 §A.2.2). A `RangeError` when none does. */
export function p256FromRandom(random: RandomBytes): KeyObject {
  for (let attempt = 0; attempt < P256_ATTEMPTS_MAX; attempt++) {
    try {
      return p256FromScalar(random(32));
    } catch {
      // Outside 1 … n − 1: draw again.
    }
  }
  throw new RangeError("randomness gave no private key");
}

function fromPkcs8(prefix: Uint8Array, key: Uint8Array): KeyObject {
  if (key.length !== 32) throw new RangeError("a seed is 32 bytes");
  return createPrivateKey({ key: Buffer.concat([prefix, key]), format: "der", type: "pkcs8" });
}
