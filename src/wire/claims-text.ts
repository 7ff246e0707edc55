/**
 * Payloads of tokens as their minters write them, read from the bytes: members in canonical order, each of the form that is
 * known beforehand. Only the authorization details go through the parser, and those only where the token before has others.
 *
 * Tokens of one chain mostly restate what they hand on, and that is most of what they say.
 *
 * @module
 */
import { DelegationError } from "../base/error.js";
import { parseJson } from "../base/json.js";
import type { Json, JsonObject } from "../base/json-value.js";
import { JSON_DEPTH_MAX } from "../base/limits.js";
import { skipAct, takeLineage } from "./lineage-text.js";
import { Cursor, isEnd, partOf, takeText, takeWhole, took, tookMember } from "./text-scan.js";
import type { LineageHop } from "./token-claims.js";

/** The value of a member, and the text that it was read from. */
export interface StatedMember {
  readonly text: string;
  readonly value: Json;
}

/** What a payload says. */
export interface ClaimsText {
  /** The claims, but with 0 for `act` and `lineage`; undefined for each that is not there. */
  readonly claims: JsonObject;
  /** What `readLineage` gives for `lineage`. */
  readonly lineage: readonly LineageHop[] | undefined;
  /** `authorization_details`: the very object of the token before, where that has the very text. */
  readonly details: StatedMember | undefined;
}

/**
 * Reads a payload that is ASCII, has no members but those of this package's tokens, in canonical order, and no escapes
 * outside of `authorization_details`. Undefined for every other one, and for all that the strict parser would refuse: that
 * says why.
 *
 * Why it agrees: every byte is one that the form has there, and a name that stands in its order stands there once. Where
 * `authorization_details` begins, one whole array is read, and there is but one that begins there.
 *
 * @param text The text of `bytes`.
 * @param before Details of the token before.
 */
export function readClaimsText(
  text: string,
  bytes: Uint8Array,
  before?: StatedMember,
): ClaimsText | undefined {
  // One byte each: places in both are the same.
  if (text.length !== bytes.length) return undefined;
  const cursor = new Cursor(text, bytes);
  const act = skipAct(cursor);
  const agent_proof = readText(cursor, AGENT_PROOF);
  const aud = readAudience(cursor);
  const details = readDetails(cursor, before);
  const bearer = readFlag(cursor, BEARER);
  const client_id = readText(cursor, CLIENT_ID);
  const cnf = readConfirmation(cursor);
  const del_depth = readWhole(cursor, DEL_DEPTH);
  const del_max_depth = readWhole(cursor, DEL_MAX_DEPTH);
  const exp = readWhole(cursor, EXP);
  const gen = readText(cursor, GEN);
  const iat = readWhole(cursor, IAT);
  const iss = readText(cursor, ISS);
  const jti = readText(cursor, JTI);
  const lineage = takeLineage(cursor);
  // In canonical order as well: what is read last is written here.
  const claims = {
    act,
    agent_proof,
    aud,
    authorization_details: details?.value,
    bearer,
    client_id,
    cnf,
    del_depth,
    del_max_depth,
    exp,
    gen,
    iat,
    iss,
    jti,
    lineage: lineage && 0,
    nbf: readWhole(cursor, NBF),
    par_hash: readText(cursor, PAR_HASH),
    pos: readWhole(cursor, POS),
    principal_iss: readText(cursor, PRINCIPAL_ISS),
    scope: readText(cursor, SCOPE),
    self: readFlag(cursor, SELF),
    status: readStatus(cursor),
    sub: readText(cursor, SUB),
    tenant: readText(cursor, TENANT),
    txn: readText(cursor, TXN),
  };
  return isEnd(cursor) ? { claims: claims as JsonObject, lineage, details } : undefined;
}

function readText(cursor: Cursor, name: Uint8Array): string | undefined {
  return tookMember(cursor, name) ? takeText(cursor) : undefined;
}

function readWhole(cursor: Cursor, name: Uint8Array): number | undefined {
  return tookMember(cursor, name) ? takeWhole(cursor) : undefined;
}

/** Flags are written only where they are set. */
function readFlag(cursor: Cursor, name: Uint8Array): true | undefined {
  return tookMember(cursor, name) ? true : undefined;
}

