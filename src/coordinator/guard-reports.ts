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
  /** The last report of each guard. */
  reports(): readonly GuardReport[];
}

/** Who has a cut. */
export interface Barrier {
  /** Guards that have read at least so far. */
  readonly seen: number;
  readonly guards: number;
  /** Those that have not, by name. */
  readonly behind: readonly string[];
}

/** Who has read up to `position`, by their own reports. */
export function barrierAt(reports: GuardReports, position: Position): Barrier {
  const all = reports.reports();
  const behind = all.filter((report) => report.position < position).map(({ guard }) => guard);
  return { seen: all.length - behind.length, guards: all.length, behind };
}
