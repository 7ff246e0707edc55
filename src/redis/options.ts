/** How to open a store on Redis. @module */
import { type Clock, systemClock } from "../base/clock.js";
import { CLOCK_TOLERANCE_MS } from "../base/limits.js";
import { type RandomBytes, systemRandom } from "../base/random.js";
import { silent, type Telemetry } from "../base/telemetry.js";
import { systemTimers, type Timers } from "../lifecycle/timers.js";
import { type RedisServers, type Servers, serversOf } from "./address.js";
import { PATIENCE, type Patience } from "./connect.js";
import { checkPartitions, checkPrefix, PARTITIONS_DEFAULT, PREFIX_DEFAULT } from "./layout.js";
import type { Concession } from "./settings.js";

/** Which deployment, and what part this process has in it. */
export interface RedisStoreOptions extends RedisServers {
  /** Name of the deployment: several may share servers. `legate` unless told. */
  readonly prefix?: string;
  /** Logs of cuts, fixed for the life of a deployment: a power of two up to 1,024; 64 unless told. */
  readonly partitions?: number;
  /** Milliseconds that a caller's clock may lie off; `CLOCK_TOLERANCE_MS` unless told. */
  readonly tolerance?: number;
  /** Replicas that must have what is called durable; 0 unless told: then the server's own disk is the promise. */
  readonly replicas?: number;
  /** How long a write may take to get there, ms. */
  readonly durableMs?: number;
  /** What the servers' settings need not promise (see `CONCESSIONS`); nothing unless told. */
  readonly accept?: readonly Concession[];
  /**
   * File of the outbox, for this process alone: what it cut, and what it let happen once. Without one it ends with the process, and a
   * server that loses its end afterwards keeps older trees from using up anything.
   */
  readonly outbox?: string;
  /** Whether this process keeps guards live with heartbeats, as coordinators do; it does unless told. */
  readonly heartbeats?: boolean;
  /** Name of a new deployment's generation; a fresh UUID unless told. */
  readonly generation?: string;
  /**
   * For tests alone: the store's time is this clock's and not the server's. It must never be used where two processes share a
   * deployment, for nobody would check their clocks against each other.
   */
  readonly testClock?: Clock;
  readonly patience?: Partial<Patience>;
  readonly random?: RandomBytes;
  readonly timers?: Timers;
  readonly telemetry?: Telemetry;
}

/** The same, with nothing left open. */
export interface Settled {
  readonly servers: Servers;
  readonly prefix: string;
  readonly partitions: number;
  readonly toleranceMs: number;
  readonly replicas: number;
  readonly durableMs: number | undefined;
  readonly accept: readonly Concession[];
  readonly outbox: string | undefined;
  readonly heartbeats: boolean;
  readonly generation: string | undefined;
  readonly clock: Clock;
  readonly testClock: Clock | undefined;
  readonly patience: Patience;
  readonly random: RandomBytes;
  readonly timers: Timers;
  readonly telemetry: Telemetry;
}

/** @throws {DelegationError} `config_invalid` */
export function settled(options: RedisStoreOptions): Settled {
  const { testClock, timers = systemTimers } = options;
  return {
    servers: serversOf(options),
    prefix: checkPrefix(options.prefix ?? PREFIX_DEFAULT),
    partitions: checkPartitions(options.partitions ?? PARTITIONS_DEFAULT),
    toleranceMs: options.tolerance ?? CLOCK_TOLERANCE_MS,
    replicas: options.replicas ?? 0,
    durableMs: options.durableMs,
    accept: options.accept ?? [],
    outbox: options.outbox,
    heartbeats: options.heartbeats ?? true,
    generation: options.generation,
    clock: testClock ?? systemClock,
    testClock,
    patience: { ...PATIENCE, ...options.patience },
    random: options.random ?? systemRandom,
    timers,
    telemetry: options.telemetry ?? silent,
  };
}
