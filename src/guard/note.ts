/** How a decision is written down: who asked, which agent, which tool, which decision and rule. @module */
import { sha256Base64url } from "../base/digest.js";
import type { AuditDraft } from "../wire/event.js";
import type { Bench, Presented } from "./bench.js";
import type { Decision } from "./decision.js";

/** Notes a decision that the guard made by itself. @throws {DelegationError} `audit_buffer_full` */
export function note(
  bench: Bench,
  { chain, leaf, invocation, argumentsDigest, now }: Presented,
  decision: Decision["effect"],
  why: { code?: string; rule?: string; policy?: string },
): void {
  const { issuer, subject } = chain.principal;
  bench.buffer.add({
    tenant: chain.tenant,
    tree: chain.tree,
    requester: `${issuer} ${subject}`,
    hop: leaf.id,
    agent: leaf.agent,
    identity: leaf.identity,
    tool: invocation.tool,
    decision,
    arguments: () => keyedDigest(bench, argumentsDigest),
    at: now,
    seen: bench.follower.position,
    ...why,
  });
}

/** The line of a call that the store admits. */
export function callEvent(
  bench: Bench,
  { chain, leaf, invocation, argumentsDigest }: Presented,
  policy: string | undefined,
): AuditDraft {
  const { issuer, subject } = chain.principal;
  return {
    kind: "call",
    tenant: chain.tenant,
    tree: chain.tree,
    hop: leaf.id,
    requester: `${issuer} ${subject}`,
    agent: leaf.agent,
    identity: leaf.identity,
    tool: invocation.tool,
    decision: "allow",
    arguments: keyedDigest(bench, argumentsDigest),
    guard: bench.name,
    seen: bench.follower.position,
    ...(policy === undefined ? {} : { policy }),
  };
}

/** Under a key of the guard's own, so that few possible values cannot be told by trying them. */
function keyedDigest({ auditKey }: Bench, argumentsDigest: () => string): string {
  return sha256Base64url(`${auditKey}${argumentsDigest()}`);
}
