/** A tenant's trees, newest first, over all partitions: each lists its own by the microsecond of their opening. @module */
import { DelegationError } from "../base/error.js";
import { PAGE_MAX } from "../base/limits.js";
import type { TreeRecord } from "../wire/record.js";
import type { Ground } from "./ground.js";
import { SCRIPTS } from "./scripts.generated.js";
import { listAt, readTree, textAt, wholeAt } from "./shown.js";

/** A tree's name and place in the order. */
interface Listed {
  readonly tree: string;
  readonly opened: number;
  readonly partition: number;
}

/** A cursor: microsecond of the last tree that was shown, and its partition. */
const CURSOR = /^([1-9][0-9]{0,15})-([0-9]{1,4})$/;

/** A tree as it stands now; undefined when the tenant has none of this id. */
export async function treeOf(
  ground: Ground,
  tenant: string,
  tree: string,
): Promise<TreeRecord | undefined> {
  const reply = await ground.look(ground.partitionOf(tree), SCRIPTS.lookTrees, [tenant, tree]);
  return reply.length === 0 ? undefined : readTree(tenant, listAt(reply, 0));
}

export async function treesOf(
  ground: Ground,
  tenant: string,
  options: { readonly cursor?: string; readonly limit: number },
): Promise<{ trees: readonly TreeRecord[]; next?: string }> {
  const limit = limitOf(options.limit);
  const before = beforeOf(options.cursor);
  const lists = await ground.everywhere((partition) =>
    listIn(ground, partition, tenant, before(partition), limit + 1),
  );
  const all = lists.flat().sort((a, b) => b.opened - a.opened || b.partition - a.partition);
  const wanted = all.slice(0, limit);
  const trees = await recordsOf(ground, tenant, wanted);
  const last = wanted.at(-1);
  if (all.length <= limit || last === undefined) return { trees };
  return { trees, next: `${last.opened}-${last.partition}` };
}

/** Every tree of a tenant in one partition, newest first, a step at a time. */
export async function* treesIn(
  ground: Ground,
  partition: number,
  tenant: string,
): AsyncGenerator<TreeRecord> {
  for (let from = "+inf"; ; ) {
    const list = await listIn(ground, partition, tenant, from, PAGE_MAX);
    yield* await recordsOf(ground, tenant, list);
    const last = list.at(-1);
    if (list.length < PAGE_MAX || last === undefined) return;
    from = `(${last.opened}`;
  }
}

/** How many trees of a tenant a partition lists. */
export async function treeCount(
  ground: Ground,
  partition: number,
  tenant: string,
): Promise<number> {
  return wholeAt(await ground.look(partition, SCRIPTS.listTrees, [tenant, "+inf", 1]), 0);
}

async function listIn(
  ground: Ground,
  partition: number,
  tenant: string,
  from: string,
  count: number,
): Promise<Listed[]> {
  const reply = await ground.look(partition, SCRIPTS.listTrees, [tenant, from, count]);
  const list: Listed[] = [];
  for (let at = 1; at < reply.length; at += 2) {
    list.push({ tree: textAt(reply, at), opened: wholeAt(reply, at + 1), partition });
  }
  return list;
}

/** Their records, in the order in which they were listed; one that is gone by now is left out. */
async function recordsOf(
  ground: Ground,
  tenant: string,
  listed: readonly Listed[],
): Promise<TreeRecord[]> {
  const byPartition = new Map<number, string[]>();
  for (const { partition, tree } of listed) {
    byPartition.set(partition, [...(byPartition.get(partition) ?? []), tree]);
  }
  const found = await Promise.all(
    [...byPartition].map(async ([partition, trees]) => {
      const reply = await ground.look(partition, SCRIPTS.lookTrees, [tenant, ...trees]);
      return reply.map((_, index) => readTree(tenant, listAt(reply, index)));
    }),
  );
  const records = new Map(found.flat().map((record) => [record.id, record]));
  return listed.flatMap(({ tree }) => records.get(tree) ?? []);
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
