/** Puts a new hop, or a new tree with its root, where it belongs. @module */

import { DelegationError } from "../base/error.js";
import { parseAuthority } from "../wire/grant.js";
import { countHop, tallyOf } from "./counters.js";
import { endHop, inheritBelow, type Step } from "./cuts.js";
import type { Scope, Seed, TreeSeed } from "./deed.js";
import { Hop, type Kept, type Slot, type Tenant, type Tree, type World } from "./model.js";
import { agentOf, extraOf, principalOf, tenantOf } from "./names.js";

/** Opens a tree and plants its root. `old`: the root of an earlier tree whose place it takes. */
export function plantTree(
  world: World,
  step: Step,
  scope: Scope,
  seed: Seed,
  treeSeed: TreeSeed,
  old: string | undefined,
): Hop {
  const tenant = tenantOf(world, scope.tenant);
  const tree = treeOf(world, tenant, scope.tree, treeSeed);
  tenant.trees.set(tree.id, tree);
  tenant.opened.push(tree);
  world.trees += 1;
  if (tree.lease !== undefined) world.leases.push(tree, tree.lease.until);
  const hop = plantHop(world, step, scope, seed, tree, old, "revoked");
  note(tenant.slots, seed, hop);
  return hop;
}

/** Plants a hop below the parent that its scope names, charging all above, or taking the place of `old`. */
export function plantChild(
  world: World,
  step: Step,
  scope: Scope,
  seed: Seed,
  old: string | undefined,
  end: "superseded" | "revoked" = "revoked",
): Hop {
  const tree = world.tenants.get(scope.tenant)?.trees.get(scope.tree);
  if (tree === undefined) throw new DelegationError("hop_not_found", "no such tree");
  const hop = plantHop(world, step, scope, seed, tree, old, end);
  note(hop.parent === undefined ? tree.tenant.slots : extraOf(hop.parent).slots, seed, hop);
  return hop;
}

function plantHop(
  world: World,
  step: Step,
  scope: Scope,
  seed: Seed,
  tree: Tree,
  old: string | undefined,
  end: "superseded" | "revoked",
): Hop {
  const { tenant } = tree;
  const parent = scope.parent === undefined ? undefined : tenant.hops.get(scope.parent);
  const predecessor = old === undefined ? undefined : tenant.hops.get(old);
  const hop = new Hop({
    id: parent === undefined && tree.first === undefined ? tree.id : flat(scope.hop),
    tree,
    parent,
    agent: agentOf(tenant, scope.agent),
    identity: scope.identity,
    holder: flat(seed.h),
    kept: keep(world, seed),
    createdAt: seed.c,
    expiresAt: seed.x,
    origin: seed.link === true ? "link" : "coordinator",
    bearer: seed.bearer === true,
    position: world.position,
    predecessor,
    state: seed.wait === true ? "pending_approval" : "active",
  });
  link(world, hop);
  adopt(tree, hop);
  if (predecessor === undefined) {
    if (parent !== undefined) countHop(parent, 1);
  } else {
    replace(world, step, predecessor, hop, end);
  }
  return hop;
}

/** A successor stands in the old hop's place: it counts on, is not counted again, and shares its fate. */
function replace(
  world: World,
  step: Step,
  old: Hop,
  hop: Hop,
  end: "superseded" | "revoked",
): void {
  hop.tally = tallyOf(old);
  extraOf(old).successors.push(hop);
  endHop(world, step, old, end);
  inheritBelow(world, step, old, hop);
}

function link(world: World, hop: Hop): void {
  const { parent, tree } = hop;
  tree.tenant.hops.set(hop.id, hop);
  tree.hops += 1;
  world.hops += 1;
  hop.agent.hops += 1;
  tree.horizon = Math.max(tree.horizon, hop.expiresAt);
  if (parent === undefined) {
    if (tree.last === undefined) tree.first = hop;
    else tree.last.nextSibling = hop;
    tree.last = hop;
    return;
  }
  if (parent.lastChild === undefined) parent.firstChild = hop;
  else parent.lastChild.nextSibling = hop;
  parent.lastChild = hop;
  parent.children += 1;
  for (let up: Hop | undefined = parent; up !== undefined; up = up.parent) up.descendants += 1;
}

/** What was noted of the hop before it was seen: what it used up offline, and a cut of everything below it. */
function adopt(tree: Tree, hop: Hop): void {
  const offline = tree.offline?.get(hop.id);
  if (offline !== undefined) {
    hop.tally = offline;
    tree.offline?.delete(hop.id);
  }
  if (tree.tenant.unseen.get(tree.id)?.below.has(hop.id) === true) hop.below = true;
}

function note(slots: Map<string, Slot>, { k, q }: Seed, hop: Hop): void {
  if (k === undefined || q === undefined) return;
  slots.set(flat(k), { request: flat(q), hop });
}

/** Takes back the hop that was planted last: one of several links could not be registered. */
export function unplant(world: World, hop: Hop, horizon: number, fresh: boolean): void {
  const { parent, tree } = hop;
  if (parent === undefined) return;
  countHop(parent, -1);
  tree.tenant.hops.delete(hop.id);
  tree.hops -= 1;
  world.hops -= 1;
  hop.agent.hops -= 1;
  tree.horizon = horizon;
  if (fresh) world.authorities.delete(hop.kept.digest);
  if (hop.tally !== undefined) {
    tree.offline ??= new Map();
    tree.offline.set(hop.id, hop.tally);
  }
  let before: Hop | undefined;
  for (let one = parent.firstChild; one !== undefined && one !== hop; one = one.nextSibling) {
    before = one;
  }
  if (before === undefined) parent.firstChild = undefined;
  else before.nextSibling = undefined;
  parent.lastChild = before;
  parent.children -= 1;
  for (let up: Hop | undefined = parent; up !== undefined; up = up.parent) up.descendants -= 1;
}

function treeOf(world: World, tenant: Tenant, id: string, seed: TreeSeed): Tree {
  return {
    id: flat(id),
    tenant,
    principal: principalOf(tenant, seed.iss, seed.sub),
    trigger: seed.trigger,
    createdAt: seed.c,
    expiresAt: seed.x,
    position: world.position,
    lease: seed.lease === undefined ? undefined : { until: seed.lease, state: "held" },
    trail: { n: 0, up: "", lines: [] },
    first: undefined,
    last: undefined,
    hops: 0,
    cut: false,
    horizon: seed.x,
    tickets: undefined,
    waiting: 0,
    once: undefined,
    offline: undefined,
  };
}

function keep(world: World, seed: Seed): Kept {
  const known = world.authorities.get(seed.a);
  if (known !== undefined) return known;
  const kept = { digest: flat(seed.a), authority: parseAuthority(seed.g) };
  world.authorities.set(kept.digest, kept);
  return kept;
}

/** The same text in one piece: what was joined from pieces holds on to all of them. */
function flat(text: string): string {
  if (text.length > FLAT_CHARS_MAX) return Buffer.from(text).toString();
  return SCRATCH.toString("utf8", 0, SCRATCH.write(text));
}

/** Written over by the next text: names are short, and memory for each of them would cost as much as copying it. */
const FLAT_CHARS_MAX = 1_024;
const SCRATCH = Buffer.allocUnsafeSlow(3 * FLAT_CHARS_MAX);
