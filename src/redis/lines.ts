/** The audit log as it is read: lines of all partitions in one order, chained; or those of one tree. @module */
import { DelegationError } from "../base/error.js";
import { AUDIT_PAGE_MAX } from "../base/limits.js";
import type { AuditLine } from "../wire/event.js";
import { archivedOf } from "./archived.js";
import type { Ground } from "./ground.js";
import { namedLine } from "./line-name.js";
import {
  LINES_STEP,
  type RawLine,
  rawLines,
  type SealedPlace,
  sealedPlaces,
  trailPart,
} from "./log-parts.js";
import { unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import { hashesBefore, seal, trailOf } from "./seal.js";
import { listAt, wholeAt } from "./shown.js";

/** Which lines are asked for. */
export interface AuditRange {
  readonly tenant?: string;
  readonly tree?: string;
  readonly from?: number;
  readonly limit: number;
}

/** @throws {DelegationError} `invalid_request`; `store_unavailable` */
export async function auditOf(ground: Ground, range: AuditRange): Promise<readonly AuditLine[]> {
  const { tenant, tree, from = 1 } = range;
  if (!Number.isInteger(range.limit) || range.limit < 1 || !Number.isInteger(from) || from < 1) {
    throw new DelegationError("invalid_request", "limit and from are positive whole numbers");
  }
  const limit = Math.min(range.limit, AUDIT_PAGE_MAX);
  ground.checkOpen();
  if (tree !== undefined && tenant === undefined) return [];
  const end = await seal(ground);
  if (tree !== undefined && tenant !== undefined) {
    return treeLines(ground, tenant, tree, from, limit);
  }
  const lines: AuditLine[] = [];
  // What was archived is not here any more.
  const { last: gone } = await archivedOf(ground);
  const first = Math.max(gone + 1, await numberOf(ground, from));
  for (let at = first; at <= end && lines.length < limit; at += LINES_STEP) {
    const step = await wholeLines(ground, at, Math.min(end, at + LINES_STEP - 1));
    const fitting = step.filter(({ event }) => tenant === undefined || event.tenant === tenant);
    lines.push(...fitting.slice(0, limit - lines.length));
  }
  return lines;
}

/** The number in the whole log of a line that is named by its partition. */
async function numberOf(ground: Ground, from: number): Promise<number> {
  const named = namedLine(from);
  if (named === undefined) return from;
  const { partition, seq } = named;
  if (partition >= ground.topology.partitions) return from;
  const line = listAt(await ground.look(partition, SCRIPTS.lookLines, [seq]), 0);
  return line.length === 0 ? from : wholeAt(line, 0);
}

async function wholeLines(ground: Ground, from: number, end: number): Promise<AuditLine[]> {
  const numbers = Array.from({ length: end - from + 2 }, (_, index) => from - 1 + index);
  const [before, ...places] = await sealedPlaces(ground, numbers);
  const raw = await rawOf(ground, places);
  const ups = await hashesBefore(ground, firstOfTrails(raw));
  let prev = before?.hash ?? "";
  return raw.map(({ at, n, event }, index) => {
    const hash = places[index]?.hash ?? "";
    const trail = trailOf(event);
    const up = n === 0 ? "" : (ups.get(trail) ?? "");
    const line = { seq: from + index, at, event, n, prev, up, hash };
    if (n > 0) ups.set(trail, hash);
    prev = hash;
    return line;
  });
}

/** Lines that stand at these places of the whole log. */
async function rawOf(
  ground: Ground,
  places: readonly (SealedPlace | undefined)[],
): Promise<RawLine[]> {
  const byPartition = new Map<number, number[]>();
  for (const place of places) {
    if (place === undefined) throw unavailable("LINE");
    byPartition.set(place.partition, [...(byPartition.get(place.partition) ?? []), place.seq]);
  }
  const found = await Promise.all(
    [...byPartition].map(([partition, seqs]) => rawLines(ground, partition, seqs)),
  );
  const lines = new Map(found.flat().map((line) => [`${line.partition} ${line.seq}`, line]));
  return places.map((place) => {
    const line = lines.get(`${place?.partition} ${place?.seq}`);
    if (line === undefined) throw unavailable("LINE");
    return line;
  });
}

function firstOfTrails(lines: readonly RawLine[]): RawLine[] {
  const first = new Map<string, RawLine>();
  for (const line of lines) {
    const trail = trailOf(line.event);
    if (line.n > 0 && !first.has(trail)) first.set(trail, line);
  }
  return [...first.values()];
}

async function treeLines(
  ground: Ground,
  tenant: string,
  tree: string,
  from: number,
  limit: number,
): Promise<AuditLine[]> {
  // One more in front: the hash of the line before stands in the first.
  const first = Math.max(1, from - 1);
  const wanted = limit + (from - first);
  const { seqs, numbers } = await trailPart(ground, { tenant, tree, n: first }, wanted);
  // A line that came after the log was sealed has no number yet, nor has any behind it.
  const end = numbers.indexOf(0);
  const known = end < 0 ? numbers : numbers.slice(0, end);
  const { last: archived } = await archivedOf(ground);
  const gone = known.filter((number) => number <= archived).length;
  const raw = await rawLines(ground, ground.partitionOf(tree), seqs.slice(gone, known.length));
  const places = await sealedPlaces(ground, known);
  const previous = await sealedPlaces(
    ground,
    known.map((number) => number - 1),
  );
  const lines = raw.map(({ at, n, event }, index) => {
    const place = gone + index;
    const hash = places[place]?.hash ?? "";
    const up = place === 0 ? "" : (places[place - 1]?.hash ?? "");
    return { seq: known[place] ?? 0, at, event, n, prev: previous[place]?.hash ?? "", up, hash };
  });
  return lines.slice(Math.max(0, from - first - gone));
}
