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
  writeTime(nowMs);
  for (let i = 6; i < 16; i++) writeOctet(i, noise[i - 6] ?? 0);
  // The version and the variant stand in the upper bits of two octets.
  writeOctet(6, 0x70 | ((noise[0] ?? 0) & 0x0f));
  writeOctet(8, 0x80 | ((noise[2] ?? 0) & 0x3f));
  return UUID_CHARS.toString("latin1");
}

/** Written over by the next id. A text that comes from here is in one piece; one that is put together is not. */
const UUID_CHARS = Buffer.from("00000000-0000-0000-0000-000000000000");
/** Where the two digits of each octet stand. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const DIGITS = Buffer.from("0123456789abcdef");

function writeTime(nowMs: number): void {
  const high = Math.floor(nowMs / 2 ** 32);
  writeOctet(0, high >>> 8);
  writeOctet(1, high & 0xff);
  for (let i = 0; i < 4; i++) writeOctet(2 + i, (nowMs >>> (24 - 8 * i)) & 0xff);
}

function writeOctet(octet: number, value: number): void {
  const place = PLACES[octet] ?? 0;
  UUID_CHARS[place] = DIGITS[value >>> 4] ?? 0;
  UUID_CHARS[place + 1] = DIGITS[value & 0x0f] ?? 0;
}

/** Whether `text` is a UUID as RFC 9562 §4 writes it, of any version, in lowercase only: one id, one spelling. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** `<prefix>_` and 128 random bits as 22 characters of base64url. */
export function opaqueId(prefix: string, random: RandomBytes): string {
  return `${prefix}_${encodeBase64url(random(OPAQUE_BYTES))}`;
}
