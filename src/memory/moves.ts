/** The moves on hops, leases and calls, done on the core synchronously: judge, then commit. @module */

import { stamped } from "../audit/stamp.js";
import { DelegationError } from "../base/error.js";
import type { JsonObject } from "../base/json-value.js";
import { AUDIT_BUFFER_MAX } from "../base/limits.js";
import type { CutResult, RevokeMove } from "../coordinator/store.js";
import { HOP_TABLE, LEASE_TABLE, next } from "../lifecycle/table.js";
import type { AuditDraft } from "../wire/event.js";
import type { TreeRecord } from "../wire/record.js";
import { liftEvent } from "./apply.js";
import type { Core, Done } from "./core.js";
import { boundaryKey, hopIn } from "./cuts.js";
import type { Deed } from "./deed.js";
import { hasLapsed, ownState, requireActive } from "./judge.js";
import { unknown } from "./make.js";
import { hopAt } from "./making.js";
import type { Hop } from "./model.js";
import { hopRecord, treeRecord } from "./record.js";

/** What names one hop in a move. */
interface HopMove {
  readonly tenant: string;
  readonly tree: string;
  readonly hop: string;
  readonly event: AuditDraft;
  readonly now: number;
}

export function settle(core: Core, move: HopMove & { verdict: "approve" | "deny" }) {
  const at = core.instant(move.now);
  const hop = hopAt(core, move.tenant, move.tree, move.hop);
  next(HOP_TABLE, ownState(hop, at), move.verdict);
  if (move.verdict === "approve" && hop.parent !== undefined) requireActive(hop.parent, at);
  onHop(core, hop, move, { op: "settle", v: move.verdict }, at);
  return hopRecord(hop, at);
}

export function suspend(core: Core, move: HopMove & { suspension: string }): CutResult {
  const at = core.instant(move.now);
  const { suspension: id } = move;
  const hop = hopAt(core, move.tenant, move.tree, move.hop);
  next(HOP_TABLE, ownState(hop, at), "suspend");
  const known = hop.tree.tenant.suspensions.get(id);
  if (known !== undefined && known.hop === hop && known.lifted === undefined) {
    return { entry: known.entry, fresh: false };
  }
  if (known !== undefined || id === "") {
    throw new DelegationError("id_taken", "the suspension's id was used", { hop: hop.id });
  }
  return onHop(core, hop, move, { id, op: "suspend" }, at, { suspension: id });
}

export function resume(core: Core, move: HopMove & { suspension: string }): CutResult {
  const at = core.instant(move.now);
  const { suspension: id } = move;
  const hop = hopAt(core, move.tenant, move.tree, move.hop);
  const known = hop.tree.tenant.suspensions.get(id);
  if (known === undefined || known.hop !== hop) {
    throw new DelegationError("illegal_transition", "no such suspension", { hop: hop.id });
  }
  if (known.lifted !== undefined) return { entry: known.lifted, fresh: false };
  next(HOP_TABLE, ownState(hop, at), liftEvent(hop, id));
  return onHop(core, hop, move, { id, op: "resume" }, at, { suspension: id });
}

export function complete(core: Core, move: HopMove): CutResult {
  const at = core.instant(move.now);
  const hop = hopAt(core, move.tenant, move.tree, move.hop);
  next(HOP_TABLE, ownState(hop, at), "complete");
  return onHop(core, hop, move, { op: "complete" }, at);
}

export function revoke(core: Core, { tenant, boundary, event, now }: RevokeMove): CutResult {
  const at = core.instant(now);
  const names = Object.values(boundary);
  if (tenant === "" || names.includes("") || names.includes("*")) {
    throw new DelegationError("invalid_request", "a boundary names exactly one thing");
  }
  const stands = core.world.tenants.get(tenant)?.standing.get(boundaryKey(tenant, boundary));
  if (stands !== undefined) return { entry: stands, fresh: false };
  const { kind: _, ...place } = boundary;
  const told = stamped(event, {
    tenant,
    ...("tree" in place ? { tree: place.tree } : {}),
    ...("hop" in place ? { hop: place.hop } : {}),
  });
  return cutResult(core.commit(at, told, { b: { ...boundary }, op: "cut" }));
}

