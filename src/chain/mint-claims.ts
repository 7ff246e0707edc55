/** Claims of tokens to be: written in canonical order of members, so that the canonical text costs one native pass. @module */
import type { Json, JsonObject } from "../base/json-value.js";
import type { PublicKey } from "../token/key.js";
import type { Authority } from "../wire/grant.js";
import { toScopeClaim } from "../wire/scope.js";
import { writeDetails } from "./details.js";
import type { Profile } from "./profile.js";
import type { ChainHop } from "./verified-chain.js";

/** What every token says. Times are epoch milliseconds; the wire has whole seconds, never later than meant. */
export interface CoreDraft {
  readonly tokenId: string;
  readonly issuer: string;
  readonly holderKey: PublicKey;
  /** Names the holder key by its thumbprint alone, where the profile has `cnf.jkt`. */
  readonly byThumbprint?: boolean;
  readonly authority: Authority;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly notBefore?: number;
  readonly depth: number;
  readonly maxDepth: number;
  /** Status list reference (Token Status List §6). */
  readonly status?: { readonly uri: string; readonly index: number };
}

/** Members that come before, between and after the core ones are merged by name, and the whole is put in order. */
export function writeClaims(draft: CoreDraft, profile: Profile, more: JsonObject): JsonObject {
  const { details, scope } = writeDetails(draft.authority, profile);
  const { audience } = draft.authority;
  const [single] = audience;
  const claims: JsonObject = {
    ...more,
    authorization_details: [...details],
    cnf: draft.byThumbprint === true ? { jkt: draft.holderKey.thumbprint } : confirm(draft),
    del_depth: draft.depth,
    del_max_depth: draft.maxDepth,
    exp: Math.floor(draft.expiresAt / 1_000),
    iat: Math.floor(draft.issuedAt / 1_000),
    iss: draft.issuer,
    jti: draft.tokenId,
  };
  if (single !== undefined) claims.aud = audience.length === 1 ? single : [...audience];
  if (draft.notBefore !== undefined) claims.nbf = Math.ceil(draft.notBefore / 1_000);
  if (scope.length > 0) claims.scope = toScopeClaim(scope);
  if (draft.status !== undefined) {
    claims.status = { status_list: { idx: draft.status.index, uri: draft.status.uri } };
  }
  return inOrder(claims);
}

/** `act` (RFC 8693 §4.1): who acts now outermost, the root innermost. For others to read; boundaries go by `lineage`. */
export function actOf(lineage: readonly ChainHop[]): JsonObject {
  let act: JsonObject | undefined;
  for (const { agent } of lineage) act = act === undefined ? { sub: agent } : { act, sub: agent };
  return act ?? {};
}

/** `lineage` as tokens carry it. */
export function lineageOf(hops: readonly ChainHop[]): Json[] {
  return hops.map(({ id, agent, identity, holder }) => ({ agent, hop: id, identity, jkt: holder }));
}

function confirm({ holderKey }: CoreDraft): JsonObject {
  return { jwk: { ...holderKey.jwk } };
}

function inOrder(claims: JsonObject): JsonObject {
  const ordered: JsonObject = {};
  for (const name of Object.keys(claims).sort()) {
    const value = claims[name];
    if (value !== undefined) ordered[name] = value;
  }
  return ordered;
}
