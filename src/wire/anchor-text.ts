/**
 * Payloads of anchors as their minter writes them: `act` and `lineage`, which grow with the tree, are read from the bytes.
 *
 * Both have a form that is known beforehand; all the rest is as short as a root's.
 *
 * @module
 */
import { DelegationError } from "../base/error.js";
import { parseJson } from "../base/json.js";
import type { JsonObject } from "../base/json-value.js";
import { HOPS_MAX, NAME_CHARS_MAX } from "../base/limits.js";
import type { LineageHop } from "./token-claims.js";

/** What the payload of an anchor says. */
export interface AnchorText {
  /** The claims, but with 0 for `act` and `lineage`. */
  readonly claims: JsonObject;
  /** What `readLineage` gives for `lineage`. */
  readonly lineage: readonly LineageHop[];
}

/**
 * Reads a payload that is ASCII and in which `act`, the first member, and `lineage` are canonical and without escapes.
 * Undefined for every other one, and for all that the strict parser or `readLineage` would refuse: those say why.
 *
 * Why it agrees: each of both is one whole value, and another one is put where it stood, so the rest is read as it would be.
 * That it was the `lineage` of the outermost object shows in the result, since the name stands in the rest only once and
 * without escapes; `act` is the first member, and a second one is refused as before.
 *
 * @param text The text of `bytes`.
 */
export function readAnchorText(text: string, bytes: Uint8Array): AnchorText | undefined {
  // One byte each: places in both are the same.
  if (text.length !== bytes.length) return undefined;
  const actEnd = endOfAct(bytes);
  if (actEnd === undefined) return undefined;
  const named = text.indexOf(LINEAGE, actEnd);
  if (named < 0) return undefined;
  const start = named + LINEAGE.length;
  const scanned = scanLineage(text, bytes, start);
  if (scanned === undefined) return undefined;
  const claims = parseRest(`{"act":0${text.slice(actEnd, start)}0${text.slice(scanned.end)}`);
  return claims && { claims, lineage: scanned.lineage };
}

const LINEAGE = ',"lineage":';

/** The claims with both values out of the way. */
function parseRest(rest: string): JsonObject | undefined {
  const at = rest.indexOf('"lineage"');
  if (rest.includes('"lineage"', at + 1) || rest.includes("\\")) return undefined;
  try {
    const read = parseJson(rest, { bytesMax: Number.POSITIVE_INFINITY });
    const isObject = typeof read === "object" && read !== null && !Array.isArray(read);
    return isObject && read.lineage === 0 ? read : undefined;
  } catch (thrown) {
    if (thrown instanceof DelegationError) return undefined;
    throw thrown;
  }
}

/** Behind the `act` (RFC 8693 §4.1) that an object begins with. */
function endOfAct(bytes: Uint8Array): number | undefined {
  let at = 0;
  let depth = 0;
  while (depth <= HOPS_MAX && isAt(bytes, at, ACT)) {
    at += ACT.length;
    depth += 1;
  }
  if (depth === 0 || !isAt(bytes, at, FIRST_SUB)) return undefined;
  at = endOfName(bytes, at + FIRST_SUB.length);
  for (let more = depth - 1; more > 0; more--) {
    if (!isAt(bytes, at, SUB)) return undefined;
    at = endOfName(bytes, at + SUB.length);
  }
  return isAt(bytes, at, MEMBER_END) ? at + MEMBER_END.length : undefined;
}

/** `lineage` from its bracket on. */
function scanLineage(
  text: string,
  bytes: Uint8Array,
  start: number,
): { lineage: readonly LineageHop[]; end: number } | undefined {
  const lineage: LineageHop[] = [];
  let at = start;
  if (bytes[at] !== BRACKET) return undefined;
  do {
    const agentAt = at + 1 + AGENT.length;
    const agentEnd = endOfName(bytes, agentAt);
    const idAt = agentEnd + HOP.length;
    const idEnd = endOfName(bytes, idAt);
    if (!isAt(bytes, at + 1, AGENT) || !isAt(bytes, agentEnd, HOP)) return undefined;
    const proven = isAt(bytes, idEnd, PROVEN);
    if (!proven && !isAt(bytes, idEnd, ASSERTED)) return undefined;
    const holderAt = idEnd + (proven ? PROVEN : ASSERTED).length;
    const holderEnd = holderAt + DIGEST_CHARS;
    if (!isDigestAt(bytes, holderAt) || !isAt(bytes, holderEnd, MEMBER_END)) return undefined;
    if (agentEnd === agentAt || idEnd === idAt) return undefined;
    lineage.push({
      id: text.slice(idAt, idEnd),
      agent: text.slice(agentAt, agentEnd),
      identity: proven ? "proven" : "asserted",
      holder: text.slice(holderAt, holderEnd),
    });
    at = holderEnd + MEMBER_END.length;
  } while (bytes[at] === COMMA && lineage.length < HOPS_MAX);
  return bytes[at] === BRACKET_END ? { lineage, end: at + 1 } : undefined;
}

/** The first byte that is not plain, or one too many for a name. */
function endOfName(bytes: Uint8Array, start: number): number {
  const max = start + NAME_CHARS_MAX;
  let at = start;
  while (at < max && PLAIN[bytes[at] ?? 0] === 1) at += 1;
  return at;
}

/** Whether SHA-256 in base64url stands there: the last character holds four bits. */
function isDigestAt(bytes: Uint8Array, start: number): boolean {
  const last = start + DIGEST_CHARS - 1;
  for (let at = start; at < last; at++) {
    if (((DIGIT[bytes[at] ?? 0] ?? 0) & ANY) === 0) return false;
  }
  return ((DIGIT[bytes[last] ?? 0] ?? 0) & LAST) !== 0;
}

function isAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false;
  return true;
}

/** 1 for each byte that stands for itself in a JSON string: printable ASCII, but for quote and backslash. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c ? 1 : 0,
);
const DIGEST_CHARS = 43;
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const COMMA = 0x2c;
const ACT = partOf('{"act":');
const FIRST_SUB = partOf('{"sub":"');
const SUB = partOf('"},"sub":"');
const AGENT = partOf('{"agent":"');
const HOP = partOf('","hop":"');
const PROVEN = partOf('","identity":"proven","jkt":"');
const ASSERTED = partOf('","identity":"asserted","jkt":"');
const MEMBER_END = partOf('"}');
/** What a digest's characters may be: its last one is one of sixteen. */
const ANY = 1;
const LAST = 2;
const DIGIT = new Uint8Array(256);
for (const [value, byte] of partOf(BASE64URL).entries()) {
  DIGIT[byte] = value % 4 === 0 ? ANY | LAST : ANY;
}

function partOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
