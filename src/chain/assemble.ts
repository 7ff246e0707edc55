/** From judged tokens to one authority. Only `verify.ts` calls it, once every rule has been kept. @module */
import { DelegationError } from "../base/error.js";
import { needsCoordinator } from "../grant/limits.js";
import { thumbprintUri } from "../token/key.js";
import type { Grant } from "../wire/grant.js";
import { chainOf, type Members } from "./assembled-chain.js";
import { type ChainToken, hopIdOf } from "./chain-token.js";
import type { LateDigest } from "./late-digest.js";
import type { Profile } from "./profile.js";
import type { Trust } from "./trust.js";
import type { ChainHop, StatusReference, VerifiedChain } from "./verified-chain.js";

/** What does not stand in the tokens. */
export interface Verification {
  readonly profile: Profile;
  readonly trust: Trust;
  readonly digest: LateDigest;
  readonly now: number;
}

/** Makes the chain whose last token is `leaf`. Every token of it has kept every rule. */
export function assemble(leaf: ChainToken, verification: Verification): VerifiedChain {
  const { profile, trust, digest, now } = verification;
  const tokens = fromRoot(leaf);
  const root = tokens[0] ?? leaf;
  const { anchor } = root.claims;
  const hops = hopsOf(tokens);
  const { grants, grant } = grantsOf(tokens, profile);
  const { expiresAt, notBefore } = timesOf(tokens);
  const { offline, unregistered } = linksOf(tokens);
  // Without spreads: members whose names are known beforehand are written at once.
  const made: Members = {
    profile: profile.name,
    tokenId: leaf.claims.tokenId,
    issuer: root.claims.issuer,
    tenant: anchor?.tenant ?? trust.draftTenant,
    tree: anchor?.tree ?? root.claims.tokenId,
    principal: {
      issuer: anchor?.principalIssuer ?? root.claims.issuer,
      subject: root.claims.subject ?? "",
    },
    hops,
    grants,
    grant,
    expiresAt,
    notBefore,
    verifiedAt: now,
    issuedAt: leaf.claims.issuedAt,
    holder: leaf.holder,
    holderKey: leaf.holderKey,
    bearer: leaf === root && anchor?.bearer === true,
    selfLink: leaf.selfLink,
    offline,
    unregistered,
    hopsLeft: leaf.hopsLeft,
    generation: anchor?.generation ?? "",
    position: anchor?.position ?? 0,
    statuses: statusesOf(tokens),
  };
  return chainOf(made, digest, { token: leaf, profile, trust });
}

function fromRoot(leaf: ChainToken): readonly ChainToken[] {
  const tokens: ChainToken[] = [];
  for (let token: ChainToken | undefined = leaf; token; token = token.parent) tokens.push(token);
  return tokens.reverse();
}

function hopsOf(tokens: readonly ChainToken[]): readonly ChainHop[] {
  const hops: ChainHop[] = [];
  for (const token of tokens) {
    const { anchor } = token.claims;
    if (anchor !== undefined) {
      for (const hop of anchor.lineage) hops.push(hop);
    } else if (!token.selfLink) {
      const { holder, identity } = token;
      const agent = token.claims.agent ?? thumbprintUri(holder);
      hops.push({ id: hopIdOf(token), agent, identity, holder });
    }
  }
  return hops;
}

/** Where only the leaf's audience counts, the others' grants hold everywhere. */
function grantsOf(
  tokens: readonly ChainToken[],
  profile: Profile,
): { grants: readonly Grant[]; grant: Grant } {
  const grants = tokens.map(({ grant }) => grant);
  const leaf = tokens.at(-1);
  if (leaf === undefined) throw new DelegationError("chain_empty", "chain has no tokens");
  if (profile.audience !== "leaf") return { grants, grant: leaf.grant };
  const grant = { ...leaf.grant, audience: leaf.claims.audience };
  return { grants: [...grants.slice(0, -1), grant], grant };
}

function timesOf(tokens: readonly ChainToken[]): { expiresAt: number; notBefore: number } {
  let expiresAt = Number.MAX_SAFE_INTEGER;
  let notBefore = 0;
  for (const { claims } of tokens) {
    expiresAt = Math.min(expiresAt, claims.expiresAt);
    notBefore = Math.max(notBefore, claims.notBefore);
  }
  return { expiresAt, notBefore };
}

/** Hops that came as links; and which of them stand below a limit that only the coordinator can count. */
function linksOf(tokens: readonly ChainToken[]): {
  offline: readonly string[];
  unregistered: readonly string[];
} {
  const offline: string[] = [];
  const unregistered: string[] = [];
  let counted = false;
  for (const token of tokens) {
    if (token.parent === undefined || token.selfLink) continue;
    counted ||= needsCoordinator(token.parent.grant.limits);
    offline.push(token.hash.value);
    if (counted) unregistered.push(token.hash.value);
  }
  return { offline, unregistered };
}

function statusesOf(tokens: readonly ChainToken[]): readonly StatusReference[] {
  const statuses: StatusReference[] = [];
  for (const { claims } of tokens) if (claims.status !== undefined) statuses.push(claims.status);
  return statuses;
}
