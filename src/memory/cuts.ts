/** The log of cuts: what each kind of cut marks, and the entry that tells guards of it. One write each. @module */
import { LIFETIME_MS_MAX } from "../base/limits.js";
import { isFinal } from "../lifecycle/state.js";
import { HOP_TABLE, LEASE_TABLE, next, permits } from "../lifecycle/table.js";
import type { Boundary, CutEntry } from "../wire/cut.js";
import { ownState } from "./judge.js";
import type { Hop, Tenant, Tree, World } from "./model.js";
import { agentOf, principalOf, unseenOf } from "./names.js";

/** One deed being done: its instant, and the entries that it logs. */
export interface Step {
  readonly at: number;
  readonly entries: CutEntry[];
}

/** One text for one boundary of one tenant, whatever order its members come in. */
export function boundaryKey(tenant: string, boundary: Boundary): string {
  return JSON.stringify([tenant, boundary.kind, ...namesOf(boundary)]);
}

function namesOf(boundary: Boundary): readonly string[] {
  switch (boundary.kind) {
    case "hop":
    case "below":
      return [boundary.tree, boundary.hop];
    case "tree":
      return [boundary.tree];
    case "agent":
    case "ban":
      return [boundary.agent];
    case "principal":
      return [boundary.issuer, boundary.subject];
    case "key":
      return [boundary.thumbprint];
    case "epoch":
      return [];
  }
}

/** Does what `revoke` was asked to: whatever state the hop is in, also for a hop never seen. */
export function applyCut(world: World, step: Step, tenant: Tenant, boundary: Boundary): void {
  switch (boundary.kind) {
    case "hop":
    case "below":
      cutHop(world, step, tenant, boundary);
      return;
    case "tree": {
      const tree = tenant.trees.get(boundary.tree);
      if (tree === undefined) unseenOf(tenant, boundary.tree).tree = true;
      else endTree(tree);
      stand(world, step, tenant, boundary, tree);
      return;
    }
    case "agent":
      agentOf(tenant, boundary.agent).cutAt = logCut(world, step, tenant, boundary).position;
      return;
    case "principal":
      principalOf(tenant, boundary.issuer, boundary.subject).cutAt = logCut(
        world,
        step,
        tenant,
        boundary,
      ).position;
      return;
    case "epoch":
      tenant.epoch = logCut(world, step, tenant, boundary).position;
      return;
    case "key":
      tenant.keys.add(boundary.thumbprint);
      stand(world, step, tenant, boundary);
      return;
    case "ban":
      agentOf(tenant, boundary.agent).banned = true;
      stand(world, step, tenant, boundary);
  }
}

type HopBoundary = Extract<Boundary, { kind: "hop" | "below" }>;

/** Cuts the hop's successors first, so that the newest position is the asked-for hop's own. */
function cutHop(world: World, step: Step, tenant: Tenant, boundary: HopBoundary): void {
  const { kind, tree } = boundary;
  const hop = hopIn(tenant, tree, boundary.hop);
  if (hop === undefined) {
    const unseen = unseenOf(tenant, tree);
    (kind === "hop" ? unseen.hops : unseen.below).add(boundary.hop);
    stand(world, step, tenant, boundary, tenant.trees.get(tree));
    return;
  }
  for (const one of withSuccessors(hop).reverse()) {
    // One that has ended was logged as cut when it did.
    const ended = one !== hop && isFinal(one.state);
    if (kind === "hop") markCut(one, step.at);
    else one.below = true;
    if (!ended) stand(world, step, tenant, { kind, tree: one.tree.id, hop: one.id }, one.tree);
  }
}

/** The hop and all that took its place, one after the other. */
function withSuccessors(hop: Hop): Hop[] {
  const found = [hop];
  for (const one of found) found.push(...(one.extra?.successors ?? []));
  return found;
}

/** The hop, if it is known in exactly this tree. */
export function hopIn(tenant: Tenant | undefined, tree: string, id: string): Hop | undefined {
  const hop = tenant?.hops.get(id);
  return hop?.tree.id === tree ? hop : undefined;
}

/** A hop that has ended stays what it is and is cut all the same. */
function markCut(hop: Hop, at: number): void {
  const state = ownState(hop, at);
  hop.state = permits(HOP_TABLE, state, "revoke") ? next(HOP_TABLE, state, "revoke") : state;
  hop.cut = true;
  releaseLease(hop);
}

