/** The strict JSON parser (RFC 8259, the I-JSON rules of RFC 7493): every fault has a name, and ceilings come first. @module */
import { Buffer } from "node:buffer";
import { canonicalize } from "./canonical.js";
import { DelegationError } from "./error.js";
import { parseStrictly } from "./json-strict.js";
import type { Json } from "./json-value.js";
import { JSON_BYTES_MAX, JSON_DEPTH_MAX } from "./limits.js";
import { isWellFormed } from "./unicode.js";

export type { Json, JsonObject } from "./json-value.js";

/** Ceilings of one parse; they can be lowered from the defaults, and `bytesMax` raised. */
export interface JsonLimits {
  /** Bytes of the text in UTF-8; `JSON_BYTES_MAX` unless told. */
  readonly bytesMax?: number;
  /** Arrays and objects that may stand inside each other; at most (and unless told) `JSON_DEPTH_MAX`. */
  readonly depthMax?: number;
}

/** A parsed value, and whether its text was canonical. */
export interface JsonInfo {
  readonly value: Json;
  /** Whether the text was exactly the canonical text (RFC 8785) of the value; found out when it is asked for. */
  readonly canonical: boolean;
}

/**
 * Parses one JSON text. Linear in its length; mostly about two native parses.
 *
 * @throws {DelegationError} the first fault found:
 *   - `too_large`: more bytes than the ceiling; found before anything is read
 *   - `duplicate_member`: an object names a member twice (after its escapes are resolved)
 *   - `non_finite`: `NaN`, `Infinity`, `-Infinity`, or a number beyond the range of a double, such as `1e400`
 *   - `malformed`: not JSON, a byte order mark, anything after the value, nesting beyond the ceiling, a lone surrogate
 *     (raw or escaped), or a number whose value is an integer beyond ±(2^53 − 1), however spelled
 */
export function parseJson(text: string, limits: JsonLimits = {}): Json {
  refuseLargeText(text, limits);
  const depth = depthOf(limits);
  return parseFast(text, depth) ?? parseStrictly(text, depth);
}

/** Like {@link parseJson}, from UTF-8; `malformed` too when the bytes are not UTF-8. */
export function parseJsonBytes(bytes: Uint8Array, limits: JsonLimits = {}): Json {
  if (bytes.byteLength > (limits.bytesMax ?? JSON_BYTES_MAX)) throw tooLarge();
  return parseJson(decodeUtf8(bytes), limits);
}

/** Like {@link parseJson}, and tells whether the text was canonical, once that is asked for. */
export function parseJsonInfo(text: string, limits: JsonLimits = {}): JsonInfo {
  const value = parseJson(text, limits);
  return {
    value,
    get canonical() {
      return canonicalize(value) === text;
    },
  };
}

/**
 * Like {@link parseJson}, for text that must be canonical (RFC 8785). The faults of {@link parseJson} come first.
 *
 * @throws {DelegationError} `non_canonical` when the text is not exactly the canonical text of its value.
 */
export function parseCanonicalJson(text: string, limits: JsonLimits = {}): Json {
  const { value, canonical } = parseJsonInfo(text, limits);
  if (canonical) return value;
  throw new DelegationError("non_canonical", "json text is not canonical");
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Text of UTF-8 bytes; a byte order mark is kept.
 *
 * @throws {DelegationError} `malformed` when the bytes are not UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new DelegationError("malformed", "bytes are not utf-8", { cause });
  }
}

/**
 * The value of `text` by native means; `undefined` when the strict parser must say what it is.
 *
 * Why it agrees with the strict parser: native parsing takes JSON and nothing but. No member was lost, so none was named
 * twice: as many are there as the text has colons outside of strings. No surrogate stood alone raw (the text is well
 * formed), nor escaped (there is no `\ud`). Depth and numbers are looked at one by one.
 */
function parseFast(text: string, depth: number): Json | undefined {
  if (text.includes("\\ud") || text.includes("\\uD") || !isWellFormed(text)) return undefined;
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return countMembers(value, depth) === countColons(text) ? value : undefined;
}

/** Whether the strict parser takes the number, once it is written: a finite one, and if whole then within ±(2^53 − 1). */
export function isJsonNumber(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

/**
 * Members of all objects together; NaN for what only the strict parser may take.
 *
 * Takes the prototypes away in passing, as the strict parser gives none; then `for in` meets own members only.
 */
function countMembers(value: Json, depth: number): number {
  if (typeof value === "number") return isJsonNumber(value) ? 0 : Number.NaN;
  if (typeof value !== "object" || value === null) return 0;
  if (depth === 0) return Number.NaN;
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) members += countMembers(item, depth - 1);
    return members;
  }
  Object.setPrototypeOf(value, null);
  for (const name in value) members += 1 + countMembers(value[name] ?? null, depth - 1);
  return members;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** Colons outside of strings, in text that is JSON: one for each member. */
function countColons(text: string): number {
  let colons = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) quoted = !quoted;
    else if (quoted) i += unit === BACKSLASH ? 1 : 0;
    else if (unit === COLON) colons += 1;
  }
  return colons;
}

function refuseLargeText(text: string, limits: JsonLimits): void {
  const bytesMax = limits.bytesMax ?? JSON_BYTES_MAX;
  // One UTF-16 code unit is one to three bytes: mostly the length alone decides.
  if (text.length * 3 <= bytesMax) return;
  if (text.length > bytesMax || Buffer.byteLength(text) > bytesMax) throw tooLarge();
}

function tooLarge(): DelegationError {
  return new DelegationError("too_large", "json text is larger than its ceiling");
}

function depthOf(limits: JsonLimits): number {
  return Math.min(limits.depthMax ?? JSON_DEPTH_MAX, JSON_DEPTH_MAX);
}
