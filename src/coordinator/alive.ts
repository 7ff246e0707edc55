/** Whether a hop may act, as the store tells it: the refusals of a chain that is not alive. @module */
import type { Code } from "../base/codes.js";
import { DelegationError } from "../base/error.js";
import type { HopState } from "../lifecycle/state.js";
import type { TreeRecord } from "../wire/record.js";
import type { TreeNode } from "./store.js";

const REFUSALS: Readonly<Record<Exclude<HopState, "active">, Code>> = {
  suspended: "delegation_suspended",
  requested: "approval_pending",
  pending_approval: "approval_pending",
  denied: "approval_denied",
  completed: "hop_not_active",
  superseded: "hop_not_active",
  expired: "hop_not_active",
  revoked: "delegation_revoked",
};

/** Why a hop in this effective state may not act; undefined for exactly `active`. */
function refusalOfState(state: HopState, hop: string): DelegationError | undefined {
  if (state === "active") return undefined;
  return new DelegationError(REFUSALS[state], `hop is ${state.replace("_", " ")}`, { hop });
}

/**
 * The last node of a chain, when all of it may act.
 *
 * @param nodes Root first.
 * @throws {DelegationError} `delegation_revoked`, `delegation_suspended`, `hop_not_active`, `approval_pending`,
 *   `approval_denied`; `hop_not_found` for none
 */
export function activeLeaf(nodes: readonly TreeNode[], now: number): TreeNode {
  const leaf = nodes.at(-1);
  if (leaf === undefined) throw new DelegationError("hop_not_found", "no such hop");
  const refusal = refusalOfState(leaf.effective, leaf.hop.id);
  if (refusal !== undefined) throw refusal;
  const over = nodes.find(({ hop }) => hop.expiresAt <= now);
  if (over === undefined) return leaf;
  throw new DelegationError("hop_not_active", "hop has expired", { hop: over.hop.id });
}

/** @throws {DelegationError} `lease_lapsed` when the root's lease is over, or was let go */
export function requireLease(tree: TreeRecord, now: number): void {
  if (tree.lease === undefined) return;
  if (tree.lease.state === "held" && tree.lease.until > now) return;
  throw new DelegationError("lease_lapsed", "the root's lease is over", { hop: tree.id });
}
