/** How decisions are written down: who asked, which agent, which tool, which decision and rule; one line for each tree of a batch. @module */
import { sha256Base64url } from "../base/digest.js";
import type { Json } from "../base/json.js";
import { AUDIT_LINE_BYTES_MAX, NAME_CHARS_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Position } from "../wire/cut.js";
import type { AuditDraft } from "../wire/event.js";
import type { RunningCall } from "./calls.js";
import type { Presented } from "./presented.js";

/** One decision that a guard made by itself. */
export class LocalDecision {
  readonly presented: Presented;
  /** Feed position that it was made at. */
  readonly seen: Position;
  readonly effect: "allow" | "deny" | "ask";
  readonly why: Why;
  /** The arguments as they were judged. */
  readonly canonicalArguments: string;
  /** The guard's own number for it, given when it is written down. */
  sequence = 0;

  constructor(presented: Presented, seen: Position, effect: LocalDecision["effect"], why: Why) {
    this.presented = presented;
    this.seen = seen;
    this.effect = effect;
    this.why = why;
    this.canonicalArguments = presented.canonicalArguments;
  }
}

/** Code and rule of a refusal; rules of the policy that decided. */
export interface Why {
  readonly code?: string | undefined;
  readonly rule?: string | undefined;
  readonly policy?: string | undefined;
}

/** A line of its own, or a decision that shares a line with others of its tree. */
export type Waiting = LocalDecision | { readonly sequence: number; readonly line: AuditDraft };

/** The guard that writes. */
export interface Scribe {
  readonly name: string;
  /** Keys the digests of arguments, so that few possible values cannot be told by trying them. */
  readonly auditKey: string;
}

/** Characters that the decisions of one line may come to: what is around them has room besides, and no line is refused. */
const CALLS_CHARS_MAX = AUDIT_LINE_BYTES_MAX / 4;

/** Decisions on one line, and how many characters they may have. */
interface OpenLine {
  readonly calls: Json[];
  chars: number;
}

/**
 * One line for each tree, in the order of the guard's sequence, or more where names are long: a line that the store refused would
 * hold up all that come after it. Lines of their own stay as they are.
 */
export function linesOf(scribe: Scribe, batch: readonly Waiting[]): AuditDraft[] {
  const lines: AuditDraft[] = [];
  const open = new Map<string, OpenLine>();
  for (const waiting of batch) {
    const { sequence } = waiting;
    if ("line" in waiting) {
      lines.push({ ...waiting.line, sequence });
      continue;
    }
    const { chain } = waiting.presented;
    const key = `${chain.tenant.length}:${chain.tenant}${chain.tree}`;
    const chars = charsOf(waiting);
    let line = open.get(key);
    if (line === undefined || line.chars + chars > CALLS_CHARS_MAX) {
      const calls: Json[] = [];
      line = { calls, chars: 0 };
      open.set(key, line);
      const { tenant, tree } = chain;
      const requester = requesterOf(chain);
      const guard = scribe.name;
      lines.push({ kind: "calls", tenant, tree, requester, guard, sequence, data: { calls } });
    }
    line.calls.push(entryOf(scribe, waiting));
    line.chars += chars;
  }
  return lines;
}

/** At most: every character of a name may be written as an escape of six. The rest is digests, numbers and words. */
function charsOf({ presented, why }: LocalDecision): number {
  const { rule = "", policy = "" } = why;
  const names = presented.leaf.agent.length + presented.tool.length;
  return (
    6 * (names + Math.min(rule.length, RULE_CHARS_MAX) + Math.min(policy.length, NAME_CHARS_MAX)) +
    512
  );
}

/** Of the rule of one decision: a place in a grant, or the names of a policy's rules. */
const RULE_CHARS_MAX = 2 * NAME_CHARS_MAX;

/** What is cut off may have been the other half of a character. */
function clipped(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : Buffer.from(text.slice(0, charsMax)).toString();
}

/** Members in the order of canonical JSON, which is quickest to write. */
function entryOf(scribe: Scribe, decision: LocalDecision): Json {
  const { presented, effect, seen, sequence } = decision;
  const { code, rule, policy } = decision.why;
  const { id: hop, agent, identity } = presented.leaf;
  const { now: at, tool } = presented;
  const digest = keyedDigest(scribe, decision);
  if (code === undefined && rule === undefined && policy === undefined) {
    // Most of them: an object of one shape costs a fraction of one that is put together.
    return { agent, arguments: digest, at, decision: effect, hop, identity, seen, sequence, tool };
  }
  return {
    agent,
    arguments: digest,
    at,
    ...(code === undefined ? {} : { code }),
    decision: effect,
    hop,
    identity,
    ...(policy === undefined ? {} : { policy: clipped(policy, NAME_CHARS_MAX) }),
    ...(rule === undefined ? {} : { rule: clipped(rule, RULE_CHARS_MAX) }),
    seen,
    sequence,
    tool,
  };
}

/** The line of a call that the store admits. */
export function callLine(
  scribe: Scribe,
  presented: Presented,
  policy: string | undefined,
  seen: Position,
): AuditDraft {
  const { chain, leaf } = presented;
  return {
    kind: "call",
    tenant: chain.tenant,
    tree: chain.tree,
    hop: leaf.id,
    requester: requesterOf(chain),
    agent: leaf.agent,
    identity: leaf.identity,
    tool: presented.tool,
    decision: "allow",
    arguments: keyedDigest(scribe, presented),
    guard: scribe.name,
    seen,
    policy: policy?.slice(0, NAME_CHARS_MAX),
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

/** One text for as long as the chain is known: it is compared at each call. */
function requesterOf({ principal }: VerifiedChain): string {
  const known = REQUESTERS.get(principal);
  if (known !== undefined) return known;
  const requester = `${principal.issuer} ${principal.subject}`;
  REQUESTERS.set(principal, requester);
  return requester;
}

const REQUESTERS = new WeakMap<VerifiedChain["principal"], string>();

function keyedDigest(
  { auditKey }: Scribe,
  { canonicalArguments }: { readonly canonicalArguments: string },
): string {
  return sha256Base64url(`${auditKey}${canonicalArguments}`);
}
