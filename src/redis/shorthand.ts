/**
 * Shorthand for the text of events: what stands in nearly every line of the log is one character in it.
 *
 * Canonical JSON holds no control characters, so those are free to stand for whole pieces of text, and back. Logs are kept in shorthand:
 * a piece keeps its character for ever, and a new one takes one that is free.
 *
 * @module
 */

/** Characters and the pieces that they stand for. Where two pieces begin alike, the longer stands first. */
const PIECES: readonly (readonly [character: string, piece: string])[] = [
  ["\u0001", '{"agent":"'],
  ["\u0002", '","data":{"made":true,"parent":"'],
  ["\u0003", '"},"hop":"'],
  ["\u0004", '","identity":"proven","kind":"hop.created'],
  ["\u0005", '","identity":"proven","kind":"'],
  ["\u0006", '","identity":"asserted","kind":"'],
  ["\u0007", '","requester":"'],
  ["\u0008", '","tenant":"'],
  ["\u000e", '","tree":"'],
  ["\u000f", '","decision":"allow","guard":"'],
  ["\u0010", '"decision":"allow","guard":"'],
  ["\u0011", '","hop":"'],
  ["\u0012", '","kind":"call'],
  ["\u0013", '","policy":"'],
  ["\u0014", ',"sequence":'],
  ["\u0015", ',"tenant":"'],
  ["\u0016", '","tool":"'],
  ["\u0017", '","arguments":"'],
  ["\u0018", '","data":{"'],
  ["\u0019", '","seen":'],
];

const SHORT = new Map(PIECES.map(([character, piece]) => [piece, character]));
const LONG = new Map(PIECES);
const ANY_PIECE = new RegExp(PIECES.map(([, piece]) => escaped(piece)).join("|"), "g");

/** @param text Canonical JSON. */
export function shorten(text: string): string {
  return text.replace(ANY_PIECE, (piece) => SHORT.get(piece) ?? piece);
}

/** The text that {@link shorten} was given. What is no shorthand stays as it is. */
export function lengthen(text: string): string {
  let long = "";
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const piece = text.charCodeAt(at) < 0x20 ? LONG.get(text.charAt(at)) : undefined;
    if (piece === undefined) continue;
    long += text.slice(from, at) + piece;
    from = at + 1;
  }
  return long + text.slice(from);
}

function escaped(text: string): string {
  return text.replace(/[{}.]/g, "\\$&");
}
