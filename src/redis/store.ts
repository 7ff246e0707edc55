/** The store on Redis: the contracts of trees, admission and feed, kept by one script for each move. @module */
import { uuidv7 } from "../base/id.js";
import { SWEEP_MAX } from "../base/limits.js";
import type { GuardReports } from "../coordinator/guard-reports.js";
import type { DelegationStore } from "../coordinator/store.js";
import type { Admission } from "../guard/admission.js";
import type { PartitionedFeed } from "../guard/feed.js";
import type { ReplayStore } from "../token/replay.js";
import { record } from "./admission.js";
import { type AuditArchive, archiveOf } from "./archive.js";
import type { BeatOptions } from "./beat.js";
import { createDurability, type Durability } from "./durability.js";
import { createRedisFeed } from "./feed.js";
import { type Ground, groundOf, startPartitions } from "./ground.js";
import { startHeartbeats } from "./heartbeat.js";
import { baseKey } from "./layout.js";
import { looksOf } from "./looks.js";
import { register } from "./making.js";
import { renew, settle, sweep, sweepIn } from "./moves.js";
import { type RedisStoreOptions, type Settled, settled } from "./options.js";
import { openOutbox } from "./outbox.js";
import type { Outbox } from "./outbox-contract.js";
import { replayOf } from "./replay.js";
import { readReports } from "./reports.js";
import { isUse, sayAgain } from "./say-again.js";
import { type Sayings, sayingsOf } from "./sayings.js";
import { checkSettings, type Finding } from "./settings.js";
import { ask, decide } from "./tickets.js";
import { type OpenTopology, openTopology } from "./topology.js";
import { type Uses, usesOf } from "./used-once.js";

/** One object that keeps all three contracts, and tells coordinators what guards reported. */
export interface RedisStore extends DelegationStore, Admission, PartitionedFeed, GuardReports {
  /** Generation of each partition: a partition that started empty has a new one. */
  readonly generations: readonly string[];
  /** Remembers which proofs were shown, for all processes of the deployment. */
  readonly replay: ReplayStore;
  /** How sealed audit lines leave the servers. */
  readonly archive: AuditArchive;
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
export function createRedisStore(options: RedisStoreOptions): Promise<RedisStore> {
  return assembleStore(options, AS_THEY_ARE);
}

/** What a store's parts are put into before it is put together: a test takes one out, and sees what it was good for. */
export interface Fitting {
  topology(part: OpenTopology): OpenTopology;
  durability(part: Durability): Durability;
  outbox(part: Outbox, durability: Durability): Outbox;
  /** Replicas that must know of a heartbeat; as many as of a write unless told. */
  readonly heartbeatReplicas?: number;
}

/** Nothing is taken out. */
export const AS_THEY_ARE: Fitting = {
  topology: (part) => part,
  durability: (part) => part,
  outbox: (part) => part,
};

/** As {@link createRedisStore}, with parts of the caller's choice. Of this room and its tests alone. */
export async function assembleStore(
  options: RedisStoreOptions,
  fitting: Fitting,
): Promise<RedisStore> {
  const how = settled(options);
  const { servers, partitions, patience } = how;
  const base = (partition: number) => baseKey(how.prefix, partition);
  const topology = fitting.topology(await openTopology(servers, partitions, base, patience));
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
    return assembled(ground, how, fitting, { generations, findings });
  } catch (thrown) {
    ground.close();
    throw thrown;
  }
}

function assembled(
  ground: Ground,
  how: Settled,
  fitting: Fitting,
  found: Pick<RedisStore, "generations" | "findings">,
): RedisStore {
  const { topology } = ground;
  const { timers, clock, testClock } = how;
  const kept = createDurability({
    topology,
    timers,
    replicas: how.replicas,
    ...(how.durableMs === undefined ? {} : { timeoutMs: how.durableMs }),
  });
  const durability = fitting.durability(kept);
  const { heartbeatReplicas } = fitting;
  const beats: BeatOptions = {
    topology,
    durability,
    tells: how.heartbeats,
    sweep: async (partition) => {
      await sweepIn(ground, partition, clock.now(), SWEEP_MAX);
    },
    ...(testClock === undefined ? {} : { clock: () => testClock.now() }),
    ...(heartbeatReplicas === undefined ? {} : { replicas: heartbeatReplicas }),
  };
  const feed = createRedisFeed({ ...beats, timers });
  const box = openOutbox({
    durability,
    timers,
    name: () => uuidv7(clock.now(), how.random),
    say: (outgoing, partition) => sayAgain(ground, outgoing, partition, clock.now()),
    counted: isUse,
    ...(how.outbox === undefined ? {} : { path: how.outbox }),
  });
  const outbox = fitting.outbox(box, durability);
  const sayings = sayingsOf(ground, outbox, how);
  const uses = usesOf({ ground, durability, outbox }, how);
  const heartbeats = how.heartbeats
    ? startHeartbeats({
        ...beats,
        timers,
        telemetry: how.telemetry,
        coordinator: uuidv7(clock.now(), how.random),
        repair: (partition) => outbox.repair(partition, (one) => !isUse(one)),
        start: (partition) => ground.start(partition, uuidv7(clock.now(), how.random)),
      })
    : undefined;
  const looks = looksOf(ground);
  const weakened = [...new Set(found.findings.map(({ concession }) => concession ?? ""))];
  const weakness = weakened.length === 0 ? {} : { weakened };
  return {
    ...found,
    replay: replayOf(
      { ground, durability, generations: found.generations },
      { toleranceMs: how.toleranceMs, commandMs: how.patience.commandMs },
    ),
    archive: archiveOf(ground, durability),
    partitions: feed.partitions,
    partitionOf: feed.partitionOf,
    logOf: feed.partitionOf,
    feed: feed.feed,
    ...movesOf(ground, uses, sayings),
    ...looks,
    reports: (tree) => {
      const every = Array.from({ length: topology.partitions }, (_, partition) => partition);
      const asked = tree === undefined ? every : [ground.partitionOf(tree)];
      return readReports(topology, asked, ground.clock);
    },
    status: async (tree) => ({ ...(await looks.status(tree)), ...weakness }),
    close: async () => {
      heartbeats?.stop();
      uses.stop();
      feed.close();
      await outbox.close();
      ground.close();
    },
  };
}

type Moves = Omit<DelegationStore & Admission, keyof ReturnType<typeof looksOf> | "close">;

function movesOf(ground: Ground, uses: Uses, sayings: Sayings): Moves {
  return {
    ...sayings,
    register: (list) => register(ground, list),
    settle: (move) => settle(ground, move),
    renew: (move) => renew(ground, move),
    sweep: (now, max) => sweep(ground, now, max),
    ask: (ticket, event) => ask(ground, ticket, event),
    decide: (move) => decide(ground, move),
    admit: (move) => uses.admit(move),
    record: (events, now) => record(ground, events, now),
  };
}
