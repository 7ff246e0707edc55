/** The decision about one call, step by step: each step's result is the next one's input. @module */
import { DelegationError, exposed } from "../base/error.js";
import { checkPossession, type PossessionResult } from "../chain/possession.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { verifyChain, verifyLeaf } from "../chain/verify.js";
import type { Position } from "../wire/cut.js";
import { parseInvocation } from "../wire/invocation.js";
import { admitCall, needsAdmission } from "./admit-call.js";
import { approvalsNeeded } from "./approval.js";
import { LocalDecision } from "./audit-lines.js";
import type { Bench } from "./bench.js";
import type { RunningCall } from "./calls.js";
import { checkAlive, checkGrants, checkStill, consultPolicy } from "./checks.js";
import type { Allowed, ApprovalNeed, Asked, Call, Decision, Denied } from "./decision.js";
import { Presented } from "./presented.js";

/**
 * Decides one call. Never throws.
 *
 * Order: fresh knowledge, the invocation's form, the chain, possession, cuts, the grants of every presented token (gate 1), policy
 * (gate 2), approval, admission. It waits only for what has to be asked elsewhere; whatever could have changed meanwhile is looked
 * at again after the last wait, so that nothing comes between that look and the call.
 */
export async function authorize(bench: Bench, call: Call): Promise<Decision> {
  let presented: Presented | undefined;
  let waited = false;
  try {
    if (bench.strict || !knowsEnough(bench, call)) await learn(bench, call);
    presented = present(bench, call);
    const { chain, leaf, invocation } = presented;
    const proving = checkPossession(chain, call.possession, presented);
    waited ||= proving instanceof Promise;
    const proof = proving instanceof Promise ? await proving : proving;
    checkAlive(bench, chain, leaf);
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
      if (!knowsEnough(bench, call)) await learn(bench, call);
      checkStill(bench, presented);
    }
    if (!counted) noteAllow(bench, presented, ruling.rules);
    return allow(bench, presented, proof);
  } catch (thrown) {
    return deny(bench, presented, exposed(thrown));
  }
}

/** Whether the local copy of the log of cuts is complete, fresh, and as far as the caller demands. */
function knowsEnough({ follower }: Bench, { minPosition = 0 }: Call): boolean {
  return follower.isLive() && follower.position >= minPosition;
}

/** Asks the store itself. @throws {DelegationError} `status_unknown` */
async function learn(bench: Bench, call: Call): Promise<void> {
  await bench.follower.confirm();
  if (knowsEnough(bench, call)) return;
  throw new DelegationError("status_unknown", "the position asked for is not known yet", {
    rule: "minPosition",
  });
}

function present(bench: Bench, call: Call): Presented {
  const audience = call.audience ?? bench.audience[0];
  const invocation = parseInvocation({ tool: call.tool, arguments: call.arguments, audience });
  if (!bench.audience.includes(invocation.audience)) {
    throw new DelegationError("audience_mismatch", "this guard does not stand for that audience", {
      rule: "aud",
    });
  }
  const now = bench.clock.now();
  const chain = verify(bench, call.tokens, now);
  const leaf = chain.hops.at(-1);
  if (leaf === undefined) throw new DelegationError("chain_empty", "a chain has at least one hop");
  return new Presented(chain, leaf, invocation, now, bench);
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
  readonly session: Allowed["session"];
  readonly #running: RunningCall;

  constructor(
    { chain, invocation }: Presented,
    session: Allowed["session"],
    running: RunningCall,
    position: Position,
  ) {
    this.chain = chain;
    this.arguments = invocation.arguments;
    this.session = session;
    this.position = position;
    this.#running = running;
  }

  get signal(): AbortSignal {
    return this.#running.signal;
  }

  readonly end = (): void => this.#running.end();
}

function allow(bench: Bench, presented: Presented, { session }: PossessionResult): Allowed {
  const { chain, invocation, now } = presented;
  const running = bench.calls.begin(chain, invocation.tool, now);
  return new AllowedCall(presented, session, running, bench.follower.position);
}

/** @throws {DelegationError} `audit_buffer_full`: what cannot be written down does not happen. */
function noteAllow(bench: Bench, presented: Presented, policy: string | undefined): void {
  bench.buffer.add(new LocalDecision(presented, bench.follower.position, "allow", { policy }));
}

function ask(bench: Bench, presented: Presented, approvals: readonly ApprovalNeed[]): Asked {
  noteRefusal(bench, presented, "ask", "approval_required", undefined);
  return {
    effect: "ask",
    code: "approval_required",
    hop: presented.leaf.id,
    approvals,
    policyVersion: bench.policy?.version ?? "",
    position: bench.follower.position,
  };
}

/** A call that no verified chain stands behind is counted, not written down: strangers must not fill the log. */
function deny(bench: Bench, presented: Presented | undefined, refusal: DelegationError): Denied {
  const { code, message, hop, rule, required } = refusal;
  bench.telemetry.count("legate_hops_denied_total", { reason: code });
  if (presented !== undefined) noteRefusal(bench, presented, "deny", code, rule);
  return {
    effect: "deny",
    code,
    message,
    retry: refusal.row.retry,
    position: bench.follower.position,
    ...(hop === undefined ? {} : { hop }),
    ...(rule === undefined ? {} : { rule }),
    ...(required === undefined ? {} : { required }),
  };
}

function noteRefusal(
  bench: Bench,
  presented: Presented,
  effect: "deny" | "ask",
  code: string,
  rule: string | undefined,
): void {
  const { buffer, follower, telemetry } = bench;
  const decision = new LocalDecision(presented, follower.position, effect, { code, rule });
  if (!buffer.addRefusal(decision)) telemetry.gauge("legate_audit_buffer", {}, buffer.size);
}
