/** `delegate`: a hop below the presented one, narrower than it, made by the coordinator. @module */
import { canonicalDigest, canonicalizeWith } from "../base/canonical.js";
import { sha256Base64url } from "../base/digest.js";
import { DelegationError } from "../base/error.js";
import { uuidv7 } from "../base/id.js";
import { HOPS_MAX } from "../base/limits.js";
import type { PossessionResult } from "../chain/possession.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { PublicKey } from "../token/key.js";
import type { Authority } from "../wire/grant.js";
import type { HopRecord } from "../wire/record.js";
import { type DelegateRequest, parseDelegateRequest } from "../wire/verb-request.js";
import { toolsTextOf } from "./authority-digest.js";
import type { Context, Seen } from "./context.js";
import { authorityOf, type Delegatee, identityOf, readDelegatee } from "./delegatee.js";
import { hopEvent } from "./event.js";
import { clipped, handedOn, parentGrant } from "./handed-on.js";
import { askForHop } from "./hop-ticket.js";
import { chainHopOf, type Issued, issue } from "./issue.js";
import { registerLinks } from "./links.js";
import {
  actingHop,
  type Presented,
  provePossession,
  Vouched,
  verifyTokens,
  vouchedChain,
} from "./present.js";
import { retryBehind } from "./retry.js";
import type { CreateMove, CreateResult, HopDraft } from "./store.js";

/** A hop that waits for people. There is no token until they agree: the delegatee fetches it with `claim`. */
export interface Pending {
  readonly status: "pending";
  readonly hop: HopRecord;
  readonly ticket: string;
}

/** What a delegation gives: the credential, or something to wait for. */
export type Delegated = (Issued | Pending) & PossessionResult;

/**
 * Delegates below the last hop of a presented chain.
 *
 * The proof of possession covers the whole request, so nothing of it can be swapped on the way. The store checks in one step
 * that the parent and all above it are active, charges them, and keeps the hop; only then is a token signed.
 *
 * @param input See `DelegateRequest`. `idempotencyKey`: the same request under the same parent gives the same hop; with
 *   another holder key (a process that died) the first hop is cut and its slot taken.
 * @throws {DelegationError} as `verifyChain` and `checkPossession`; `invalid_request`, `key_invalid`, `invalid_grant_shape`,
 *   `lifetime_invalid`, `bearer_not_allowed`, `proof_invalid`; `grant_exceeds_parent`, `depth_exhausted`; as `store.create`
 */
export async function delegate(
  ctx: Context,
  presented: Presented | Vouched,
  input: object,
): Promise<Delegated> {
  const now = ctx.clock.now();
  const request = parseDelegateRequest(input);
  if (presented instanceof Vouched) {
    const chain = vouchedChain(ctx, presented, now);
    const parent = { chain, again: () => vouchedChain(ctx, presented, ctx.clock.now()) };
    return extend(ctx, parent, { request, delegatee: readDelegatee(ctx, request, now) }, now);
  }
  const chain = verifyTokens(ctx, presented.tokens, now);
  const delegatee = readDelegatee(ctx, request, now);
  const { possession, tokens } = presented;
  const digest = possession.kind === "session" ? inputDigest(input, delegatee) : undefined;
  const proof = { possession, verb: "delegate", request: input, digest } as const;
  const { session } = await provePossession(ctx, chain, proof, now);
  const parent = { chain, again: () => verifyTokens(ctx, tokens, ctx.clock.now()) };
  const made = await extend(ctx, parent, { request, delegatee }, now);
  return session === undefined ? made : { ...made, session };
}

/** The request, read. */
export interface Extension {
  readonly request: DelegateRequest;
  readonly delegatee: Delegatee;
}

/** What a hop hangs below. */
export interface Parent {
  readonly chain: VerifiedChain;
  /** Judges the chain anew, after time has passed; throws what is wrong with it. */
  readonly again: () => void;
}

/**
 * Makes the hop. Whoever calls has verified the chain and checked possession of its leaf's key for this request.
 *
 * @throws {DelegationError} as {@link delegate}
 */
