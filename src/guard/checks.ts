/** The checks between a verified chain and an allowed call: alive, granted, and by policy. @module */
import { DelegationError } from "../base/error.js";
import type { ChainHop, VerifiedChain } from "../chain/verified-chain.js";
import { evaluate } from "../grant/evaluate.js";
import { consult } from "../policy/engine.js";
import type { Invocation } from "../wire/invocation.js";
import type { Bench, Presented } from "./bench.js";

/** Cut, suspended, of a store that is not ours, or never counted: not alive. */
export function checkAlive({ index, follower }: Bench, chain: VerifiedChain, leaf: ChainHop): void {
  if (!follower.continues(chain.generation)) {
    throw new DelegationError(
      "generation_unknown",
      "the anchor is of a store that is not continued",
      {
        hop: leaf.id,
        rule: "gen",
      },
    );
  }
  const coverage = index.covering(chain);
  if (coverage !== undefined) {
    const message =
      coverage.code === "delegation_suspended"
        ? "a hop of the chain is suspended"
        : "a hop of the chain is cut";
    throw new DelegationError(coverage.code, message, { hop: coverage.hop, rule: coverage.rule });
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

/** Gate 2: it can refuse what the grant allows, and never the other way round. Undefined without a policy. */
export async function consultPolicy(
  { policy, telemetry }: Bench,
  { chain, leaf, invocation, now }: Presented,
) {
  if (policy === undefined) return undefined;
  const answer = await consult(policy, {
    tenant: chain.tenant,
    principal: chain.principal,
    hops: chain.hops.map(({ id, agent, identity }) => ({ id, agent, identity })),
    tool: invocation.tool,
    arguments: invocation.arguments,
    audience: invocation.audience,
    now,
    context: {},
  });
  telemetry.count("legate_policy_decisions_total", {
    policy: policy.version,
    decision: answer.effect,
  });
  if (answer.effect === "allow") return answer;
  throw new DelegationError(answer.code, "policy does not allow this call", {
    hop: leaf.id,
    rule: answer.rules.join(" "),
  });
}

/** Token i of n stands for hop (hops - n + i); a self-link, which is no hop, for the last. */
export function hopOfGrant(chain: VerifiedChain, index: number): string {
  const links = chain.grants.length - (chain.selfLink ? 1 : 0);
  const at = Math.min(chain.hops.length - links + index, chain.hops.length - 1);
  return chain.hops[at]?.id ?? chain.tree;
}
