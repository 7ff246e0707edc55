/** What guards report of themselves, as far as a coordinator is told: who has read how far, and what runs there. @module */
import type { Position } from "../wire/cut.js";

/** One guard's last word. */
export interface GuardReport {
  readonly guard: string;
  /** How far it has read the log of cuts. */
  readonly position: Position;
  /** When it said so, epoch ms. */
  readonly at: number;
  readonly callsInFlight: readonly RunningCall[];
  /** Which log of cuts `position` is of, where a store keeps several. */
  readonly partition?: number;
}

/** A call that a guard has let in and that has not ended. */
export interface RunningCall {
  readonly tenant: string;
  readonly tree: string;
  readonly hops: readonly string[];
  readonly tool: string;
}

/** Kept by whoever carries the feed; absent where nobody does. */
export interface GuardReports {
  /**
   * The last report of each guard: on the log that `tree` is cut in, or on every log.
   *
   * @throws {DelegationError} `store_unavailable`
   */
  reports(tree?: string): readonly GuardReport[] | Promise<readonly GuardReport[]>;
  /** Age at which the guards are stale; `STALENESS_MS_MAX` unless told. */
  readonly maxStalenessMs?: number;
  /** How far their clocks lie apart from the store's at most; `CLOCK_SKEW_MS_DEFAULT` unless told. */
  readonly skewMs?: number;
}

/** Who has a cut. */
export interface Barrier {
  /** Guards that have read at least so far. */
  readonly seen: number;
  readonly guards: number;
  /** Those that have not, by name. */
  readonly behind: readonly string[];
  /** Where it was waited for: from when on every guard that is behind denies, because what it knows is too old (epoch ms). */
  readonly denyingFrom?: number;
}

/**
 * Who has read up to `position`, by their own reports; by partition, where a cut is in several logs. A guard that says nothing of one
 * of these has not read it, as far as anybody can tell.
 */
export function barrierAt(
  reports: readonly GuardReport[],
  position: Position,
  positions: readonly Position[] = [],
): Barrier {
  const logs = Math.max(1, positions.length);
  const read = new Map<string, Set<number>>();
  for (const { guard, partition = 0, position: reached } of reports) {
    const has = read.get(guard) ?? new Set();
    read.set(guard, has);
    if (reached >= (positions[partition] ?? position)) has.add(partition);
  }
  const behind = [...read].filter(([, has]) => has.size < logs).map(([guard]) => guard);
  return { seen: read.size - behind.length, guards: read.size, behind };
}
