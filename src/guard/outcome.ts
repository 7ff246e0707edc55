/** What comes out of a decision, and its line in the audit. @module */
import type { DelegationError } from "../base/error.js";
import type { PossessionResult } from "../chain/possession.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Position } from "../wire/cut.js";
import { LocalDecision } from "./audit-lines.js";
import type { Bench } from "./bench.js";
import type { RunningCall } from "./calls.js";
import type { Allowed, ApprovalNeed, Asked, Denied } from "./decision.js";
import type { FollowedLog } from "./followed-log.js";
import type { Presented } from "./presented.js";

/** The call may run. */
class AllowedCall implements Allowed {
  readonly effect = "allow";
  readonly chain: VerifiedChain;
  readonly arguments: Allowed["arguments"];
  readonly position: Position;
  readonly partition: number;
  readonly session: Allowed["session"];
  readonly #running: RunningCall;

  constructor(
    { chain, invocation, log }: Presented,
    session: Allowed["session"],
    running: RunningCall,
  ) {
    this.chain = chain;
    this.arguments = invocation.arguments;
    this.session = session;
    this.position = log.follower.position;
    this.partition = log.partition;
    this.#running = running;
  }

  get signal(): AbortSignal {
    return this.#running.signal;
  }

  get cut(): DelegationError | undefined {
    return this.#running.cut;
  }

  onCut(stop: (why: DelegationError) => void): void {
    this.#running.onCut(stop);
  }

  readonly end = (): void => this.#running.end();
}

export function allow(presented: Presented, { session }: PossessionResult): Allowed {
  const { chain, invocation, log, now } = presented;
  const running = log.calls.begin(chain, invocation.tool, now);
  return new AllowedCall(presented, session, running);
}

/** @throws {DelegationError} `audit_buffer_full`: what cannot be written down does not happen. */
export function noteAllow(bench: Bench, presented: Presented, policy: string | undefined): void {
  const { position } = presented.log.follower;
  bench.buffer.add(new LocalDecision(presented, position, "allow", { policy }));
}

export function ask(bench: Bench, presented: Presented, approvals: readonly ApprovalNeed[]): Asked {
  noteRefusal(bench, presented, "ask", "approval_required", undefined);
  return {
    effect: "ask",
    code: "approval_required",
    hop: presented.leaf.id,
    approvals,
    policyVersion: bench.policy?.version ?? "",
    ...placeOf(presented.log),
  };
}

/** A call that no verified chain stands behind is counted, not written down: strangers must not fill the log. */
export function deny(
  bench: Bench,
  log: FollowedLog | undefined,
  presented: Presented | undefined,
  refusal: DelegationError,
): Denied {
  const { code, rule } = refusal;
  bench.telemetry.count("legate_hops_denied_total", { reason: code });
  if (presented !== undefined) noteRefusal(bench, presented, "deny", code, rule);
  return deniedBy(log, refusal);
}

/** A refusal as an answer. */
export function deniedBy(log: FollowedLog | undefined, refusal: DelegationError): Denied {
  const { code, message, hop, rule, required } = refusal;
  return {
    effect: "deny",
    code,
    message,
    retry: refusal.row.retry,
    ...(log === undefined ? {} : placeOf(log)),
    ...(hop === undefined ? {} : { hop }),
    ...(rule === undefined ? {} : { rule }),
    ...(required === undefined ? {} : { required }),
  };
}

function placeOf({ follower, partition }: FollowedLog) {
  return { position: follower.position, partition };
}

function noteRefusal(
  bench: Bench,
  presented: Presented,
  effect: "deny" | "ask",
  code: string,
  rule: string | undefined,
): void {
  const { buffer, telemetry } = bench;
  const { position } = presented.log.follower;
  const decision = new LocalDecision(presented, position, effect, { code, rule });
  if (!buffer.addRefusal(decision)) telemetry.gauge("legate_audit_buffer", {}, buffer.size);
}
