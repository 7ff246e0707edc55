/** The store on Redis: the contracts of trees, admission and feed, kept by one script for each move. @module */
import { uuidv7 } from "../base/id.js";
import { SWEEP_MAX } from "../base/limits.js";
import type { GuardReports } from "../coordinator/guard-reports.js";
import type { DelegationStore } from "../coordinator/store.js";
import type { Admission } from "../guard/admission.js";
import type { PartitionedFeed } from "../guard/feed.js";
import type { ReplayStore } from "../token/replay.js";
import { record } from "./admission.js";
import type { BeatOptions } from "./beat.js";
import { createDurability, type Durability } from "./durability.js";
import { createRedisFeed } from "./feed.js";
import { type Ground, groundOf, startPartitions } from "./ground.js";
import { startHeartbeats } from "./heartbeat.js";
import { baseKey } from "./layout.js";
import { looksOf } from "./looks.js";
import { create, narrow, register } from "./making.js";
import { renew, settle, sweep, sweepIn } from "./moves.js";
import { type RedisStoreOptions, type Settled, settled } from "./options.js";
import { replayOf } from "./replay.js";
import { readReports } from "./reports.js";
import { open } from "./roots.js";
import { type Sayings, sayingsOf } from "./sayings.js";
import { checkSettings, type Finding } from "./settings.js";
import { ask, decide } from "./tickets.js";
import { openTopology } from "./topology.js";
import { admitDurably } from "./used-once.js";

/** One object that keeps all three contracts, and tells coordinators what guards reported. */
export interface RedisStore extends DelegationStore, Admission, PartitionedFeed, GuardReports {
  /** Generation of each partition: a partition that started empty has a new one. */
  readonly generations: readonly string[];
  /** Remembers which proofs were shown, for all processes of the deployment. */
  readonly replay: ReplayStore;
  /** What of the servers' settings does not hold up every promise, and was chosen. */
  readonly findings: readonly Finding[];
}

/**
 * Connects to a deployment, and starts it where it is new.
 *
 * @throws {DelegationError} `config_invalid` for options that are none, or other ones than the deployment was started with, or
 *   servers whose settings break a promise that was not given up; `store_unavailable` when not all of it answers; `store_locked`,
 *   `journal_damaged` for the file of the outbox.
 */
export async function createRedisStore(options: RedisStoreOptions): Promise<RedisStore> {
  const how = settled(options);
  const { servers, partitions, patience } = how;
  const base = (partition: number) => baseKey(how.prefix, partition);
  const topology = await openTopology(servers, partitions, base, patience);
  const { toleranceMs, testClock } = how;
  const { commandMs } = patience;
  const ground = groundOf({
    topology,
    clock: testClock,
    toleranceMs,
    commandMs,
    generation: () => uuidv7(how.clock.now(), how.random),
  });
  try {
    const generation = how.generation ?? uuidv7(how.clock.now(), how.random);
    const generations = await startPartitions(ground, generation);
    // Whoever only follows has no promise to make.
    const findings = how.heartbeats ? await checkSettings({ ...how, topology }) : [];
    return assembled(ground, how, { generations, findings });
  } catch (thrown) {
    ground.close();
    throw thrown;
  }
}

function assembled(
  ground: Ground,
  how: Settled,
  found: Pick<RedisStore, "generations" | "findings">,
): RedisStore {
  const { topology } = ground;
  const { timers, clock, testClock } = how;
  const durability = createDurability({
    topology,
    timers,
    replicas: how.replicas,
    ...(how.durableMs === undefined ? {} : { timeoutMs: how.durableMs }),
  });
  const beats: BeatOptions = {
    topology,
    durability,
    tells: how.heartbeats,
    sweep: async (partition) => {
      await sweepIn(ground, partition, clock.now(), SWEEP_MAX);
    },
    ...(testClock === undefined ? {} : { clock: () => testClock.now() }),
  };
  const feed = createRedisFeed({ ...beats, timers });
  const sayings = sayingsOf(ground, durability, how);
  const heartbeats = how.heartbeats
    ? startHeartbeats({
        ...beats,
        timers,
        telemetry: how.telemetry,
        coordinator: uuidv7(clock.now(), how.random),
        repair: sayings.repair,
        start: (partition) => ground.start(partition, uuidv7(clock.now(), how.random)),
      })
    : undefined;
  const looks = looksOf(ground);
  const weakened = [...new Set(found.findings.map(({ concession }) => concession ?? ""))];
  const weakness = weakened.length === 0 ? {} : { weakened };
  return {
    ...found,
    replay: replayOf(ground, { toleranceMs: how.toleranceMs, commandMs: how.patience.commandMs }),
    partitions: feed.partitions,
    partitionOf: feed.partitionOf,
    logOf: feed.partitionOf,
    feed: feed.feed,
    ...movesOf(ground, durability, sayings),
    ...looks,
    reports: (tree) => {
      const every = Array.from({ length: topology.partitions }, (_, partition) => partition);
      const asked = tree === undefined ? every : [ground.partitionOf(tree)];
      return readReports(topology, asked, ground.clock);
    },
    status: async (tree) => ({ ...(await looks.status(tree)), ...weakness }),
    close: async () => {
      heartbeats?.stop();
      feed.close();
      await sayings.close();
      ground.close();
    },
  };
}

type Moves = Omit<DelegationStore & Admission, keyof ReturnType<typeof looksOf> | "close">;

function movesOf(ground: Ground, durability: Durability, sayings: Sayings): Moves {
  return {
    open: (tree, move) => open(ground, tree, move),
    create: (move) => create(ground, move),
    register: (list) => register(ground, list),
    settle: (move) => settle(ground, move),
    suspend: (move) => sayings.suspend(move),
    resume: (move) => sayings.resume(move),
    complete: (move) => sayings.complete(move),
    narrow: (move) => narrow(ground, move),
    revoke: (move) => sayings.revoke(move),
    renew: (move) => renew(ground, move),
    sweep: (now, max) => sweep(ground, now, max),
    ask: (ticket, event) => ask(ground, ticket, event),
    decide: (move) => decide(ground, move),
    admit: (move) => admitDurably(ground, durability, move),
    record: (events, now) => record(ground, events, now),
  };
}
