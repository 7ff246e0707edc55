/**
 * The feeds of a store on Redis: one log of cuts for each partition, followed as one.
 *
 * The doorbell (sharded pub/sub) brings what is next in line; the stream is the truth, and is read wherever the doorbell was not heard.
 *
 * @module
 */
import { HEARTBEAT_MS } from "../base/limits.js";
import type { CutFeed, Heartbeat, PartitionedFeed } from "../guard/feed.js";
import type { Timers } from "../lifecycle/timers.js";
import { type BeatOptions, beat } from "./beat.js";
import { bellChannel, partitionOf } from "./layout.js";
import { PartitionLog } from "./partition-log.js";
import { ReportSender } from "./reports.js";
import { unavailable } from "./script.js";
import type { Shard, Topology } from "./shard.js";
import { readLive, readTail } from "./tail.js";

/** How to follow. */
export interface RedisFeedOptions extends BeatOptions {
  readonly timers: Timers;
}

/** The feeds of all partitions; they stop when closed. */
export interface RedisFeed extends PartitionedFeed {
  close(): void;
}

/** Follows nothing until somebody listens. */
export function createRedisFeed(options: RedisFeedOptions): RedisFeed {
  const { topology } = options;
  const followed = new Followed(options);
  const feeds = followed.logs.map((log) => feedOf(options, log, followed));
  return {
    partitions: topology.partitions,
    partitionOf: (tree) => partitionOf(tree, topology.partitions),
    feed: (partition) => {
      const feed = feeds[partition];
      if (feed === undefined) throw new RangeError("there is no such partition");
      return feed;
    },
    close: () => followed.close(),
  };
}

function feedOf(options: RedisFeedOptions, log: PartitionLog, followed: Followed): CutFeed {
  const { topology } = options;
  const { partition } = log;
  const confirm = joined(() => confirmOnce(options, log));
  return {
    subscribe: (listener) => {
      const stop = log.listen(listener);
      followed.attend(partition);
      return stop;
    },
    snapshot: async () => {
      followed.checkOpen();
      await log.start();
      const { tip } = await readTail(topology, partition);
      const entries = await readLive(topology, partition, tip);
      await log.continues(tip);
      const { generation, position, beatAt } = tip;
      // What is known now was all there was when the last heartbeat went out.
      return {
        heartbeat: { generation, position, at: beatAt },
        generations: [generation],
        entries,
      };
    },
    confirm: async () => {
      followed.checkOpen();
      return confirm();
    },
    report: (guard, position, calls) => followed.reports.tell(partition, guard, position, calls),
  };
}

/** Asks for a heartbeat of one's own: it counts like any other; who may not tell everybody tells whoever listens here. */
async function confirmOnce(options: RedisFeedOptions, log: PartitionLog): Promise<Heartbeat> {
  const told = await beat(options, log.partition, { who: "", said: 0, youngMs: 0 });
  if (told.outcome !== "beat") throw unavailable("REPAIR");
  await log.reach(told.heartbeat.position);
  if (options.tells === false) log.heard(told.heartbeat);
  return told.heartbeat;
}

/** Callers join the run that begins after they called: one that is under way may have looked before. */
function joined<T>(run: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    const started = run().finally(() => {
      if (current === started) current = undefined;
    });
    current = started;
    return started;
  };
  return () => {
    if (current === undefined) return begin();
    next ??= current
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return begin();
      });
    return next;
  };
}

/** A doorbell that is silent for so many heartbeats while the store has newer ones is deaf. */
const DEAF = 4;

/** All logs, the doorbells of their owners, and the looks into the streams. */
class Followed {
  readonly logs: readonly PartitionLog[];
  readonly reports: ReportSender;
  readonly #topology: Topology;
  readonly #timers: Timers;
  readonly #unwatch: () => void;
  readonly #byChannel: ReadonlyMap<string, PartitionLog>;
  /** What each doorbell is asked to tell, and when it did last, ms. */
  readonly #ears = new Map<Shard, { readonly partitions: Set<number>; heardMs: number }>();
  readonly #polling = new Set<Shard>();
  #alarm: unknown;
  #closed = false;

