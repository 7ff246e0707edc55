/** Minting of links and self-links by a holder, offline; judged by the verifier's own rules before they are signed. @module */
import { DelegationError } from "../base/error.js";
import { uuidv7 } from "../base/id.js";
import { LIFETIME_MS_DEFAULT, SELF_LINK_LIFETIME_MS_MAX, TOKENS_MAX } from "../base/limits.js";
import { pooled, type RandomBytes, systemRandom } from "../base/random.js";
import { type PublicKey, type SigningKey, thumbprintUri } from "../token/key.js";
import type { Authority, ToolMap } from "../wire/grant.js";
import { type Origin, originOf } from "./assembled-chain.js";
import { cannotCarry } from "./details.js";
import { rejudgeTimes } from "./judge.js";
import { type CoreDraft, identityClaims, type OwnClaims, writeClaims } from "./mint-claims.js";
import { parentSharing } from "./mint-parent.js";
import { signToken } from "./mint-sign.js";
import { maxDepthOf, type Profile } from "./profile.js";
import type { VerifiedChain } from "./verified-chain.js";

/** What a holder hands on. */
export interface LinkDraft {
  /** Who gets it; the AAT draft names no agents. */
  readonly agent?: string;
  /** The public part of a key that was made where the agent will act. */
  readonly holderKey: PublicKey;
  readonly byThumbprint?: boolean;
  /** Absent `limits` and `audience`: the parent's. `limits.depth`: hops that may follow, one less than the parent's unless told. */
  readonly grant: Partial<Authority>;
  /** Epoch ms; a short life, or the parent's end if that is nearer, unless told. */
  readonly expiresAt?: number;
  readonly notBefore?: number;
  /** The agent's own signature over this key and parent; see `makeAgentProof`. */
  readonly agentProof?: string;
  readonly status?: { readonly uri: string; readonly index: number };
  /** Epoch ms. */
  readonly now: number;
  readonly random?: RandomBytes;
}

/**
 * Mints a link below a verified chain, offline, with the key that its leaf confirms. One signature.
 *
 * @throws {DelegationError} whatever a verifier would refuse it for: `grant_exceeds_parent`, `depth_invalid`,
 *   `link_requires_coordinator`, `lifetime_invalid`, `signature_invalid` (another key than the leaf's); and
 *   `profile_cannot_carry`, `too_large`.
 */
export function mintLink(parent: VerifiedChain, draft: LinkDraft, key: SigningKey): string {
  return mintChild(parent, draft, key, {});
}

/** What an agent asks of its own token, for one call. */
export interface SelfLinkDraft {
  readonly tool: string;
  /** Constraints on its arguments; the parent's unless told. */
  readonly arguments?: ToolMap[string];
  readonly audience: string;
  /** At most `SELF_LINK_LIFETIME_MS_MAX`, which it is unless told. */
  readonly lifetimeMs?: number;
  readonly now: number;
  readonly random?: RandomBytes;
}

/**
 * Mints a self-link: the same agent, the same key, one audience, one tool, at most a minute. Not a hop.
 *
 * @throws {DelegationError} `self_link_invalid`, and as {@link mintLink}
 */
export function mintSelfLink(parent: VerifiedChain, draft: SelfLinkDraft, key: SigningKey): string {
  const { profile, token } = originOf(parent);
  if (profile.claims !== "legate") throw cannotCarry("self");
  const { holderKey, claims } = token;
  if (holderKey === undefined) throw cannotCarry("cnf");
  const granted = parent.grant.tools[draft.tool] ?? {};
  const lifetimeMs = draft.lifetimeMs ?? SELF_LINK_LIFETIME_MS_MAX;
  const link: LinkDraft = {
    ...(claims.agent === undefined ? {} : { agent: claims.agent }),
    holderKey,
    grant: {
      tools: { [draft.tool]: draft.arguments ?? granted },
      audience: [draft.audience],
      limits: { depth: 0 },
    },
    expiresAt: Math.min(floorSeconds(draft.now) + lifetimeMs, parent.expiresAt),
    now: draft.now,
    ...(draft.random === undefined ? {} : { random: draft.random }),
  };
  return mintChild(parent, link, key, { self: true });
}

/** Token ids show anyway, so their randomness may be drawn in portions. */
const tokenIdRandom = pooled(systemRandom);

function mintChild(
  parent: VerifiedChain,
  draft: LinkDraft,
  key: SigningKey,
  more: OwnClaims,
): string {
  const origin = originOf(parent);
  const { profile, token } = origin;
  const depth = token.index + 1;
  if (depth >= TOKENS_MAX) {
    throw new DelegationError("too_large", "chain is as long as a chain may be", {
      rule: "tokens",
    });
  }
  checkSigner(origin, key);
  rejudgeTimes(token, origin, draft.now);
  const issuedAt = Math.max(draft.now, token.claims.issuedAt);
  const hopsLeft = more.self === true ? 0 : (draft.grant.limits?.depth ?? token.hopsLeft - 1);
  const authority = authorityOf(draft.grant, parent, profile);
  const core: CoreDraft = {
    tokenId: uuidv7(draft.now, draft.random ?? tokenIdRandom),
    issuer: profile.issuer === "thumbprint" ? thumbprintUri(key.thumbprint) : parent.issuer,
    holderKey: draft.holderKey,
    byThumbprint: draft.byThumbprint,
    authority,
    issuedAt,
    notBefore: draft.notBefore,
    expiresAt: draft.expiresAt ?? Math.min(draft.now + LIFETIME_MS_DEFAULT, parent.expiresAt),
    depth,
    maxDepth: maxDepthOf(profile, depth, hopsLeft),
    status: draft.status,
  };
  if (draft.agentProof !== undefined && profile.claims !== "legate")
    throw cannotCarry("agentProof");
  const { client_id, sub } = identityClaims(profile, parent.principal.subject, draft.agent);
  const claims = writeClaims(core, profile, {
    agent_proof: draft.agentProof,
    client_id,
    par_hash: parent.parHash,
    self: more.self,
    sub,
  });
  const under = { profile, token: parentSharing(token, authority.tools), trust: origin.trust };
  return signToken(claims, under, profile, { key, holderKey: draft.holderKey, now: draft.now });
}

function authorityOf(
  grant: Partial<Authority>,
  parent: VerifiedChain,
  profile: Profile,
): Authority {
  const { tools = {}, scopes = [], ceilings = [], audience = [], limits = {} } = grant;
  const due = profile.audience === "leaf" && audience.length === 0;
  return { tools, scopes, ceilings, audience: due ? parent.grant.audience : audience, limits };
}

/** @throws {DelegationError} `signature_invalid` */
function checkSigner({ profile, token, trust }: Origin, key: SigningKey): void {
  const right =
    profile.childSigner === "delegator"
      ? key.thumbprint === token.holder
      : trust.candidates(key.kid).some(({ thumbprint }) => thumbprint === key.thumbprint);
  if (right) return;
  throw new DelegationError("signature_invalid", "key is not the one that may sign below here", {
    rule: "cnf",
  });
}

function floorSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}
