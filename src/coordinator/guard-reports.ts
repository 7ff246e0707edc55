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

/** Who has a cut. Guards are told by name; each that reports is in `has` or in `behind`. */
export interface Barrier {
  /** How many have read at least so far. */
  readonly seen: number;
  readonly guards: number;
  /** Those that have. */
  readonly has: readonly string[];
  /** Those that have not, as far as they have said. */
  readonly behind: readonly string[];
  /** What was waited for; absent where nobody waited. */
  readonly waited?: Waited;
}

/** How a wait for guards ended: with the cut in force at each, by what it knows or by what it does not know. */
export interface Waited {
  /** Those that deny by construction, because what they know is too old; all that are behind. */
  readonly denying: readonly string[];
  /** From when on every guard that does not have the cut denies, one that nobody ever heard of included (epoch ms). */
  readonly denyingFrom: number;
  /** From the cut to this answer, ms. */
  readonly afterMs: number;
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
    const logsRead = read.get(guard) ?? new Set();
    read.set(guard, logsRead);
    if (reached >= (positions[partition] ?? position)) logsRead.add(partition);
  }
  const has = [...read].filter(([, logsRead]) => logsRead.size === logs).map(([guard]) => guard);
  const behind = [...read.keys()].filter((guard) => !has.includes(guard));
  return { seen: has.length, guards: read.size, has, behind };
}
