/** Trees that stand under the name of an agent or a principal: by the index where it knows all, and otherwise by looking at every tree. @module */
import { PAGE_MAX } from "../base/limits.js";
import type { NamedBoundary } from "../wire/cut.js";
import type { TreeRecord } from "../wire/record.js";
import { type Listed, listIn, readList, recordsOf, treeCount, treesIn } from "./forest.js";
import type { Ground } from "./ground.js";
import { isIndexed, nameArguments } from "./names.js";
import { stepOf } from "./nodes.js";
import { SCRIPTS } from "./scripts.generated.js";
import { wholeAt } from "./shown.js";

/** Nodes that one look brings. */
const STEP = 256;

/** Which trees, in which partition. */
export interface NamedPlace {
  readonly partition: number;
  readonly tenant: string;
  readonly named: NamedBoundary;
}

/** Trees of one partition under the name, newest first: no more than `count`, from a place in the order on. */
export async function namedIn(
  ground: Ground,
  place: NamedPlace,
  from: string,
  count: number,
): Promise<Listed[]> {
  const { partition, tenant, named } = place;
  if (await isIndexed(ground, partition)) return listUnder(ground, place, from, count);
  const found: Listed[] = [];
  for (let after = from; ; ) {
    const list = await listIn(ground, partition, tenant, after, PAGE_MAX);
    const records = new Map(
      (await recordsOf(ground, tenant, list)).map((record) => [record.id, record]),
    );
    for (const listed of list) {
      const record = records.get(listed.tree);
      if (record === undefined || !(await stands(ground, record, named))) continue;
      found.push(listed);
      if (found.length === count) return found;
    }
    const last = list.at(-1);
    if (list.length < PAGE_MAX || last === undefined) return found;
    after = `(${last.opened}`;
  }
}

/** Every tree of one partition among which those under the name are. */
export async function* candidatesIn(ground: Ground, place: NamedPlace): AsyncGenerator<TreeRecord> {
  const { partition, tenant } = place;
  if (!(await isIndexed(ground, partition))) {
    yield* treesIn(ground, partition, tenant);
    return;
  }
  for (let from = "+inf"; ; ) {
    const list = await listUnder(ground, place, from, PAGE_MAX);
    yield* await recordsOf(ground, tenant, list);
    const last = list.at(-1);
    if (list.length < PAGE_MAX || last === undefined) return;
    from = `(${last.opened}`;
  }
}

/** How many {@link candidatesIn} there are. */
export async function candidateCount(ground: Ground, place: NamedPlace): Promise<number> {
  const { partition, tenant, named } = place;
  if (!(await isIndexed(ground, partition))) return treeCount(ground, partition, tenant);
  const args = [tenant, "+inf", 1, ...nameArguments(named)];
  return wholeAt(await ground.look(partition, SCRIPTS.listNamed, args), 0);
}

async function listUnder(
  ground: Ground,
  { partition, tenant, named }: NamedPlace,
  from: string,
  count: number,
): Promise<Listed[]> {
  const args = [tenant, from, count, ...nameArguments(named)];
  return readList(partition, await ground.look(partition, SCRIPTS.listNamed, args));
}

/** Looks at the tree itself. */
async function stands(
  ground: Ground,
  { tenant, id, principal }: TreeRecord,
  named: NamedBoundary,
): Promise<boolean> {
  if (named.kind === "principal") {
    return principal.issuer === named.issuer && principal.subject === named.subject;
  }
  for (let cursor = ""; ; ) {
    const step = await stepOf(ground, tenant, id, { cursor, limit: STEP });
    if (step.nodes.some(({ hop }) => hop.agent === named.agent)) return true;
    const last = step.nodes.at(-1);
    if (!step.more || last === undefined) return false;
    cursor = `=${last.hop.id}`;
  }
}
