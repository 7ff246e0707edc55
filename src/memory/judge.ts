/** What state a hop is in at one instant: its own, and the worst along its chain. Nothing here writes. @module */
import type { Code } from "../base/codes.js";
import { DelegationError } from "../base/error.js";
import { type HopState, isFinal, worst } from "../lifecycle/state.js";
import type { Position } from "../wire/cut.js";
import type { Hop, Tree } from "./model.js";

/** Whether a cut stands against the hop itself, whatever its ancestors' are. */
function isCut(hop: Hop): boolean {
  const { tenant } = hop.tree;
  return (
    hop.cut ||
    hop.agent.banned ||
    hop.agent.cutAt > hop.position ||
    tenant.epoch > hop.position ||
    (hop.parent?.below ?? false) ||
    (tenant.keys.size > 0 && tenant.keys.has(hop.holder))
  );
}

/**
 * The hop's own state, as its record shows it: a final one stays, a cut one is `revoked` and one past its time `expired`,
 * whether or not anybody wrote that down.
 */
export function ownState(hop: Hop, at: number): HopState {
  if (isFinal(hop.state)) return hop.state;
  if (isCut(hop)) return "revoked";
  return hop.expiresAt <= at ? "expired" : hop.state;
}

/** What the hop adds to the state of everything below: a cut outweighs the way it ended. */
function judged(hop: Hop, at: number): HopState {
  return isCut(hop) ? "revoked" : ownState(hop, at);
}

/** Why nothing in the tree is active, if so. */
function treeFault(tree: Tree, at: number): { state: HopState; code: Code } | undefined {
  if (tree.cut || tree.principal.cutAt > tree.position) {
    return { state: "revoked", code: "delegation_revoked" };
  }
  if (hasLapsed(tree, at)) return { state: "revoked", code: "lease_lapsed" };
  return tree.expiresAt <= at ? { state: "expired", code: "hop_not_active" } : undefined;
}

/** Whether the lease ran out, swept or not. */
export function hasLapsed({ lease }: Tree, at: number): boolean {
  if (lease === undefined) return false;
  return lease.state === "lapsed" || (lease.state === "held" && lease.until <= at);
}

/** The worst state along the chain from the root, the tree's own included. O(depth). */
export function effectiveState(hop: Hop, at: number): HopState {
  const states: HopState[] = [];
  for (let step: Hop | undefined = hop; step !== undefined; step = step.parent) {
    states.push(judged(step, at));
  }
  const fault = treeFault(hop.tree, at);
  if (fault !== undefined) states.push(fault.state);
  return worst(states);
}

/**
 * Refuses unless every hop from the root to this one is active, and the tree is.
 *
 * @throws {DelegationError} `delegation_revoked`, `lease_lapsed`, `delegation_suspended` or `hop_not_active`, naming the
 *   root-most hop in the worst state.
 */
export function requireActive(hop: Hop, at: number): void {
  requireTree(hop.tree, at);
  if (isActiveToRoot(hop, at)) return;
  const state = effectiveState(hop, at);
  throw refusal(codeOf(state), rootMost(hop, state, at).id);
}

/** Whether every hop from the root to this one is active: asked on each call, and mostly so. */
function isActiveToRoot(hop: Hop, at: number): boolean {
  for (let step: Hop | undefined = hop; step !== undefined; step = step.parent) {
    if (step.state !== "active" || step.expiresAt <= at || isCut(step)) return false;
  }
  return true;
}

/** Like {@link requireActive}, for a hop that may itself still wait for approval. */
export function requireOpen(hop: Hop, at: number): void {
  const waits = ownState(hop, at) === "pending_approval" && !isCut(hop);
  if (!waits) requireActive(hop, at);
  else if (hop.parent !== undefined) requireActive(hop.parent, at);
  else requireTree(hop.tree, at);
}

function requireTree(tree: Tree, at: number): void {
  const fault = treeFault(tree, at);
  if (fault !== undefined) throw refusal(fault.code, tree.id);
}

/** The position of the newest cut that judges hops by position and could cover a hop made under `parent`. */
export function newestCut(parent: Hop | undefined): Position {
  let newest = 0;
  for (let hop = parent; hop !== undefined; hop = hop.parent) {
    newest = Math.max(newest, hop.agent.cutAt);
  }
  return newest;
}

function rootMost(hop: Hop, state: HopState, at: number): Hop {
  let found = hop;
  for (let step: Hop | undefined = hop; step !== undefined; step = step.parent) {
    if (judged(step, at) === state) found = step;
  }
  return found;
}

function codeOf(state: HopState): Code {
  if (state === "revoked") return "delegation_revoked";
  return state === "suspended" ? "delegation_suspended" : "hop_not_active";
}

const WORDS: Partial<Record<Code, string>> = {
  delegation_revoked: "hop is revoked",
  delegation_suspended: "hop is suspended",
  lease_lapsed: "lease of the tree has lapsed",
};

function refusal(code: Code, hop: string): DelegationError {
  return new DelegationError(code, WORDS[code] ?? "hop is not active", { hop });
}
