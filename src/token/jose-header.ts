/** JWS headers, parsed once each: most tokens of one kind have the very same header. @module */
import { decodeBase64url } from "../base/base64url.js";
import { DelegationError } from "../base/error.js";
import { decodeUtf8, parseJsonInfo } from "../base/json.js";
import { HEADER_CACHE_CHARS_MAX, HEADER_CACHE_MAX } from "../base/limits.js";
import { type JoseHeader, joseHeaderSchema } from "../wire/jose.js";

/** A header, and whether its bytes were canonical. */
export interface ParsedHeader {
  readonly header: JoseHeader;
  readonly canonical: boolean;
}

/** In two generations: when the younger is full it becomes the older, so garbage cannot push out what is in use for long. */
let young = new Map<string, ParsedHeader>();
let old = new Map<string, ParsedHeader>();

/**
 * The header of a compact JWS, from its exact text in base64url.
 *
 * @throws {DelegationError} as `parseJws` says.
 */
export function parseHeader(encoded: string): ParsedHeader {
  // A Map hashes long text by its length alone, so long headers are not looked up.
  if (encoded.length > HEADER_CACHE_CHARS_MAX) return read(encoded);
  const known = young.get(encoded);
  if (known !== undefined) return known;
  const parsed = old.get(encoded) ?? read(encoded);
  // Headers with a key are as many as keys.
  if (parsed.header.jwk === undefined) keep(encoded, parsed);
  return parsed;
}

function keep(encoded: string, parsed: ParsedHeader): void {
  if (young.size >= HEADER_CACHE_MAX) {
    old = young;
    young = new Map();
  }
  // The text is a slice of the whole token, which it would keep alive.
  young.set(Buffer.from(encoded, "latin1").toString("latin1"), parsed);
}

function read(encoded: string): ParsedHeader {
  const { value, canonical } = parseJsonInfo(decodeUtf8(decodeBase64url(encoded)));
  const result = joseHeaderSchema.safeParse(value);
  if (!result.success) {
    throw new DelegationError("malformed", "header is not one that can be obeyed", {
      rule: "header",
    });
  }
  return { header: Object.freeze(result.data), canonical };
}