  constructor({ topology, timers, clock }: RedisFeedOptions) {
    this.#topology = topology;
    this.#timers = timers;
    this.logs = Array.from(
      { length: topology.partitions },
      (_, partition) => new PartitionLog(topology, partition),
    );
    this.#byChannel = new Map(
      this.logs.map((log) => [bellChannel(topology.base(log.partition)), log]),
    );
    this.reports = new ReportSender(topology, timers, () => clock?.() ?? "");
    this.#unwatch = topology.watch(() => this.#attendAll());
    this.#arm();
  }

  checkOpen(): void {
    if (this.#closed) throw unavailable("CLOSED");
  }

  close(): void {
    this.#closed = true;
    this.#timers.clearTimeout(this.#alarm);
    this.#unwatch();
    for (const [shard] of this.#ears) shard.ear.off("smessage", this.#hear);
    this.#ears.clear();
    for (const log of this.logs) if (log.isFollowed) log.lose("the feed was closed");
  }

  /** Listens to the partition's owner, if it does not yet; what was missed meanwhile is read. */
  attend(partition: number): void {
    if (this.#closed) return;
    try {
      this.#listen(this.#topology.shardOf(partition), partition);
    } catch {
      // Without an owner nothing is heard, and silence is never freshness.
    }
  }

  #attendAll(): void {
    const owners = new Set(this.#topology.shards());
    for (const shard of this.#ears.keys()) {
      if (owners.has(shard)) continue;
      shard.ear.off("smessage", this.#hear);
      this.#ears.delete(shard);
    }
    for (const log of this.logs) if (log.isFollowed) this.attend(log.partition);
  }

  #listen(shard: Shard, partition: number): void {
    let ear = this.#ears.get(shard);
    if (ear === undefined) {
      ear = { partitions: new Set(), heardMs: this.#timers.now() };
      this.#ears.set(shard, ear);
      shard.ear.on("smessage", this.#hear);
    }
    if (ear.partitions.has(partition)) return;
    const { partitions } = ear;
    partitions.add(partition);
    shard.ear
      .ssubscribe(bellChannel(this.#topology.base(partition)))
      .catch(() => partitions.delete(partition))
      .then(() => this.logs[partition]?.read())
      .catch(() => undefined);
  }

  readonly #hear = (channel: string, payload: string): void => {
    const log = this.#byChannel.get(channel);
    if (log === undefined || this.#closed) return;
    for (const [shard, ear] of this.#ears) {
      if (shard.partitions.includes(log.partition)) ear.heardMs = this.#timers.now();
    }
    log.hear(payload);
  };

  #arm(): void {
    if (this.#closed) return;
    this.#alarm = this.#timers.setTimeout(() => {
      this.#arm();
      for (const shard of this.#topology.shards()) void this.#poll(shard);
    }, HEARTBEAT_MS);
  }

  /** Each owner in its own time: one that does not answer holds up nobody else. */
  async #poll(shard: Shard): Promise<void> {
    if (this.#polling.has(shard)) return;
    this.#polling.add(shard);
    const followed = shard.partitions.flatMap((partition) => {
      const log = this.logs[partition];
      return log?.isFollowed === true ? [log] : [];
    });
    for (const { partition } of followed) this.attend(partition);
    const before = followed.map(({ beatAt }) => beatAt);
    const unsure = followed.filter((log) => !log.wasRung());
    await Promise.allSettled(unsure.map((log) => log.read()));
    this.#polling.delete(shard);
    const ear = this.#ears.get(shard);
    const silentMs = this.#timers.now() - (ear?.heardMs ?? Number.POSITIVE_INFINITY);
    const isNews = followed.some(({ beatAt }, n) => beatAt > (before[n] ?? 0));
    if (isNews && silentMs > DEAF * HEARTBEAT_MS) shard.ear.disconnect();
  }
}
