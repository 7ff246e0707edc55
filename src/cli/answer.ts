/** What a chain answers to a call, hop by hop. For the operator's eyes: a caller is told one refusal, and no values. @module */
import type { TreeNode } from "../coordinator/store.js";
import { gatesOf, refusalsOf } from "../grant/evaluate.js";
import { type Explanation, explain } from "../grant/explain.js";
import type { Grant } from "../wire/grant.js";
import type { Invocation } from "../wire/invocation.js";
import type { Lineage } from "./state.js";
import type { HopTrail } from "./trail.js";

/** What one hop says. */
export interface HopAnswer {
  readonly hop: string;
  readonly agent: string;
  readonly effective: TreeNode["effective"];
  readonly passes: boolean;
  readonly refusals: readonly { readonly code: string; readonly rule: string }[];
}

/** All that can be told. */
export interface Answer {
  readonly verdict: "allow" | "deny" | "ask" | undefined;
  readonly hops: readonly HopAnswer[];
  readonly explanation: Explanation | undefined;
  readonly approvals: number;
  readonly trail: HopTrail;
}

/** @param invocation Absent: only states are told. */
export function answerOf(
  { nodes, leaf }: Lineage,
  invocation: Invocation | undefined,
  operator: boolean,
  trail: HopTrail,
): Answer {
  const grants = nodes.map(grantOf);
  const hops = nodes.map((node, index): HopAnswer => {
    const refusals = [
      ...stateRefusals(node),
      ...(invocation === undefined
        ? []
        : refusalsOf(grantOf(node), invocation, index === nodes.length - 1)),
      ...(invocation === undefined ? [] : budgetRefusals(node)),
    ];
    const { hop, effective } = node;
    return { hop: hop.id, agent: hop.agent, effective, passes: refusals.length === 0, refusals };
  });
  if (invocation === undefined) {
    return { verdict: undefined, hops, explanation: undefined, approvals: 0, trail };
  }
  const denied = hops.some(({ passes }) => !passes) || leaf.effective !== "active";
  const approvals = denied
    ? 0
    : gatesOf(grants, invocation).reduce((sum, { gate }) => sum + gate.approvers, 0);
  return {
    verdict: denied ? "deny" : approvals > 0 ? "ask" : "allow",
    hops,
    explanation: explain(
      grants,
      nodes.map(({ hop }) => hop.id),
      invocation,
      { operator },
    ),
    approvals,
    trail,
  };
}

function grantOf({ hop, authority }: TreeNode): Grant {
  return { ...authority, expiresAt: hop.expiresAt };
}

/** A hop answers for itself; what it inherits stands at the hop that it comes from. */
function stateRefusals({ hop }: TreeNode): { code: string; rule: string }[] {
  if (hop.state === "active") return [];
  const code =
    hop.state === "revoked"
      ? "delegation_revoked"
      : hop.state === "suspended"
        ? "delegation_suspended"
        : "hop_not_active";
  return [{ code, rule: hop.state }];
}

function budgetRefusals({ hop, authority }: TreeNode): { code: string; rule: string }[] {
  const { calls } = authority.limits;
  if (calls === undefined || hop.counters.calls < calls) return [];
  return [{ code: "budget_exhausted", rule: "limits.calls" }];
}
