/**
 * The index of agents and principals: in which trees a name stands. It is made from the audit log after the fact, so that making a hop
 * pays nothing for it, and brought up to date when somebody asks.
 *
 * Index, log and trees of a partition share its slot, so that no fail-over takes one without the others. Where the index does not reach
 * back far enough, or is too far behind, whoever asks looks at every tree instead: always right, never quick.
 *
 * @module
 */
import { LIFETIME_MS_MAX } from "../base/limits.js";
import type { NamedBoundary } from "../wire/cut.js";
import { archivedOf } from "./archived.js";
import type { Args, Ground } from "./ground.js";
import { LINES_STEP, rawLines } from "./log-parts.js";
import { SCRIPTS } from "./scripts.generated.js";
import { wholeAt } from "./shown.js";

/** Steps that one question takes to bring a partition's index up to date. */
const STEPS_MAX = 16;
/** So long after it a tree of that time is gone for certain. */
const KEPT_MS = LIFETIME_MS_MAX + 3 * 86_400_000;

/**
 * Brings a partition's index up to date, as far as a few steps do.
 *
 * @param stepsMax How many: infinitely many bring it to the end of the log.
 * @returns Whether it knows every tree that is kept.
 */
export async function isIndexed(
  ground: Ground,
  partition: number,
  stepsMax = STEPS_MAX,
): Promise<boolean> {
  let end: number | undefined;
  for (let steps = 0; ; steps++) {
    const state = await ground.look(partition, SCRIPTS.lookNames, []);
    const seq = wholeAt(state, 1);
    end ??= wholeAt(state, 0);
    if (seq >= end) return wholeAt(state, 2) === 0 || wholeAt(state, 3) + KEPT_MS < nowOf(ground);
    if (steps === stepsMax) return false;
    await goOn(ground, partition, seq, end);
  }
}

/** The name as scripts take it. */
export function nameArguments(named: NamedBoundary): Args {
  return named.kind === "agent"
    ? [named.kind, named.agent]
    : [named.kind, named.issuer, named.subject];
}

async function goOn(ground: Ground, partition: number, seq: number, end: number): Promise<void> {
  const { tips } = await archivedOf(ground);
  // Lines that are gone cannot be looked at: all begins anew behind them.
  const gone = tips.find(([one]) => one === partition)?.[1] ?? 0;
  const after = Math.max(seq, gone);
  const count = Math.min(LINES_STEP, end - after);
  const lines = await rawLines(
    ground,
    partition,
    Array.from({ length: count }, (_, index) => after + 1 + index),
  );
  const places = new Map<string, readonly string[]>();
  for (const { event } of lines) {
    const { tenant, tree, hop } = event;
    if (tree === undefined || hop === undefined) continue;
    const place = [tenant, tree, hop];
    places.set(JSON.stringify(place), place);
  }
  const isNew = seq === 0 || gone > seq;
  const begun = isNew ? [after, lines[0]?.at ?? nowOf(ground)] : ["", ""];
  const args = [seq, after + lines.length, ...begun, ...[...places.values()].flat()];
  await ground.move(partition, SCRIPTS.indexNames, 0, args);
}

function nowOf(ground: Ground): number {
  const now = ground.clock();
  return now === "" ? Date.now() : now;
}
