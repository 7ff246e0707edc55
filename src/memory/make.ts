/** Whether a hop may be made, and what making it does: the checks of `open`, `create`, `register` and `narrow`. @module */

import type { Stamp } from "../audit/stamp.js";
import { DelegationError } from "../base/error.js";
import { type JsonObject, parseJson } from "../base/json.js";
import { HOPS_MAX, JSON_DEPTH_MAX } from "../base/limits.js";
import type { CreateMove } from "../coordinator/store.js";
import { HOP_TABLE, next } from "../lifecycle/table.js";
import type { Authority } from "../wire/grant.js";
import { plainAuthority } from "../wire/plain-authority.js";
import type { TreeRecord } from "../wire/record.js";
import { checkRoom } from "./counters.js";
import { hopIn } from "./cuts.js";
import type { Deed, Seed, TreeSeed } from "./deed.js";
import { newestCut, ownState, requireActive, requireOpen } from "./judge.js";
import type { Hop, Slot, Tenant, World } from "./model.js";

/** A move that was judged: what it does and what its event says, or the hop that an earlier one made already. */
export type Plan = { readonly deed: Deed; readonly stamp: Stamp } | { readonly existing: Hop };

/** Judges `open`. @throws {DelegationError} see `DelegationStore.open`; `invalid_request` when tree and root disagree. */
export function planOpen(world: World, tree: TreeRecord, move: CreateMove, at: number): Plan {
  const { hop } = move;
  const same = tree.tenant === hop.tenant && tree.id === hop.id && hop.tree === hop.id;
  if (!same || hop.parent !== undefined || hop.depth !== 0) {
    throw new DelegationError("invalid_request", "a tree has the id of its root hop");
  }
  const tenant = world.tenants.get(hop.tenant);
  const slot = takenSlot(tenant?.slots, move, at);
  if (slot?.same === true) return { existing: slot.hop };
  if (tenant?.trees.has(tree.id) === true) throw taken(tree.id);
  const principal = tenant?.principals.get(
    JSON.stringify([tree.principal.issuer, tree.principal.subject]),
  );
  checkNew(world, tenant, move, undefined, principal?.cutAt ?? 0);
  if (tenant?.unseen.get(tree.id)?.tree === true) throw revoked(tree.id);
  const treeSeed: TreeSeed = {
    c: tree.createdAt,
    iss: tree.principal.issuer,
    ...(tree.lease === undefined ? {} : { lease: tree.lease.until }),
    sub: tree.principal.subject,
    trigger: tree.trigger,
    x: tree.expiresAt,
  };
  if (tree.lease !== undefined && (tree.lease.state !== "held" || tree.lease.until <= at)) {
    throw new DelegationError("lease_lapsed", "lease is not held", { hop: tree.id });
  }
  const old = slot === undefined ? {} : { old: slot.hop.id };
  const s = seedOf(world, move);
  return { deed: { op: "open", s, t: treeSeed, ...old }, stamp: stampOf(move, slot?.hop) };
}

/** Judges `create`. `at`: the instant. @throws {DelegationError} see `DelegationStore.create` */
export function planCreate(world: World, move: CreateMove, at: number): Plan {
  const tenant = world.tenants.get(move.hop.tenant);
  const parent = parentOf(tenant, move);
  requireActive(parent, at);
  const slot = takenSlot(parent.extra?.slots, move, at);
  if (slot?.same === true) return { existing: slot.hop };
  checkChild(world, tenant, move, parent);
  if (slot === undefined) checkRoom(parent);
  const old = slot === undefined ? {} : { old: slot.hop.id };
  return {
    deed: { op: "make", s: seedOf(world, move), ...old },
    stamp: stampOf(move, slot?.hop),
  };
}

/** Judges one link of `register`; a hop that is known already must be where the link says. */
export function planRegister(world: World, move: CreateMove, at: number): Plan {
  const tenant = world.tenants.get(move.hop.tenant);
  const known = tenant?.hops.get(move.hop.id);
  if (known !== undefined) {
    const same = known.tree.id === move.hop.tree && known.parent?.id === move.hop.parent;
    if (!same || known.holder !== move.hop.holder) throw taken(move.hop.id);
    requireOpen(known, at);
    return { existing: known };
  }
  const { idempotency: _, ...once } = move;
  return planCreate(world, once, at);
}

/** Judges `narrow`: the predecessor is active, and so is all above it. */
export function planNarrow(
  world: World,
  move: CreateMove & { predecessor: string },
  at: number,
): Plan {
  const { hop, predecessor } = move;
  const tenant = world.tenants.get(hop.tenant);
  const old = hopIn(tenant, hop.tree, predecessor);
  if (old === undefined) throw unknown(predecessor);
  const slots = old.parent === undefined ? tenant?.slots : old.parent.extra?.slots;
  const slot = takenSlot(slots, move, at);
  if (slot?.same === true) return { existing: slot.hop };
  if (slot !== undefined) return planRetry(world, move, slot.hop);
  next(HOP_TABLE, ownState(old, at), "supersede");
  requireActive(old, at);
  if (hop.parent !== old.parent?.id || hop.depth !== old.depth) {
    throw new DelegationError("invalid_request", "a successor has its predecessor's parent", {
      hop: predecessor,
    });
  }
  if (old.parent !== undefined) checkChild(world, tenant, move, old.parent);
  else checkNew(world, tenant, move, undefined, old.tree.principal.cutAt);
  return {
    deed: { op: "make", s: seedOf(world, move), old: old.id, end: "superseded" },
    stamp: stampOf(move, old, move.event.kind),
  };
}

