/**
 * Reading JSON of a known form byte by byte: what is written plainly, or nothing. Only what the strict parser would read the
 * same way is read; a no means nothing but: ask the strict parser, which knows why.
 *
 * @module
 */

/** Where a reading is. Once something is not of the form, it is nowhere, and nothing more is found. */
export class Cursor {
  readonly text: string;
  readonly bytes: Uint8Array;
  at = 0;

  /** @param text ASCII, so that places in it are places in `bytes`. */
  constructor(text: string, bytes: Uint8Array) {
    this.text = text;
    this.bytes = bytes;
  }

  /** Gives up, once and for all. */
  fail(): void {
    this.at = this.bytes.length + 1;
  }
}

/** Bytes of an ASCII text, to look for. */
export function partOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Whether `part` stands there. */
export function isAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  // Nothing is read beyond the end: once that has happened, every reading costs more.
  if (at + part.length > bytes.length) return false;
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false;
  return true;
}

/** Steps behind `part` if that comes next. */
export function took(cursor: Cursor, part: Uint8Array): boolean {
  const { bytes, at } = cursor;
  if (!isAt(bytes, at, part)) return false;
  cursor.at = at + part.length;
  return true;
}

/** The same for a member's name (with its quotes, colon, and what its value begins with), behind what comes before each member. */
export function tookMember(cursor: Cursor, name: Uint8Array): boolean {
  const { bytes, at } = cursor;
  if (bytes[at] !== (at === 0 ? BRACE : COMMA) || !isAt(bytes, at + 1, name)) return false;
  cursor.at = at + 1 + name.length;
  return true;
}

/** Whether the object ends here, and the text with it. */
export function isEnd({ bytes, at }: Cursor): boolean {
  return at > 0 && at === bytes.length - 1 && bytes[at] === BRACE_END;
}

/** The text of a string whose first quote has been read, up to its last, if that is plain; else nothing more is found. */
export function takeText(cursor: Cursor): string {
  const { bytes, at } = cursor;
  const end = endOfPlain(bytes, at, bytes.length);
  if (bytes[end] === QUOTE) cursor.at = end + 1;
  else cursor.fail();
  return cursor.text.slice(at, end);
}

/** A whole number of few enough digits to be exact; else nothing more is found. */
export function takeWhole(cursor: Cursor): number {
  const { bytes, at: start } = cursor;
  let at = start;
  let value = 0;
  for (let digit = digitAt(bytes, at); digit >= 0; digit = digitAt(bytes, at)) {
    value = value * 10 + digit;
    at += 1;
  }
  const digits = at - start;
  if (digits < 1 || digits > DIGITS_MAX || (digits > 1 && bytes[start] === ZERO)) cursor.fail();
  else cursor.at = at;
  return value;
}

/** The first byte from `start` on that is not plain, `max` at most. */
export function endOfPlain(bytes: Uint8Array, start: number, max: number): number {
  const end = Math.min(max, bytes.length);
  let at = start;
  while (at < end && PLAIN[bytes[at] as number] === 1) at += 1;
  return at;
}

function digitAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] ?? 0;
  return byte >= ZERO && byte <= NINE ? byte - ZERO : -1;
}

/** 1 for each byte that stands for itself in a JSON string: printable ASCII, but for quote and backslash. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c ? 1 : 0,
);
/** Below 2^53. */
const DIGITS_MAX = 15;
const ZERO = 0x30;
const NINE = 0x39;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
