/** Which approvals a call needs: one for each gate that it triggers in any grant of the chain, one for each obligation of the policy. @module */
import type { VerifiedChain } from "../chain/verified-chain.js";
import { gatesOf } from "../grant/evaluate.js";
import type { Obligation } from "../policy/engine.js";
import type { Invocation } from "../wire/invocation.js";
import type { ApprovalNeed } from "./decision.js";

/** In the order in which the coordinator hands out tickets: gates first, then obligations. Empty when nobody has to be asked. */
export function approvalsNeeded(
  { grants }: VerifiedChain,
  invocation: Invocation,
  obligations: readonly Obligation[],
): readonly ApprovalNeed[] {
  const gated = grants.some(({ limits }) => limits.approval !== undefined);
  if (!gated && obligations.length === 0) return NONE;
  const gates = gatesOf(grants, invocation);
  return [...gates.map(({ gate }) => gate), ...obligations].map(({ approvers, from }) =>
    from === undefined ? { approvers } : { approvers, from },
  );
}

const NONE: readonly ApprovalNeed[] = [];
