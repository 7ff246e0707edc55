/** A guard: the place in front of tools where every call is decided, and where running calls are stopped. @module */
import { type Clock, type MonotonicClock, monotonic, systemClock } from "../base/clock.js";
import { DelegationError } from "../base/error.js";
import { AUDIT_BUFFER_MAX, STALENESS_MS_MAX } from "../base/limits.js";
import { type RandomBytes, systemRandom } from "../base/random.js";
import { silent, type Telemetry } from "../base/telemetry.js";
import { ChainCache } from "../chain/cache.js";
import type { Trust } from "../chain/trust.js";
import type { FeedState } from "../lifecycle/state.js";
import { systemTimers, type Timers } from "../lifecycle/timers.js";
import type { PolicyEngine } from "../policy/engine.js";
import type { AgentKeys } from "../token/agent-proof.js";
import type { ReplayStore } from "../token/replay.js";
import { SessionTable } from "../token/session.js";
import type { Position } from "../wire/cut.js";
import type { Admission } from "./admission.js";
import { AuditBuffer } from "./audit-buffer.js";
import { abortLine } from "./audit-lines.js";
import {
  authenticate,
  type Examined,
  examine,
  type Presentment,
  type Question,
} from "./authenticate.js";
import { authorize } from "./authorize.js";
import type { Bench } from "./bench.js";
import type { RunningCall } from "./calls.js";
import type { CostOf } from "./cost.js";
import type { Allowed, Call, Decision, Denied } from "./decision.js";
import type { CutFeed, PartitionedFeed } from "./feed.js";
import { FollowedLog, type LogStatus } from "./followed-log.js";
import { Logs } from "./logs.js";
import { runAllowed } from "./run.js";

/** How to guard. */
export interface GuardOptions {
  /** Names this guard in the audit and to the feed. */
  readonly name: string;
  /** Resources that this guard stands for, byte for byte as tokens name them. */
  readonly audience: readonly string[];
  readonly trust: Trust;
  /** The log of cuts that it follows, or all logs of a store that keeps several. */
  readonly feed: CutFeed | PartitionedFeed;
  readonly admission: Admission;
  readonly replay: ReplayStore;
  /** The second gate; without one the grant alone decides. */
  readonly policy?: PolicyEngine;
  /** Prices of calls; a grant that limits spend is refused without. */
  readonly costOf?: CostOf;
  /** Identity keys of agents, for links that prove who acts. */
  readonly agentKeys?: AgentKeys;
  /** Asks the store on each call. */
  readonly strict?: boolean;
  /** Age of local knowledge past which the guard refuses, ms. */
  readonly maxStalenessMs?: number;
  readonly auditBufferMax?: number;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: RandomBytes;
  readonly telemetry?: Telemetry;
}

/** What a guard says of itself. */
export interface GuardStatus {
  /** The worst of all logs'. */
  readonly feed: FeedState;
  /** Of the first log; positions of several have nothing to do with each other. */
  readonly position: Position;
  /** Age of the newest evidence of the log that has been silent longest, ms. */
  readonly ageMs: number;
  readonly maxStalenessMs: number;
  readonly callsInFlight: number;
  readonly auditWaiting: number;
  /** Entries held; one that is in several logs counts in each. */
  readonly cutsKnown: number;
  /** Each log by itself, by partition. */
  readonly logs: readonly LogStatus[];
}

/** Decides calls, runs them, and stops them when their authority is cut. */
export class Guard {
  readonly #clock: MonotonicClock;
  readonly #logs: Logs;
  readonly #buffer: AuditBuffer;
  readonly #telemetry: Telemetry;
  readonly #maxStalenessMs: number;
  readonly #bench: Bench;