/** Ends a hop whose place another takes. */
export function endHop(world: World, step: Step, hop: Hop, end: "superseded" | "revoked"): void {
  if (end === "revoked") markCut(hop, step.at);
  else hop.state = next(HOP_TABLE, ownState(hop, step.at), "supersede");
  logHopCut(world, step, hop);
}

/** Ends a hop whose task is done. */
export function applyComplete(world: World, step: Step, hop: Hop): void {
  hop.state = next(HOP_TABLE, ownState(hop, step.at), "complete");
  releaseLease(hop);
  logHopCut(world, step, hop);
}

/** A successor starts with the cut that stands against everything below its predecessor. */
export function inheritBelow(world: World, step: Step, from: Hop, to: Hop): void {
  if (!from.below) return;
  to.below = true;
  const boundary = { kind: "below", tree: to.tree.id, hop: to.id } as const;
  stand(world, step, to.tree.tenant, boundary, to.tree);
}

/** Cuts a tree whose lease was due. */
export function applyLapse(world: World, step: Step, tree: Tree): void {
  if (tree.lease === undefined) return;
  tree.lease.state = next(LEASE_TABLE, tree.lease.state, "lapse");
  logCut(world, step, tree.tenant, { kind: "tree", tree: tree.id }, tree);
}

function endTree(tree: Tree): void {
  tree.cut = true;
  if (tree.lease?.state === "held") tree.lease.state = next(LEASE_TABLE, "held", "release");
}

/** With its root gone there is nothing left for the lease to keep; successors of a root take it over. */
function releaseLease({ parent, tree }: Hop): void {
  if (parent !== undefined || tree.lease?.state !== "held") return;
  tree.lease.state = next(LEASE_TABLE, tree.lease.state, "release");
}

function logHopCut(world: World, step: Step, hop: Hop): void {
  const { tree, id } = hop;
  logCut(world, step, tree.tenant, { kind: "hop", tree: tree.id, hop: id }, tree);
}

function stand(world: World, step: Step, tenant: Tenant, boundary: Boundary, tree?: Tree): void {
  const entry = logCut(world, step, tenant, boundary, tree);
  tenant.standing.set(boundaryKey(tenant.name, boundary), entry);
}

function logCut(
  world: World,
  step: Step,
  tenant: Tenant,
  boundary: Boundary,
  tree?: Tree,
): CutEntry {
  const until = untilOf(world, step, boundary, tree);
  return log(world, step, boundaryKey(tenant.name, boundary), (position) => ({
    kind: "cut",
    id: `cut-${position}`,
    tenant: tenant.name,
    position,
    boundary,
    at: step.at,
    ...(until === undefined ? {} : { until }),
  }));
}

/** Logs a suspension or its lift. */
export function logSuspension(
  world: World,
  step: Step,
  { id: hop, tree }: Hop,
  kind: "suspend" | "lift",
  id: string,
): CutEntry {
  const tenant = tree.tenant.name;
  const until = tree.horizon + world.toleranceMs;
  return log(world, step, JSON.stringify([tenant, kind, id]), (position) => ({
    kind,
    id,
    tenant,
    position,
    tree: tree.id,
    hop,
    at: step.at,
    until,
  }));
}

/** An entry takes the place of an older one of the same key, which it covers; it lasts as long as the longer of the two. */
function log(world: World, step: Step, key: string, make: (at: number) => CutEntry): CutEntry {
  world.position += 1;
  const entry = make(world.position);
  const before = world.cuts.get(key);
  if (before?.until !== undefined && entry.until !== undefined && before.until > entry.until) {
    entry.until = before.until;
  }
  world.cuts.delete(key);
  world.cuts.set(key, entry);
  step.entries.push(entry);
  return entry;
}

/** When no token that the cut could cover is alive any more; `undefined` for what stands for ever. */
function untilOf(
  world: World,
  { at }: Step,
  { kind }: Boundary,
  tree: Tree | undefined,
): number | undefined {
  if (kind === "key" || kind === "ban") return undefined;
  return (tree?.horizon ?? at + LIFETIME_MS_MAX) + world.toleranceMs;
}
