/**
 * Minting of anchors, and of the drafts' first tokens. What is minted is judged by the verifier's own rules before it is
 * signed, so that nothing leaves here that a verifier would refuse.
 *
 * @module
 */
import { DelegationError } from "../base/error.js";
import type { PublicKey, SigningKey } from "../token/key.js";
import type { Grant } from "../wire/grant.js";
import {
  actOf,
  type CoreDraft,
  identityClaims,
  lineageOf,
  lineageTexts,
  writeClaims,
} from "./mint-claims.js";
import { signToken } from "./mint-sign.js";
import { maxDepthOf, profileOf } from "./profile.js";
import type { ChainHop, Principal } from "./verified-chain.js";

/** What an anchor says. Times are epoch milliseconds. */
export interface AnchorDraft {
  readonly issuer: string;
  readonly tokenId: string;
  readonly tenant: string;
  /** Id of the root hop. */
  readonly tree: string;
  readonly principal: Principal;
  /** Root first, own hop last. */
  readonly lineage: readonly ChainHop[];
  /** Effective; `limits.depth` is how many hops may follow, none when it does not say. */
  readonly grant: Grant;
  readonly holderKey: PublicKey;
  readonly generation: string;
  readonly position: number;
  readonly bearer?: boolean;
  readonly issuedAt: number;
  readonly notBefore?: number;
  readonly status?: { readonly uri: string; readonly index: number };
}

/** Of all anchors. */
const LEGATE = profileOf("legate");

/**
 * Mints an anchor: the coordinator's own token, from a record that its store has said yes to.
 *
 * @throws {DelegationError} whatever a verifier would refuse it for; `profile_cannot_carry`, `too_large`.
 */
export function mintAnchor(draft: AnchorDraft, key: SigningKey): string {
  const { grant, lineage, principal, bearer } = draft;
  const profile = LEGATE;
  const agent = lineage.at(-1)?.agent;
  if (agent === undefined) {
    throw new DelegationError("malformed", "anchor has no hop", { rule: "lineage" });
  }
  const core = coreOf(draft, grant, maxDepthOf(profile, 0, grant.limits.depth ?? 0));
  const claims = writeClaims(core, profile, {
    act: actOf(lineage),
    bearer: bearer === true ? bearer : undefined,
    client_id: agent,
    gen: draft.generation,
    lineage: lineageOf(lineage),
    pos: draft.position,
    principal_iss: principal.issuer === draft.issuer ? undefined : principal.issuer,
    sub: principal.subject,
    tenant: draft.tenant,
    txn: draft.tree,
  });
  return signToken(claims, undefined, profile, {
    key,
    holderKey: draft.holderKey,
    now: draft.issuedAt,
    texts: lineageTexts(lineage),
  });
}

/** What the first token of one of the drafts says. */
export interface RootDraft
  extends Omit<CoreDraft, "depth" | "maxDepth" | "authority" | "expiresAt"> {
  readonly profile: "agent-delegation" | "attenuating-agent-token";
  readonly grant: Grant;
  /** Both are due in the `agent-delegation` draft, and mean nothing in the other. */
  readonly subject?: string;
  readonly agent?: string;
}

/**
 * Mints the first token of a chain of one of the drafts.
 *
 * @throws {DelegationError} as {@link mintAnchor}
 */
export function mintRoot(draft: RootDraft, key: SigningKey): string {
  const profile = profileOf(draft.profile);
  const core = coreOf(draft, draft.grant, maxDepthOf(profile, 0, draft.grant.limits.depth ?? 0));
  const claims = writeClaims(core, profile, identityClaims(profile, draft.subject, draft.agent));
  return signToken(claims, undefined, profile, {
    key,
    holderKey: draft.holderKey,
    now: draft.issuedAt,
  });
}

function coreOf(
  draft: Omit<CoreDraft, "depth" | "maxDepth" | "authority" | "expiresAt">,
  grant: Grant,
  maxDepth: number,
): CoreDraft {
  const { notBefore, status, byThumbprint } = draft;
  return {
    tokenId: draft.tokenId,
    issuer: draft.issuer,
    holderKey: draft.holderKey,
    issuedAt: draft.issuedAt,
    authority: grant,
    expiresAt: grant.expiresAt,
    depth: 0,
    maxDepth,
    notBefore,
    status,
    byThumbprint,
  };
}
