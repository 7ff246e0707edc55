/** Whether one call may happen. @module */
import { stamped } from "../audit/stamp.js";
import { DelegationError } from "../base/error.js";
import { HOPS_MAX, OFFLINE_TALLIES_PER_TREE_MAX, REPLAYS_MAX } from "../base/limits.js";
import type { AdmitMove, Admitted, StatedLimits } from "../guard/admission.js";
import type { Core } from "./core.js";
import { checkBudget, type Spend, spendOf, statesBudget } from "./counters.js";
import { hopIn } from "./cuts.js";
import { requireActive } from "./judge.js";
import type { Hop, Tree, World } from "./model.js";
import { checkTickets } from "./tickets.js";
import type { AdmitDeed } from "./use.js";

/** Admits one call: judges it, uses up what it costs, writes its line. @throws {DelegationError} as {@link planAdmit} */
export function admit(core: Core, move: AdmitMove): Admitted {
  const at = core.instant(move.now);
  const { position } = core.world;
  const { leaf, deed } = planAdmit(core.world, move, at);
  const { tenant, tree, hops, event } = move;
  const hop = hops.at(-1) ?? leaf.id;
  const data = hop === leaf.id ? { position } : { position, under: leaf.id };
  const agent = hop === leaf.id ? leaf.agent.name : undefined;
  const identity = hop === leaf.id ? leaf.identity : undefined;
  const told = stamped(event, { tenant, tree, hop, agent, identity, data });
  return { position, line: core.commitUse(at, told, leaf, deed) };
}

/** What an admission does, and the last hop of the chain that a record is kept of. */
interface AdmitPlan {
  readonly leaf: Hop;
  readonly deed: AdmitDeed;
}

/** Judges `admit`. @throws {DelegationError} see `Admission.admit`; `replay_store_full` */
function planAdmit(world: World, move: AdmitMove, at: number): AdmitPlan {
  if (move.seen > world.position) {
    throw new DelegationError("store_unavailable", "store is behind what the guard has seen");
  }
  const leaf = registeredLeaf(world, move);
  const { tree } = leaf;
  requireActive(leaf, at);
  const beyond = checkOffline(leaf, move);
  checkTickets(tree, move.hops, move.tickets, at);
  checkOnce(tree, move.once);
  const spend = spendOf(move.charge.spend);
  checkBudgets(leaf, spend);
  const links = statedOf(move.stated, beyond, leaf);
  checkQuota(tree, links);
  for (const limits of links) {
    checkBudget({ hop: limits.hop, limits, tally: tree.offline?.get(limits.hop) }, spend);
  }
  return { leaf, deed: deedOf(leaf, move, links, spend) };
}

function deedOf(
  leaf: Hop,
  move: AdmitMove,
  links: readonly StatedLimits[],
  spend: Spend,
): AdmitDeed {
  const { once, tickets, charge: price } = move;
  const deed: { -readonly [K in keyof AdmitDeed]: AdmitDeed[K] } = { op: "admit", leaf: leaf.id };
  if (links.length > 0) deed.links = links.map(({ hop }) => hop);
  if (once !== undefined) deed.once = once;
  if (spend.length > 0) deed.spend = { ...price.spend };
  if (tickets.length > 0) deed.tickets = tickets.map(({ ticket }) => ticket);
  return deed;
}

/** The last hop of the chain that a record is kept of; the ones before it must be exactly its ancestors. */
function registeredLeaf(world: World, { tenant, tree, hops }: AdmitMove): Hop {
  const owner = world.tenants.get(tenant);
  let leaf: Hop | undefined;
  if (hops.length <= HOPS_MAX) {
    for (let at = hops.length - 1; leaf === undefined && at >= 0; at--) {
      leaf = hopIn(owner, tree, hops[at] ?? "");
    }
  }
  let stray: string | undefined;
  for (let hop = leaf; hop !== undefined; hop = hop.parent) {
    if (hops[hop.depth] !== hop.id) stray = hop.id;
  }
  if (leaf !== undefined && stray === undefined) return leaf;
  throw unregistered(stray ?? hops[0] ?? tree);
}

/** The links below the leaf, once each is known to be one, and none of them is cut. */
function checkOffline(leaf: Hop, { hops, offline }: AdmitMove): readonly string[] {
  if (hops.length === leaf.depth + 1) return NONE;
  const beyond = hops.slice(leaf.depth + 1);
  const { tenant, id } = leaf.tree;
  const unseen = tenant.unseen.get(id);
  if (leaf.below) throw cutAt(leaf.id);
  for (const [at, link] of beyond.entries()) {
    if (!offline.includes(link) || beyond.indexOf(link) !== at) throw unregistered(link);
    if (unseen?.hops.has(link) === true) throw cutAt(link);
    if (unseen?.below.has(link) === true && at < beyond.length - 1) throw cutAt(link);
  }
  return beyond;
}

const NONE: readonly never[] = [];

/** Root first: a budget that is used up is named where it is stated first. */
function checkBudgets(leaf: Hop, spend: Spend): void {
  if (leaf.parent !== undefined) checkBudgets(leaf.parent, spend);
  const { limits } = leaf.kept.authority;
  if (statesBudget(limits)) checkBudget({ hop: leaf.id, limits, tally: leaf.tally }, spend);
}

/** The stated limits that count: of links without a record. A hop with one is charged by it and not by what is stated. */
function statedOf(
  stated: readonly StatedLimits[],
  beyond: readonly string[],
  leaf: Hop,
): readonly StatedLimits[] {
  if (stated.length === 0) return NONE;
  const names = new Set(stated.map(({ hop }) => hop));
  const strange = stated.some(({ hop }) => !beyond.includes(hop) && !isAncestor(hop, leaf));
  if (strange || names.size !== stated.length) {
    throw new DelegationError("invalid_request", "limits of a hop that is not in the chain");
  }
  return stated.filter((limits) => beyond.includes(limits.hop) && statesBudget(limits));
}

function checkQuota({ offline, id }: Tree, links: readonly StatedLimits[]): void {
  if (links.length === 0) return;
  const fresh = links.filter(({ hop }) => offline?.has(hop) !== true).length;
  if ((offline?.size ?? 0) + fresh <= OFFLINE_TALLIES_PER_TREE_MAX) return;
  throw new DelegationError("quota_exceeded", "too many links count without a record", {
    hop: id,
    rule: "OFFLINE_TALLIES_PER_TREE_MAX",
  });
}

function isAncestor(id: string, leaf: Hop): boolean {
  for (let hop: Hop | undefined = leaf; hop !== undefined; hop = hop.parent) {
    if (hop.id === id) return true;
  }
  return false;
}

function checkOnce(tree: Tree, once: string | undefined): void {
  if (once === undefined || tree.once === undefined) return;
  if (tree.once.has(once)) throw new DelegationError("proof_replayed", "token is for a single use");
  if (tree.once.size < REPLAYS_MAX) return;
  throw new DelegationError("replay_store_full", "too many single-use tokens in this tree");
}

function unregistered(hop: string): DelegationError {
  return new DelegationError("hop_unregistered", "no record of this hop", { hop });
}

function cutAt(hop: string): DelegationError {
  return new DelegationError("delegation_revoked", "a cut stands against it", { hop });
}
