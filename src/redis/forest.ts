/** A tenant's trees in one partition, which lists its own by the microsecond of their opening, newest first. @module */
import { PAGE_MAX } from "../base/limits.js";
import type { TreeRecord } from "../wire/record.js";
import type { Ground } from "./ground.js";
import type { Reply } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import { listAt, readTree, textAt, wholeAt } from "./shown.js";

/** A tree's name and place in the order. */
export interface Listed {
  readonly tree: string;
  readonly opened: number;
  readonly partition: number;
}

/** A tree as it stands now; undefined when the tenant has none of this id. */
export async function treeOf(
  ground: Ground,
  tenant: string,
  tree: string,
): Promise<TreeRecord | undefined> {
  const reply = await ground.look(ground.partitionOf(tree), SCRIPTS.lookTrees, [tenant, tree]);
  return reply.length === 0 ? undefined : readTree(tenant, listAt(reply, 0));
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

/** Trees of one partition, newest first: no more than `count`, from a place in the order on. */
export async function listIn(
  ground: Ground,
  partition: number,
  tenant: string,
  from: string,
  count: number,
): Promise<Listed[]> {
  return readList(
    partition,
    await ground.look(partition, SCRIPTS.listTrees, [tenant, from, count]),
  );
}

/** Trees and places in the order, behind how many there are. */
export function readList(partition: number, reply: readonly Reply[]): Listed[] {
  const list: Listed[] = [];
  for (let at = 1; at < reply.length; at += 2) {
    list.push({ tree: textAt(reply, at), opened: wholeAt(reply, at + 1), partition });
  }
  return list;
}

/** Their records, in the order in which they were listed; one that is gone by now is left out. */
export async function recordsOf(
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
