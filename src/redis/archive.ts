/**
 * Retention: sealed lines that were archived go from the servers.
 *
 * A line may go once it is older than was asked for, everything before it may go as well, and its tree has no record any more: trees are
 * kept for a day after the last token below them has ended, so of what a live token could need, or a person ask about it, nothing goes.
 * Order and hash of a line stay (57 bytes of some 250): the next line of a tree is chained to them.
 *
 * @module
 */
import { archivedOf } from "./archived.js";
import type { Durability } from "./durability.js";
import { treeOf } from "./forest.js";
import type { Ground } from "./ground.js";
import { HOME, LINES_STEP, type RawLine, rawLines, sealedPlaces } from "./log-parts.js";
import { isIndexed } from "./names.js";
import { unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import { seal, trailOf } from "./seal.js";
import { wholeAt } from "./shown.js";

/** Lines of the whole log, by number; none where `last` is before `first`. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** How sealed lines leave the servers. */
export interface AuditArchive {
  /**
   * Lines that may go: all that are older than `before` (epoch ms), up to the first of a tree that is still kept.
   *
   * @throws {DelegationError} `store_unavailable`
   */
  ready(before: number): Promise<LineRange>;
  /**
   * Forgets lines, which their caller keeps elsewhere by now. Safe to repeat after a fault.
   *
   * @returns How many went from the servers.
   * @throws {DelegationError} `not_durable`, `store_unavailable`; then some may be left, and go with the next
   */
  forget(range: LineRange): Promise<number>;
}

export function archiveOf(ground: Ground, durability: Durability): AuditArchive {
  return {
    ready: async (before) => {
      const end = await seal(ground);
      const { last: gone } = await archivedOf(ground);
      const kept = new Map<string, boolean>();
      for (let last = gone; last < end; ) {
        const lines = await linesOf(ground, last + 1, Math.min(end, last + LINES_STEP));
        await lookAt(ground, lines, kept);
        for (const line of lines) {
          if (line.at >= before || kept.get(trailOf(line.event)) === true) {
            return { first: gone + 1, last };
          }
          last += 1;
        }
      }
      return { first: gone + 1, last: end };
    },
    forget: async ({ first, last }) => {
      // Names are indexed from these lines: afterwards they could not be any more.
      await ground.everywhere((partition) =>
        isIndexed(ground, partition, Number.POSITIVE_INFINITY),
      );
      const tips = await tipsOf(ground, first, last);
      const sent = durability.sending(HOME);
      await ground.move(HOME, SCRIPTS.archive, 0, [last, ...tips.flat()]);
      // Nobody may look for a line that is gone, not even after a fail-over.
      await durability.durable(sent);
      // Of all that was noted, not of this range alone: who noted it may have got no further.
      const { tips: noted } = await archivedOf(ground);
      const went = await Promise.all(
        noted.map(async ([partition, seq]) =>
          wholeAt(await ground.move(partition, SCRIPTS.forgetLines, 0, [seq]), 0),
        ),
      );
      return went.reduce((sum, one) => sum + one, 0);
    },
  };
}

/** Lines by number, in order. */
async function linesOf(ground: Ground, first: number, last: number): Promise<RawLine[]> {
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const places = await sealedPlaces(ground, numbers);
  const found = await Promise.all(
    Array.from({ length: ground.topology.partitions }, (_, partition) =>
      rawLines(
        ground,
        partition,
        places.flatMap((place) => (place?.partition === partition ? [place.seq] : [])),
      ),
    ),
  );
  return places.map((place) => {
    const line = found[place?.partition ?? 0]?.find(({ seq }) => seq === place?.seq);
    if (line === undefined) throw unavailable("LINE");
    return line;
  });
}

/** Notes of which trees the servers keep a record; of each once. */
async function lookAt(
  ground: Ground,
  lines: readonly RawLine[],
  kept: Map<string, boolean>,
): Promise<void> {
  for (const { event } of lines) {
    const { tenant, tree } = event;
    const trail = trailOf(event);
    if (tree === undefined || kept.has(trail)) continue;
    kept.set(trail, (await treeOf(ground, tenant, tree)) !== undefined);
  }
}

/** The last line of each partition within the range. */
async function tipsOf(ground: Ground, first: number, last: number): Promise<[number, number][]> {
  const tips = new Map<number, number>();
  for (let from = first; from <= last; from += LINES_STEP) {
    const length = Math.min(LINES_STEP, last - from + 1);
    const numbers = Array.from({ length }, (_, index) => from + index);
    for (const place of await sealedPlaces(ground, numbers)) {
      if (place === undefined) throw unavailable("LINE");
      tips.set(place.partition, Math.max(tips.get(place.partition) ?? 0, place.seq));
    }
  }
  return [...tips];
}
