/** Waiting until a cut is in force everywhere: each guard has it, or is denying by construction. @module */
import type { Clock } from "../base/clock.js";
import { CLOCK_SKEW_MS_DEFAULT, REPORTS_LOOK_MS, STALENESS_MS_MAX } from "../base/limits.js";
import { type Barrier, barrierAt, type GuardReport, type GuardReports } from "./guard-reports.js";
import type { CutResult } from "./store.js";

/** Who has the cut now; undefined where nobody can tell. The cut is made: nothing that happens here takes that back. */
export async function barrierOf(
  guards: GuardReports | undefined,
  cut: CutResult,
  tree: string | undefined,
): Promise<Barrier | undefined> {
  const reports = await reported(guards, tree);
  return reports && barrierAt(reports, cut.entry.position, cut.positions);
}

/**
 * Resolves once every guard that reports has the cut, or the ones that have not are stale; where none reports, once all are.
 *
 * A guard without the cut heard its last heartbeat before the cut was made, so it is live for less than its bound after this was
 * called, give or take what its clock is off.
 */
export async function enforced(
  guards: GuardReports | undefined,
  cut: CutResult,
  tree: string | undefined,
  clock: Clock,
): Promise<Barrier> {
  const { maxStalenessMs = STALENESS_MS_MAX, skewMs = CLOCK_SKEW_MS_DEFAULT } = guards ?? {};
  const cutAt = clock.now();
  const denyingFrom = cutAt + maxStalenessMs + skewMs;
  for (let last: readonly GuardReport[] = []; ; ) {
    last = (await reported(guards, tree)) ?? last;
    const barrier = barrierAt(last, cut.entry.position, cut.positions);
    const isSeen = barrier.guards > 0 && barrier.behind.length === 0;
    const now = clock.now();
    if (isSeen || now >= denyingFrom) {
      return { ...barrier, waited: { denying: barrier.behind, denyingFrom, afterMs: now - cutAt } };
    }
    await new Promise((resolve) => setTimeout(resolve, REPORTS_LOOK_MS));
  }
}

async function reported(
  guards: GuardReports | undefined,
  tree: string | undefined,
): Promise<readonly GuardReport[] | undefined> {
  try {
    return await guards?.reports(tree);
  } catch {
    return undefined;
  }
}
