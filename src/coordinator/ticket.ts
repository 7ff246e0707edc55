/** `ask`: a person's approval for one call, bound to its arguments, its chain, the policy's version and a nonce. @module */
import { canonicalize } from "../base/canonical.js";
import { DelegationError } from "../base/error.js";
import { opaqueId } from "../base/id.js";
import { type ApprovalSubject, approvalBinding, formatTicket } from "../chain/approval-binding.js";
import type { PossessionResult } from "../chain/possession.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { evaluate, gatesOf } from "../grant/evaluate.js";
import { consult, policyFor, refusalOf } from "../policy/engine.js";
import { type Invocation, parseInvocation } from "../wire/invocation.js";
import type { TicketRecord } from "../wire/record.js";
import { parseShape } from "../wire/shape.js";
import { type AskRequest, askRequestSchema } from "../wire/verb-request.js";
import { excludedBy } from "./approvers.js";
import type { Context } from "./context.js";
import { hopEvent } from "./event.js";
import { registerLinks } from "./links.js";
import { actingHop, type Presented, present, type Vouched } from "./present.js";

/** A ticket as its asker holds it. */
export interface AskedTicket {
  /** Id and nonce: show it with the call once it is granted. */
  readonly ticket: string;
  /** What people are shown and decide on. */
  readonly id: string;
  readonly approvers: number;
  /** Epoch ms; silence until then is no. */
  readonly deadline: number;
}

interface Need {
  readonly approvers: number;
  readonly from?: readonly string[] | undefined;
}

/**
 * Asks for everything that a call needs: one ticket for each gate that it triggers and each obligation of the policy.
 *
 * How many people have to agree comes from the chain's grants and the policy, never from the asker, who can only add. The
 * exact arguments are kept for the approver to see, and go with the decision.
 *
 * @param input See `askRequestSchema`.
 * @throws {DelegationError} as `verifyChain` and `checkPossession`; the grant's or the policy's refusal of the call;
 *   `invalid_request` when the call needs no approval; `quota_exceeded`; as `store.ask`
 */
export async function ask(
  ctx: Context,
  presented: Presented | Vouched,
  input: object,
): Promise<{ readonly tickets: readonly AskedTicket[] } & PossessionResult> {
  const now = ctx.clock.now();
  const request = parseShape(askRequestSchema, input, "invalid_request");
  const invocation = parseInvocation(request);
  const { chain, ...possession } = await present(ctx, presented, "ask", input, now);
  const refusal = evaluate(chain.grants, invocation);
  if (refusal !== undefined) {
    throw new DelegationError(refusal.code, "the grant does not allow the call", refusal);
  }
  const needs = await needsOf(ctx, chain, invocation, request, now);
  if (needs.length === 0) {
    throw new DelegationError("invalid_request", "the call needs no approval", { rule: "tool" });
  }
  await registerLinks(ctx, chain, now);
  const tickets: AskedTicket[] = [];
  for (const need of needs) {
    tickets.push(await keep(ctx, chain, { invocation, need, request }, now));
  }
  return { tickets, ...possession };
}

async function needsOf(
  ctx: Context,
  chain: VerifiedChain,
  invocation: Invocation,
  request: AskRequest,
  now: number,
): Promise<readonly Need[]> {
  const gates = gatesOf(chain.grants, invocation).map(({ gate }) => gate);
  const stated = request.obligations ?? [];
  const policy = policyFor(ctx.policy, invocation.audience);
  if (policy === undefined) return [...gates, ...stated];
  const { tenant, principal, hops } = chain;
  const decision = await consult(policy, {
    tenant,
    principal,
    hops,
    ...invocation,
    now,
    context: {},
  });
  if (decision.effect === "deny") throw refusalOf(decision);
  return [...gates, ...decision.obligations, ...stated];
}

async function keep(
  ctx: Context,
  chain: VerifiedChain,
  asked: { readonly invocation: Invocation; readonly need: Need; readonly request: AskRequest },
  now: number,
): Promise<AskedTicket> {
  const { invocation, need, request } = asked;
  const hop = actingHop(chain);
  const id = opaqueId("apr", ctx.random);
  const nonce = opaqueId("n", ctx.random);
  const policy = policyFor(ctx.policy, invocation.audience);
  const policyVersion = policy?.version ?? request.policyVersion ?? "";
  const subject: ApprovalSubject = {
    tenant: chain.tenant,
    tree: chain.tree,
    hops: chain.hops.map((one) => one.id),
    ...invocation,
    policyVersion,
    approvers: need.approvers,
    ...(need.from === undefined ? {} : { from: need.from }),
  };
  const binding = approvalBinding(nonce, subject);
  const ticket: TicketRecord = {
    tenant: chain.tenant,
    tree: chain.tree,
    id,
    kind: "call",
    hop: hop.id,
    tool: invocation.tool,
    binding,
    policyVersion,
    state: "asked",
    need: need.approvers,
    ...(need.from === undefined ? {} : { from: [...need.from] }),
    excluded: excludedBy(ctx, chain.hops, chain.principal),
    approvals: [],
    askedAt: now,
    deadline: now + ctx.config.ticketMs,
    shown: canonicalize(invocation.arguments),
  };
  const told = { tenant: chain.tenant, tree: chain.tree, ...hop };
  const event = {
    ...hopEvent("ticket.asked", told, { principal: chain.principal, ticket: id }),
    tool: invocation.tool,
    arguments: binding,
    policy: policyVersion,
    decision: "ask" as const,
  };
  const kept = await ctx.store.ask(ticket, event);
  return {
    ticket: formatTicket(id, nonce),
    id,
    approvers: need.approvers,
    deadline: kept.deadline,
  };
}
