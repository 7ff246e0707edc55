/** Lets one allowed call happen, when something is counted, consumed, or to be asked of the store. @module */
import { DelegationError } from "../base/error.js";
import { approvalBinding, parseTicket } from "../chain/approval-binding.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { AdmitMove, Admitted, StatedLimits, TicketUse } from "./admission.js";
import { callLine } from "./audit-lines.js";
import type { Bench } from "./bench.js";
import { hopOfGrant } from "./checks.js";
import { priceOf } from "./cost.js";
import type { ApprovalNeed, Call } from "./decision.js";
import type { Presented } from "./presented.js";

/** Local knowledge decides unless something is counted, consumed, or to be asked of the store. */
export function needsAdmission(
  { strict }: Bench,
  call: Call,
  { grants }: VerifiedChain,
  approvals: readonly ApprovalNeed[],
): boolean {
  if (strict || call.once === true || approvals.length > 0) return true;
  for (const { limits } of grants) {
    if (limits.calls !== undefined || limits.spend !== undefined) return true;
  }
  return false;
}

/** Asks the store: all of it happens, or none. Synchronous when the store is. @throws {DelegationError} as `Admission.admit` does */
export function admitCall(
  bench: Bench,
  call: Call,
  presented: Presented,
  approvals: readonly ApprovalNeed[],
  policy: string | undefined,
): Admitted | Promise<Admitted> {
  const { chain, leaf, log, invocation, now } = presented;
  const seen = log.follower.position;
  const move: AdmitMove = {
    tenant: chain.tenant,
    tree: chain.tree,
    hops: idsOf(chain),
    offline: chain.offline,
    charge: { spend: priceOf(chain.grant.limits, invocation, bench.costOf, leaf.id) },
    stated: statedByLinks(chain),
    tickets: ticketUses(bench, call, presented, approvals),
    seen,
    event: callLine(bench, presented, policy, seen),
    now,
  };
  // Of what was signed: an ES256 signature has a second spelling, which gives the whole text another digest.
  return bench.admission.admit(call.once === true ? { ...move, once: chain.parHash } : move);
}

/** Made once for each chain. */
function idsOf({ hops }: VerifiedChain): readonly string[] {
  const known = IDS.get(hops);
  if (known !== undefined) return known;
  const ids = Object.freeze(hops.map(({ id }) => id));
  IDS.set(hops, ids);
  return ids;
}

const IDS = new WeakMap<VerifiedChain["hops"], readonly string[]>();

/** Limits that offline links add: theirs to be charged as well. What equals the token before is its, shared, and charged there. */
function statedByLinks(chain: VerifiedChain): readonly StatedLimits[] {
  if (chain.offline.length === 0) return NONE;
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

/** A ticket for each need. One that is missing refuses before the store is asked; one that does not fit refuses there. */
function ticketUses(
  { policy }: Bench,
  { tickets = [] }: Call,
  { chain, leaf, invocation }: Presented,
  approvals: readonly ApprovalNeed[],
): readonly TicketUse[] {
  if (approvals.length === 0) return NONE;
  return approvals.map(({ approvers, from }, index) => {
    const handle = tickets[index];
    if (handle === undefined) {
      throw new DelegationError("approval_required", "there is not a ticket for each approval", {
        hop: leaf.id,
        rule: `limits.approval.${invocation.tool}`,
      });
    }
    const { id, nonce } = parseTicket(handle);
    const binding = approvalBinding(nonce, {
      tenant: chain.tenant,
      tree: chain.tree,
      hops: chain.hops.map((hop) => hop.id),
      tool: invocation.tool,
      arguments: invocation.arguments,
      audience: invocation.audience,
      policyVersion: policy?.version ?? "",
      approvers,
      from,
    });
    return { ticket: id, binding };
  });
}

const NONE: readonly never[] = [];