/** A successor that was made already, asked for again by a process with a new key. */
function planRetry(world: World, move: CreateMove, first: Hop): Plan {
  const { tenant } = first.tree;
  if (first.parent !== undefined) checkChild(world, tenant, move, first.parent);
  else checkNew(world, tenant, move, undefined, first.tree.principal.cutAt);
  return {
    deed: { op: "make", s: seedOf(world, move), old: first.id },
    stamp: stampOf(move, first),
  };
}

function parentOf(tenant: Tenant | undefined, { hop }: CreateMove): Hop {
  const parent = hop.parent === undefined ? undefined : hopIn(tenant, hop.tree, hop.parent);
  if (parent === undefined) throw unknown(hop.parent ?? hop.tree);
  return parent;
}

function checkChild(world: World, tenant: Tenant | undefined, move: CreateMove, parent: Hop): void {
  const { hop } = move;
  if (parent.below) throw revoked(parent.id);
  if (hop.depth !== parent.depth + 1) {
    throw new DelegationError("depth_invalid", "depth is not the parent's plus one", {
      hop: hop.id,
    });
  }
  if (hop.depth >= HOPS_MAX) {
    throw new DelegationError("depth_exhausted", "tree is at its deepest", {
      hop: parent.id,
      rule: "HOPS_MAX",
    });
  }
  checkNew(world, tenant, move, parent, 0);
}

/** What stands against a hop that is not there yet. */
function checkNew(
  world: World,
  tenant: Tenant | undefined,
  { hop, seen }: CreateMove,
  parent: Hop | undefined,
  principalCut: number,
): void {
  if (tenant?.hops.has(hop.id) === true) throw taken(hop.id);
  const agent = tenant?.agents.get(hop.agent);
  const unseen = tenant?.unseen.get(hop.tree);
  const standing = agent?.banned === true || tenant?.keys.has(hop.holder) === true;
  if (standing || unseen?.hops.has(hop.id) === true) throw revoked(hop.id);
  const newest = Math.max(newestCut(parent), agent?.cutAt ?? 0, tenant?.epoch ?? 0, principalCut);
  if (seen < newest || seen > world.position) {
    throw new DelegationError("position_behind", "a newer cut would cover the hop", {
      hop: hop.id,
    });
  }
}

/** The slot of the move's idempotency key; `same`: the hop in it is the answer, otherwise it is to be replaced. */
function takenSlot(
  slots: ReadonlyMap<string, Slot> | undefined,
  move: CreateMove,
  at: number,
): { hop: Hop; same: boolean } | undefined {
  const slot = move.idempotency && slots?.get(move.idempotency.key);
  if (slot === undefined) return undefined;
  checkRequest(slot, move);
  // Taking the place of a hop that was cut or suspended would be a way around the cut.
  requireOpen(slot.hop, at);
  return { hop: slot.hop, same: slot.hop.holder === move.hop.holder };
}

function checkRequest({ request, hop }: Slot, { idempotency }: CreateMove): void {
  if (request === idempotency?.request) return;
  throw new DelegationError("idempotency_conflict", "the key was used for another request", {
    hop: hop.id,
    rule: "idempotency",
  });
}

function seedOf(world: World, { hop, authority, initial, idempotency }: CreateMove): Seed {
  const seed: Writable<Seed> = {
    a: hop.authority,
    c: hop.createdAt,
    h: hop.holder,
    x: hop.expiresAt,
  };
  if (hop.bearer) seed.bearer = true;
  if (!world.authorities.has(hop.authority)) seed.g = readable(authority);
  if (hop.origin === "link") seed.link = true;
  if (initial === "pending_approval") seed.wait = true;
  if (idempotency === undefined) return seed;
  seed.k = idempotency.key;
  seed.q = idempotency.request;
  return seed;
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** A copy that a journal's reader will take: a number or a depth that it refuses would be the end of the whole journal. */
function readable(authority: Authority): JsonObject {
  const text = () => JSON.stringify(authority);
  return (
    plainAuthority(authority) ?? (parseJson(text(), { depthMax: SEED_DEPTH_MAX }) as JsonObject)
  );
}

/** What stands around an authority in a line is not as deep as the rest. */
const SEED_DEPTH_MAX = JSON_DEPTH_MAX - 8;

/** A replaced hop shows in the event's kind: its caller could not know. */
function stampOf(
  { hop, event, initial }: CreateMove,
  old: Hop | undefined,
  kind = old === undefined ? event.kind : "hop.replaced",
): Stamp {
  const { tenant, tree, id, agent, identity, parent } = hop;
  const data: JsonObject = { made: true };
  if (parent !== undefined) data.parent = parent;
  if (old !== undefined) data.predecessor = old.id;
  if (initial === "pending_approval") data.waits = true;
  return { tenant, tree, hop: id, agent, identity, kind, data };
}

function taken(hop: string): DelegationError {
  return new DelegationError("id_taken", "id is taken", { hop });
}

function revoked(hop: string): DelegationError {
  return new DelegationError("delegation_revoked", "a cut stands against it", { hop });
}

export function unknown(hop: string): DelegationError {
  return new DelegationError("hop_not_found", "no such hop", { hop });
}
