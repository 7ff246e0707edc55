/** Facts of a store in the words of its caller: an event cannot tell of another hop than its move is about. @module */
import type { JsonObject } from "../base/json-value.js";
import type { AuditDraft } from "../wire/event.js";
import type { HopRecord } from "../wire/record.js";

/** What the store knows of a move, written over what the caller says of it. */
export interface Stamp {
  readonly tenant: string;
  readonly tree?: string;
  readonly hop?: string;
  readonly agent?: string | undefined;
  readonly identity?: HopRecord["identity"] | undefined;
  readonly kind?: string;
  readonly ticket?: string;
  readonly by?: string;
  readonly data?: JsonObject;
}

/**
 * The caller's event with the store's facts in it: an event cannot tell of another hop than its move is about.
 *
 * A cut beyond one tree belongs to no tree, whatever the draft says. Member by member: this is done for each call that is
 * admitted, and what is undefined is not written.
 */
export function stamped(draft: AuditDraft, facts: Stamp): AuditDraft {
  return {
    agent: facts.agent ?? draft.agent,
    arguments: draft.arguments,
    by: facts.by ?? draft.by,
    code: draft.code,
    data: draft.data === undefined ? facts.data : { ...draft.data, ...facts.data },
    decision: draft.decision,
    guard: draft.guard,
    hop: facts.hop,
    identity: facts.identity ?? draft.identity,
    kind: facts.kind ?? draft.kind,
    policy: draft.policy,
    reason: draft.reason,
    requester: draft.requester,
    rule: draft.rule,
    seen: draft.seen,
    sequence: draft.sequence,
    tenant: facts.tenant,
    ticket: facts.ticket ?? draft.ticket,
    tool: draft.tool,
    tree: facts.tree,
  };
}
