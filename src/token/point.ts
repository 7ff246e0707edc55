/** Points that must never come in as public keys: Ed25519 points of low order or in a second spelling. @module */

/**
 * The y-coordinates of the eight points of low order, as 32 bytes in hex with the sign bit cleared: under such a key one
 * signature fits any message. 0 (order 4), 1 (the identity), p − 1 (order 2), and the two of order 8.
 */
const LOW_ORDER_Y: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);
/** Bytes 1 to 30 of every encoding with y ≥ p = 2^255 − 19. */
const FULL = "ff".repeat(30);

/**
 * Whether 32 bytes can be taken as an Ed25519 public key: the one encoding of its point (y < p, RFC 8032 §5.1.3), and
 * not of low order.
 *
 * Says nothing about being on the curve: no signature verifies under a point that is not.
 */
export function isSafeEd25519Point(encoded: Uint8Array): boolean {
  if (encoded.length !== 32) return false;
  const y = Uint8Array.from(encoded);
  y[31] = (y[31] ?? 0) & 0x7f;
  const hex = Buffer.from(y.buffer).toString("hex");
  if (LOW_ORDER_Y.has(hex)) return false;
  const aboveField = hex.endsWith("7f") && hex.slice(2, 62) === FULL && (y[0] ?? 0) >= 0xed;
  return !aboveField;
}
