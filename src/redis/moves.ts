/** The moves on hops, trees and leases. One script each; a cut beyond one tree runs it in every partition. @module */
import { DelegationError } from "../base/error.js";
import { SWEEP_MAX } from "../base/limits.js";
import type { CutResult, RevokeMove } from "../coordinator/store.js";
import type { Boundary } from "../wire/cut.js";
import type { AuditDraft } from "../wire/event.js";
import type { HopRecord, TreeRecord } from "../wire/record.js";
import { eventText } from "./draft.js";
import { readEntry } from "./entry.js";
import type { Ground } from "./ground.js";
import type { Reply, Script } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import { readHop, readTree, textAt, wholeAt } from "./shown.js";

/** What names one hop in a move. */
interface HopMove {
  readonly tenant: string;
  readonly tree: string;
  readonly hop: string;
  readonly event: AuditDraft;
  readonly now: number;
}

export async function settle(
  ground: Ground,
  move: HopMove & { verdict: "approve" | "deny" },
): Promise<HopRecord> {
  const reply = await onHop(ground, SCRIPTS.settle, move, move.verdict);
  return readHop(move.tenant, move.tree, reply);
}

/** Suspends a hop, or lifts that. */
export interface SuspensionMove extends HopMove {
  readonly suspension: string;
}

export async function suspend(ground: Ground, move: SuspensionMove): Promise<CutResult> {
  return cutOf(await onHop(ground, SCRIPTS.suspend, move, move.suspension));
}

export async function resume(ground: Ground, move: SuspensionMove): Promise<CutResult> {
  return cutOf(await onHop(ground, SCRIPTS.resume, move, move.suspension));
}

/** Writes a suspension or its lift again where it was lost, be it with the hop. */
export async function restoreSuspension(
  ground: Ground,
  move: SuspensionMove & { kind: "suspend" | "lift" },
): Promise<void> {
  await onHop(ground, SCRIPTS.restoreSuspension, move, move.suspension, move.kind);
}

export async function complete(ground: Ground, move: HopMove): Promise<CutResult> {
  return cutOf(await onHop(ground, SCRIPTS.complete, move));
}

/**
 * Cuts in the partition of the boundary's tree, or in all where it has none.
 *
 * @param attempt Names this cut, so that whoever tries it again makes no second one; empty where nobody will.
 */
export async function revoke(
  ground: Ground,
  move: RevokeMove,
  attempt: string,
): Promise<CutResult> {
  checkBoundary(move);
  const { boundary } = move;
  if ("tree" in boundary) return revokeIn(ground, ground.partitionOf(boundary.tree), move, attempt);
  const all = await ground.everywhere((partition) => revokeIn(ground, partition, move, attempt));
  const [first] = all;
  if (first === undefined) throw new DelegationError("server_error", "no cut was logged");
  return all.length === 1 ? first : { ...first, positions: all.map(({ entry }) => entry.position) };
}

/**
 * Cuts in one partition, and the root that took the cut one's place in whichever it is.
 *
 * @param after The cut came with something else, which is said again: any that stands is enough, and who took the place stays.
 */
export async function revokeIn(
  ground: Ground,
  partition: number,
  move: RevokeMove,
  attempt: string,
  after = false,
): Promise<CutResult> {
  const { tenant, boundary, event, now } = move;
  const { kind: _, ...place } = boundary;
  const told = eventText(event, {
    tenant,
    ...("tree" in place ? { tree: place.tree } : {}),
    ...("hop" in place ? { hop: place.hop } : {}),
  });
  const args = [tenant, boundary.kind, ...namesOf(boundary), told, attempt, after ? "1" : ""];
  const reply = await ground.move(partition, SCRIPTS.revoke, now, args);
  const heir = textAt(reply, 2);
  if (heir !== "" && "hop" in boundary) {
    const next = { ...move, boundary: { ...boundary, tree: heir, hop: heir } };
    await revokeIn(ground, ground.partitionOf(heir), next, attempt);
  }
  return cutOf(reply);
}

export async function renew(
  ground: Ground,
  move: { tenant: string; tree: string; until: number; event: AuditDraft; now: number },
): Promise<TreeRecord> {
  const { tenant, tree, until, event, now } = move;
  if (!Number.isSafeInteger(until)) {
    throw new DelegationError("invalid_request", "lease would end at once", { rule: "until" });
  }
  const args = [tenant, tree, until, eventText(event, { tenant, tree })];
  const reply = await ground.move(ground.partitionOf(tree), SCRIPTS.renew, now, args);
  return readTree(tenant, reply);
}

/** Cuts the trees of one partition whose lease was due, and lets go of what nobody can need any more. */
export async function sweepIn(
  ground: Ground,
  partition: number,
  now: number,
  max: number,
): Promise<{ lapsed: number; remaining: number }> {
  let lapsed = 0;
  for (;;) {
    const most = Math.min(max - lapsed, SWEEP_MAX);
    const reply = await ground.move(partition, SCRIPTS.sweep, now, [most]);
    const cut = wholeAt(reply, 0);
    const remaining = wholeAt(reply, 1);
    lapsed += cut;
    if (remaining === 0 || cut === 0 || lapsed >= max) return { lapsed, remaining };
  }
}

/** One partition after the other, until `max` trees are cut. */
export async function sweep(
  ground: Ground,
  now: number,
  max: number,
): Promise<{ lapsed: number; remaining: number }> {
  let lapsed = 0;
  let remaining = 0;
  for (let partition = 0; partition < ground.topology.partitions; partition++) {
    const done = await sweepIn(ground, partition, now, max - lapsed);
    lapsed += done.lapsed;
    remaining += done.remaining;
  }
  return { lapsed, remaining };
}

function onHop(ground: Ground, script: Script, move: HopMove, ...more: readonly string[]) {
  const { tenant, tree, hop, event, now } = move;
  const args = [tenant, tree, hop, eventText(event, { tenant, tree, hop }), ...more];
  return ground.move(ground.partitionOf(tree), script, now, args);
}

function cutOf(reply: readonly Reply[]): CutResult {
  return { entry: readEntry(textAt(reply, 0)), fresh: reply[1] === "1" };
}

function checkBoundary({ tenant, boundary }: RevokeMove): void {
  const names = Object.values(boundary);
  if (tenant !== "" && !names.includes("") && !names.includes("*")) return;
  throw new DelegationError("invalid_request", "a boundary names exactly one thing");
}

function namesOf(boundary: Boundary): readonly [string, string] {
  switch (boundary.kind) {
    case "hop":
    case "below":
      return [boundary.tree, boundary.hop];
    case "tree":
      return [boundary.tree, ""];
    case "agent":
    case "ban":
      return [boundary.agent, ""];
    case "principal":
      return [boundary.issuer, boundary.subject];
    case "key":
      return [boundary.thumbprint, ""];
    case "epoch":
      return ["", ""];
  }
}
