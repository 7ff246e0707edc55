/**
 * Claims of anchors and links: what a token of each profile says, read strictly, before anything is judged.
 *
 * Read by hand, once, into one type: this is the hottest parser of all. A top-level claim that is not named here is
 * ignored; what stands inside an authorization detail is for `grant.ts` to read, closed.
 *
 * @module
 */
import type { JsonObject } from "../base/json-value.js";
import { AUDIENCES_MAX, DETAILS_MAX, HOPS_MAX } from "../base/limits.js";
import {
  flag,
  isDigest,
  isName,
  isObject,
  isText,
  isWhole,
  malformed,
  name,
  optionalString,
  optionalText,
  seconds,
  text,
  whole,
} from "./claim-value.js";
import type { Position } from "./cut.js";

/** RFC 7800 §3: the key that the token is bound to, whole (`jwk`) or as its thumbprint (`jkt`, RFC 9449 §6.1). */
export type Confirmation =
  | { readonly jwk: JsonObject; readonly jkt?: undefined }
  | { readonly jkt: string; readonly jwk?: undefined };

/** `status.status_list` of a token (Token Status List §6). */
export interface StatusReference {
  readonly uri: string;
  readonly index: number;
}

/** One hop of an anchor's `lineage`. */
export interface LineageHop {
  readonly hop: string;
  readonly agent: string;
  readonly identity: "proven" | "asserted";
  /** RFC 7638 SHA-256 thumbprint of the hop's holder key. */
  readonly jkt: string;
}

/** What every token of every profile says. Times are epoch milliseconds. */
export interface TokenClaims {
  /** `jti` (RFC 7519 §4.1.7): names the token, never the hop. */
  readonly tokenId: string;
  /** `iss` (RFC 7519 §4.1.1). */
  readonly issuer: string;
  /** `sub` (RFC 7519 §4.1.2): the principal. */
  readonly subject: string | undefined;
  /** `client_id` (RFC 8693 §4.3): the agent that acts with this token. */
  readonly agent: string | undefined;
  /** `aud` (RFC 7519 §4.1.3). Empty when the token does not say. */
  readonly audience: readonly string[];
  /** `iat` (RFC 7519 §4.1.6). */
  readonly issuedAt: number;
  /** `exp` (RFC 7519 §4.1.4). */
  readonly expiresAt: number;
  /** `nbf` (RFC 7519 §4.1.5); 0 when the token does not say. */
  readonly notBefore: number;
  /** `cnf` (RFC 7800 §3.1). */
  readonly confirmation: Confirmation;
  /** `del_depth` (both chain drafts, Claims). */
  readonly depth: number;
  /** `del_max_depth` (both chain drafts, Claims; they mean different things by it). */
  readonly maxDepth: number | undefined;
  /** `par_hash` (both chain drafts, Claims). */
  readonly parHash: string | undefined;
  /** `authorization_details` (RFC 9396 §2), each an object with a `type`. */
  readonly details: readonly JsonObject[];
  /** `scope` (RFC 8693 §4.2), not yet split. */
  readonly scope: string | undefined;
  /** `status` (Token Status List §6). */
  readonly status: StatusReference | undefined;
  /** Our own claims of an anchor; none in the drafts' tokens. */
  readonly anchor: AnchorClaims | undefined;
  /** Our own claims of a link; none in the drafts' tokens. */
  readonly link: LinkClaims | undefined;
}

/** What only an anchor of the `legate` profile says. */
export interface AnchorClaims {
  /** `tenant`: whose tree it is; ids are compared as (tenant, id). */
  readonly tenant: string;
  /** `txn` (draft-ietf-oauth-transaction-tokens): id of the tree, which is the id of its root hop. */
  readonly tree: string;
  /** `principal_iss`: who vouches for `sub`; `iss` when the token does not say. */
  readonly principalIssuer: string;
  /** `lineage`: root first, own hop last. */
  readonly lineage: readonly LineageHop[];
  /** `gen`: generation of the store that the minter knew. */
  readonly generation: string;
  /** `pos`: feed position that the minter had seen. */
  readonly position: Position;
  /** `bearer`: needs no proof of possession. */
  readonly bearer: boolean;
}

