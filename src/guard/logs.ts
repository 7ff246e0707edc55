/** All logs of cuts that a guard follows, and which of them a chain is judged by. @module */
import { DelegationError } from "../base/error.js";
import { LOGS_READ_AT_ONCE } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { FeedState } from "../lifecycle/state.js";
import type { CutFeed, PartitionedFeed } from "./feed.js";
import type { FollowedLog } from "./followed-log.js";

/** Best first: the more is missing until calls are allowed again, the worse. */
const STATES: readonly FeedState[] = ["live", "stale", "blind", "syncing", "connecting"];

/** One log for each partition of a store. What one of them does not know denies calls in its own trees alone. */
export class Logs {
  readonly all: readonly FollowedLog[];
  /** The one log of a store that keeps one. */
  readonly only: FollowedLog | undefined;
  readonly #partitionOf: (tree: string) => number;
  /** Chains are kept and shown again: a store that hashes names does it once for each. */
  readonly #known = new WeakMap<VerifiedChain, FollowedLog>();

  /** @param open Begins to follow one log; called once for each partition. */
  constructor(
    feed: CutFeed | PartitionedFeed,
    open: (feed: CutFeed, partition: number) => FollowedLog,
  ) {
    const { partitions, partitionOf, feedOf } = partitioned(feed);
    this.all = Array.from({ length: partitions }, (_, partition) =>
      open(feedOf(partition), partition),
    );
    this.only = this.all.length === 1 ? this.all[0] : undefined;
    this.#partitionOf = partitionOf;
  }

  /** The log that every cut of this chain is in. @throws {DelegationError} `status_unknown` when no such log is followed */
  of(chain: VerifiedChain): FollowedLog {
    if (this.only !== undefined) return this.only;
    const known = this.#known.get(chain);
    if (known !== undefined) return known;
    const log = this.all[this.#partitionOf(chain.tree)];
    if (log === undefined) {
      throw new DelegationError("status_unknown", "the log that this tree is cut in is not known", {
        rule: "partition",
      });
    }
    this.#known.set(chain, log);
    return log;
  }

  /**
   * Reads all logs, a few at a time. One that cannot be read does not hold up the others: it is tried again at its next heartbeat.
   *
   * @throws {DelegationError} `store_unavailable`, once all were tried, when one could not be read
   */
  async start(): Promise<void> {
    const waiting = this.all.values();
    const failures: unknown[] = [];
    const reader = async (): Promise<void> => {
      for (const { follower } of waiting) {
        await follower.start().catch((thrown: unknown) => failures.push(thrown));
      }
    };
    await Promise.all(Array.from({ length: LOGS_READ_AT_ONCE }, reader));
    if (failures.length > 0) throw failures[0];
  }

  /** The worst state of all. */
  state(): FeedState {
    let worst = 0;
    for (const { follower } of this.all) {
      worst = Math.max(worst, STATES.indexOf(follower.state()));
    }
    return STATES[worst] ?? "connecting";
  }

  /** Age of the newest evidence of the log that has been silent longest, ms. */
  ageMs(): number {
    let oldest = Number.NEGATIVE_INFINITY;
    for (const { follower } of this.all) oldest = Math.max(oldest, follower.ageMs);
    return oldest;
  }

  callsInFlight(): number {
    let calls = 0;
    for (const log of this.all) calls += log.calls.size();
    return calls;
  }

  cutsKnown(): number {
    let cuts = 0;
    for (const { index } of this.all) cuts += index.size();
    return cuts;
  }
}

/** @throws {DelegationError} `config_invalid` for a store without a log: nothing would ever be known of it */
function partitioned(feed: CutFeed | PartitionedFeed) {
  if (!("partitions" in feed)) return { partitions: 1, partitionOf: () => 0, feedOf: () => feed };
  const { partitions } = feed;
  if (!(Number.isInteger(partitions) && partitions > 0)) {
    throw new DelegationError("config_invalid", "a store keeps at least one log of cuts", {
      rule: "feed",
    });
  }
  return {
    partitions,
    partitionOf: (tree: string) => feed.partitionOf(tree),
    feedOf: (partition: number) => feed.feed(partition),
  };
}
