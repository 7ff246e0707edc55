/** Audit drafts of the verbs: agents, ids, codes and rules; never a token, a key or an argument. @module */
import type { Json } from "../base/json-value.js";
import type { Principal } from "../chain/verified-chain.js";
import type { AuditDraft } from "../wire/event.js";
import type { HopRecord } from "../wire/record.js";

/** What may be said of a change besides the hop. */
export interface Remarks {
  readonly principal?: Principal;
  /** Who did it, when not the hop's own agent. */
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  readonly ticket?: string;
  readonly seen?: number;
  readonly data?: Record<string, Json>;
}

type Told = Pick<HopRecord, "tenant" | "tree" | "id" | "agent" | "identity">;

/** The line of a change to one hop. */
export function hopEvent(kind: string, hop: Told, remarks: Remarks = {}): AuditDraft {
  const { tenant, tree, id, agent, identity } = hop;
  return told({ kind, tenant, tree, hop: id, agent, identity }, remarks);
}

/** The line of a change that names a place and not an agent. */
export function placeEvent(
  kind: string,
  place: { readonly tenant: string; readonly tree?: string; readonly hop?: string },
  remarks: Remarks = {},
): AuditDraft {
  return told({ kind, ...place }, remarks);
}

/** Adds what is said and nothing else: canonical JSON has no word for it. */
function told(draft: AuditDraft, remarks: Remarks): AuditDraft {
  const { principal, by, reason, ticket, seen, data } = remarks;
  if (principal !== undefined) draft.requester = `${principal.issuer} ${principal.subject}`;
  if (by !== undefined) draft.by = by;
  if (reason !== undefined) draft.reason = reason;
  if (ticket !== undefined) draft.ticket = ticket;
  if (seen !== undefined) draft.seen = seen;
  if (data !== undefined) draft.data = data;
  return draft;
}