/** What only a link of the `legate` profile says. */
export interface LinkClaims {
  /** `self`: not a hop, but its delegator's own narrower token. */
  readonly self: boolean;
  /** `agent_proof`: a signature of the agent's identity key over this link's key and parent. */
  readonly agentProof: string | undefined;
  /** `tenant`, when restated; an anchor decides. */
  readonly tenant: string | undefined;
}

/**
 * Reads a token of the `agent-delegation` draft.
 *
 * @param first Whether it is the root's: then `sub` and `del_max_depth` are due, and `par_hash` must not be there.
 * @throws {DelegationError} `malformed`, with the claim as rule.
 * @see draft-asor-wimse-agent-delegation-chain, Claims
 */
export function readAgentDelegationClaims(claims: JsonObject, first: boolean): TokenClaims {
  if (first && claims.par_hash !== undefined) throw malformed("par_hash");
  const details = readDetails(claims, true);
  if (details.length !== 1) throw malformed("authorization_details");
  const audience = readAudience(claims);
  if (audience === undefined) throw malformed("aud");
  return {
    tokenId: text(claims, "jti"),
    issuer: text(claims, "iss"),
    subject: first ? text(claims, "sub") : optionalText(claims, "sub"),
    agent: text(claims, "client_id"),
    audience,
    issuedAt: seconds(claims, "iat"),
    expiresAt: seconds(claims, "exp"),
    notBefore: readNotBefore(claims),
    confirmation: readConfirmation(claims, true),
    depth: whole(claims, "del_depth"),
    maxDepth: first || claims.del_max_depth !== undefined ? positive(claims) : undefined,
    parHash: readParHash(claims),
    details,
    scope: undefined,
    status: readStatus(claims, true),
    anchor: undefined,
    link: undefined,
  };
}

/**
 * Reads a token of the `attenuating-agent-token` draft. `sub` and `client_id` mean nothing there.
 *
 * @param first Whether it is the root's: then `par_hash` must not be there.
 * @throws {DelegationError} `malformed`, with the claim as rule.
 * @see draft-niyikiza-oauth-attenuating-agent-tokens-01, Claims
 */
export function readAatClaims(claims: JsonObject, first: boolean): TokenClaims {
  return readAatBased(claims, first, {
    subject: undefined,
    agent: undefined,
    scope: undefined,
    status: readStatus(claims, false),
    anchor: undefined,
    link: undefined,
  });
}

/**
 * Reads an anchor of the `legate` profile: a root of the AAT draft that any OAuth resource server can read
 * (RFC 9068 §2.2), with claims of our own. `act` is for others to read and is not looked at.
 *
 * @throws {DelegationError} `malformed`, with the claim as rule.
 */
export function readAnchorClaims(claims: JsonObject): TokenClaims {
  return readAatBased(claims, true, {
    subject: name(claims, "sub"),
    agent: name(claims, "client_id"),
    scope: optionalString(claims, "scope"),
    status: readStatus(claims, true),
    anchor: {
      tenant: name(claims, "tenant"),
      tree: name(claims, "txn"),
      principalIssuer:
        claims.principal_iss === undefined ? text(claims, "iss") : name(claims, "principal_iss"),
      lineage: readLineage(claims),
      generation: name(claims, "gen"),
      position: whole(claims, "pos"),
      bearer: flag(claims, "bearer"),
    },
    link: undefined,
  });
}

/**
 * Reads a link of the `legate` profile: a derived token of the AAT draft that names its agent.
 *
 * @throws {DelegationError} `malformed`, with the claim as rule.
 */
export function readLinkClaims(claims: JsonObject): TokenClaims {
  return readAatBased(claims, false, {
    subject: optionalText(claims, "sub"),
    agent: name(claims, "client_id"),
    scope: optionalString(claims, "scope"),
    status: readStatus(claims, true),
    anchor: undefined,
    link: {
      self: flag(claims, "self"),
      agentProof: optionalText(claims, "agent_proof"),
      tenant: claims.tenant === undefined ? undefined : name(claims, "tenant"),
    },
  });
}

/** `jti` of claims that are not verified yet: the one thing that may be looked at before (AAT draft, step 2). */
export function readTokenId(claims: JsonObject): string {
  return text(claims, "jti");
}

type More = Pick<TokenClaims, "subject" | "agent" | "scope" | "status" | "anchor" | "link">;

