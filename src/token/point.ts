/** Points that must never come in as public keys: Ed25519 points of low order or in a second spelling. @module */
import { isBase64urlOf32 } from "../base/base64url.js";

/**
 * The y-coordinates of the eight points of low order, as 32 bytes in hex with the sign bit clear: under such a key one
 * signature fits any message. 0 (order 4), 1 (the identity), p − 1 (order 2), and the two of order 8.
 */
const LOW_ORDER_Y = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];
/** With either sign, in base64url. */
const LOW_ORDER: ReadonlySet<string> = new Set(LOW_ORDER_Y.flatMap(bothSigns));

/**
 * Whether a public key is the one encoding of its Ed25519 point (y < p = 2^255 − 19, RFC 8032 §5.1.3), in the one spelling
 * of its 32 bytes, and that point is not of low order.
 *
 * Says nothing about being on the curve: no signature verifies under a point that is not.
 *
 * @param text The encoded point in base64url.
 */
export function isSafeEd25519Point(text: string): boolean {
  if (!isBase64urlOf32(text) || LOW_ORDER.has(text)) return false;
  // From p on, bytes 1 to 30 are full, and so the characters in between: few points get as far as being decoded.
  return text[20] !== "_" || isBelowField(Buffer.from(text, "base64url"));
}

/** Whether y < p: not all of bytes 1 to 30 full, with the top seven bits full and the lowest byte at 0xed or more. */
function isBelowField(bytes: Uint8Array): boolean {
  if (((bytes[31] ?? 0) & 0x7f) !== 0x7f || (bytes[0] ?? 0) < 0xed) return true;
  for (let i = 1; i < 31; i++) if (bytes[i] !== 0xff) return true;
  return false;
}

function bothSigns(hex: string): string[] {
  const plain = Buffer.from(hex, "hex");
  const signed = Buffer.from(plain);
  signed[31] = (signed[31] ?? 0) | 0x80;
  return [plain.toString("base64url"), signed.toString("base64url")];
}
