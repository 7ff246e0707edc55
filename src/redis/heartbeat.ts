/**
 * What keeps guards live: each coordinator sees to it that every partition has had a heartbeat lately.
 *
 * There is no leader: whoever comes first speaks, and the others see that it was done. A coordinator whose outbox may hold what a life of
 * the owner lost says so by running at all, and no heartbeat goes out, from anyone, before it has said it again.
 *
 * @module
 */
import { HEARTBEAT_MS } from "../base/limits.js";
import type { Telemetry } from "../base/telemetry.js";
import type { Timers } from "../lifecycle/timers.js";
import { type BeatOptions, beat } from "./beat.js";
import type { Shard } from "./shard.js";
import { isUnstarted } from "./take-over.js";

/** How to keep guards live. */
export interface HeartbeatOptions extends BeatOptions {
  readonly timers: Timers;
  readonly telemetry: Telemetry;
  /** Id of this coordinator, another after a restart. */
  readonly coordinator: string;
  /** Says again, to the partition as it is now, all that the outbox holds; resolves once that is durable. */
  readonly repair: (partition: number) => Promise<void>;
  /** Starts a partition that lost everything. */
  readonly start: (partition: number) => Promise<unknown>;
}

/** Heartbeats that go out. */
export interface Heartbeats {
  /** One turn now, of all partitions; resolves when each has answered or failed. */
  turn(): Promise<void>;
  stop(): void;
}

/** A heartbeat younger than this is somebody's who just spoke. */
const YOUNG_MS = HEARTBEAT_MS / 2;

export function startHeartbeats(options: HeartbeatOptions): Heartbeats {
  const { topology, timers, telemetry, coordinator, repair } = options;
  /** By partition: in which epoch, and in which life of its owner, all was said again: a partition that lost everything counts anew. */
  const said = new Map<number, { readonly epoch: number; readonly life: string }>();
  const repairing = new Set<number>();
  const busy = new Set<Shard>();
  let alarm: unknown;
  let stopped = false;

  const saidIn = (partition: number): number => {
    const last = said.get(partition);
    return last?.life === topology.shardOf(partition).life ? last.epoch : 0;
  };

  const mend = async (partition: number, epoch: number): Promise<void> => {
    if (saidIn(partition) >= epoch || repairing.has(partition)) return;
    repairing.add(partition);
    try {
      const { life } = topology.shardOf(partition);
      await repair(partition);
      said.set(partition, { epoch, life });
    } finally {
      repairing.delete(partition);
    }
    await beatOnce(partition);
  };

  const beatOnce = async (partition: number): Promise<void> => {
    const speaker = { who: coordinator, said: saidIn(partition), youngMs: YOUNG_MS };
    const told = await beat(options, partition, speaker).catch(async (thrown) => {
      if (isUnstarted(thrown)) await options.start(partition);
      throw thrown;
    });
    // The other partitions of this owner do not wait for it; what fails is tried again at the next turn.
    if (told.outcome === "repair") mend(partition, told.epoch).catch(() => undefined);
  };

  /** Each owner in its own time: one that does not answer holds up nobody else. */
  const turnOf = async (shard: Shard): Promise<void> => {
    if (busy.has(shard)) return;
    busy.add(shard);
    const beats = await Promise.allSettled(shard.partitions.map(beatOnce));
    busy.delete(shard);
    const isUp = beats.every(({ status }) => status === "fulfilled");
    telemetry.gauge("legate_store_up", {}, isUp ? 1 : 0);
  };

  const turn = async (): Promise<void> => {
    const shards = topology.shards();
    if (shards.length === 0) telemetry.gauge("legate_store_up", {}, 0);
    await Promise.all(shards.map(turnOf));
  };

  const arm = (): void => {
    if (stopped) return;
    alarm = timers.setTimeout(() => {
      arm();
      void turn();
    }, HEARTBEAT_MS);
  };
  arm();
  void turn();
  return {
    turn,
    stop: () => {
      stopped = true;
      timers.clearTimeout(alarm);
    },
  };
}