/** One literal for all: objects of one shape are what keeps the readers of claims quick. */
function readAatBased(claims: JsonObject, first: boolean, more: More): TokenClaims {
  if (first && claims.par_hash !== undefined) throw malformed("par_hash");
  const audience = readAudience(claims) ?? [];
  if (audience.length > AUDIENCES_MAX) throw malformed("aud");
  return {
    tokenId: text(claims, "jti"),
    issuer: text(claims, "iss"),
    subject: more.subject,
    agent: more.agent,
    audience,
    issuedAt: seconds(claims, "iat"),
    expiresAt: seconds(claims, "exp"),
    notBefore: readNotBefore(claims),
    confirmation: readConfirmation(claims, false),
    depth: whole(claims, "del_depth"),
    maxDepth: whole(claims, "del_max_depth"),
    parHash: readParHash(claims),
    details: readDetails(claims, false),
    scope: more.scope,
    status: more.status,
    anchor: more.anchor,
    link: more.link,
  };
}

function readNotBefore(claims: JsonObject): number {
  return claims.nbf === undefined ? 0 : seconds(claims, "nbf");
}

/** `undefined` when the token does not say; `null` and an empty array say something, and it is wrong. */
function readAudience(claims: JsonObject): readonly string[] | undefined {
  const { aud } = claims;
  if (aud === undefined) return undefined;
  if (typeof aud === "string" && aud !== "") return [aud];
  if (!Array.isArray(aud) || aud.length === 0) throw malformed("aud");
  const audience: string[] = [];
  for (const item of aud) {
    if (typeof item !== "string" || item === "") throw malformed("aud");
    if (!audience.includes(item)) audience.push(item);
  }
  return audience;
}

function readConfirmation(claims: JsonObject, thumbprintAllowed: boolean): Confirmation {
  const { cnf } = claims;
  if (!isObject(cnf)) throw malformed("cnf");
  if (isObject(cnf.jwk)) return { jwk: cnf.jwk };
  if (thumbprintAllowed && cnf.jwk === undefined && isDigest(cnf.jkt)) return { jkt: cnf.jkt };
  throw malformed("cnf");
}

function readParHash(claims: JsonObject): string | undefined {
  const { par_hash } = claims;
  if (par_hash === undefined || isDigest(par_hash)) return par_hash;
  throw malformed("par_hash");
}

/** @param typed Whether an entry without a type is refused at once; where others' entries are ignored it is, too. */
function readDetails(claims: JsonObject, typed: boolean): readonly JsonObject[] {
  const { authorization_details } = claims;
  if (!Array.isArray(authorization_details) || authorization_details.length > DETAILS_MAX) {
    throw malformed("authorization_details");
  }
  const details: JsonObject[] = [];
  for (const detail of authorization_details) {
    if (!isObject(detail) || (typed && typeof detail.type !== "string")) {
      throw malformed("authorization_details");
    }
    details.push(detail);
  }
  return details;
}

function readLineage(claims: JsonObject): readonly LineageHop[] {
  const { lineage } = claims;
  if (!Array.isArray(lineage) || lineage.length === 0 || lineage.length > HOPS_MAX) {
    throw malformed("lineage");
  }
  const hops: LineageHop[] = [];
  for (const entry of lineage) {
    if (!isObject(entry)) throw malformed("lineage");
    const { hop, agent, identity, jkt } = entry;
    const named = isName(hop) && isName(agent) && isDigest(jkt);
    if (!named || (identity !== "proven" && identity !== "asserted")) throw malformed("lineage");
    for (const member in entry) if (!LINEAGE_MEMBERS.has(member)) throw malformed("lineage");
    hops.push({ hop, agent, identity, jkt });
  }
  return hops;
}

const LINEAGE_MEMBERS: ReadonlySet<string> = new Set(["hop", "agent", "identity", "jkt"]);

/**
 * @param strict Whether a status that is no status list reference is refused; where `status` means nothing it is
 *   another's claim.
 */
function readStatus(claims: JsonObject, strict: boolean): StatusReference | undefined {
  const { status } = claims;
  if (status === undefined) return undefined;
  const list = isObject(status) ? status.status_list : undefined;
  if (list === undefined && !strict) return undefined;
  if (!isObject(list) || !isText(list.uri) || !isWhole(list.idx)) throw malformed("status");
  return { uri: list.uri, index: list.idx };
}

function positive(claims: JsonObject): number {
  const value = whole(claims, "del_max_depth");
  if (value > 0) return value;
  throw malformed("del_max_depth");
}
