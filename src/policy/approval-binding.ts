/** What an approval is bound to: said once, for the coordinator that asks and the guard that consumes. @module */
import { encodeBase64url } from "../base/base64url.js";
import { canonicalize } from "../base/canonical.js";
import { hmacSha256 } from "../base/digest.js";

/** One call that people are asked about. The hop's id stands for its chain: it names one path from one root. */
export interface ApprovalSubject {
  readonly tenant: string;
  readonly tree: string;
  /** The acting hop; a self-link's is its holder's. */
  readonly hop: string;
  readonly tool: string;
  /** From {@link argumentsDigest}. */
  readonly arguments: string;
  /** Empty where no policy is in force. */
  readonly policyVersion: string;
  /** How many people have to say yes, by all gates and obligations together. */
  readonly approvers: number;
  /** Who may, when only they may; order does not matter. */
  readonly from?: readonly string[];
  /** The ticket's id: unguessable and used once, so it serves as the nonce. */
  readonly ticket: string;
}

/**
 * Keyed digest of a call's arguments, so that small values cannot be guessed from a log.
 *
 * @param key Shared by coordinator and guards of one tenant; at least 32 bytes.
 * @throws {DelegationError} as `canonicalize` does
 */
export function argumentsDigest(key: Uint8Array, tool: string, args: unknown): string {
  return encodeBase64url(hmacSha256(key, `legate.arguments\n${canonicalize([tool, args])}`));
}

/** The binding that a ticket stores and that the guard computes again from the call in front of it. */
export function approvalBinding(key: Uint8Array, subject: ApprovalSubject): string {
  const { tenant, tree, hop, tool, policyVersion, approvers, ticket } = subject;
  const from = subject.from === undefined ? null : [...new Set(subject.from)].sort();
  const bound = [
    tenant,
    tree,
    hop,
    tool,
    subject.arguments,
    policyVersion,
    approvers,
    from,
    ticket,
  ];
  return encodeBase64url(hmacSha256(key, `legate.approval\n${canonicalize(bound)}`));
}
