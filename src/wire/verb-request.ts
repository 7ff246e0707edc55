/** What callers ask of the coordinator, verb by verb: strict, whole seconds, grants still to be parsed. @module */
import { z } from "zod";
import {
  APPROVERS_MAX,
  HOPS_MAX,
  LIFETIME_MS_MAX,
  NAME_CHARS_MAX,
  PAGE_MAX,
  TOKENS_MAX,
} from "../base/limits.js";
import { boundarySchema } from "./cut.js";
import { plainChain, plainDelegateRequest, sharingTools } from "./plain-request.js";
import { parseShape } from "./shape.js";

const name = z.string().min(1).max(NAME_CHARS_MAX);
const reason = z.string().max(2_048);
/** No tree lives longer. */
const leaseSeconds = z
  .int()
  .positive()
  .max(LIFETIME_MS_MAX / 1_000);
/** `wire/grant.ts` parses it, once; nothing reads it before. */
const grant = z.unknown();

/** A public JWK. `token/key.ts` checks it, once: shape, point and all. */
const publicKey = z.unknown();

const delegatee = {
  agent: name,
  /** Made by the delegatee, in the process that will act. */
  holderKey: publicKey,
  /** Compact JWS by the agent's identity key over the holder key and the parent's digest; without it the agent is `asserted`. */
  agentProof: z.string().max(8_192).optional(),
  grant,
};

/** Mint as `bearer`: for one audience, minutes to live, no hops left. */
const bearer = z.boolean().optional();

export const openRequestSchema = z.strictObject({
  ...delegatee,
  tenant: name.optional(),
  principal: z.strictObject({ issuer: name, subject: name }),
  trigger: z.string().max(NAME_CHARS_MAX),
  /** The tree ends when nobody renews for so long. */
  leaseSeconds: leaseSeconds.optional(),
  /** Hops that may follow; `HOPS_DEFAULT` unless the grant or this says otherwise. */
  depth: z
    .int()
    .min(0)
    .max(HOPS_MAX - 1)
    .optional(),
  bearer,
});

/** A person has to agree before the hop becomes active. */
const approvalSchema = z
  .strictObject({
    approvers: z.int().min(1).max(APPROVERS_MAX),
    from: z.array(name).min(1).max(256).optional(),
  })
  .refine(({ approvers, from }) => from === undefined || new Set(from).size >= approvers);

const delegateRequestSchema = z.strictObject({
  ...delegatee,
  idempotencyKey: name.optional(),
  approval: approvalSchema.optional(),
  bearer,
});
/** What is asked of `delegate`. */
export type DelegateRequest = z.infer<typeof delegateRequestSchema>;

/** The `grant` of the result has its tools shared where they can be. @throws {DelegationError} `invalid_request` */
export function parseDelegateRequest(input: unknown): DelegateRequest {
  const root: readonly PropertyKey[] = [];
  const code = "invalid_request";
  const { request, tools } = sharingTools(input);
  return parseShape(delegateRequestSchema, request, code, root, plainDelegateRequest, tools);
}

export const renewRequestSchema = z.strictObject({});
export const leaseRequestSchema = z.strictObject({ tree: name, leaseSeconds });

/**
 * Audience and expiry may be narrowed; a holder key other than the presented one makes a new hop. What that hop may do its own grant
 * says: beside a delegatee, a narrowing would bind nobody, and is refused.
 */
export const exchangeRequestSchema = z
  .strictObject({
    audience: z.array(name).min(1).max(16).optional(),
    expiresAt: z.int().positive().optional(),
    delegatee: delegateRequestSchema.optional(),
  })
  .refine(({ audience, expiresAt, delegatee }) =>
    delegatee === undefined ? true : audience === undefined && expiresAt === undefined,
  );
export type ExchangeRequest = z.infer<typeof exchangeRequestSchema>;

export const claimRequestSchema = z.strictObject({ hop: name, holderKey: publicKey });

export const narrowRequestSchema = z.strictObject({
  hop: name,
  grant,
  /** A new key, or the present one again; without it the holder stays and fetches its token by `claim`. */
  holderKey: publicKey.optional(),
  reason: reason.optional(),
});

export const hopRequestSchema = z.strictObject({ hop: name, reason: reason.optional() });
export const resumeRequestSchema = z.strictObject({
  hop: name,
  suspension: name,
  reason: reason.optional(),
});
export const revokeRequestSchema = z.strictObject({
  boundary: boundarySchema,
  reason: reason.optional(),
  /** Answer once every guard has the cut, or denies because what it knows is too old. */
  wait: z.literal("guards").optional(),
});

/** A call that needs approval, told by the one who wants to make it. */
export const askRequestSchema = z.strictObject({
  tool: name,
  arguments: z.unknown(),
  audience: name,
  /** Version of the policy in force at the guard; empty where none is. */
  policyVersion: z.string().max(NAME_CHARS_MAX).optional(),
  /** What the guard's policy asks for besides the grant's own gates. */
  obligations: z.array(approvalSchema).max(APPROVERS_MAX).optional(),
});
export type AskRequest = z.infer<typeof askRequestSchema>;

/** The ticket's id, as the approver was shown it; the nonce is the asker's alone. */
export const decideRequestSchema = z.strictObject({ ticket: name, reason: reason.optional() });

export const pageRequestSchema = z.strictObject({
  tree: name,
  from: name.optional(),
  cursor: z.string().max(1_024).optional(),
  limit: z.int().min(1).max(PAGE_MAX).optional(),
  depth: z.int().min(0).max(HOPS_MAX).optional(),
});

const chainSchema = z.array(z.string()).min(1).max(TOKENS_MAX);

/** Tokens of a chain, root first. Sizes are the verifier's to refuse. @throws {DelegationError} `malformed` */
export function parseTokens(input: unknown): string[] {
  return parseShape(chainSchema, input, "malformed", ["tokens"], plainChain);
}

export const treesRequestSchema = z.strictObject({
  cursor: z.string().max(1_024).optional(),
  limit: z.int().min(1).max(PAGE_MAX).optional(),
});
