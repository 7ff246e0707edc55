/** A tenant's trees, newest first, over all partitions; or those alone that stand under a name. @module */
import { DelegationError } from "../base/error.js";
import { PAGE_MAX } from "../base/limits.js";
import type { NamedBoundary } from "../wire/cut.js";
import type { TreeRecord } from "../wire/record.js";
import { listIn, recordsOf } from "./forest.js";
import type { Ground } from "./ground.js";
import { namedIn } from "./named-trees.js";

/** A cursor: microsecond of the last tree that was shown, and its partition. */
const CURSOR = /^([1-9][0-9]{0,15})-([0-9]{1,4})$/;

export async function treesOf(
  ground: Ground,
  tenant: string,
  options: { readonly cursor?: string; readonly limit: number; readonly of?: NamedBoundary },
): Promise<{ trees: readonly TreeRecord[]; next?: string }> {
  const limit = limitOf(options.limit);
  const before = beforeOf(options.cursor);
  const { of } = options;
  const lists = await ground.everywhere((partition) =>
    of === undefined
      ? listIn(ground, partition, tenant, before(partition), limit + 1)
      : namedIn(ground, { partition, tenant, named: of }, before(partition), limit + 1),
  );
  const all = lists.flat().sort((a, b) => b.opened - a.opened || b.partition - a.partition);
  const wanted = all.slice(0, limit);
  const trees = await recordsOf(ground, tenant, wanted);
  const last = wanted.at(-1);
  if (all.length <= limit || last === undefined) return { trees };
  return { trees, next: `${last.opened}-${last.partition}` };
}

/** From where each partition's list goes on. */
function beforeOf(cursor: string | undefined): (partition: number) => string {
  if (cursor === undefined) return () => "+inf";
  const [, opened, last] = CURSOR.exec(cursor) ?? [];
  if (opened === undefined || last === undefined) {
    throw new DelegationError("invalid_request", "cursor is none of ours", { rule: "cursor" });
  }
  // Trees of one microsecond stand in order of partition.
  return (partition) => (partition < Number(last) ? opened : `(${opened}`);
}

function limitOf(limit: number): number {
  if (Number.isInteger(limit) && limit > 0) return Math.min(limit, PAGE_MAX);
  throw new DelegationError("invalid_request", "limit is no positive whole number", {
    rule: "limit",
  });
}
