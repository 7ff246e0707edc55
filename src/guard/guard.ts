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
import type { CutEntry, Position } from "../wire/cut.js";
import type { Admission } from "./admission.js";
import { AuditBuffer } from "./audit-buffer.js";
import { abortLine } from "./audit-lines.js";
import { authorize } from "./authorize.js";
import type { Bench } from "./bench.js";
import { type CallsInFlight, createCallsInFlight, type RunningCall } from "./calls.js";
import { rememberingClear } from "./clear-chains.js";
import type { CostOf } from "./cost.js";
import type { Allowed, Call, Decision } from "./decision.js";
import type { CutFeed } from "./feed.js";
import { Follower } from "./follower.js";
import { createRevocationIndex, type RevocationIndex } from "./revocation-index.js";
import { runAllowed } from "./run.js";

/** How to guard. */
export interface GuardOptions {
  /** Names this guard in the audit and to the feed. */
  readonly name: string;
  /** Resources that this guard stands for, byte for byte as tokens name them. */
  readonly audience: readonly string[];
  readonly trust: Trust;
  readonly feed: CutFeed;
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
  readonly feed: FeedState;
  readonly position: Position;
  /** Age of the newest evidence, ms. */
  readonly ageMs: number;
  readonly maxStalenessMs: number;
  readonly callsInFlight: number;
  readonly auditWaiting: number;
  readonly cutsKnown: number;
}

/** Decides calls, runs them, and stops them when their authority is cut. */
export class Guard {
  readonly #options: GuardOptions;
  readonly #clock: MonotonicClock;
  readonly #index: RevocationIndex;
  readonly #follower: Follower;
  readonly #calls: CallsInFlight;
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
    this.#options = options;
    this.#clock = monotonic(options.clock ?? systemClock);
    const timers = options.timers ?? { ...systemTimers, now: () => this.#clock.now() };
    this.#telemetry = options.telemetry ?? silent;
    this.#maxStalenessMs = options.maxStalenessMs ?? STALENESS_MS_MAX;
    const random = options.random ?? systemRandom;
    const scribe = {
      name: options.name,
      auditKey: Buffer.from(random(32)).toString("base64url"),
    };
    this.#index = rememberingClear(createRevocationIndex());
    this.#buffer = new AuditBuffer({
      admission: options.admission,
      scribe,
      timers,
      now: () => this.#clock.now(),
      max: options.auditBufferMax ?? AUDIT_BUFFER_MAX,
    });
    this.#calls = createCallsInFlight((call, why) => this.#onAbort(call, why));
    this.#follower = new Follower({
      feed: options.feed,
      index: this.#index,
      clock: this.#clock,
      timers,
      maxStalenessMs: this.#maxStalenessMs,
      onEntries: (entries) => this.#onEntries(entries),
      onHeartbeat: () => this.#onHeartbeat(),
      onBlind: () => this.#abortAll("the log of cuts has not been known for too long"),
    });
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
      index: this.#index,
      follower: this.#follower,
      calls: this.#calls,
      buffer: this.#buffer,
      telemetry: this.#telemetry,
    };
  }

  /** Reads the log of cuts; before, everything is denied. @throws {DelegationError} `store_unavailable` */
  start(): Promise<void> {
    return this.#follower.start();
  }

  /** Decides one call. Never throws: whatever goes wrong is a denial with its own code. */
  authorize(call: Call): Promise<Decision> {
    return authorize(this.#bench, call);
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

  /** What the guard knows at this moment; asks nobody. */
  status(): GuardStatus {
    return {
      feed: this.#follower.state(),
      position: this.#follower.position,
      ageMs: this.#follower.ageMs,
      maxStalenessMs: this.#maxStalenessMs,
      callsInFlight: this.#calls.size(),
      auditWaiting: this.#buffer.size,
      cutsKnown: this.#index.size(),
    };
  }

  /** Writes what waits to be audited. @throws what the store throws */
  flush(): Promise<void> {
    return this.#buffer.flush();
  }

  /** Stops following and what runs, and writes what waits. Afterwards everything is denied. @throws what the store throws */
  async close(): Promise<void> {
    this.#follower.close();
    this.#abortAll("the guard was closed");
    // It denies everything: no cut is news to it.
    this.#options.feed.report(this.#options.name, Number.MAX_SAFE_INTEGER, []);
    await this.#buffer.flush();
  }

  #onEntries(entries: readonly CutEntry[]): void {
    const now = this.#clock.now();
    this.#abortCovered(now);
    this.#report();
    for (const { at } of entries) {
      const seconds = Math.max(0, now - at) / 1_000;
      this.#telemetry.observe("legate_revocation_propagation_seconds", {}, seconds);
    }
  }

  #onHeartbeat(): void {
    const now = this.#clock.now();
    this.#abortCovered(now);
    this.#index.prune(now);
    this.#report();
    this.#telemetry.gauge("legate_staleness_seconds", {}, this.#follower.ageMs / 1_000);
    this.#telemetry.gauge("legate_staleness_bound_seconds", {}, this.#maxStalenessMs / 1_000);
    this.#telemetry.gauge("legate_calls_in_flight", {}, this.#calls.size());
    this.#telemetry.gauge("legate_audit_buffer", {}, this.#buffer.size);
  }

  #report(): void {
    this.#options.feed.report(this.#options.name, this.#follower.position, this.#calls.list());
  }

  #abortCovered(now: number): void {
    const aborted = this.#calls.abortCovered(this.#index, now);
    if (aborted > 0) this.#telemetry.count("legate_calls_aborted_total", {}, aborted);
  }

  #abortAll(message: string): void {
    const why = new DelegationError("status_unknown", message, { rule: "maxStalenessMs" });
    const aborted = this.#calls.abortAll(why);
    if (aborted > 0) this.#telemetry.count("legate_calls_aborted_total", {}, aborted);
  }

  #onAbort(call: RunningCall, why: DelegationError): void {
    const at = { now: this.#clock.now(), seen: this.#follower.position };
    this.#buffer.addLine(abortLine(this.#bench, call, why, at));
  }
}
