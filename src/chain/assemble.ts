/** From judged tokens to one authority. Only `verify.ts` calls it, once every rule has been kept. @module */
import { DelegationError } from "../base/error.js";
import { needsCoordinator } from "../grant/limits.js";
import { thumbprintUri } from "../token/key.js";
import type { Grant } from "../wire/grant.js";
import { type ChainToken, hopIdOf } from "./chain-token.js";
import type { Profile } from "./profile.js";
import type { Trust } from "./trust.js";
import type { ChainHop, StatusReference, VerifiedChain } from "./verified-chain.js";

/** What a minter needs of a verified parent besides what everybody may see. */
export interface Origin {
  readonly token: ChainToken;
  readonly profile: Profile;
  readonly trust: Trust;
}

const ORIGINS = new WeakMap<VerifiedChain, Origin>();

/**
 * Where a chain came from.
 *
 * @throws {DelegationError} `server_error` for an object that no verification made, whatever its type says.
 */
export function originOf(chain: VerifiedChain): Origin {
  const origin = ORIGINS.get(chain);
  if (origin !== undefined) return origin;
  throw new DelegationError("server_error", "chain was not made by a verification");
}

/** What does not stand in the tokens. */
export interface Verification {
  readonly profile: Profile;
  readonly trust: Trust;
  readonly digest: string;
  readonly now: number;
}

/** Makes the chain whose last token is `leaf`. Every token of it has kept every rule. */
export function assemble(leaf: ChainToken, verification: Verification): VerifiedChain {
  const { profile, trust, digest, now } = verification;
  const tokens = fromRoot(leaf);
  const root = tokens[0] ?? leaf;
  const { anchor } = root.claims;
  const hops = hopsOf(tokens);
  const made = {
    profile: profile.name,
    digest,
    parHash: leaf.hash,
    tokenId: leaf.claims.tokenId,
    issuer: root.claims.issuer,
    tenant: anchor?.tenant ?? trust.draftTenant,
    tree: anchor?.tree ?? root.claims.tokenId,
    principal: {
      issuer: anchor?.principalIssuer ?? root.claims.issuer,
      subject: root.claims.subject ?? "",
    },
    hops,
    ...grantsOf(tokens, profile),
    ...timesOf(tokens),
    verifiedAt: now,
    issuedAt: leaf.claims.issuedAt,
    holder: leaf.holder,
    holderKey: leaf.holderKey,
    keys: keysOf(tokens),
    bearer: leaf === root && anchor?.bearer === true,
    selfLink: leaf.selfLink,
    ...linksOf(tokens),
    hopsLeft: leaf.hopsLeft,
    generation: anchor?.generation ?? "",
    position: anchor?.position ?? 0,
    statuses: statusesOf(tokens),
  };
  const chain = Object.freeze(made) as VerifiedChain;
  ORIGINS.set(chain, { token: leaf, profile, trust });
  return chain;
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
      for (const { hop, agent, identity, jkt } of anchor.lineage) {
        hops.push({ id: hop, agent, identity, holder: jkt });
      }
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

function keysOf(tokens: readonly ChainToken[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { signer, holder, claims } of tokens) {
    keys.add(signer);
    keys.add(holder);
    for (const { jkt } of claims.anchor?.lineage ?? []) keys.add(jkt);
  }
  return keys;
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
    offline.push(token.hash);
    if (counted) unregistered.push(token.hash);
  }
  return { offline, unregistered };
}

function statusesOf(tokens: readonly ChainToken[]): readonly StatusReference[] {
  return tokens.flatMap(({ claims }) => (claims.status === undefined ? [] : [claims.status]));
}
