/** How decisions are written down: who asked, which agent, which tool, which decision and rule; one line for each tree of a batch. @module */
import { sha256Base64url } from "../base/digest.js";
import type { Json } from "../base/json.js";
import { NAME_CHARS_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Position } from "../wire/cut.js";
import type { AuditDraft } from "../wire/event.js";
import type { RunningCall } from "./calls.js";
import type { Presented } from "./presented.js";

/** One decision that a guard made by itself. */
export interface LocalDecision {
  readonly presented: Presented;
  readonly effect: "allow" | "deny" | "ask";
  readonly code: string | undefined;
  readonly rule: string | undefined;
  /** Rules of the policy that decided. */
  readonly policy: string | undefined;
  /** Feed position that it was made at. */
  readonly seen: Position;
}

/** A line of its own, or a decision that shares a line with others of its tree. */
export type Waiting =
  | { readonly sequence: number; readonly decision: LocalDecision }
  | { readonly sequence: number; readonly line: AuditDraft };

/** The guard that writes. */
export interface Scribe {
  readonly name: string;
  /** Keys the digests of arguments, so that few possible values cannot be told by trying them. */
  readonly auditKey: string;
}

/** One line for each tree, in the order of the guard's sequence; lines of their own stay as they are. */
export function linesOf(scribe: Scribe, batch: readonly Waiting[]): AuditDraft[] {
  const lines: AuditDraft[] = [];
  const open = new Map<string, Json[]>();
  for (const waiting of batch) {
    const { sequence } = waiting;
    if ("line" in waiting) {
      lines.push({ ...waiting.line, sequence });
      continue;
    }
    const { chain } = waiting.decision.presented;
    const key = `${chain.tenant.length}:${chain.tenant}${chain.tree}`;
    let calls = open.get(key);
    if (calls === undefined) {
      calls = [];
      open.set(key, calls);
      const { tenant, tree } = chain;
      const requester = requesterOf(chain);
      const guard = scribe.name;
      lines.push({ kind: "calls", tenant, tree, requester, guard, sequence, data: { calls } });
    }
    calls.push(entryOf(scribe, sequence, waiting.decision));
  }
  return lines;
}

function entryOf(scribe: Scribe, sequence: number, decision: LocalDecision): Json {
  const { presented, effect, code, rule, policy, seen } = decision;
  const { id: hop, agent, identity } = presented.leaf;
  return {
    sequence,
    at: presented.now,
    seen,
    hop,
    agent,
    identity,
    tool: presented.invocation.tool,
    decision: effect,
    arguments: keyedDigest(scribe, presented),
    ...(code === undefined ? {} : { code }),
    ...(rule === undefined ? {} : { rule }),
    ...(policy === undefined ? {} : { policy: policy.slice(0, NAME_CHARS_MAX) }),
  };
}

/** The line of a call that the store admits. */
export function callLine(
  scribe: Scribe,
  presented: Presented,
  policy: string | undefined,
  seen: Position,
): AuditDraft {
  const { chain, leaf, invocation } = presented;
  return {
    kind: "call",
    tenant: chain.tenant,
    tree: chain.tree,
    hop: leaf.id,
    requester: requesterOf(chain),
    agent: leaf.agent,
    identity: leaf.identity,
    tool: invocation.tool,
    decision: "allow",
    arguments: keyedDigest(scribe, presented),
    guard: scribe.name,
    seen,
    ...(policy === undefined ? {} : { policy: policy.slice(0, NAME_CHARS_MAX) }),
  };
}

/** The line of a call that was stopped: it had begun, had run for so long, and what it came to was not awaited. */
export function abortLine(
  scribe: Scribe,
  { chain, tool, since }: RunningCall,
  why: { readonly code: string; readonly rule: string | undefined },
  at: { readonly now: number; readonly seen: Position },
): AuditDraft {
  const leaf = chain.hops.at(-1);
  return {
    kind: "call.aborted",
    tenant: chain.tenant,
    tree: chain.tree,
    ...(leaf === undefined ? {} : { hop: leaf.id, agent: leaf.agent, identity: leaf.identity }),
    requester: requesterOf(chain),
    tool,
    code: why.code,
    ...(why.rule === undefined ? {} : { rule: why.rule }),
    guard: scribe.name,
    seen: at.seen,
    data: { begunAt: since, ranMs: Math.max(0, at.now - since) },
  };
}

function requesterOf({ principal }: VerifiedChain): string {
  return `${principal.issuer} ${principal.subject}`;
}

function keyedDigest({ auditKey }: Scribe, { argumentsDigest }: Presented): string {
  return sha256Base64url(`${auditKey}${argumentsDigest}`);
}