function readAudience(cursor: Cursor): string | string[] | undefined {
  const one = readText(cursor, AUD);
  if (one !== undefined || !tookMember(cursor, AUDS)) return one;
  const audience = [takeText(cursor)];
  while (took(cursor, NEXT_TEXT)) audience.push(takeText(cursor));
  if (!took(cursor, LIST_END)) cursor.fail();
  return audience;
}

/** A public key by its naming members (RFC 7638 §3.2). */
function readConfirmation(cursor: Cursor): JsonObject | undefined {
  if (tookMember(cursor, CNF_ED25519)) {
    const x = takeText(cursor);
    if (!took(cursor, TWO_ENDS)) cursor.fail();
    return { jwk: { crv: "Ed25519", kty: "OKP", x } };
  }
  if (!tookMember(cursor, CNF_P256)) return undefined;
  const x = takeText(cursor);
  if (!took(cursor, Y)) cursor.fail();
  const y = takeText(cursor);
  if (!took(cursor, TWO_ENDS)) cursor.fail();
  return { jwk: { crv: "P-256", kty: "EC", x, y } };
}

function readStatus(cursor: Cursor): JsonObject | undefined {
  if (!tookMember(cursor, STATUS)) return undefined;
  const idx = takeWhole(cursor);
  if (!took(cursor, URI)) cursor.fail();
  const uri = takeText(cursor);
  if (!took(cursor, TWO_ENDS)) cursor.fail();
  return { status_list: { idx, uri } };
}

function readDetails(cursor: Cursor, before: StatedMember | undefined): StatedMember | undefined {
  if (!tookMember(cursor, DETAILS)) return undefined;
  // The first bracket is part of the value.
  const start = cursor.at - 1;
  const { text } = cursor;
  if (before !== undefined) {
    // Compared in one piece: looking for it there goes character by character.
    const end = start + before.text.length;
    if (text.slice(start, end) === before.text) {
      cursor.at = end;
      return before;
    }
  }
  const last = endOfDetails(text, start);
  const stated = text.slice(start, last + 1);
  const value = last < 0 ? undefined : parsed(stated);
  if (value === undefined) cursor.fail();
  else cursor.at = last + 1;
  return value && { text: stated, value };
}

/** Where the bracket stands behind which the next member follows; if it is another one, what lies before is no array. */
function endOfDetails(text: string, start: number): number {
  for (const next of AFTER_DETAILS) {
    const end = text.indexOf(next, start);
    if (end >= 0) return end;
  }
  return -1;
}

const AFTER_DETAILS = ['],"client_id":"', '],"bearer":true,', '],"cnf":{'];

/** An array inside of an object. The size was judged before. */
function parsed(text: string): Json[] | undefined {
  try {
    const limits = { bytesMax: Number.POSITIVE_INFINITY, depthMax: JSON_DEPTH_MAX - 1 };
    const value = parseJson(text, limits);
    return Array.isArray(value) ? value : undefined;
  } catch (thrown) {
    if (thrown instanceof DelegationError) return undefined;
    throw thrown;
  }
}

const AGENT_PROOF = partOf('"agent_proof":"');
const AUD = partOf('"aud":"');
const AUDS = partOf('"aud":["');
const NEXT_TEXT = partOf(',"');
const LIST_END = partOf("]");
const DETAILS = partOf('"authorization_details":[');
const BEARER = partOf('"bearer":true');
const CLIENT_ID = partOf('"client_id":"');
const CNF_ED25519 = partOf('"cnf":{"jwk":{"crv":"Ed25519","kty":"OKP","x":"');
const CNF_P256 = partOf('"cnf":{"jwk":{"crv":"P-256","kty":"EC","x":"');
const Y = partOf(',"y":"');
const TWO_ENDS = partOf("}}");
const DEL_DEPTH = partOf('"del_depth":');
const DEL_MAX_DEPTH = partOf('"del_max_depth":');
const EXP = partOf('"exp":');
const GEN = partOf('"gen":"');
const IAT = partOf('"iat":');
const ISS = partOf('"iss":"');
const JTI = partOf('"jti":"');
const NBF = partOf('"nbf":');
const PAR_HASH = partOf('"par_hash":"');
const POS = partOf('"pos":');
const PRINCIPAL_ISS = partOf('"principal_iss":"');
const SCOPE = partOf('"scope":"');
const SELF = partOf('"self":true');
const STATUS = partOf('"status":{"status_list":{"idx":');
const URI = partOf(',"uri":"');
const SUB = partOf('"sub":"');
const TENANT = partOf('"tenant":"');
const TXN = partOf('"txn":"');
