/** The decision about one call, step by step: each step's result is the next one's input. @module */
import { canonicalDigest } from "../base/canonical.js";
import { DelegationError, exposed } from "../base/error.js";
import { checkPossession } from "../chain/possession.js";
import { verifyChain } from "../chain/verify.js";
import { parseInvocation } from "../wire/invocation.js";
import { admitCall, needsAdmission } from "./admit-call.js";
import { approvalsNeeded } from "./approval.js";
import type { Bench, Presented } from "./bench.js";
import { checkAlive, checkGrants, consultPolicy } from "./checks.js";
import type { Allowed, ApprovalNeed, Asked, Call, Decision, Denied } from "./decision.js";
import { note } from "./note.js";

/**
 * Decides one call. Never throws.
 *
 * Order: fresh knowledge, the invocation's form, the chain, possession, cuts, the grants of every presented token (gate 1), policy
 * (gate 2), approval, admission, and cuts once more.
 */
export async function authorize(bench: Bench, call: Call): Promise<Decision> {
  let presented: Presented | undefined;
  try {
    await freshEnough(bench, call);
    presented = present(bench, call);
    return await decide(bench, call, presented);
  } catch (thrown) {
    return deny(bench, presented, exposed(thrown));
  }
}

/** Returns without a promise's turn when the local knowledge will do. */
function freshEnough(
  { follower, strict }: Bench,
  { minPosition = 0 }: Call,
): Promise<void> | undefined {
  const fresh = follower.state() === "live" && follower.position >= minPosition;
  if (fresh && !strict) return undefined;
  return follower.confirm().then(() => {
    if (follower.position >= minPosition) return;
    throw new DelegationError("status_unknown", "the position asked for is not known yet", {
      rule: "minPosition",
    });
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
  const chain = verifyChain(call.tokens, {
    profile: "legate",
    trust: bench.trust,
    now,
    cache: bench.cache,
    ...(bench.agentKeys === undefined ? {} : { agentKeys: bench.agentKeys }),
  });
  const leaf = chain.hops.at(-1);
  if (leaf === undefined) throw new DelegationError("chain_empty", "a chain has at least one hop");
  let digest: string | undefined;
  const argumentsDigest = (): string => {
    digest ??= canonicalDigest(invocation.arguments);
    return digest;
  };
  return { chain, leaf, invocation, argumentsDigest, now };
}

async function decide(bench: Bench, call: Call, presented: Presented): Promise<Decision> {
  const { chain, leaf, invocation, now } = presented;
  const proving = checkPossession(chain, call.possession, {
    tool: invocation.tool,
    arguments: invocation.arguments,
    ...(call.possession.kind === "none" ? {} : { argumentsDigest: presented.argumentsDigest() }),
    audience: invocation.audience,
    now,
    replay: bench.replay,
    sessions: bench.sessions,
  });
  const proof = proving instanceof Promise ? await proving : proving;
  checkAlive(bench, chain, leaf);
  checkGrants(chain, invocation);
  const answer = await consultPolicy(bench, presented);
  const approvals = approvalsNeeded(chain, invocation, answer?.obligations ?? []);
  if (approvals.length > 0 && (call.tickets ?? []).length === 0) {
    return ask(bench, presented, approvals);
  }
  const policy = answer?.rules.join(" ");
  if (needsAdmission(bench, call, chain, approvals))
    await admitCall(bench, call, presented, approvals, policy);
  else note(bench, presented, "allow", policy === undefined ? {} : { policy });
  // Whatever came in while others were asked counts: the last look is after the last wait.
  checkAlive(bench, chain, leaf);
  const running = bench.calls.begin(chain, invocation.tool);
  const allowed: Allowed = {
    effect: "allow",
    chain,
    arguments: invocation.arguments,
    signal: running.signal,
    end: running.end,
    position: bench.follower.position,
    ...(proof.session === undefined ? {} : { session: proof.session }),
  };
  return allowed;
}

function ask(bench: Bench, presented: Presented, approvals: readonly ApprovalNeed[]): Asked {
  note(bench, presented, "ask", { code: "approval_required" });
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
  if (presented !== undefined && code !== "audit_buffer_full") {
    try {
      note(bench, presented, "deny", rule === undefined ? { code } : { code, rule });
    } catch {
      bench.telemetry.gauge("legate_audit_buffer", {}, bench.buffer.size);
    }
  }
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
