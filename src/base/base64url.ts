/** Base64url without padding (RFC 4648 §5, RFC 7515 §2), strict in both directions. @module */
import { Buffer } from "node:buffer";
import { DelegationError } from "./error.js";

/** Encodes without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  return view(bytes).toString("base64url");
}

/** Encodes the UTF-8 of a text. Short ones are written into memory that is kept: the text is all that is left of it. */
export function encodeTextBase64url(text: string): string {
  if (text.length > TEXT_CHARS_MAX) return Buffer.from(text).toString("base64url");
  return scratch.toString("base64url", 0, scratch.write(text));
}

const TEXT_CHARS_MAX = 16_384;
/** A UTF-16 code unit takes three bytes of UTF-8 at most. */
const scratch = Buffer.allocUnsafeSlow(3 * TEXT_CHARS_MAX);

/**
 * Decodes the one text that {@link encodeBase64url} gives for these bytes.
 *
 * Node's decoder skips what it does not know, so the bytes are encoded again and compared: that refuses padding, the
 * other alphabet, white space, impossible lengths and non-zero trailing bits at once. A long text is judged by
 * {@link decodeLong}, which says the same for less.
 *
 * @returns A view that may share its `buffer` with others; read it through the view alone.
 * @throws {DelegationError} `malformed`
 */
export function decodeBase64url(text: string): Uint8Array {
  if (text.length >= LONG_CHARS && text.length <= LONG_CHARS_MAX) return decodeLong(text);
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") === text) return bytes;
  throw malformed();
}

/** Below it, encoding again costs no more than looking three times; above the other, a text has memory of its own. */
const LONG_CHARS = 512;
const SLAB_BYTES = 65_536;
const LONG_CHARS_MAX = SLAB_BYTES / 2;

/** What long texts are decoded into, one behind the other: memory for each of them costs as much as decoding it. */
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let slabUsed = 0;

/**
 * The same without encoding again.
 *
 * Why it agrees: of ASCII characters the decoder knows both alphabets and skips the rest, or stops at it. Each that it
 * skipped makes the bytes fewer than the length says, but for one in 4n + 1, which no length may be; the other alphabet's
 * two are looked for; and bits that are left over stand in the last character alone.
 */
function decodeLong(text: string): Uint8Array {
  const left = text.length % 4;
  const size = Math.floor((text.length * 3) / 4);
  // Truncated to a byte, a character beyond ASCII can pass for another one.
  const foreign =
    text.includes("+") || text.includes("/") || Buffer.byteLength(text) !== text.length;
  if (foreign || left === 1 || !LAST_CHARS[left]?.includes(text.slice(-1))) throw malformed();
  if (slabUsed + size > slab.length) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    slabUsed = 0;
  }
  const written = slab.write(text, slabUsed, "base64url");
  if (written !== size) throw malformed();
  const bytes = slab.subarray(slabUsed, slabUsed + size);
  slabUsed += size;
  return bytes;
}

const CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const FOURTHS = "AEIMQUYcgkosw048";

/** By the characters after the last whole four, what the last one may be: any, or one whose left-over bits are zero. */
const LAST_CHARS: readonly string[] = [CHARS, "", "AQgw", FOURTHS];

/** Whether this is 32 bytes in strict base64url: a digest, a key, a point. Of the last character's six bits four are used. */
export function isBase64urlOf32(text: string): boolean {
  if (text.length !== 43) return false;
  for (let at = 0; at < 42; at++) if (KINDS[text.charCodeAt(at)] === undefined) return false;
  return KINDS[text.charCodeAt(42)] === FOURTH;
}

const ANY = 1;
const FOURTH = 2;
/** By the code of each character of base64url. */
const KINDS: readonly (number | undefined)[] = kindsOf();

function kindsOf(): (number | undefined)[] {
  const kinds = new Array<number | undefined>(128).fill(undefined);
  for (const char of CHARS) kinds[char.charCodeAt(0)] = FOURTHS.includes(char) ? FOURTH : ANY;
  return kinds;
}

function malformed(): DelegationError {
  return new DelegationError("malformed", "not strict base64url");
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
