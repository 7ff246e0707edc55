/** Lets one allowed call happen, when something is counted, consumed, or to be asked of the store. @module */
import { approvalBinding, parseTicket } from "../chain/approval-binding.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { StatedLimits, TicketUse } from "./admission.js";
import type { Bench, Presented } from "./bench.js";
import { hopOfGrant } from "./checks.js";
import { priceOf } from "./cost.js";
import type { ApprovalRequirement, Call } from "./decision.js";
import { callEvent } from "./note.js";

/** Local knowledge decides unless something is counted, consumed, or to be asked of the store. */
export function needsAdmission(
  { strict }: Bench,
  call: Call,
  { grant }: VerifiedChain,
  approval: ApprovalRequirement | undefined,
): boolean {
  const { calls, spend } = grant.limits;
  return (
    strict ||
    call.once === true ||
    approval !== undefined ||
    calls !== undefined ||
    spend !== undefined
  );
}

/** Asks the store: all of it happens, or none. @throws {DelegationError} as `Admission.admit` does */
export async function admitCall(
  bench: Bench,
  call: Call,
  presented: Presented,
  approval: ApprovalRequirement | undefined,
  policy: string | undefined,
): Promise<void> {
  const { chain, leaf, invocation, now } = presented;
  await bench.admission.admit({
    tenant: chain.tenant,
    tree: chain.tree,
    hops: chain.hops.map(({ id }) => id),
    offline: chain.offline,
    charge: { spend: priceOf(chain.grant.limits, invocation, bench.costOf, leaf.id) },
    stated: statedByLinks(chain),
    tickets: approval === undefined ? [] : ticketUses(call, presented, approval),
    ...(call.once === true ? { once: chain.digest } : {}),
    seen: bench.follower.position,
    event: callEvent(bench, presented, policy),
    now,
  });
}

/** Limits that offline links add: theirs to be charged as well. What equals the token before is its, shared, and charged there. */
function statedByLinks(chain: VerifiedChain): StatedLimits[] {
  const stated: StatedLimits[] = [];
  const links = chain.grants.length - (chain.selfLink ? 1 : 0);
  for (let i = 1; i < links; i++) {
    const { calls, spend } = chain.grants[i]?.limits ?? {};
    const before = chain.grants[i - 1]?.limits;
    const ownCalls = calls === before?.calls ? undefined : calls;
    const ownSpend = spend === before?.spend ? undefined : spend;
    if (ownCalls === undefined && ownSpend === undefined) continue;
    stated.push({
      hop: hopOfGrant(chain, i),
      ...(ownCalls === undefined ? {} : { calls: ownCalls }),
      ...(ownSpend === undefined ? {} : { spend: ownSpend }),
    });
  }
  return stated;
}

function ticketUses(
  call: Call,
  { chain, invocation }: Presented,
  approval: ApprovalRequirement,
): TicketUse[] {
  return (call.tickets ?? []).map((handle) => {
    const { id, nonce } = parseTicket(handle);
    const binding = approvalBinding(nonce, {
      tenant: chain.tenant,
      tree: chain.tree,
      hops: chain.hops.map((hop) => hop.id),
      tool: invocation.tool,
      arguments: invocation.arguments,
      audience: invocation.audience,
      policyVersion: approval.policyVersion,
      approvers: approval.approvers,
      from: approval.from,
    });
    return { ticket: id, binding };
  });
}
