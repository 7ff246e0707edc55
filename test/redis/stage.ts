/** A store's ground on real servers, with what the feed and durability stand on. @module */
import { uuidv7 } from "../../src/base/id.js";
import { systemRandom } from "../../src/base/random.js";
import { silent } from "../../src/base/telemetry.js";
import { systemTimers } from "../../src/lifecycle/timers.js";
import { serversOf } from "../../src/redis/address.js";
import type { BeatOptions } from "../../src/redis/beat.js";
import { createDurability } from "../../src/redis/durability.js";
import { createRedisFeed } from "../../src/redis/feed.js";
import { type Ground, groundOf, startPartitions } from "../../src/redis/ground.js";
import { startHeartbeats } from "../../src/redis/heartbeat.js";
import { baseKey } from "../../src/redis/layout.js";
import { revoke, sweepIn } from "../../src/redis/moves.js";
import { openTopology } from "../../src/redis/topology.js";
import type { Boundary } from "../../src/wire/cut.js";
import { PATIENCE_MS, PATIENT } from "../patience.js";

const PREFIX = "stage";
const TOLERANCE_MS = 30_000;

export interface StageOptions {
  readonly partitions?: number;
  readonly replicas?: number;
  readonly timeoutMs?: number;
}

/** One process of a deployment: coordinator and guard at once, as far as this room knows them. */
export async function openStage(url: string | readonly string[], options: StageOptions = {}) {
  const { partitions = 2, replicas = 0, timeoutMs = PATIENCE_MS } = options;
  const base = (partition: number) => baseKey(PREFIX, partition);
  const topology = await openTopology(serversOf({ url }), partitions, base, PATIENT);
  const patience = { toleranceMs: TOLERANCE_MS, commandMs: PATIENT.commandMs };
  const ground: Ground = groundOf({ topology, ...patience });
  const generation = uuidv7(Date.now(), systemRandom);
  const generations = await startPartitions(ground, generation);
  const durability = createDurability({
    topology,
    timers: systemTimers,
    replicas,
    timeoutMs,
  });
  const beats: BeatOptions = {
    topology,
    durability,
    sweep: async (partition) => {
      await sweepIn(ground, partition, Date.now(), 1_000);
    },
  };
  const feed = createRedisFeed({ ...beats, timers: systemTimers });
  const stops: (() => void)[] = [];
  return {
    topology,
    ground,
    durability,
    beats,
    feed,
    generations,
    base,
    cut: (boundary: Boundary, attempt = "") =>
      revoke(
        ground,
        {
          tenant: "t",
          boundary,
          event: { kind: "cut", tenant: "t", by: "op" },
          now: Date.now(),
        },
        attempt,
      ),
    /** Heartbeats as a coordinator sends them. */
    keep: (coordinator: string, repair: (partition: number) => Promise<void> = async () => {}) => {
      const kept = startHeartbeats({
        ...beats,
        timers: systemTimers,
        telemetry: silent,
        coordinator,
        repair,
        start: (partition) => ground.start(partition, generation),
      });
      stops.push(kept.stop);
      return kept;
    },
    close: () => {
      for (const stop of stops) stop();
      feed.close();
      ground.close();
    },
  };
}

export type Stage = Awaited<ReturnType<typeof openStage>>;

/** What a guard hears of one partition. */
export function listenTo(stage: Stage, partition: number) {
  const heard = {
    positions: [] as number[],
    beats: [] as { position: number; at: number }[],
    lost: [] as string[],
    stop: () => {},
  };
  heard.stop = stage.feed.feed(partition).subscribe({
    entry: ({ position }) => heard.positions.push(position),
    heartbeat: (beat) => heard.beats.push(beat),
    lost: (reason) => heard.lost.push(reason),
  });
  return heard;
}
