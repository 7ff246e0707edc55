/** `act` and `lineage` of an anchor as its minter writes them: what grows with the tree, read from the bytes. @module */
import { HOPS_MAX, NAME_CHARS_MAX } from "../base/limits.js";
import { type Cursor, endOfPlain, isAt, partOf, tookMember } from "./text-scan.js";
import type { LineageHop } from "./token-claims.js";

/** Steps over `act` (RFC 8693 §4.1) if it comes next: 0 for whatever it says, which nobody here asks. */
export function skipAct(cursor: Cursor): 0 | undefined {
  if (!tookMember(cursor, ACT_NAME)) return undefined;
  const { bytes } = cursor;
  let { at } = cursor;
  let depth = 0;
  while (depth < HOPS_MAX && isAt(bytes, at, ACT)) {
    at += ACT.length;
    depth += 1;
  }
  if (!isAt(bytes, at, FIRST_SUB)) return failed(cursor);
  at = endOfName(bytes, at + FIRST_SUB.length);
  for (let more = depth; more > 0; more--) {
    if (!isAt(bytes, at, SUB)) return failed(cursor);
    at = endOfName(bytes, at + SUB.length);
  }
  if (!isAt(bytes, at, MEMBER_END)) return failed(cursor);
  cursor.at = at + MEMBER_END.length;
  return 0;
}

/** What `readLineage` gives for `lineage`, if that comes next. */
export function takeLineage(cursor: Cursor): readonly LineageHop[] | undefined {
  if (!tookMember(cursor, LINEAGE)) return undefined;
  const { bytes, text } = cursor;
  const lineage: LineageHop[] = [];
  let { at } = cursor;
  do {
    const agentAt = at + AGENT.length;
    const agentEnd = endOfName(bytes, agentAt);
    const idAt = agentEnd + HOP.length;
    const idEnd = endOfName(bytes, idAt);
    const identity = bytes[idEnd + WHICH] === PROVEN[WHICH] ? PROVEN : ASSERTED;
    const holderAt = idEnd + identity.length;
    const holderEnd = holderAt + DIGEST_CHARS;
    const isWritten =
      isAt(bytes, at, AGENT) && isAt(bytes, agentEnd, HOP) && isAt(bytes, idEnd, identity);
    if (!isWritten || agentEnd === agentAt || idEnd === idAt) return failed(cursor);
    if (!isDigestAt(bytes, holderAt) || !isAt(bytes, holderEnd, MEMBER_END)) return failed(cursor);
    lineage.push({
      id: text.slice(idAt, idEnd),
      agent: text.slice(agentAt, agentEnd),
      identity: identity === PROVEN ? "proven" : "asserted",
      holder: text.slice(holderAt, holderEnd),
    });
    at = holderEnd + MEMBER_END.length + 1;
  } while (bytes[at - 1] === COMMA && lineage.length < HOPS_MAX);
  if (bytes[at - 1] !== BRACKET_END) return failed(cursor);
  cursor.at = at;
  return lineage;
}

function failed(cursor: Cursor): undefined {
  cursor.fail();
  return undefined;
}

/** The first byte that is not plain, or one too many for a name. */
function endOfName(bytes: Uint8Array, start: number): number {
  return endOfPlain(bytes, start, start + NAME_CHARS_MAX);
}

/** Whether SHA-256 in base64url stands there: the last character holds four bits. */
function isDigestAt(bytes: Uint8Array, start: number): boolean {
  const last = start + DIGEST_CHARS - 1;
  if (last >= bytes.length) return false;
  // Without a way out in between: of what is written here nearly all are digests.
  let kinds = ANY;
  for (let at = start; at < last; at++) kinds &= KINDS[bytes[at] as number] as number;
  return kinds === ANY && KINDS[bytes[last] as number] === (ANY | LAST);
}

const DIGEST_CHARS = 43;
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BRACKET_END = 0x5d;
const COMMA = 0x2c;
const ACT_NAME = partOf('"act":');
const ACT = partOf('{"act":');
const FIRST_SUB = partOf('{"sub":"');
const SUB = partOf('"},"sub":"');
const LINEAGE = partOf('"lineage":[');
const AGENT = partOf('{"agent":"');
const HOP = partOf('","hop":"');
const PROVEN = partOf('","identity":"proven","jkt":"');
const ASSERTED = partOf('","identity":"asserted","jkt":"');
/** Where both differ first. */
const WHICH = '","identity":"'.length;
const MEMBER_END = partOf('"}');
/** What a digest's characters may be: its last one is one of sixteen. */
const ANY = 1;
const LAST = 2;
const KINDS = new Uint8Array(256);
for (const [value, byte] of partOf(BASE64URL).entries()) {
  KINDS[byte] = value % 4 === 0 ? ANY | LAST : ANY;
}
