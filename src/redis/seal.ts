/**
 * The sealer: puts the lines of all partitions into one order, once and for all, and chains them with SHA-256.
 *
 * Any process may seal, and several at once: a step is taken only where the last one ended, and what was left unfinished is finished by
 * whoever comes next.
 *
 * @module
 */
import { hashLine } from "../audit/chain.js";
import type { Ground } from "./ground.js";
import {
  HOME,
  inSteps,
  LINES_STEP,
  type RawLine,
  rawLines,
  sealedPlaces,
  trailNumbers,
} from "./log-parts.js";
import { SCRIPTS } from "./scripts.generated.js";
import { textAt, wholeAt } from "./shown.js";

interface State {
  readonly count: number;
  readonly tip: string;
  readonly done: number;
  readonly reached: ReadonlyMap<number, number>;
}

/** Seals every line that was written before this call; resolves to how many lines are in order. */
export async function seal(ground: Ground): Promise<number> {
  const tips = await ground.everywhere(async (partition) =>
    wholeAt(await ground.look(partition, SCRIPTS.lookPartition, []), 5),
  );
  for (;;) {
    const state = await stateOf(ground);
    await tellNumbers(ground, state);
    const waiting = tips.map((tip, partition) => seqsAfter(state, partition, tip));
    const lines = await Promise.all(
      waiting.map((seqs, partition) => rawLines(ground, partition, seqs)),
    );
    if (lines.every(({ length }) => length === 0)) return state.count;
    await append(ground, state, merged(lines));
  }
}

async function stateOf(ground: Ground): Promise<State> {
  const reply = await ground.look(HOME, SCRIPTS.sealState, []);
  const reached = new Map<number, number>();
  for (let at = 3; at < reply.length; at += 2)
    reached.set(wholeAt(reply, at), wholeAt(reply, at + 1));
  const [count, done] = [wholeAt(reply, 0), wholeAt(reply, 2)];
  return { count, tip: textAt(reply, 1), done, reached };
}

function seqsAfter({ reached }: State, partition: number, tip: number): number[] {
  const from = reached.get(partition) ?? 0;
  const count = Math.max(0, Math.min(LINES_STEP, tip - from));
  return Array.from({ length: count }, (_, index) => from + 1 + index);
}

/** Of one instant, those come first that few stand before: a partition's start before what others wrote meanwhile. */
function isBefore(one: RawLine, other: RawLine): boolean {
  return one.at < other.at || (one.at === other.at && one.seq < other.seq);
}

/** By time, as far as the order within each partition leaves it open; no more than one step. */
function merged(lists: readonly (readonly RawLine[])[]): RawLine[] {
  const heads = lists.map(() => 0);
  const order: RawLine[] = [];
  while (order.length < LINES_STEP) {
    let next: RawLine | undefined;
    for (const [partition, list] of lists.entries()) {
      const head = list[heads[partition] ?? 0];
      if (head !== undefined && (next === undefined || isBefore(head, next))) next = head;
    }
    if (next === undefined) return order;
    heads[next.partition] = (heads[next.partition] ?? 0) + 1;
    order.push(next);
  }
  return order;
}

async function append(ground: Ground, state: State, lines: readonly RawLine[]): Promise<void> {
  const ups = await upsOf(ground, lines);
  let prev = state.tip;
  const args: (string | number)[] = [state.count];
  for (const [index, { partition, seq, at, n, event }] of lines.entries()) {
    const trail = trailOf(event);
    const up = n === 0 ? "" : (ups.get(trail) ?? "");
    prev = hashLine({ seq: state.count + 1 + index, at, event, n, prev, up });
    if (n > 0) ups.set(trail, prev);
    args.push(partition, seq, prev);
  }
  await ground.move(HOME, SCRIPTS.seal, 0, args);
}

/** Hash of the last line before these of every tree that they are of. */
async function upsOf(ground: Ground, lines: readonly RawLine[]): Promise<Map<string, string>> {
  const first = new Map<string, RawLine>();
  for (const line of lines) {
    const trail = trailOf(line.event);
    if (line.n > 0 && !first.has(trail)) first.set(trail, line);
  }
  return hashesBefore(ground, [...first.values()]);
}

/** Hash of the line before each of these in its tree, by {@link trailOf}. */
export async function hashesBefore(
  ground: Ground,
  lines: readonly RawLine[],
): Promise<Map<string, string>> {
  const found = await Promise.all(
    Array.from({ length: ground.topology.partitions }, async (_, partition) => {
      const asked = lines.filter((line) => line.partition === partition && line.n > 1);
      const places = asked.map(({ event: { tenant, tree = "" }, n }) => ({
        tenant,
        tree,
        n: n - 1,
      }));
      const numbers = await trailNumbers(ground, partition, places);
      return asked.map(({ event }, index) => ({
        trail: trailOf(event),
        number: numbers[index] ?? 0,
      }));
    }),
  );
  const all = found.flat();
  const places = await sealedPlaces(
    ground,
    all.map(({ number }) => number),
  );
  return new Map(all.map(({ trail }, index) => [trail, places[index]?.hash ?? ""]));
}

/** One text for one tree of one tenant. */
export function trailOf({
  tenant,
  tree = "",
}: {
  tenant: string;
  tree?: string | undefined;
}): string {
  return JSON.stringify([tenant, tree]);
}

/** Lines learn their number only after they have it, so that a number that was lost again is told to nobody. */
async function tellNumbers(ground: Ground, { count, done }: State): Promise<void> {
  if (done >= count) return;
  const numbers = Array.from({ length: count - done }, (_, index) => done + 1 + index);
  await inSteps(numbers, async (step) => {
    const places = await sealedPlaces(ground, step);
    const byPartition = new Map<number, number[]>();
    for (const [index, place] of places.entries()) {
      if (place === undefined) continue;
      const args = byPartition.get(place.partition) ?? [];
      args.push(place.seq, step[index] ?? 0);
      byPartition.set(place.partition, args);
    }
    await Promise.all(
      [...byPartition].map(([partition, args]) =>
        ground.move(partition, SCRIPTS.numberLines, 0, args),
      ),
    );
    await ground.move(HOME, SCRIPTS.sealDone, 0, [step.at(-1) ?? 0]);
    return [];
  });
}
