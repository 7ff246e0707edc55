/** What the audit log is put together from: lines as partitions wrote them, and their order in the whole log. @module */
import type { AuditDraft } from "../wire/event.js";
import type { Ground } from "./ground.js";
import { type Reply, unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import { lengthen } from "./shorthand.js";
import { listAt, textAt, wholeAt } from "./shown.js";

/** The partition that keeps the order of all lines. */
export const HOME = 0;

/** Lines that one script reads or writes. */
export const LINES_STEP = 256;

/** A line as its partition has it. */
export interface RawLine {
  readonly partition: number;
  /** Its number in the partition. */
  readonly seq: number;
  readonly at: number;
  /** Its order in its tree; 0 for none. */
  readonly n: number;
  readonly event: AuditDraft;
}

/** A place in the whole log. */
export interface SealedPlace {
  readonly partition: number;
  readonly seq: number;
  readonly hash: string;
}

/** One line of a tree's trail. */
export interface TrailPlace {
  readonly tenant: string;
  readonly tree: string;
  readonly n: number;
}

/** Lines of one partition. @throws {DelegationError} `store_unavailable` when one is not there */
export async function rawLines(
  ground: Ground,
  partition: number,
  seqs: readonly number[],
): Promise<RawLine[]> {
  return inSteps(seqs, async (step) => {
    const reply = await ground.look(partition, SCRIPTS.lookLines, step);
    return step.map((seq, index) => {
      const line = listAt(reply, index);
      if (line.length === 0) throw unavailable("LINE");
      const [at, n] = [wholeAt(line, 1), wholeAt(line, 2)];
      return { partition, seq, at, n, event: eventOf(textAt(line, 3), textAt(line, 4)) };
    });
  });
}

/** What the caller drafted, and the facts that the store wrote over it. */
function eventOf(text: string, facts: string): AuditDraft {
  const draft = JSON.parse(lengthen(text)) as AuditDraft;
  if (facts === "") return draft;
  const written = JSON.parse(facts) as Partial<AuditDraft>;
  const { data } = written;
  if (data === undefined) return { ...draft, ...written };
  return { ...draft, ...written, data: { ...draft.data, ...data } };
}

/** Places in the whole log by number; undefined for numbers that no line has. */
export async function sealedPlaces(
  ground: Ground,
  numbers: readonly number[],
): Promise<(SealedPlace | undefined)[]> {
  return inSteps(numbers, async (step) => {
    const reply = await ground.look(HOME, SCRIPTS.lookSealed, step);
    return step.map((_, index) => {
      const hash = textAt(reply, 3 * index + 2);
      if (hash === "") return undefined;
      return { partition: wholeAt(reply, 3 * index), seq: wholeAt(reply, 3 * index + 1), hash };
    });
  });
}

/** Numbers in the whole log of lines of trees of one partition, by their order in the tree; 0 for one that has none. */
export async function trailNumbers(
  ground: Ground,
  partition: number,
  places: readonly TrailPlace[],
): Promise<number[]> {
  return inSteps(places, async (step) => {
    const args = step.flatMap(({ tenant, tree, n }) => [tenant, tree, n, 1]);
    const reply = await ground.look(partition, SCRIPTS.lookTrail, args);
    return step.map((_, index) => {
      const found = listAt(reply, index);
      return found.length === 0 ? 0 : wholeAt(found, 1);
    });
  });
}

/** Part of a tree's trail: lines of its partition, and their numbers in the whole log. */
export async function trailPart(
  ground: Ground,
  { tenant, tree, n }: TrailPlace,
  count: number,
): Promise<{ seqs: number[]; numbers: number[] }> {
  const args = [tenant, tree, n, count];
  const reply = await ground.look(ground.partitionOf(tree), SCRIPTS.lookTrail, args);
  const list: readonly Reply[] = listAt(reply, 0);
  const places = Array.from({ length: list.length / 2 }, (_, index) => 2 * index);
  return {
    seqs: places.map((at) => wholeAt(list, at)),
    numbers: places.map((at) => wholeAt(list, at + 1)),
  };
}

export async function inSteps<A, B>(
  all: readonly A[],
  run: (step: readonly A[]) => Promise<B[]>,
): Promise<B[]> {
  const results: B[] = [];
  for (let from = 0; from < all.length; from += LINES_STEP) {
    results.push(...(await run(all.slice(from, from + LINES_STEP))));
  }
  return results;
}
