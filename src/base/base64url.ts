/** Base64url without padding (RFC 4648 §5, RFC 7515 §2), strict in both directions. @module */
import { Buffer } from "node:buffer";
import { DelegationError } from "./error.js";

/** Encodes without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  return view(bytes).toString("base64url");
}

/**
 * Decodes the one text that {@link encodeBase64url} gives for these bytes.
 *
 * Node's decoder skips what it does not know, so the bytes are encoded again and compared: that refuses padding, the
 * other alphabet, white space, impossible lengths and non-zero trailing bits at once.
 *
 * @returns A view that may share its `buffer` with others; read it through the view alone.
 * @throws {DelegationError} `malformed`
 */
export function decodeBase64url(text: string): Uint8Array {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") === text) return bytes;
  throw new DelegationError("malformed", "not strict base64url");
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
