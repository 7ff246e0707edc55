/** The checks between a verified chain and an allowed call: alive, granted, and by policy. @module */
import { DelegationError } from "../base/error.js";
import { POLICY_MS_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { evaluate } from "../grant/evaluate.js";
import {
  consult,
  type Obligation,
  type PolicyDecision,
  type PolicyEngine,
} from "../policy/engine.js";
import type { Invocation } from "../wire/invocation.js";
import type { Bench } from "./bench.js";
import { notContinued } from "./calls.js";
import type { Presented } from "./presented.js";

/**
 * Everything that time or the log of cuts can change while others are asked: looked at again after the last wait.
 *
 * @throws {DelegationError} `token_expired`, and as {@link checkAlive}
 */
export function checkStill({ clock }: Bench, presented: Presented): void {
  checkAlive(presented);
  const { chain, leaf } = presented;
  if (clock.now() < chain.expiresAt) return;
  throw new DelegationError("token_expired", "authority expired while others were asked", {
    hop: leaf.id,
    rule: "exp",
  });
}

/** Cut, suspended, of a store that is not ours, said to be listed elsewhere, or never counted: not alive. */
export function checkAlive({ chain, leaf, log }: Presented): void {
  if (!log.follower.continues(chain.generation)) throw notContinued(chain);
  const coverage = log.index.covering(chain);
  if (coverage !== undefined) {
    const message =
      coverage.code === "delegation_suspended"
        ? "a hop of the chain is suspended"
        : "a hop of the chain is cut";
    throw new DelegationError(coverage.code, message, { hop: coverage.hop, rule: coverage.rule });
  }
  if (chain.statuses.length > 0) {
    throw new DelegationError(
      "status_unknown",
      "a token refers to a status list, and none is read here",
      {
        hop: leaf.id,
        rule: "status",
      },
    );
  }
  const [unregistered] = chain.unregistered;
  if (unregistered === undefined) return;
  throw new DelegationError(
    "hop_unregistered",
    "limits above this hop are counted by the coordinator: exchange it first",
    {
      hop: unregistered,
      rule: "limits",
    },
  );
}

/** Gate 1: the grant of every presented token. */
export function checkGrants(chain: VerifiedChain, invocation: Invocation): void {
  if (chain.grant.audience.length === 0) {
    throw new DelegationError("audience_mismatch", "the grant names no audience", {
      hop: chain.hops.at(-1)?.id ?? chain.tree,
      rule: "audience",
    });
  }
  const refusal = evaluate(chain.grants, invocation);
  if (refusal === undefined) return;
  throw new DelegationError(refusal.code, "the grant does not allow this call", {
    hop: hopOfGrant(chain, refusal.index),
    rule: refusal.rule,
  });
}

/** Gate 2: it can refuse what the grant allows, and never the other way round. Synchronous when the engine is. */
export function consultPolicy(bench: Bench, presented: Presented): Ruling | Promise<Ruling> {
  const { policy } = bench;
  if (policy === undefined) return NO_POLICY;
  const { chain, invocation, now } = presented;
  const answer = consult(policy, {
    tenant: chain.tenant,
    principal: chain.principal,
    hops: chain.hops,
    tool: invocation.tool,
    arguments: invocation.arguments,
    audience: invocation.audience,
    now,
    context: NO_FACTS,
  });
  if (!(answer instanceof Promise)) return rulingOf(bench, policy, presented, answer);
  return inTime(bench, answer).then((late) => rulingOf(bench, policy, presented, late));
}

/** What the policy says of a call that it allows. */
export interface Ruling {
  readonly obligations: readonly Obligation[];
  /** Rules that decided, for the audit; absent without a policy. */
  readonly rules: string | undefined;
}

const NO_POLICY: Ruling = { obligations: [], rules: undefined };
const NO_FACTS = Object.freeze({});
const TOO_LATE: PolicyDecision = { effect: "deny", rules: [], code: "policy_failed" };

/** Silence is no. */
function inTime({ timers }: Bench, answer: Promise<PolicyDecision>): Promise<PolicyDecision> {
  let alarm: unknown;
  const silence = new Promise<PolicyDecision>((resolve) => {
    alarm = timers.setTimeout(() => resolve(TOO_LATE), POLICY_MS_MAX);
  });
  return Promise.race([answer, silence]).finally(() => timers.clearTimeout(alarm));
}

/** @throws {DelegationError} `policy_denied`, `policy_failed` */
function rulingOf(
  { telemetry }: Bench,
  { version }: PolicyEngine,
  { leaf }: Presented,
  answer: PolicyDecision,
): Ruling {
  const { effect } = answer;
  telemetry.count("legate_policy_decisions_total", { policy: version, decision: effect });
  const rules = answer.rules.join(" ");
  if (effect === "allow") return { obligations: answer.obligations, rules };
  throw new DelegationError(answer.code, "policy does not allow this call", {
    hop: leaf.id,
    ...(rules === "" ? {} : { rule: rules }),
  });
}

/** Token i of n stands for hop (hops - n + i); a self-link, which is no hop, for the last. */
export function hopOfGrant(chain: VerifiedChain, index: number): string {
  const links = chain.grants.length - (chain.selfLink ? 1 : 0);
  const at = Math.min(chain.hops.length - links + index, chain.hops.length - 1);
  return chain.hops[at]?.id ?? chain.tree;
}
