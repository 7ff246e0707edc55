/** Who is to get a hop, and what: read once, strictly, before anything waits for anybody. @module */
import { DelegationError } from "../base/error.js";
import { BEARER_LIFETIME_MS_MAX } from "../base/limits.js";
import { verifyAgentProof } from "../token/agent-proof.js";
import { importPublicKey, type PublicKey } from "../token/key.js";
import { type Authority, type Grant, parseGrant } from "../wire/grant.js";
import { digestOfAuthority } from "./authority-digest.js";
import type { Context } from "./context.js";

/** A delegatee as a request tells it. Nothing is proved yet. */
export interface Delegatee {
  readonly agent: string;
  readonly holder: PublicKey;
  readonly agentProof: string | undefined;
  readonly grant: Grant;
  /** Whether the request itself named an expiry; without one the hop is cut to what its parent has left. */
  readonly expiryStated: boolean;
  readonly bearer: boolean;
}

interface Asked {
  readonly agent: string;
  readonly holderKey?: unknown;
  readonly agentProof?: string | undefined;
  readonly grant?: unknown;
  readonly bearer?: boolean | undefined;
}

/**
 * Reads key and grant.
 *
 * @param depth Hops that may follow a root that does not say; undefined below a parent, whose depth decides.
 * @throws {DelegationError} `key_invalid`, `invalid_grant_shape`, `unknown_constraint`, `lifetime_invalid`,
 *   `bearer_not_allowed`
 */
export function readDelegatee(ctx: Context, asked: Asked, now: number, depth?: number): Delegatee {
  const holder = importPublicKey(asked.holderKey);
  const bearer = asked.bearer === true;
  const { lifetimeMs } = ctx.config;
  const defaults = {
    lifetimeMs: bearer ? Math.min(lifetimeMs, BEARER_LIFETIME_MS_MAX) : lifetimeMs,
    depth: bearer ? 0 : depth,
  };
  const parsed = parseGrant(asked.grant, { now, defaults });
  if (bearer) requireBearerShape(parsed, now);
  return {
    agent: asked.agent,
    holder,
    agentProof: asked.agentProof,
    grant: endingAt(parsed, wholeSeconds(parsed.expiresAt, now)),
    expiryStated: (asked.grant as { expiresAt?: unknown }).expiresAt !== undefined,
    bearer,
  };
}

/**
 * Whether the delegatee's agent is proven: its identity key signed this holder key and this parent.
 *
 * @param parHash Digest of the parent's signing input; empty at a root.
 * @throws {DelegationError} `proof_invalid`, `proof_expired` for a proof that does not hold: whoever shows one is not taken as
 *   merely asserted instead.
 */
export function identityOf(
  ctx: Context,
  delegatee: Delegatee,
  parHash: string,
  now: number,
): "proven" | "asserted" {
  if (delegatee.agentProof === undefined) return "asserted";
  verifyAgentProof(delegatee.agentProof, {
    agent: delegatee.agent,
    holder: delegatee.holder.thumbprint,
    parent: parHash,
    audience: ctx.config.issuer,
    keys: ctx.agentKeys,
    nowMs: now,
  });
  return "proven";
}

/** What is kept once for all hops that share it. */
export function authorityOf(grant: Grant): { authority: Authority; digest: string } {
  const { tools, scopes, ceilings, audience, limits } = grant;
  const authority: Authority = { audience, ceilings, limits, scopes, tools };
  return { authority, digest: digestOfAuthority(authority) };
}

/** An authority until then. Member by member: spreading costs as much as a tenth of a signature. */
export function endingAt(authority: Authority, expiresAt: number): Grant {
  const { audience, ceilings, limits, scopes, tools } = authority;
  return { audience, ceilings, expiresAt, limits, scopes, tools };
}

/** Tokens tell time in whole seconds; a record that lived longer than its tokens could be renewed past them. */
export function wholeSeconds(ms: number, now: number): number {
  const floored = Math.floor(ms / 1_000) * 1_000;
  if (floored > now) return floored;
  throw new DelegationError("lifetime_invalid", "less than a second would be left", {
    rule: "expiresAt",
  });
}

function requireBearerShape(grant: Grant, now: number): void {
  const rule = faultOfBearer(grant, now);
  if (rule === undefined) return;
  throw new DelegationError(
    "bearer_not_allowed",
    "a bearer token has one audience, minutes to live and no hops left",
    { rule },
  );
}

function faultOfBearer(grant: Grant, now: number): string | undefined {
  if (grant.audience.length !== 1) return "audience";
  if (grant.limits.depth !== 0) return "limits.depth";
  return grant.expiresAt > now + BEARER_LIFETIME_MS_MAX ? "expiresAt" : undefined;
}
