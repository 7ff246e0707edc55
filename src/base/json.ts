/** The strict JSON parser (RFC 8259, the I-JSON rules of RFC 7493): every fault has a name, and ceilings come first. @module */
import { Buffer, isAscii } from "node:buffer";
import { canonicalize } from "./canonical.js";
import { DelegationError } from "./error.js";
import { parseStrictly } from "./json-strict.js";
import type { Json, JsonObject } from "./json-value.js";
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
  return new ParsedText(parseJson(text, limits), text);
}

/** A class, since a literal with an accessor costs as much as reading a small text. */
class ParsedText implements JsonInfo {
  readonly value: Json;
  readonly #text: string;

  constructor(value: Json, text: string) {
    this.value = value;
    this.#text = text;
  }

  get canonical(): boolean {
    return canonicalize(this.value) === this.#text;
  }
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
  // What is ASCII, as nearly all is, needs no decoder.
  if (bytes instanceof Buffer && isAscii(bytes)) return bytes.toString("latin1");
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new DelegationError("malformed", "bytes are not utf-8", { cause });
  }
}

/**
 * The value of `text` by native means; `undefined` when the strict parser must say what it is.
 *
 * Why it agrees with the strict parser: native parsing takes JSON and nothing but. No surrogate stood alone raw, since the
 * text is well formed. Depth and numbers are looked at one by one. What is left are members named twice, of which native
 * parsing keeps one, and surrogates that stand alone escaped.
 *
 * Neither is in a text that is as short as its value can be written: both take more characters than what is left of them.
 * In any other text as many members are there as it has colons outside of strings, and it has no `\ud`.
 */
function parseFast(text: string, depth: number): Json | undefined {
  if (!isWellFormed(text)) return undefined;
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const tally: Tally = { members: 0, chars: 0 };
  if (!addUp(value, depth, tally)) return undefined;
  if (tally.chars === text.length) return value;
  if (text.includes("\\ud") || text.includes("\\uD")) return undefined;
  return tally.members === countColons(text) ? value : undefined;
}

/** Whether the strict parser takes the number, once it is written: a finite one, and if whole then within ±(2^53 − 1). */
export function isJsonNumber(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

/** What a value amounts to. */
interface Tally {
  /** Of all objects together. */
  members: number;
  /** Code units of the shortest text of the value; NaN where that is not worth finding out. */
  chars: number;
}

/**
 * Adds a value to `tally`; false for what only the strict parser may take.
 *
 * Takes the prototypes away in passing, as the strict parser gives none; then `for in` meets own members only.
 */
function addUp(value: Json, depth: number, tally: Tally): boolean {
  switch (typeof value) {
    case "string":
      tally.chars += value.length + 2;
      return true;
    case "number":
      tally.chars += shortestOf(value);
      return isJsonNumber(value);
    case "boolean":
      tally.chars += value ? 4 : 5;
      return true;
  }
  if (value === null) {
    tally.chars += 4;
    return true;
  }
  if (depth === 0) return false;
  return Array.isArray(value) ? addItems(value, depth, tally) : addMembers(value, depth, tally);
}

/** One character more for each item, a comma or the second bracket; the first bracket besides, and both where nothing is in between. */
function addItems(items: readonly Json[], depth: number, tally: Tally): boolean {
  tally.chars += items.length === 0 ? 2 : 1;
  for (const item of items) {
    tally.chars += 1;
    if (!addUp(item, depth - 1, tally)) return false;
  }
  return true;
}

/** For each member its name in quotes, a colon, and a comma or the second brace. */
function addMembers(object: JsonObject, depth: number, tally: Tally): boolean {
  Object.setPrototypeOf(object, null);
  const before = tally.members;
  for (const name in object) {
    tally.members += 1;
    tally.chars += name.length + 4;
    if (!addUp(object[name] ?? null, depth - 1, tally)) return false;
  }
  tally.chars += tally.members === before ? 2 : 1;
  return true;
}

/** Digits of an integer; where an exponent could make it shorter, as in `1e3`, and for fractions, NaN. */
function shortestOf(value: number): number {
  if (!Number.isInteger(value) || (value !== 0 && value % 1_000 === 0)) return Number.NaN;
  let chars = value < 0 ? 2 : 1;
  for (let bound = 10; Math.abs(value) >= bound; bound *= 10) chars += 1;
  return chars;
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
