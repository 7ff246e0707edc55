/** The decision about one call, step by step: each step's result is the next one's input. @module */
import { DelegationError, exposed } from "../base/error.js";
import { checkPossession, type PossessionResult } from "../chain/possession.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { verifyChain, verifyLeaf } from "../chain/verify.js";
import type { Position } from "../wire/cut.js";
import { type Invocation, parseInvocation } from "../wire/invocation.js";
import { admitCall, needsAdmission } from "./admit-call.js";
import { approvalsNeeded } from "./approval.js";
import { LocalDecision } from "./audit-lines.js";
import type { Bench } from "./bench.js";
import type { RunningCall } from "./calls.js";
import { checkAlive, checkGrants, checkStill, consultPolicy } from "./checks.js";
import type { Allowed, ApprovalNeed, Asked, Call, Decision, Denied } from "./decision.js";
import type { FollowedLog } from "./followed-log.js";
import { Presented } from "./presented.js";

/**
 * Decides one call. Never throws.
 *
 * Order: the invocation's form, the chain, fresh knowledge of the log that its tree is cut in, possession, cuts, the grants of every
 * presented token (gate 1), policy (gate 2), approval, admission. It waits only for what has to be asked elsewhere; whatever could have changed meanwhile is looked
 * at again after the last wait, so that nothing comes between that look and the call.
 */
export async function authorize(bench: Bench, call: Call): Promise<Decision> {
  let presented: Presented | undefined;
  let log = bench.logs.only;
  let waited = false;
  try {
    let shown = present(bench, call, invocationOf(bench, call));
    log = shown.log;
    if (bench.strict || !knowsEnough(log, call)) {
      await learn(log, call);
      // Time has passed, and what was heard may have put the clock right: the chain is judged by this instant.
      shown = present(bench, call, shown.invocation);
    }
    presented = shown;
    const { chain, invocation } = presented;
    const proving = checkPossession(chain, call.possession, presented);
    waited ||= proving instanceof Promise;
    const proof = proving instanceof Promise ? await proving : proving;
    checkAlive(presented);
    checkGrants(chain, invocation);
    const asking = consultPolicy(bench, presented);
    waited ||= asking instanceof Promise;
    const ruling = asking instanceof Promise ? await asking : asking;
    const approvals = approvalsNeeded(chain, invocation, ruling.obligations);
    if (approvals.length > 0 && (call.tickets ?? []).length === 0) {
      return ask(bench, presented, approvals);
    }
    const counted = needsAdmission(bench, call, chain, approvals);
    if (counted) await admitCall(bench, call, presented, approvals, ruling.rules);
    if (counted || waited) {
      if (!knowsEnough(log, call)) await learn(log, call);
      checkStill(bench, presented);
    }
    if (!counted) noteAllow(bench, presented, ruling.rules);
    return allow(presented, proof);
  } catch (thrown) {
    return deny(bench, log, presented, exposed(thrown));
  }
}

/** Whether the local copy of the log of cuts is complete, fresh, and as far as the caller demands. */
function knowsEnough({ follower, partition }: FollowedLog, { minPosition = 0 }: Call): boolean {
  if (!follower.isLive()) return false;
  const wanted = typeof minPosition === "number" ? minPosition : minPosition[partition];
  return wanted !== undefined && follower.position >= wanted;
}

/** Asks the store itself. @throws {DelegationError} `status_unknown` */
async function learn(log: FollowedLog, call: Call): Promise<void> {
  await log.follower.confirm();
  if (knowsEnough(log, call)) return;
  throw new DelegationError("status_unknown", "the position asked for is not known yet", {
    rule: "minPosition",
  });
}

function invocationOf(bench: Bench, call: Call): Invocation {
  const audience = call.audience ?? bench.audience[0];
  const invocation = parseInvocation({ tool: call.tool, arguments: call.arguments, audience });
  if (bench.audience.includes(invocation.audience)) return invocation;
  throw new DelegationError("audience_mismatch", "this guard does not stand for that audience", {
    rule: "aud",
  });
}

function present(bench: Bench, call: Call, invocation: Invocation): Presented {
  const now = bench.clock.now();
  const chain = verify(bench, call.tokens, now);
  const leaf = chain.hops.at(-1);
  if (leaf === undefined) throw new DelegationError("chain_empty", "a chain has at least one hop");
  return new Presented(chain, leaf, bench.logs.of(chain), invocation, now, bench);
}

/** A last token that comes alone names the chain that it was verified with, if it was. */
function verify(
  { trust, cache, agentKeys }: Bench,
  tokens: readonly string[],
  now: number,
): VerifiedChain {
  const options = { profile: "legate", trust, now, cache, agentKeys } as const;
  const only = Array.isArray(tokens) && tokens.length === 1 ? tokens[0] : undefined;
  const isToken = typeof only === "string" && only.includes(".");
  return isToken ? verifyLeaf(only, options) : verifyChain(tokens, options);
}

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

  readonly end = (): void => this.#running.end();
}

function allow(presented: Presented, { session }: PossessionResult): Allowed {
  const { chain, invocation, log, now } = presented;
  const running = log.calls.begin(chain, invocation.tool, now);
  return new AllowedCall(presented, session, running);
}

/** @throws {DelegationError} `audit_buffer_full`: what cannot be written down does not happen. */
function noteAllow(bench: Bench, presented: Presented, policy: string | undefined): void {
  const { position } = presented.log.follower;
  bench.buffer.add(new LocalDecision(presented, position, "allow", { policy }));
}

function ask(bench: Bench, presented: Presented, approvals: readonly ApprovalNeed[]): Asked {
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
function deny(
  bench: Bench,
  log: FollowedLog | undefined,
  presented: Presented | undefined,
  refusal: DelegationError,
): Denied {
  const { code, message, hop, rule, required } = refusal;
  bench.telemetry.count("legate_hops_denied_total", { reason: code });
  if (presented !== undefined) noteRefusal(bench, presented, "deny", code, rule);
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