export function renew(
  core: Core,
  move: { tenant: string; tree: string; until: number; event: AuditDraft; now: number },
): TreeRecord {
  const at = core.instant(move.now);
  const tree = core.world.tenants.get(move.tenant)?.trees.get(move.tree);
  if (tree === undefined) throw unknown(move.tree);
  if (hasLapsed(tree, at)) {
    throw new DelegationError("lease_lapsed", "lease has lapsed", { hop: tree.id });
  }
  if (tree.lease === undefined) {
    throw new DelegationError("illegal_transition", "tree has no lease", { hop: tree.id });
  }
  next(LEASE_TABLE, tree.lease.state, "renew");
  if (!Number.isSafeInteger(move.until) || move.until <= at) {
    throw new DelegationError("invalid_request", "lease would end at once", { rule: "until" });
  }
  const told = stamped(move.event, { tenant: move.tenant, tree: tree.id });
  core.commit(at, told, { op: "renew", until: Math.max(tree.lease.until, move.until) });
  return treeRecord(tree, at);
}

/** Cuts the trees whose lease was due by `at`. Expired hops need no mark: time alone says so. */
export function sweep(core: Core, at: number, max: number): { lapsed: number; remaining: number } {
  let lapsed = 0;
  for (; lapsed < max; lapsed++) {
    const tree = core.world.leases.due(at);
    if (tree === undefined) return { lapsed, remaining: 0 };
    const event = { kind: "lease.lapsed", tenant: tree.tenant.name, tree: tree.id, by: "system" };
    core.commit(at, event, { op: "lapse" });
  }
  return { lapsed, remaining: core.world.leases.count(at) };
}

export function record(core: Core, events: readonly AuditDraft[], now: number): void {
  const at = core.instant(now);
  if (events.length > AUDIT_BUFFER_MAX) {
    throw new DelegationError("too_large", "more events than one batch holds");
  }
  core.write(
    at,
    events.map((event) => marked(core, event)),
  );
}

/** Marks the hops of an event that no record is kept of, so that its reader does not look for how they were made. */
function marked(core: Core, event: AuditDraft): AuditDraft {
  const { hop, tenant, tree = "", data } = event;
  const owner = core.world.tenants.get(tenant);
  const isStrange = (id: unknown): id is string =>
    typeof id === "string" && hopIn(owner, tree, id) === undefined;
  if (isStrange(hop)) return { ...event, data: { ...data, unregistered: true } };
  const calls = data?.calls;
  if (!Array.isArray(calls)) return event;
  const strange: string[] = [];
  let before: unknown;
  for (const call of calls) {
    const id = (call as JsonObject | null)?.hop;
    if (id !== before && isStrange(id)) strange.push(id);
    before = id;
  }
  if (strange.length === 0) return event;
  return { ...event, data: { ...data, unregistered: [...new Set(strange)] } };
}

function onHop(
  core: Core,
  hop: Hop,
  move: HopMove,
  deed: Deed,
  at: number,
  data?: JsonObject,
): CutResult {
  const told = stamped(move.event, {
    tenant: move.tenant,
    tree: move.tree,
    hop: hop.id,
    agent: hop.agent.name,
    identity: hop.identity,
    ...(data === undefined ? {} : { data }),
  });
  const done = core.commit(at, told, deed);
  return deed.op === "settle" ? NOTHING : cutResult(done);
}

function cutResult({ entries }: Done): CutResult {
  const entry = entries.at(-1);
  if (entry === undefined) throw new DelegationError("server_error", "no cut was logged");
  return { entry, fresh: true };
}

const NOTHING = {} as CutResult;
