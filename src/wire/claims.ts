/**
 * Claims of anchors and links: what a token of each profile says, read strictly, before anything is judged.
 *
 * Read by hand, once, into one type: this is the hottest parser of all. A top-level claim that is not named here is
 * ignored; what stands inside an authorization detail is for `grant.ts` to read, closed.
 *
 * @module
 */
import type { JsonObject } from "../base/json-value.js";
import { AUDIENCES_MAX } from "../base/limits.js";
import {
  readAudience,
  readConfirmation,
  readDetails,
  readLineage,
  readNotBefore,
  readParHash,
  readStatus,
} from "./claim-part.js";
import {
  flag,
  instant,
  malformed,
  name,
  optionalString,
  optionalText,
  seconds,
  text,
  whole,
} from "./claim-value.js";
import type { LineageHop, TokenClaims } from "./token-claims.js";

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
    tokenId: text(claims.jti, "jti"),
    issuer: text(claims.iss, "iss"),
    subject: first ? text(claims.sub, "sub") : optionalString(claims.sub, "sub"),
    agent: text(claims.client_id, "client_id"),
    audience,
    issuedAt: instant(claims.iat, "iat"),
    expiresAt: instant(claims.exp, "exp"),
    notBefore: claims.nbf === undefined ? 0 : instant(claims.nbf, "nbf"),
    confirmation: readConfirmation(claims, true),
    depth: whole(claims.del_depth, "del_depth"),
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
 * @param lineage What the claim `lineage` says, where that was read before.
 * @throws {DelegationError} `malformed`, with the claim as rule.
 */
export function readAnchorClaims(claims: JsonObject, lineage?: readonly LineageHop[]): TokenClaims {
  return readAatBased(claims, true, {
    subject: name(claims.sub, "sub"),
    agent: name(claims.client_id, "client_id"),
    scope: optionalString(claims.scope, "scope"),
    status: readStatus(claims, true),
    anchor: {
      tenant: name(claims.tenant, "tenant"),
      tree: name(claims.txn, "txn"),
      principalIssuer:
        claims.principal_iss === undefined
          ? text(claims.iss, "iss")
          : name(claims.principal_iss, "principal_iss"),
      lineage: lineage ?? readLineage(claims),
      generation: name(claims.gen, "gen"),
      position: whole(claims.pos, "pos"),
      bearer: flag(claims.bearer, "bearer"),
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
    subject: optionalText(claims.sub, "sub"),
    agent: name(claims.client_id, "client_id"),
    scope: optionalString(claims.scope, "scope"),
    status: readStatus(claims, true),
    anchor: undefined,
    link: {
      self: flag(claims.self, "self"),
      agentProof: optionalText(claims.agent_proof, "agent_proof"),
      tenant: claims.tenant === undefined ? undefined : name(claims.tenant, "tenant"),
    },
  });
}

/** `jti` of claims that are not verified yet: the one thing that may be looked at before (AAT draft, step 2). */
export function readTokenId(claims: JsonObject): string {
  return text(claims.jti, "jti");
}

type More = Pick<TokenClaims, "subject" | "agent" | "scope" | "status" | "anchor" | "link">;

/** One literal for all: objects of one shape are what keeps the readers of claims quick. */
function readAatBased(claims: JsonObject, first: boolean, more: More): TokenClaims {
  if (first && claims.par_hash !== undefined) throw malformed("par_hash");
  const audience = readAudience(claims) ?? [];
  if (audience.length > AUDIENCES_MAX) throw malformed("aud");
  return {
    tokenId: text(claims.jti, "jti"),
    issuer: text(claims.iss, "iss"),
    subject: more.subject,
    agent: more.agent,
    audience,
    issuedAt: seconds(claims.iat, "iat"),
    expiresAt: seconds(claims.exp, "exp"),
    notBefore: readNotBefore(claims),
    confirmation: readConfirmation(claims, false),
    depth: whole(claims.del_depth, "del_depth"),
    maxDepth: whole(claims.del_max_depth, "del_max_depth"),
    parHash: readParHash(claims),
    details: readDetails(claims, false),
    scope: more.scope,
    status: more.status,
    anchor: more.anchor,
    link: more.link,
  };
}

function positive(claims: JsonObject): number {
  const value = whole(claims.del_max_depth, "del_max_depth");
  if (value > 0) return value;
  throw malformed("del_max_depth");
}

export type { LineageHop, StatusReference, TokenClaims } from "./token-claims.js";
