/** Follows the log of cuts and knows how old its knowledge is. Silence is never freshness. @module */
import type { MonotonicClock } from "../base/clock.js";
import { DelegationError } from "../base/error.js";
import { CLOCK_TOLERANCE_MS } from "../base/limits.js";
import { type Feed, startFeed } from "../lifecycle/feed-actor.js";
import type { FeedState } from "../lifecycle/state.js";
import { steadyNow, type Timers } from "../lifecycle/timers.js";
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
  /** Called after entries are in the index; the same ones may come twice. */
  readonly onEntries: (entries: readonly CutEntry[]) => void;
  /** Called after a heartbeat counted. */
  readonly onHeartbeat: (heartbeat: Heartbeat) => void;
  /** Called when knowledge is far too old and the store, asked itself, does not answer. */
  readonly onBlind: () => void;
}

/** Blind is so many times the age at which a guard is stale: between the two it may still ask the store. */
const BLIND_FACTOR = 4;

/**
 * Reads a snapshot, then the tail, and counts heartbeats.
 *
 * INVARIANT: {@link isLive} only when every entry up to a heartbeat's position is in the index, and that heartbeat is younger than
 * `maxStalenessMs`.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #freshness: Feed;
  /** The machine's own clock. */
  readonly #now: () => number;
  /** When the machine ceases to be live, unless it hears more. */
  #liveUntil = Number.NEGATIVE_INFINITY;
  #unsubscribe: () => void;
  #position: Position = 0;
  /** Of the last snapshot. */
  #generation = "";
  #generations: ReadonlySet<string> = new Set();
  /** When the store confirmed what is known, by its own clock. */
  #heardAt = Number.NEGATIVE_INFINITY;
  /** When the newest entry was made, by the store's clock. */
  #entryAt = Number.NEGATIVE_INFINITY;
  #syncing: Promise<void> | undefined;
  /** Rings when a copy that was lost is not whole again in time. */
  #lossAlarm: unknown;
  #synced = false;
  #closed = false;
  /** Entries that arrived while the snapshot was read: they count already, only their order is still to be judged. */
  #early: Pick<CutEntry, "at" | "position">[] = [];

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#now = steadyNow(options.timers);
    this.#freshness = startFeed({
      softMs: options.maxStalenessMs,
      hardMs: BLIND_FACTOR * options.maxStalenessMs,
      clock: options.timers,
      onChange: (state) => {
        if (state === "blind") this.confirm().catch(() => this.#closed || options.onBlind());
      },
    });
    this.#unsubscribe = this.#subscribe();
  }

  /** Reads the snapshot; afterwards the guard is live. @throws {DelegationError} `store_unavailable` */
  async start(): Promise<void> {
    this.#freshness.send("connected");
    await this.#sync();
  }

  /** By the clock, also when the event loop was blocked and no alarm has rung. */
  state(): FeedState {
    return this.#closed ? "connecting" : this.#freshness.state();
  }

  /** Whether {@link state} is `live`, without asking the machine: this is asked on each call. */
  isLive(): boolean {
    return this.#synced && this.#now() < this.#liveUntil;
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
    if (!this.isLive()) throw statusUnknown(undefined);
  }

  close(): void {
    this.#closed = true;
    this.#synced = false;
    this.#options.timers.clearTimeout(this.#lossAlarm);
    this.#unsubscribe();
    this.#freshness.stop();
  }

  #subscribe(): () => void {
    return this.#options.feed.subscribe({
      entry: (entry) => this.#onEntry(entry),
      heartbeat: (heartbeat) => this.#onHeartbeat(heartbeat),
      lost: () => this.#onLost(),
    });
  }

  /** An entry counts at once, in whatever order it comes: the index only grows. */
  #onEntry(entry: CutEntry): void {
    this.#options.index.apply(entry);
    if (this.#synced) this.#advance(entry);
    else this.#early.push({ at: entry.at, position: entry.position });
    this.#options.onEntries([entry]);
  }

  #advance({ at, position }: Pick<CutEntry, "at" | "position">): void {
    if (position > this.#position + 1) {
      this.#resync("gap");
      return;
    }
    this.#position = Math.max(this.#position, position);
    this.#entryAt = Math.max(this.#entryAt, at);
  }

  /** A heartbeat that an entry has overtaken tells what it tells; one from after that entry that does not know it is of a lost log. */
  #onHeartbeat(heartbeat: Heartbeat): void {
    if (!this.#synced) {
      this.#retry();
      return;
    }
    const { generation, position, at } = heartbeat;
    const regressed = position < this.#position && at > this.#entryAt;
    if (!this.#generations.has(generation) || regressed) this.#resync("regress");
    else if (position > this.#position) this.#resync("gap");
    else this.#count(heartbeat);
  }

  /** One from further ahead than clocks may differ is not believed, and so is no evidence. */
  #count(heartbeat: Heartbeat): void {
    const { clock } = this.#options;
    if (heartbeat.at > clock.now() + CLOCK_TOLERANCE_MS) return;
    clock.atLeast(heartbeat.at);
    this.#heardAt = Math.max(this.#heardAt, heartbeat.at);
    this.#freshness.send("heartbeat", heartbeat.at);
    if (this.#freshness.state() === "live") {
      const confirmedAt = Math.min(heartbeat.at, this.#now());
      this.#liveUntil = Math.max(this.#liveUntil, confirmedAt + this.#options.maxStalenessMs);
    }
    this.#options.onHeartbeat(heartbeat);
  }

  #onLost(): void {
    if (this.#closed) return;
    this.#unsubscribe();
    this.#unsubscribe = this.#subscribe();
    this.#resync("disconnected");
  }

  #resync(why: "gap" | "regress" | "disconnected"): void {
    this.#synced = false;
    this.#liveUntil = Number.NEGATIVE_INFINITY;
    this.#freshness.send(why);
    if (why === "disconnected") this.#freshness.send("connected");
    this.#watchLoss();
    this.#retry();
  }

  /** The machine times only a copy that is whole: one that stays lost past the hard bound is as good as blind. */
  #watchLoss(): void {
    if (this.#lossAlarm !== undefined) return;
    const { maxStalenessMs, onBlind, timers } = this.#options;
    const ring = () => {
      this.#lossAlarm = undefined;
      if (this.#closed || this.#synced) return;
      this.confirm().catch(() => this.#closed || onBlind());
    };
    const leftMs = BLIND_FACTOR * maxStalenessMs - this.ageMs;
    this.#lossAlarm = timers.setTimeout(ring, Math.max(0, leftMs));
  }

  /** A failure leaves the feed in `syncing`, which denies; the next heartbeat or call tries again. */
  #retry(): void {
    if (this.state() !== "connecting") this.#sync().catch(() => undefined);
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
    const { index } = this.#options;
    // Positions of a log that is not continued mean nothing in this one, and its tokens are refused by their generation.
    if (!generations.includes(this.#generation)) index.forgetPositions();
    for (const entry of entries) index.apply(entry);
    this.#generation = heartbeat.generation;
    this.#position = heartbeat.position;
    this.#entryAt = entries.reduce((latest, { at }) => Math.max(latest, at), this.#entryAt);
    this.#generations = new Set(generations);
    this.#synced = true;
    this.#freshness.send("synced");
    this.#count(heartbeat);
    this.#options.onEntries(entries);
    for (const early of this.#early.splice(0)) if (this.#synced) this.#advance(early);
  }
}

function statusUnknown(cause: unknown): DelegationError {
  return new DelegationError(
    "status_unknown",
    "the log of cuts is not known to be complete and fresh",
    { rule: "maxStalenessMs", cause },
  );
}
