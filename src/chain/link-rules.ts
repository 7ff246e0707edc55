/** The rules that a token keeps under its parent, one function each, and the orders in which the drafts judge them. @module */
import { equalDigest } from "../base/digest.js";
import { DelegationError } from "../base/error.js";
import { HOPS_MAX, SELF_LINK_LIFETIME_MS_MAX } from "../base/limits.js";
import { attenuate } from "../grant/attenuate.js";
import { thumbprintUri } from "../token/key.js";
import { judgeBearer, judgeLineage, judgeRootIssuer, judgeRootTenant } from "./anchor-rules.js";
import { type ChainToken, rootOf } from "./chain-token.js";
import type { Judgement, Rule } from "./rule.js";

/** Token by token (AAT draft, Verification): first the root's rules. The signature comes before all of them. */
export const ROOT_ORDER: readonly Rule[] = [
  judgeRootIssuer,
  judgeRootTenant,
  judgeDepth,
  judgeTimes,
  judgeLifetime,
  judgeLineage,
  judgeBearer,
  judgeRootCapable,
];

/** Then those of each child under its parent (AAT draft, I1 to I5). The signature comes before all of them. */
export const CHILD_ORDER: readonly Rule[] = [
  judgeLinkIssuer,
  judgeDepth,
  judgePrincipal,
  judgeTenant,
  judgeTimes,
  judgeLifetime,
  judgeSelfLink,
  judgeDelegateOnly,
  judgeCapability,
  judgeParentHash,
];

/** Rule by rule over the whole chain (agent-delegation draft, steps 2 to 5). Signatures come before all of them. */
export const PARSE_FIRST_ORDER: readonly Rule[] = [
  judgeRootIssuer,
  judgeRootTenant,
  judgeParentHash,
  judgeDepth,
  judgePrincipal,
  judgeCapability,
  judgeTimes,
];

/** A child's `iss` names the key that signed it (AAT draft I1; RFC 9278). @throws `issuer_invalid` */
function judgeLinkIssuer(token: ChainToken, { profile }: Judgement): void {
  if (token.parent === undefined || profile.issuer !== "thumbprint") return;
  if (token.claims.issuer === thumbprintUri(token.signer)) return;
  throw new DelegationError("issuer_invalid", "issuer does not name the key that signed", {
    rule: "iss",
  });
}

/**
 * Depth counts up by one, and no maximum in force is passed (both drafts).
 *
 * A self-link takes a place in the chain of tokens and none in the tree, so the last hop may still make one.
 *
 * @throws `depth_invalid`
 */
function judgeDepth(token: ChainToken, { profile }: Judgement): void {
  const { claims, parent, index } = token;
  if (claims.depth !== index) throw depthInvalid("del_depth");
  const lineage = rootOf(token).claims.anchor?.lineage.length ?? 1;
  if (lineage + index > HOPS_MAX) throw depthInvalid("hops");
  if (profile.depth === "length") {
    const length = Math.min(token.maxDepth, parent?.maxDepth ?? token.maxDepth);
    if (index >= length) throw depthInvalid("del_max_depth");
    return;
  }
  if (claims.depth > token.maxDepth) throw depthInvalid("del_max_depth");
  if (parent === undefined || token.selfLink) return;
  if (parent.hopsLeft < 1 || token.maxDepth > parent.maxDepth) throw depthInvalid("del_max_depth");
}

/** The principal never changes (agent-delegation draft, step 3). @throws `principal_altered` */
function judgePrincipal(token: ChainToken, { profile }: Judgement): void {
  if (token.parent === undefined || profile.subject === "undefined") return;
  const { subject } = token.claims;
  if (subject === undefined && profile.subject === "optional") return;
  if (subject === rootOf(token).claims.subject) return;
  throw new DelegationError("principal_altered", "principal is not the root's", { rule: "sub" });
}

/** The tenant never changes. @throws `tenant_altered` */
function judgeTenant(token: ChainToken): void {
  const tenant = token.claims.link?.tenant;
  if (tenant === undefined || tenant === rootOf(token).claims.anchor?.tenant) return;
  throw new DelegationError("tenant_altered", "tenant is not the root's", { rule: "tenant" });
}

/**
 * The verifier's time lies in the token's (RFC 7519 §4.1.4, §4.1.5), and the token's end not behind its parent's.
 *
 * @throws `token_expired`, `token_not_yet_valid`, `lifetime_invalid`
 */
