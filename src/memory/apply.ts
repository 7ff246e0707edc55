/** Does a deed: the one place where the world changes, live and when a journal is read back alike. @module */
import { DelegationError } from "../base/error.js";
import { HOP_TABLE, LEASE_TABLE, next } from "../lifecycle/table.js";
import type { CutEntry } from "../wire/cut.js";
import { applyComplete, applyCut, applyLapse, hopIn, logSuspension, type Step } from "./cuts.js";
import type { Deed, Scope } from "./deed.js";
import { ownState } from "./judge.js";
import { LeaseQueue } from "./lease-queue.js";
import type { Hop, Tree, World } from "./model.js";
import { extraOf, tenantOf } from "./names.js";
import { plantChild, plantTree } from "./plant.js";
import { applyAsk, applyDecide } from "./tickets.js";
import { type AdmitDeed, applyAdmit } from "./use.js";

export function emptyWorld(generation: string, toleranceMs: number): World {
  return {
    generation,
    toleranceMs,
    tenants: new Map(),
    authorities: new Map(),
    cuts: new Map(),
    leases: new LeaseQueue(),
    waiting: new Set(),
    position: 0,
    hops: 0,
    trees: 0,
  };
}

/**
 * Does `deed` at the instant `at`. Total for deeds that were planned on this very world: it refuses nothing then.
 *
 * @returns The entries that it added to the log of cuts, in order.
 * @throws {DelegationError} when the deed is not of this world: a journal that was tampered with.
 */
export function apply(world: World, scope: Scope, deed: Deed, at: number): readonly CutEntry[] {
  const step: Step = { at, entries: [] };
  switch (deed.op) {
    case "open":
      plantTree(world, step, scope, deed.s, deed.t, deed.old);
      break;
    case "make":
      plantChild(world, step, scope, deed.s, deed.old, deed.end);
      break;
    case "cut":
      applyCut(world, step, tenantOf(world, scope.tenant), deed.b);
      break;
    case "lapse":
      applyLapse(world, step, treeAt(world, scope));
      break;
    case "renew":
      applyRenew(world, treeAt(world, scope), deed.until);
      break;
    case "decide":
      applyDecided(world, scope, deed);
      break;
    case "admit":
      applyAdmission(world, scope, deed);
      break;
    default:
      applyToHop(world, step, hopAt(world, scope), deed);
  }
  return step.entries;
}

type HopDeed = Extract<Deed, { op: "settle" | "suspend" | "resume" | "complete" | "ask" }>;

function applyToHop(world: World, step: Step, hop: Hop, deed: HopDeed): void {
  const state = ownState(hop, step.at);
  switch (deed.op) {
    case "settle":
      hop.state = next(HOP_TABLE, state, deed.v);
      return;
    case "suspend": {
      hop.state = next(HOP_TABLE, state, "suspend");
      extraOf(hop).held.add(deed.id);
      const entry = logSuspension(world, step, hop, "suspend", deed.id);
      hop.tree.tenant.suspensions.set(deed.id, { hop, entry, lifted: undefined });
      return;
    }
    case "resume":
      applyResume(world, step, hop, deed.id);
      return;
    case "complete":
      applyComplete(world, step, hop);
      return;
    case "ask":
      applyAsk(world, hop, deed.k);
  }
}

function applyResume(world: World, step: Step, hop: Hop, id: string): void {
  const suspension = hop.tree.tenant.suspensions.get(id);
  if (suspension === undefined) throw new DelegationError("illegal_transition", "no suspension");
  hop.state = next(HOP_TABLE, ownState(hop, step.at), liftEvent(hop, id));
  extraOf(hop).held.delete(id);
  suspension.lifted = logSuspension(world, step, hop, "lift", id);
}

/** The last suspension resumes; one of several is lifted only. */
export function liftEvent(hop: Hop, id: string): "resume" | "lift" {
  const held = hop.extra?.held;
  return held?.size === 1 && held.has(id) ? "resume" : "lift";
}

function applyRenew(world: World, tree: Tree, until: number): void {
  if (tree.lease === undefined) throw new DelegationError("illegal_transition", "no lease");
  tree.lease.state = next(LEASE_TABLE, tree.lease.state, "renew");
  tree.lease.until = until;
  world.leases.push(tree, until);
}

function applyDecided(world: World, scope: Scope, deed: Extract<Deed, { op: "decide" }>): void {
  const tree = treeAt(world, scope);
  const ticket = tree.tenant.tickets.get(deed.id);
  if (ticket === undefined) throw new DelegationError("ticket_not_found", "no such ticket");
  applyDecide(world, ticket, deed.by, deed.v);
}

function applyAdmission(world: World, scope: Scope, deed: AdmitDeed): void {
  const tree = treeAt(world, scope);
  applyAdmit(tree, tree.tenant.hops.get(deed.leaf), deed);
}

function treeAt(world: World, scope: Scope): Tree {
  const tree = world.tenants.get(scope.tenant)?.trees.get(scope.tree);
  if (tree === undefined) throw new DelegationError("hop_not_found", "no such tree");
  return tree;
}

function hopAt(world: World, scope: Scope): Hop {
  const hop = hopIn(world.tenants.get(scope.tenant), scope.tree, scope.hop);
  if (hop === undefined) throw new DelegationError("hop_not_found", "no such hop");
  return hop;
}
