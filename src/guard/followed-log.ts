/** One log of cuts as a guard follows it: what is known by it, and the calls that run in its trees. @module */
import type { MonotonicClock } from "../base/clock.js";
import { DelegationError } from "../base/error.js";
import type { Telemetry } from "../base/telemetry.js";
import type { FeedState } from "../lifecycle/state.js";
import type { Timers } from "../lifecycle/timers.js";
import type { CutEntry, Position } from "../wire/cut.js";
import { type CallsInFlight, createCallsInFlight, type RunningCall } from "./calls.js";
import { rememberingClear } from "./clear-chains.js";
import type { CutFeed } from "./feed.js";
import { Follower } from "./follower.js";
import { createRevocationIndex, type RevocationIndex } from "./revocation-index.js";

/** How to follow one log. */
export interface FollowedLogOptions {
  /** Names the guard to the feed. */
  readonly name: string;
  readonly feed: CutFeed;
  readonly partition: number;
  readonly clock: MonotonicClock;
  readonly timers: Timers;
  readonly maxStalenessMs: number;
  readonly telemetry: Telemetry;
  /** Told of each call that was aborted, and of the position that was known then. */
  readonly onAbort: (call: RunningCall, why: DelegationError, seen: Position) => void;
  /** Called after a heartbeat counted and was reported. */
  readonly onHeartbeat: () => void;
}

/** What a guard says of one log. */
export interface LogStatus {
  readonly partition: number;
  readonly feed: FeedState;
  readonly position: Position;
  /** Age of the newest evidence, ms. */
  readonly ageMs: number;
  readonly callsInFlight: number;
  readonly cutsKnown: number;
}

/**
 * A log, its index, and the calls that a cut in it can stop.
 *
 * INVARIANT: no position, generation or age of this log is ever compared with another log's.
 */
export class FollowedLog {
  readonly partition: number;
  readonly index: RevocationIndex;
  readonly follower: Follower;
  readonly calls: CallsInFlight;
  readonly #options: FollowedLogOptions;

  constructor(options: FollowedLogOptions) {
    const { feed, partition, clock, timers, maxStalenessMs, onAbort } = options;
    this.#options = options;
    this.partition = partition;
    this.index = rememberingClear(createRevocationIndex());
    this.calls = createCallsInFlight((call, why) => onAbort(call, why, this.follower.position));
    this.follower = new Follower({
      feed,
      index: this.index,
      clock,
      timers,
      maxStalenessMs,
      onEntries: (entries) => this.#onEntries(entries),
      onHeartbeat: () => this.#onHeartbeat(),
      onBlind: () => this.#abortAll("the log of cuts has not been known for too long"),
    });
  }

  status(): LogStatus {
    return {
      partition: this.partition,
      feed: this.follower.state(),
      position: this.follower.position,
      ageMs: this.follower.ageMs,
      callsInFlight: this.calls.size(),
      cutsKnown: this.index.size(),
    };
  }

  /** Stops following, and what runs. Afterwards every call in its trees is denied. */
  close(): void {
    this.follower.close();
    this.#abortAll("the guard was closed");
    // It denies everything: no cut is news to it.
    this.#options.feed.report(this.#options.name, Number.MAX_SAFE_INTEGER, []);
  }

  #onEntries(entries: readonly CutEntry[]): void {
    const { clock, telemetry } = this.#options;
    const now = clock.now();
    this.#abortCovered(now);
    this.#report();
    for (const { at } of entries) {
      const seconds = Math.max(0, now - at) / 1_000;
      telemetry.observe("legate_revocation_propagation_seconds", {}, seconds);
    }
  }

  #onHeartbeat(): void {
    const now = this.#options.clock.now();
    this.#abortCovered(now);
    this.index.prune(now);
    this.#report();
    this.#options.onHeartbeat();
  }

  #report(): void {
    this.#options.feed.report(this.#options.name, this.follower.position, this.calls.list());
  }

  #abortCovered(now: number): void {
    const continues = (generation: string) => this.follower.continues(generation);
    this.#countAborted(this.calls.abortCovered(this.index, continues, now));
  }

  #abortAll(message: string): void {
    const why = new DelegationError("status_unknown", message, { rule: "maxStalenessMs" });
    this.#countAborted(this.calls.abortAll(why));
  }

  #countAborted(aborted: number): void {
    if (aborted === 0) return;
    this.#options.telemetry.count("legate_calls_aborted_total", {}, aborted);
  }
}
