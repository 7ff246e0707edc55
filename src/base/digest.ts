/** SHA-256, HMAC-SHA-256, and comparison in constant time. @module */
import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { asciiBytes } from "./ascii.js";
import { isWellFormed } from "./unicode.js";

/** SHA-256 of bytes, or of a string's UTF-8. The caller knows that the string is well-formed. */
export function sha256(data: string | Uint8Array): Uint8Array {
  return hash("sha256", data, "buffer");
}

/** SHA-256 as 43 characters of base64url. */
export function sha256Base64url(data: string | Uint8Array): string {
  return hash("sha256", data, "base64url");
}

/** The same for a text that the caller knows to be ASCII: a third of the time. */
export function sha256OfAscii(text: string): string {
  return hash("sha256", asciiBytes(text), "base64url");
}

/** HMAC-SHA-256 (RFC 2104) of bytes, or of a string's UTF-8. */
export function hmacSha256(key: Uint8Array, data: string | Uint8Array): Uint8Array {
  return createHmac("sha256", key).update(data).digest();
}

/**
 * Whether two secrets are equal, in time that tells neither where nor in what length they differ.
 *
 * A string equals the bytes of its UTF-8; a string with a lone surrogate has none and equals nothing.
 */
export function equalConstantTime(a: string | Uint8Array, b: string | Uint8Array): boolean {
  const same = timingSafeEqual(sha256(a), sha256(b));
  return same && isText(a) && isText(b);
}

/** Whether two texts of the same known length are equal, in time that does not tell where they differ. */
export function equalDigest(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

function isText(data: string | Uint8Array): boolean {
  return typeof data !== "string" || isWellFormed(data);
}
