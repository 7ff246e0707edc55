/** Identifiers: UUIDv7 for what is kept in order, opaque ones for what must not be guessed. @module */
import { encodeBase64url } from "./base64url.js";
import type { RandomBytes } from "./random.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UUID_MS_MAX = 2 ** 48 - 1;
const OPAQUE_BYTES = 16;

/**
 * A UUID of version 7, lowercase and hyphenated: 48 bits of time, then 74 random bits.
 *
 * Ids of one millisecond are in no order among themselves.
 *
 * @param nowMs Epoch milliseconds, a whole number from 0 to 2^48 − 1; anything else is a `RangeError`.
 * @see RFC 9562 §5.7
 */
export function uuidv7(nowMs: number, random: RandomBytes): string {
  if (!Number.isInteger(nowMs) || nowMs < 0 || nowMs > UUID_MS_MAX) {
    throw new RangeError("a UUIDv7 holds whole milliseconds from 0 to 2^48 - 1");
  }
  const noise = random(10);
  const time = nowMs.toString(16).padStart(12, "0");
  const version = hex(0x70 | (octet(noise, 0) & 0x0f)) + hex(octet(noise, 1));
  const variant = hex(0x80 | (octet(noise, 2) & 0x3f)) + hex(octet(noise, 3));
  let node = "";
  for (let i = 4; i < 10; i++) node += hex(octet(noise, i));
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${node}`;
}

/** Whether `text` is a UUID as RFC 9562 §4 writes it, of any version, in lowercase only: one id, one spelling. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** `<prefix>_` and 128 random bits as 22 characters of base64url. */
export function opaqueId(prefix: string, random: RandomBytes): string {
  return `${prefix}_${encodeBase64url(random(OPAQUE_BYTES))}`;
}

/** Each octet in two digits. */
const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));

function hex(value: number): string {
  return HEX[value] ?? "";
}

function octet(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}
