/** The feed contract: how a guard learns of cuts, and how it knows that it has not missed any. @module */
import type { CutEntry, Position } from "../wire/cut.js";

/** Positive evidence of freshness: at `at`, the log stood at `position`, and all leases due by `at` had been cut. */
export interface Heartbeat {
  readonly generation: string;
  readonly position: Position;
  /** Epoch ms by the store's clock. */
  readonly at: number;
}

/** All live entries up to `heartbeat.position`. Applying one twice does no harm. */
export interface FeedSnapshot {
  readonly heartbeat: Heartbeat;
  /** Generations that the store continues, its own included: anchors of another are refused. */
  readonly generations: readonly string[];
  readonly entries: readonly CutEntry[];
}

/** What a subscriber is told. Entries come in order of position, without gaps; a gap is the follower's to detect. */
export interface FeedListener {
  /** The next entry of the log. */
  entry(entry: CutEntry): void;
  /** The log stood so, after every entry told before. */
  heartbeat(heartbeat: Heartbeat): void;
  /** The connection is lost or the feed can no longer be trusted: resync. */
  lost(reason: string): void;
}

/** A followable log of cuts. */
export interface CutFeed {
  /** Starts telling `listener` of everything after `snapshot` calls made later; returns how to stop. */
  subscribe(listener: FeedListener): () => void;
  /** @throws `store_unavailable` */
  snapshot(): Promise<FeedSnapshot>;
  /**
   * Asks the store itself, once, now: resolves after every entry up to the returned position was handed to the listeners.
   * @throws `store_unavailable`
   */
  confirm(): Promise<Heartbeat>;
  /** Tells how far this guard has read, so that a revoke can say who has it. */
  report(guard: string, position: Position, callsInFlight: readonly InFlight[]): void;
}

/** A running call, as guards report it for previews. */
export interface InFlight {
  readonly tenant: string;
  readonly tree: string;
  readonly hops: readonly string[];
  readonly tool: string;
}

/**
 * The logs of a store that keeps several. All that cuts one tree is in the log of its partition; a cut beyond one tree is in each.
 * Positions of two partitions have nothing to do with each other.
 */
export interface PartitionedFeed {
  readonly partitions: number;
  /** From 0; the same for a tree as long as the store lives. */
  partitionOf(tree: string): number;
  /** @throws RangeError when there is no such partition */
  feed(partition: number): CutFeed;
}
