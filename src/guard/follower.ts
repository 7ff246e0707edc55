/** Follows the log of cuts and knows how old its knowledge is. Silence is never freshness. @module */
import type { MonotonicClock } from "../base/clock.js";
import { DelegationError } from "../base/error.js";
import { type Feed, startFeed } from "../lifecycle/feed-actor.js";
import type { FeedState } from "../lifecycle/state.js";
import type { Timers } from "../lifecycle/timers.js";
import type { CutEntry, Position } from "../wire/cut.js";
import type { CutFeed, Heartbeat } from "./feed.js";
import type { RevocationIndex } from "./revocation-index.js";

/** How to follow. */
export interface FollowerOptions {
  readonly feed: CutFeed;
  readonly index: RevocationIndex;
  readonly clock: MonotonicClock;
  readonly timers: Timers;
  /** Age at which local knowledge no longer permits. */
  readonly maxStalenessMs: number;
  /** Called after an entry is in the index; the same entry may come twice. */
  readonly onEntry: (entry: CutEntry) => void;
  /** Called after a heartbeat counted. */
  readonly onHeartbeat: (heartbeat: Heartbeat) => void;
}

/** Blind is so many times the age at which a guard is stale: between the two it may still ask the store. */
const BLIND_FACTOR = 4;

/**
 * Reads a snapshot, then the tail, and counts heartbeats.
 *
 * INVARIANT: {@link state} is `live` only when every entry up to a heartbeat's position is in the index, and that heartbeat is
 * younger than `maxStalenessMs`.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #freshness: Feed;
  readonly #unsubscribe: () => void;
  #position: Position = 0;
  #generations: ReadonlySet<string> = new Set();
  #heardAt = Number.NEGATIVE_INFINITY;
  #syncing: Promise<void> | undefined;
  #synced = false;
  #closed = false;
  /** Entries that arrived while the snapshot was read. */
  #early: CutEntry[] = [];

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#freshness = startFeed({
      softMs: options.maxStalenessMs,
      hardMs: BLIND_FACTOR * options.maxStalenessMs,
      clock: options.timers,
    });
    this.#unsubscribe = options.feed.subscribe({
      entry: (entry) => this.#onEntry(entry),
      heartbeat: (heartbeat) => this.#onHeartbeat(heartbeat),
      lost: () => this.#resync("disconnected"),
    });
  }

  /** Reads the snapshot; afterwards the guard is live. @throws {DelegationError} `store_unavailable` */
  async start(): Promise<void> {
    this.#freshness.send("connected");
    await this.#sync();
  }

  state(): FeedState {
    return this.#freshness.state();
  }

  /** Newest position whose entries, and all before it, are in the index. */
  get position(): Position {
    return this.#position;
  }

  /** Age of the newest evidence, ms; infinite before the first. */
  get ageMs(): number {
    return this.#options.clock.now() - this.#heardAt;
  }

  /** Whether the store that is followed continues `generation`. */
  continues(generation: string): boolean {
    return this.#generations.has(generation);
  }

  /**
   * Asks the store itself, now. Its answer counts only as a heartbeat does.
   *
   * @throws {DelegationError} `status_unknown` unless the follower is live afterwards.
   */
  async confirm(): Promise<void> {
    try {
      if (!this.#synced) await this.#sync();
      this.#onHeartbeat(await this.#options.feed.confirm());
      if (!this.#synced) await this.#sync();
    } catch (cause) {
      throw statusUnknown(cause);
    }
    if (this.state() !== "live") throw statusUnknown(undefined);
  }

  close(): void {
    this.#closed = true;
    this.#synced = false;
    this.#unsubscribe();
    this.#freshness.stop();
  }

  /** An entry counts at once, in whatever order it comes: the index only grows. */
  #onEntry(entry: CutEntry): void {
    this.#options.index.apply(entry);
    this.#options.onEntry(entry);
    if (!this.#synced) {
      this.#early.push(entry);
      return;
    }
    const contiguous = entry.position <= this.#position + 1;
    if (contiguous) this.#position = Math.max(this.#position, entry.position);
    else this.#resync("gap");
  }

  #onHeartbeat(heartbeat: Heartbeat): void {
    if (!this.#synced) return;
    if (!this.#generations.has(heartbeat.generation) || heartbeat.position < this.#position) {
      this.#resync("regress");
    } else if (heartbeat.position > this.#position) {
      this.#resync("gap");
    } else {
      this.#count(heartbeat);
    }
  }

  #count(heartbeat: Heartbeat): void {
    this.#options.clock.atLeast(heartbeat.at);
    this.#heardAt = Math.max(this.#heardAt, heartbeat.at);
    this.#freshness.send("heartbeat", heartbeat.at);
    this.#options.onHeartbeat(heartbeat);
  }

  #resync(why: "gap" | "regress" | "disconnected"): void {
    if (this.#closed) return;
    this.#synced = false;
    this.#freshness.send(why);
    if (why === "disconnected") this.#freshness.send("connected");
    // A failure leaves the feed in `syncing`, which denies; the next confirm tries again.
    this.#sync().catch(() => undefined);
  }

  #sync(): Promise<void> {
    this.#syncing ??= this.#readSnapshot().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  async #readSnapshot(): Promise<void> {
    const { heartbeat, generations, entries } = await this.#options.feed.snapshot();
    if (this.#closed) return;
    for (const entry of entries) {
      this.#options.index.apply(entry);
      this.#options.onEntry(entry);
    }
    this.#position = heartbeat.position;
    this.#generations = new Set(generations);
    const early = this.#early;
    this.#early = [];
    this.#synced = true;
    this.#freshness.send("synced");
    this.#count(heartbeat);
    for (const entry of early) this.#onEntry(entry);
  }
}

function statusUnknown(cause: unknown): DelegationError {
  return new DelegationError(
    "status_unknown",
    "the log of cuts is not known to be complete and fresh",
    { rule: "maxStalenessMs", cause },
  );
}
