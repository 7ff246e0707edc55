/** What every step of a decision works with. @module */
import type { MonotonicClock } from "../base/clock.js";
import type { Telemetry } from "../base/telemetry.js";
import type { ChainCache } from "../chain/cache.js";
import type { Trust } from "../chain/trust.js";
import type { Timers } from "../lifecycle/timers.js";
import type { PolicyEngine } from "../policy/engine.js";
import type { AgentKeys } from "../token/agent-proof.js";
import type { Admission } from "./admission.js";
import type { AuditBuffer } from "./audit-buffer.js";
import type { Scribe } from "./audit-lines.js";
import type { CostOf } from "./cost.js";
import type { Logs } from "./logs.js";
import type { ProofMemory } from "./presented.js";

/** All that a decision needs; made by the guard. */
export interface Bench extends Scribe, ProofMemory {
  readonly audience: readonly string[];
  readonly trust: Trust;
  readonly cache: ChainCache;
  readonly admission: Admission;
  readonly policy: PolicyEngine | undefined;
  readonly costOf: CostOf | undefined;
  /** One function for as long as the guard lives, so that the cache of chains knows it again. */
  readonly agentKeys: AgentKeys;
  readonly strict: boolean;
  readonly clock: MonotonicClock;
  readonly timers: Timers;
  readonly logs: Logs;
  readonly buffer: AuditBuffer;
  readonly telemetry: Telemetry;
}
