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
import { authorize } from "./authorize.js";
import type { Bench } from "./bench.js";
import { type CallsInFlight, createCallsInFlight } from "./calls.js";
import type { CostOf } from "./cost.js";
import type { Allowed, Call, Decision, Denied } from "./decision.js";
import type { CutFeed } from "./feed.js";
import { Follower } from "./follower.js";
import { createRevocationIndex, type RevocationIndex } from "./revocation-index.js";

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
    const timers = options.timers ?? systemTimers;
    const random = options.random ?? systemRandom;
    this.#options = options;
    this.#clock = monotonic(options.clock ?? systemClock);
    this.#telemetry = options.telemetry ?? silent;
    this.#maxStalenessMs = options.maxStalenessMs ?? STALENESS_MS_MAX;
    this.#index = createRevocationIndex();
    this.#buffer = new AuditBuffer({
      admission: options.admission,
      guard: options.name,
      timers,
      max: options.auditBufferMax ?? AUDIT_BUFFER_MAX,
    });
    this.#calls = createCallsInFlight((call, why) => this.#bench.onAbort(call, why));
    this.#follower = new Follower({
      feed: options.feed,
      index: this.#index,
      clock: this.#clock,
      timers,
      maxStalenessMs: this.#maxStalenessMs,
      onEntry: (entry) => this.#onEntry(entry.at),
      onHeartbeat: () => this.#onHeartbeat(),
    });
    this.#bench = {
      name: options.name,
      audience: options.audience,
      trust: options.trust,
      cache: new ChainCache(),
      sessions: new SessionTable({ random }),
      replay: options.replay,
      admission: options.admission,
      policy: options.policy,
      costOf: options.costOf,
      agentKeys: options.agentKeys,
      strict: options.strict ?? false,
      clock: this.#clock,
      index: this.#index,
      follower: this.#follower,
      calls: this.#calls,
      buffer: this.#buffer,
      telemetry: this.#telemetry,
      auditKey: Buffer.from(random(32)).toString("base64url"),
      onAbort: (call, why) => this.#recordAbort(call.chain, call.tool, why),
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
    const decision = await this.authorize(call);
    if (decision.effect !== "allow") throw refusalOf(decision);
    const { signal, end } = decision;
    try {
      const result = await Promise.race([handler(decision), cutOf(signal)]);
      if (signal.aborted) throw abortedBy(signal);
      return result;
    } finally {
      end();
    }
  }

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

  /** Stops following and writes what waits. Afterwards everything is denied. */
  async close(): Promise<void> {
    this.#follower.close();
    await this.#buffer.flush();
  }

  #onEntry(at: number): void {
    const aborted = this.#calls.abortCovered(this.#index, this.#clock.now());
    if (aborted > 0) this.#telemetry.count("legate_calls_aborted_total", {}, aborted);
    const seconds = Math.max(0, this.#clock.now() - at) / 1_000;
    this.#telemetry.observe("legate_revocation_propagation_seconds", {}, seconds);
  }

  #onHeartbeat(): void {
    const now = this.#clock.now();
    this.#calls.abortCovered(this.#index, now);
    this.#index.prune(now);
    this.#options.feed.report(this.#options.name, this.#follower.position, this.#calls.list());
    this.#telemetry.gauge("legate_staleness_seconds", {}, this.#follower.ageMs / 1_000);
    this.#telemetry.gauge("legate_staleness_bound_seconds", {}, this.#maxStalenessMs / 1_000);
    this.#telemetry.gauge("legate_calls_in_flight", {}, this.#calls.size());
  }

  /** What had already happened when the cut came: the call had begun, and its result is dropped. */
  #recordAbort(chain: Allowed["chain"], tool: string, why: DelegationError): void {
    const leaf = chain.hops.at(-1);
    const { issuer, subject } = chain.principal;
    this.#options.admission
      .record(
        [
          {
            kind: "call.aborted",
            tenant: chain.tenant,
            tree: chain.tree,
            requester: `${issuer} ${subject}`,
            tool,
            code: why.code,
            guard: this.#options.name,
            seen: this.#follower.position,
            ...(leaf === undefined
              ? {}
              : { hop: leaf.id, agent: leaf.agent, identity: leaf.identity }),
            ...(why.rule === undefined ? {} : { rule: why.rule }),
            data: { begun: true, result: "dropped" },
          },
        ],
        this.#clock.now(),
      )
      .catch(() => this.#telemetry.gauge("legate_store_up", {}, 0));
  }
}

/** The refusal that a decision amounts to, for those who would rather throw. */
export function refusalOf(decision: Exclude<Decision, Allowed>): DelegationError {
  const { hop } = decision;
  if (decision.effect === "ask") {
    return new DelegationError(decision.code, "people have to agree first", {
      hop: decision.hop,
      rule: "limits.approval",
    });
  }
  const { rule, required }: Denied = decision;
  return new DelegationError(decision.code, decision.message, {
    ...(hop === undefined ? {} : { hop }),
    ...(rule === undefined ? {} : { rule }),
    ...(required === undefined ? {} : { required }),
  });
}

function cutOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(abortedBy(signal));
    signal.addEventListener("abort", () => reject(abortedBy(signal)), { once: true });
  });
}

function abortedBy(signal: AbortSignal): DelegationError {
  const why: unknown = signal.reason;
  const refusal = why instanceof DelegationError ? why : undefined;
  return new DelegationError("aborted", "the call was stopped: its authority was cut", {
    ...(refusal?.hop === undefined ? {} : { hop: refusal.hop }),
    ...(refusal?.rule === undefined ? {} : { rule: refusal.rule }),
    cause: why,
  });
}
