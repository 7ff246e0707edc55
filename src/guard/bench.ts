/** What every step of a decision works with. @module */
import type { MonotonicClock } from "../base/clock.js";
import type { DelegationError } from "../base/error.js";
import type { Telemetry } from "../base/telemetry.js";
import type { ChainCache } from "../chain/cache.js";
import type { Trust } from "../chain/trust.js";
import type { ChainHop, VerifiedChain } from "../chain/verified-chain.js";
import type { PolicyEngine } from "../policy/engine.js";
import type { AgentKeys } from "../token/agent-proof.js";
import type { ReplayStore } from "../token/replay.js";
import type { SessionTable } from "../token/session.js";
import type { Invocation } from "../wire/invocation.js";
import type { Admission } from "./admission.js";
import type { AuditBuffer } from "./audit-buffer.js";
import type { CallsInFlight, RunningCall } from "./calls.js";
import type { CostOf } from "./cost.js";
import type { Follower } from "./follower.js";
import type { RevocationIndex } from "./revocation-index.js";

/** All that a decision needs; made by the guard. */
export interface Bench {
  readonly name: string;
  readonly audience: readonly string[];
  readonly trust: Trust;
  readonly cache: ChainCache;
  readonly sessions: SessionTable;
  readonly replay: ReplayStore;
  readonly admission: Admission;
  readonly policy: PolicyEngine | undefined;
  readonly costOf: CostOf | undefined;
  readonly agentKeys: AgentKeys | undefined;
  readonly strict: boolean;
  readonly clock: MonotonicClock;
  readonly index: RevocationIndex;
  readonly follower: Follower;
  readonly calls: CallsInFlight;
  readonly buffer: AuditBuffer;
  readonly telemetry: Telemetry;
  readonly auditKey: string;
  readonly onAbort: (call: RunningCall, why: DelegationError) => void;
}

/** What is known of a call once its chain is verified. */
export interface Presented {
  readonly chain: VerifiedChain;
  readonly leaf: ChainHop;
  readonly invocation: Invocation;
  /** SHA-256 of the canonical arguments, computed once, when first asked for. */
  readonly argumentsDigest: () => string;
  readonly now: number;
}
