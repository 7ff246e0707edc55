/** Which approval a call needs: the gates of every grant in the chain and the policy's obligations, all at once. @module */
import type { VerifiedChain } from "../chain/verified-chain.js";
import { gatesOf } from "../grant/evaluate.js";
import type { Obligation } from "../policy/engine.js";
import type { Gate } from "../wire/grant.js";
import type { Invocation } from "../wire/invocation.js";
import type { ApprovalRequirement } from "./decision.js";

/**
 * The one requirement that meets all: the highest number of approvers, and only people whom every restricted gate names. Undefined when
 * nothing asks for approval. Nobody left to ask gives an empty `from`, which no ticket can meet.
 */
export function approvalNeeded(
  { grants }: VerifiedChain,
  invocation: Invocation,
  obligations: readonly Obligation[],
  policyVersion: string,
): ApprovalRequirement | undefined {
  const asked: readonly (Gate | Obligation)[] = [
    ...gatesOf(grants, invocation).map(({ gate }) => gate),
    ...obligations,
  ];
  if (asked.length === 0) return undefined;
  const approvers = Math.max(...asked.map((gate) => gate.approvers));
  const restricted = asked.flatMap(({ from }) => (from === undefined ? [] : [from]));
  const [first, ...others] = restricted;
  const from = first?.filter((name) => others.every((names) => names.includes(name))).toSorted();
  return from === undefined ? { approvers, policyVersion } : { approvers, from, policyVersion };
}