export function judgeTimes(token: ChainToken, { profile, now }: Judgement): void {
  const { claims, parent } = token;
  const alive = profile.expiry === "inclusive" ? now <= claims.expiresAt : now < claims.expiresAt;
  if (!alive) throw new DelegationError("token_expired", "token has expired", { rule: "exp" });
  if (now < claims.notBefore) {
    throw new DelegationError("token_not_yet_valid", "token is not valid yet", { rule: "nbf" });
  }
  if (parent !== undefined && claims.expiresAt > parent.claims.expiresAt) {
    throw lifetimeInvalid("exp", "token outlives its parent");
  }
}

/** A token lives a bounded time, and starts neither in the future nor before its parent (AAT draft I3). @throws `lifetime_invalid` */
export function judgeLifetime(token: ChainToken, { profile, now }: Judgement): void {
  if (profile.lifetime === undefined) return;
  const { issuedAt, expiresAt } = token.claims;
  if (issuedAt > now + profile.lifetime.skewMs)
    throw lifetimeInvalid("iat", "token is not made yet");
  if (expiresAt <= issuedAt) throw lifetimeInvalid("exp", "token ends before it starts");
  if (expiresAt - issuedAt > profile.lifetime.maxMs)
    throw lifetimeInvalid("exp", "life is too long");
  if (token.parent !== undefined && issuedAt < token.parent.claims.issuedAt) {
    throw lifetimeInvalid("iat", "token is older than its parent");
  }
}

/** A root holds the detail of its profile (AAT draft, step 3). @throws `malformed` */
function judgeRootCapable(token: ChainToken): void {
  if (token.parent === undefined) judgeLeafCapable(token);
}

/** A leaf holds the detail of its profile (AAT draft, step 6); one in the middle need not. @throws `malformed` */
export function judgeLeafCapable(token: ChainToken): void {
  if (token.capable) return;
  throw new DelegationError("malformed", "token states no authority", {
    rule: "authorization_details",
  });
}

/**
 * A self-link is the same agent with the same key, for one audience and one tool, at most a minute long, and the end of
 * its chain.
 *
 * @throws `self_link_invalid`
 */
function judgeSelfLink(token: ChainToken): void {
  const { parent, claims, stated } = token;
  if (!token.selfLink || parent === undefined) return;
  const faults: readonly (readonly [boolean, string])[] = [
    [parent.selfLink, "self"],
    [claims.agent !== parent.claims.agent, "client_id"],
    [token.holder !== parent.holder, "cnf"],
    [stated.audience.length !== 1, "aud"],
    [Object.keys(stated.tools).length !== 1, "authorization_details"],
    [token.hopsLeft !== 0, "del_max_depth"],
    // What is counted is counted for hops, and this is none: a limit of its own would bind nobody.
    [stated.limits.calls !== undefined || stated.limits.spend !== undefined, "limits"],
    [claims.expiresAt - claims.issuedAt > SELF_LINK_LIFETIME_MS_MAX, "exp"],
    [claims.link?.agentProof !== undefined, "agent_proof"],
  ];
  const fault = faults.find(([wrong]) => wrong);
  if (fault === undefined) return;
  throw new DelegationError("self_link_invalid", "not a self-link", { rule: fault[1] });
}

/** What may only be delegated passes online, to a proven agent; never by a link. @throws `link_requires_coordinator` */
function judgeDelegateOnly(token: ChainToken): void {
  const delegateOnly = token.parent?.grant.limits.delegateOnly;
  if (delegateOnly === undefined || token.selfLink) return;
  const tool = delegateOnly.find((name) => Object.hasOwn(token.stated.tools, name));
  if (tool === undefined) return;
  throw new DelegationError("link_requires_coordinator", "a tool passes only by the coordinator", {
    rule: "limits.delegateOnly",
  });
}

/** A child lies inside what its parent may delegate (both drafts); what it does not state it inherits. @throws `grant_exceeds_parent` */
function judgeCapability(token: ChainToken): void {
  const { parent, stated, selfLink } = token;
  if (parent === undefined) return;
  // Whether it outlives its parent is a rule of its own, with a place of its own in each draft's order.
  const { expiresAt } = parent.grant;
  const child = stated.expiresAt <= expiresAt ? stated : { ...stated, expiresAt };
  token.grant = attenuate(parent.grant, child, { selfLink });
}

/** A child names its parent by the digest of its signing input (both drafts). @throws `par_hash_mismatch` */
function judgeParentHash({ claims, parent }: ChainToken): void {
  if (parent === undefined) return;
  if (claims.parHash !== undefined && equalDigest(claims.parHash, parent.hash.value)) return;
  throw new DelegationError("par_hash_mismatch", "token is not a child of the one before it", {
    rule: "par_hash",
  });
}

function depthInvalid(rule: string): DelegationError {
  return new DelegationError("depth_invalid", "depth is not what the parent allows", { rule });
}

function lifetimeInvalid(rule: string, message: string): DelegationError {
  return new DelegationError("lifetime_invalid", message, { rule });
}
