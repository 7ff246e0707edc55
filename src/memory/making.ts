/** The moves that make hops: `open`, `create`, `register`, `narrow`. Judge, then commit. @module */

import { stamped } from "../audit/stamp.js";
import { DelegationError } from "../base/error.js";
import { HOPS_MAX } from "../base/limits.js";
import type { CreateMove, CreateResult } from "../coordinator/store.js";
import type { CutEntry } from "../wire/cut.js";
import type { HopRecord, TreeRecord } from "../wire/record.js";
import type { Core } from "./core.js";
import { boundaryKey, hopIn } from "./cuts.js";
import type { Deed } from "./deed.js";
import { type Plan, planCreate, planNarrow, planOpen, planRegister, unknown } from "./make.js";
import type { Hop } from "./model.js";
import { unplant } from "./plant.js";
import { hopRecord } from "./record.js";

export function open(core: Core, tree: TreeRecord, move: CreateMove): CreateResult {
  const at = core.instant(move.now);
  return made(core, planOpen(core.world, tree, move, at), move, at).result;
}

export function create(core: Core, move: CreateMove): CreateResult {
  const at = core.instant(move.now);
  return made(core, planCreate(core.world, move, at), move, at).result;
}

export function narrow(
  core: Core,
  move: CreateMove & { predecessor: string },
): CreateResult & { cut: CutEntry } {
  const at = core.instant(move.now);
  const plan = planNarrow(core.world, move, at);
  const { result, entries } = made(core, plan, move, at);
  const { tenant, tree } = move.hop;
  const boundary = { kind: "hop", tree, hop: move.predecessor } as const;
  const cut = entries[0] ?? core.world.cuts.get(boundaryKey(tenant, boundary));
  if (cut === undefined) throw unknown(move.predecessor);
  return { ...result, cut };
}

function made(
  core: Core,
  plan: Plan,
  move: CreateMove,
  at: number,
): { result: CreateResult; entries: readonly CutEntry[] } {
  if ("existing" in plan) {
    return { result: { hop: hopRecord(plan.existing, at), outcome: "existing" }, entries: [] };
  }
  const { entries } = core.commit(at, stamped(move.event, plan.stamp), plan.deed);
  const replaced = plan.deed.op === "make" && plan.deed.end === undefined;
  const outcome =
    "old" in plan.deed && (replaced || plan.deed.op === "open") ? "replaced" : "created";
  return { result: { hop: recordOf(core, move.hop, at), outcome }, entries };
}

/** All or none: what was planted before one link was refused is taken back, and no line is written. */
export function register(core: Core, moves: readonly CreateMove[]): HopRecord[] {
  if (moves.length > HOPS_MAX) {
    throw new DelegationError("too_large", "more links than a chain can have");
  }
  const [first] = moves;
  if (moves.some(({ hop }) => hop.tenant !== first?.hop.tenant || hop.tree !== first.hop.tree)) {
    throw new DelegationError("invalid_request", "links of one chain are of one tree");
  }
  const { world } = core;
  const instants = moves.map((move) => core.instant(move.now));
  const begun: { ready: ReturnType<Core["begin"]>; at: number; undo: () => void }[] = [];
  try {
    for (const [index, move] of moves.entries()) {
      const at = instants[index] ?? 0;
      const plan = planRegister(world, move, at);
      if ("existing" in plan) continue;
      const { tenant, tree, id } = move.hop;
      const horizon = world.tenants.get(tenant)?.trees.get(tree)?.horizon ?? 0;
      const fresh = !world.authorities.has(move.hop.authority);
      const deed = { ...plan.deed, more: true } as Deed;
      const ready = core.begin(at, stamped(move.event, plan.stamp), deed);
      const undo = () => unplant(world, hopAt(core, tenant, tree, id), horizon, fresh);
      begun.push({ ready, at, undo });
    }
  } catch (thrown) {
    for (const { undo } of begun.reverse()) undo();
    throw thrown;
  }
  for (const [index, { ready, at }] of begun.entries()) {
    core.finish(at, index === begun.length - 1 ? core.last(ready) : ready);
  }
  return moves.map((move, index) => recordOf(core, move.hop, instants[index] ?? 0));
}

/** @throws {DelegationError} `hop_not_found` */
export function hopAt(core: Core, tenant: string, tree: string, id: string): Hop {
  const hop = hopIn(core.world.tenants.get(tenant), tree, id);
  if (hop === undefined) throw unknown(id);
  return hop;
}

function recordOf(core: Core, { tenant, tree, id }: CreateMove["hop"], at: number) {
  return hopRecord(hopAt(core, tenant, tree, id), at);
}
