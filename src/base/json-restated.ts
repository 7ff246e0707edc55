/**
 * Members that one JSON text repeats word for word from another: parsed once.
 *
 * Tokens of one chain mostly restate what they hand on, and that is most of what they say.
 *
 * @module
 */
import { DelegationError } from "./error.js";
import { parseJson } from "./json.js";
import type { Json, JsonObject } from "./json-value.js";

/** The value of a member, and the text that it was read from. */
export interface StatedMember {
  readonly text: string;
  readonly value: Json;
}

/**
 * A member of an object that was read from `text`, with its own text; undefined where that is not plain to see: a value that
 * is neither array nor object, or what {@link placeOf} does not find.
 */
export function statedMember(
  text: string,
  object: JsonObject,
  name: string,
): StatedMember | undefined {
  const value = object[name];
  if (typeof value !== "object" || value === null) return undefined;
  const start = placeOf(text, name);
  const end = start === undefined ? undefined : endOf(text, start);
  return end === undefined ? undefined : { text: text.slice(start, end), value };
}

/**
 * What `parseJson` reads from `text`, if that is an object in which `name` has the very text of `stated`: then its value is
 * the very object of `stated`. Undefined otherwise, and for all that {@link parseJson} would refuse.
 *
 * Why it agrees: one whole value is replaced by another one where a value is due, so the rest is read as it would be. That it
 * was the member of the outermost object shows in the result, since the name stands in the text only once.
 */
export function parseRestating(
  text: string,
  name: string,
  stated: StatedMember,
): JsonObject | undefined {
  const start = placeOf(text, name);
  if (start === undefined || !text.startsWith(stated.text, start)) return undefined;
  const end = start + stated.text.length;
  if (text[end] !== "," && text[end] !== "}") return undefined;
  const read = parsed(`${text.slice(0, start)}0${text.slice(end)}`);
  if (typeof read !== "object" || read === null || Array.isArray(read)) return undefined;
  if (read[name] !== 0) return undefined;
  read[name] = stated.value;
  return read;
}

/** The size was judged before. */
function parsed(text: string): Json | undefined {
  try {
    return parseJson(text, { bytesMax: Number.POSITIVE_INFINITY });
  } catch (thrown) {
    if (thrown instanceof DelegationError) return undefined;
    throw thrown;
  }
}

/**
 * Where the value of the only member of that name begins, in text that is JSON: the name stands there once, without escapes
 * anywhere, after a brace or a comma and before a colon. Its first quote then opens a string: as the end of one it would
 * stand before a letter.
 */
function placeOf(text: string, name: string): number | undefined {
  const quoted = `"${name}"`;
  const at = text.indexOf(quoted);
  const colon = at + quoted.length;
  if (at < 1 || text[colon] !== ":" || text.includes("\\")) return undefined;
  if (text[at - 1] !== "," && text[at - 1] !== "{") return undefined;
  return text.includes(quoted, colon) ? undefined : colon + 1;
}

/** Behind the array or object that begins at `start`, in text that is JSON without escapes. */
function endOf(text: string, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) quoted = !quoted;
    else if (quoted) continue;
    else if (unit === BRACKET || unit === BRACE) depth += 1;
    else if (unit === BRACKET_END || unit === BRACE_END) depth -= 1;
    if (depth === 0) return unit === BRACKET_END || unit === BRACE_END ? at + 1 : undefined;
  }
  return undefined;
}

const QUOTE = 0x22;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