  constructor(options: GuardOptions) {
    if (options.audience.length === 0) {
      throw new DelegationError("config_invalid", "a guard stands for at least one audience", {
        rule: "audience",
      });
    }
    this.#clock = monotonic(options.clock ?? systemClock);
    const timers = options.timers ?? { ...systemTimers, now: () => this.#clock.now() };
    this.#telemetry = options.telemetry ?? silent;
    this.#maxStalenessMs = options.maxStalenessMs ?? STALENESS_MS_MAX;
    const random = options.random ?? systemRandom;
    const scribe = {
      name: options.name,
      auditKey: Buffer.from(random(32)).toString("base64url"),
    };
    this.#buffer = new AuditBuffer({
      admission: options.admission,
      scribe,
      timers,
      now: () => this.#clock.now(),
      max: options.auditBufferMax ?? AUDIT_BUFFER_MAX,
    });
    const following = {
      name: options.name,
      clock: this.#clock,
      timers,
      maxStalenessMs: this.#maxStalenessMs,
      telemetry: this.#telemetry,
      onAbort: (call: RunningCall, why: DelegationError, seen: Position) =>
        this.#onAbort(call, why, seen),
      onHeartbeat: () => this.#onHeartbeat(),
    };
    this.#logs = new Logs(
      options.feed,
      (feed, partition) => new FollowedLog({ ...following, feed, partition }),
    );
    this.#bench = {
      ...scribe,
      audience: [...options.audience],
      trust: options.trust,
      cache: new ChainCache(),
      sessions: new SessionTable({ random }),
      replay: options.replay,
      admission: options.admission,
      policy: options.policy,
      costOf: options.costOf,
      agentKeys: options.agentKeys ?? (() => []),
      strict: options.strict ?? false,
      clock: this.#clock,
      timers,
      logs: this.#logs,
      buffer: this.#buffer,
      telemetry: this.#telemetry,
    };
  }

  /**
   * Reads the logs of cuts; calls in a log's trees are denied before. One that cannot be read is tried again with its next heartbeat.
   *
   * @throws {DelegationError} `store_unavailable`, once all were tried, when one could not be read
   */
  start(): Promise<void> {
    return this.#logs.start();
  }

  /** Decides one call. Never throws: whatever goes wrong is a denial with its own code. */
  authorize(call: Call): Promise<Decision> {
    return authorize(this.#bench, call);
  }

  /**
   * Verifies who asks, for what no grant speaks of: chain, possession, cuts; no grants, nothing charged. Its signal fires when the chain
   * is cut, suspended or expires, until `end`. Never throws.
   */
  authenticate(presentment: Presentment): Promise<Allowed | Denied> {
    return authenticate(this.#bench, presentment);
  }

  /** What a chain is worth at this moment, shown without proof: tells, and lets nothing happen. Never throws. */
  examine(question: Question): Promise<Examined> {
    return examine(this.#bench, question);
  }

  /**
   * Decides a call and runs `handler` under its signal.
   *
   * @param handler Gets the arguments that were checked, and must stop when the signal fires. Its result is dropped when the chain
   *   was cut meanwhile.
   * @throws {DelegationError} the refusal, or `aborted` with the cut as cause; what the handler throws passes on.
   */
  async run<T>(call: Call, handler: (allowed: Allowed) => Promise<T> | T): Promise<T> {
    return runAllowed(await this.authorize(call), handler);
  }

  /** Resources that this guard stands for; the first is meant where a call names none. */
  get audience(): readonly string[] {
    return this.#bench.audience;
  }

  /**
   * Goes on watching the chain of a call that was let in and has not been stopped, beyond its end: `stop` is called once when the chain is
   * cut, suspended or expires, until the function that this returns is called. The audit's line of that names `tool`.
   */
  watch({ chain }: Allowed, tool: string, stop: (why: DelegationError) => void): () => void {
    const watched = this.#logs.of(chain).calls.begin(chain, tool, this.#clock.now());
    watched.onCut(stop);
    return () => watched.end();
  }

  /** What the guard knows at this moment; asks nobody. */
  status(): GuardStatus {
    return {
      feed: this.#logs.state(),
      position: this.#logs.all[0]?.follower.position ?? 0,
      ageMs: this.#logs.ageMs(),
      maxStalenessMs: this.#maxStalenessMs,
      callsInFlight: this.#logs.callsInFlight(),
      auditWaiting: this.#buffer.size,
      cutsKnown: this.#logs.cutsKnown(),
      logs: this.#logs.all.map((log) => log.status()),
    };
  }

  /** Writes what waits to be audited. @throws what the store throws */
  flush(): Promise<void> {
    return this.#buffer.flush();
  }

  /** Stops following and what runs, and writes what waits. Afterwards everything is denied. @throws what the store throws */
  async close(): Promise<void> {
    for (const log of this.#logs.all) log.close();
    await this.#buffer.flush();
  }

  #onHeartbeat(): void {
    this.#telemetry.gauge("legate_staleness_seconds", {}, this.#logs.ageMs() / 1_000);
    this.#telemetry.gauge("legate_staleness_bound_seconds", {}, this.#maxStalenessMs / 1_000);
    this.#telemetry.gauge("legate_calls_in_flight", {}, this.#logs.callsInFlight());
    this.#telemetry.gauge("legate_audit_buffer", {}, this.#buffer.size);
  }

  #onAbort(call: RunningCall, why: DelegationError, seen: Position): void {
    this.#buffer.addLine(abortLine(this.#bench, call, why, { now: this.#clock.now(), seen }));
  }
}
