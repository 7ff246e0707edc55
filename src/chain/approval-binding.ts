/** What an approval is bound to: one call of one chain, under one policy. Whoever asks and whoever checks compute it alike. @module */

import { encodeBase64url } from "../base/base64url.js";
import { canonicalize } from "../base/canonical.js";
import { hmacSha256 } from "../base/digest.js";
import { DelegationError } from "../base/error.js";
import type { Json } from "../base/json.js";

/** One call that waits for a person's yes. */
export interface ApprovalSubject {
  readonly tenant: string;
  readonly tree: string;
  /** Ids of the whole chain, root first. */
  readonly hops: readonly string[];
  readonly tool: string;
  readonly arguments: Readonly<Record<string, Json>>;
  readonly audience: string;
  readonly policyVersion: string;
  /** How many people have to agree, and who may, when that is restricted. */
  readonly approvers: number;
  readonly from?: readonly string[] | undefined;
}

/**
 * Binds an approval: HMAC-SHA-256 under the ticket's nonce over everything that was approved.
 *
 * The nonce stays with the asker and never reaches the store, so a record tells nothing about the arguments, not even when
 * they are few enough to be guessed. Anything changed afterwards gives another binding.
 */
export function approvalBinding(nonce: string, subject: ApprovalSubject): string {
  const bound = canonicalize([
    "legate-approval-v1",
    subject.tenant,
    subject.tree,
    [...subject.hops],
    subject.tool,
    subject.arguments as Record<string, Json>,
    subject.audience,
    subject.policyVersion,
    subject.approvers,
    subject.from === undefined ? null : [...subject.from].sort(),
  ]);
  return encodeBase64url(hmacSha256(Buffer.from(nonce, "utf8"), bound));
}

/** The ticket as its asker holds it: id of the record and nonce, joined by a full stop. */
export function formatTicket(id: string, nonce: string): string {
  return `${id}.${nonce}`;
}

/** @throws {DelegationError} `ticket_not_found` for what is no ticket */
export function parseTicket(handle: string): { id: string; nonce: string } {
  const dot = handle.indexOf(".");
  const id = handle.slice(0, dot);
  const nonce = handle.slice(dot + 1);
  if (dot > 0 && /^[\w-]{16,64}$/.test(nonce)) return { id, nonce };
  throw new DelegationError("ticket_not_found", "not a ticket");
}