export async function extend(
  ctx: Context,
  parent: Parent,
  { request, delegatee }: Extension,
  now: number,
): Promise<Issued | Pending> {
  const { chain } = parent;
  const acting = actingHop(chain);
  refuseWhereNoneMayFollow(chain);
  const identity = identityOf(ctx, delegatee, chain.parHash, now);
  const outer = await parentGrant(ctx, chain, delegatee);
  const grant = handedOn(acting.id, outer, clipped(outer, delegatee), {
    online: true,
    proven: identity === "proven",
    differentAgent: delegatee.agent !== acting.agent,
  });
  const { authority, digest } = authorityOf(grant);
  const hop: HopDraft = {
    tenant: chain.tenant,
    tree: chain.tree,
    id: uuidv7(now, ctx.random),
    parent: acting.id,
    depth: chain.hops.length,
    agent: delegatee.agent,
    identity,
    holder: delegatee.holder.thumbprint,
    authority: digest,
    createdAt: now,
    expiresAt: grant.expiresAt,
    origin: "coordinator",
    bearer: delegatee.bearer,
  };
  const move = moveOf(hop, authority, request, chain, now);
  await registerLinks(ctx, chain, now);
  const { result, seen } = await retryBehind(
    ctx,
    chain.tree,
    (at) => ctx.store.create(move(at.position)),
    parent.again,
  );
  if (result.hop.state === "pending_approval" && request.approval !== undefined) {
    return await pending(ctx, chain, result.hop, request.approval, now);
  }
  // The same request can have been served under a token that said more, or less.
  const kept = result.hop.authority === digest ? authority : await ctx.store.authority(result.hop);
  return released(ctx, { chain, result, seen, delegatee, authority: kept }, now);
}

/** The move, by what has been seen of the log of cuts when it is made. */
function moveOf(
  hop: HopDraft,
  authority: Authority,
  request: DelegateRequest,
  chain: VerifiedChain,
  now: number,
): (seen: number) => CreateMove {
  const { idempotencyKey } = request;
  const initial = request.approval === undefined ? "active" : "pending_approval";
  const event = hopEvent("hop.created", hop, { principal: chain.principal });
  if (idempotencyKey === undefined) {
    return (seen) => ({ hop, authority, initial, seen, event, now });
  }
  const idempotency = { key: idempotencyKey, request: requestDigest(request) };
  return (seen) => ({ hop, authority, initial, seen, idempotency, event, now });
}

/** Digest of the whole request as it came in. The texts of its tools and of its key are known since they were read. */
function inputDigest(input: object, { grant, holder }: Delegatee): string | undefined {
  const asked: { readonly grant?: unknown; readonly holderKey?: unknown } = input;
  if (typeof asked.grant !== "object" || asked.grant === null) return undefined;
  const texts = new Map([["grant", canonicalizeWith(asked.grant, toolsTextOf(grant.tools))]]);
  const key = keyTextOf(asked.holderKey, holder);
  if (key !== undefined) texts.set("holderKey", key);
  return sha256Base64url(canonicalizeWith(input, texts));
}

/** Canonical text of a key that says nothing but what names it (RFC 7638), in strict base64url as it was read. */
function keyTextOf(asked: unknown, { jwk }: PublicKey): string | undefined {
  if (jwk.kty !== "OKP" || typeof asked !== "object" || asked === null) return undefined;
  const { crv, kty, x } = asked as { crv?: unknown; kty?: unknown; x?: unknown };
  const isSame = crv === jwk.crv && kty === jwk.kty && x === jwk.x;
  if (!isSame || Object.keys(asked).length !== 3 || !isPlain(asked)) return undefined;
  return `{"crv":"${jwk.crv}","kty":"OKP","x":"${jwk.x}"}`;
}

/** An object with nothing behind it: what it has is its own. */
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null;
}

/** What was asked, the holder key and what proves it left out: a process that died comes back with another. */
function requestDigest(request: DelegateRequest): string {
  const { holderKey: _key, agentProof: _proof, idempotencyKey: _slot, ...asked } = request;
  return canonicalDigest(
    Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)),
  );
}

function refuseWhereNoneMayFollow(chain: VerifiedChain): void {
  const { id } = actingHop(chain);
  if (chain.selfLink) {
    throw new DelegationError("self_link_invalid", "a self-link delegates nothing", { hop: id });
  }
  if (chain.hopsLeft > 0 && chain.hops.length < HOPS_MAX) return;
  throw new DelegationError("depth_exhausted", "no hop may follow", { hop: id, rule: "depth" });
}

async function pending(
  ctx: Context,
  chain: VerifiedChain,
  hop: HopRecord,
  approval: { approvers: number; from?: string[] | undefined },
  now: number,
): Promise<Pending> {
  return { status: "pending", hop, ticket: await askForHop(ctx, chain, hop, approval, now) };
}

function released(
  ctx: Context,
  made: {
    readonly chain: VerifiedChain;
    readonly result: CreateResult;
    readonly seen: Seen;
    readonly delegatee: Delegatee;
    readonly authority: Authority;
  },
  now: number,
): Issued {
  const { chain, result, seen } = made;
  return issue(
    ctx,
    {
      principal: chain.principal,
      lineage: [...chain.hops, chainHopOf(result.hop)],
      hop: result.hop,
      authority: made.authority,
      holder: made.delegatee.holder,
      until: chain.expiresAt,
      generation: seen.generation,
      position: result.outcome === "existing" ? seen.position : result.hop.position,
      outcome: result.outcome,
    },
    now,
  );
}
