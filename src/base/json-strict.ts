/** The strict parser's slow half: reads JSON by hand and names each fault. @module */
import type { Code } from "./codes.js";
import { DelegationError } from "./error.js";
import type { Json, JsonObject } from "./json-value.js";
import { isWellFormed } from "./unicode.js";

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const NON_FINITE = /-?Infinity|NaN/y;

/**
 * Parses one JSON text by hand; `parseJson` says which faults it names. Linear, and recurses at most `depth` deep.
 *
 * @param depth Arrays and objects that may stand inside each other; the caller keeps it small.
 */
export function parseStrictly(text: string, depth: number): Json {
  if (!isWellFormed(text)) {
    throw new DelegationError("malformed", "json text has a lone surrogate");
  }
  const cursor: Cursor = { text, at: 0 };
  const value = readValue(cursor, depth);
  if (peek(cursor) !== undefined) throw fault(cursor, "malformed", "unexpected text");
  return value;
}

interface Cursor {
  readonly text: string;
  at: number;
}

function readValue(cursor: Cursor, depth: number): Json {
  switch (peek(cursor)) {
    case "{":
      return readObject(cursor, depth);
    case "[":
      return readArray(cursor, depth);
    case '"':
      return readString(cursor);
    case "t":
      return readWord(cursor, "true", true);
    case "f":
      return readWord(cursor, "false", false);
    case "n":
      return readWord(cursor, "null", null);
    default:
      return readNumber(cursor);
  }
}

function readObject(cursor: Cursor, depth: number): JsonObject {
  const members: JsonObject = Object.create(null);
  enter(cursor, depth);
  if (took(cursor, "}")) return members;
  do {
    if (peek(cursor) !== '"') throw fault(cursor, "malformed", "expected a member's name");
    const start = cursor.at;
    const name = readString(cursor);
    if (name in members) {
      throw fault({ ...cursor, at: start }, "duplicate_member", "member named twice");
    }
    if (!took(cursor, ":")) throw fault(cursor, "malformed", "expected a colon");
    members[name] = readValue(cursor, depth - 1);
  } while (took(cursor, ","));
  if (!took(cursor, "}")) throw fault(cursor, "malformed", "expected a comma or a closing brace");
  return members;
}

function readArray(cursor: Cursor, depth: number): Json[] {
  const items: Json[] = [];
  enter(cursor, depth);
  if (took(cursor, "]")) return items;
  do items.push(readValue(cursor, depth - 1));
  while (took(cursor, ","));
  if (!took(cursor, "]")) throw fault(cursor, "malformed", "expected a comma or a closing bracket");
  return items;
}

/** Steps over an opening bracket, unless it is one too many. */
function enter(cursor: Cursor, depth: number): void {
  if (depth <= 0) throw fault(cursor, "malformed", "nesting beyond the ceiling");
  cursor.at += 1;
}

function readString(cursor: Cursor): string {
  const { text, at: start } = cursor;
  let escaped = false;
  let at = start + 1;
  for (; ; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) break;
    // At the end of the text `unit` is NaN, which is not at least a space either.
    if (!(unit >= SPACE)) throw fault({ text, at }, "malformed", "string not ended, or a control");
    if (unit === BACKSLASH) {
      escaped = true;
      at += 1;
    }
  }
  cursor.at = at + 1;
  return escaped ? unescaped({ text, at: start }, cursor.at) : text.slice(start + 1, at);
}

const QUOTE = 0x22;
const SPACE = 0x20;
const BACKSLASH = 0x5c;

/** Leaves the escapes themselves to the native parser, which knows no others than RFC 8259 §7. */
function unescaped(cursor: Cursor, end: number): string {
  let decoded: string;
  try {
    decoded = JSON.parse(cursor.text.slice(cursor.at, end));
  } catch {
    // The native message quotes the text, so it is not handed on as a cause.
    throw fault(cursor, "malformed", "unknown escape");
  }
  if (!isWellFormed(decoded)) throw fault(cursor, "malformed", "lone surrogate");
  return decoded;
}

function readNumber(cursor: Cursor): number {
  if (match(cursor, NON_FINITE) !== undefined) {
    throw fault(cursor, "non_finite", "not a finite number");
  }
  const spelled = match(cursor, NUMBER);
  if (spelled === undefined) throw fault(cursor, "malformed", "expected a value");
  const value = Number(spelled);
  if (!Number.isFinite(value)) throw fault(cursor, "non_finite", "number out of range");
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw fault(cursor, "malformed", "integer beyond 2^53 - 1");
  }
  cursor.at += spelled.length;
  return value;
}

function readWord<T extends Json>(cursor: Cursor, word: string, value: T): T {
  if (!cursor.text.startsWith(word, cursor.at)) {
    throw fault(cursor, "malformed", "expected a value");
  }
  cursor.at += word.length;
  return value;
}

function match(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  return pattern.exec(cursor.text)?.[0];
}

/** Steps over `mark` if it comes next. */
function took(cursor: Cursor, mark: string): boolean {
  if (peek(cursor) !== mark) return false;
  cursor.at += 1;
  return true;
}

/** Steps over white space; the next code unit, or `undefined` at the end. */
function peek(cursor: Cursor): string | undefined {
  for (; ; cursor.at++) {
    const next = cursor.text[cursor.at];
    if (next !== " " && next !== "\n" && next !== "\r" && next !== "\t") return next;
  }
}

function fault({ at }: Cursor, code: Code, what: string): DelegationError {
  return new DelegationError(code, `${what} at character ${at} of the json text`);
}
