/** Audit events: who asked, which agent, which tool, which decision and rule. Never a token, a key or an argument's value. @module */
import { z } from "zod";
import { NAME_CHARS_MAX } from "../base/limits.js";

const name = z.string().min(1).max(NAME_CHARS_MAX);

/** What a caller of the store hands in; the store adds order and links. */
export const auditDraftSchema = z.strictObject({
  /** `hop.opened`, `hop.created`, `hop.registered`, `hop.approved`, `hop.denied`, `hop.suspended`, `hop.resumed`, `hop.completed`,
   * `hop.superseded`, `hop.replaced`, `lease.renewed`, `lease.lapsed`, `cut`, `ticket.asked`, `ticket.decided`, `call`, `calls`, `call.aborted`, `call.forwarded`, `call.answered`, `store.started`. */
  kind: name,
  tenant: name,
  tree: name.optional(),
  hop: name.optional(),
  /** Principal as `issuer subject`. */
  requester: z
    .string()
    .max(2 * NAME_CHARS_MAX + 1)
    .optional(),
  agent: name.optional(),
  tool: name.optional(),
  decision: z.enum(["allow", "deny", "ask"]).optional(),
  code: name.optional(),
  rule: z
    .string()
    .max(2 * NAME_CHARS_MAX)
    .optional(),
  /** Who did it, when not the agent: operator, approver, system. */
  by: name.optional(),
  reason: z.string().max(2_048).optional(),
  /** Digest of canonical arguments, keyed so that small values cannot be guessed. */
  arguments: name.optional(),
  /** Guard's own name and sequence, and the position that it decided at. */
  guard: name.optional(),
  sequence: z.int().nonnegative().optional(),
  seen: z.int().nonnegative().optional(),
  identity: z.enum(["proven", "asserted"]).optional(),
  policy: z.string().max(NAME_CHARS_MAX).optional(),
  ticket: name.optional(),
  /** Further facts of this kind of event, flat and small. */
  data: z.record(z.string(), z.json()).optional(),
});
export type AuditDraft = z.infer<typeof auditDraftSchema>;

/** A line of the log. `hash` is SHA-256 over the canonical line without `hash`. */
export const auditLineSchema = z.strictObject({
  /** Order in the whole log, from 1, no gaps. */
  seq: z.int().positive(),
  /** Epoch ms. */
  at: z.int().nonnegative(),
  event: auditDraftSchema,
  /** Order in the tree, from 1, no gaps; 0 for lines that belong to none. */
  n: z.int().nonnegative(),
  /** Hash of the previous line of the log; empty on the first. */
  prev: z.string(),
  /** Hash of the previous line of the same tree; empty on its first, and for lines of no tree. */
  up: z.string(),
  /** What a restart needs to rebuild the state: the move itself. */
  move: z.json().optional(),
  hash: z.string(),
});
export type AuditLine = z.infer<typeof auditLineSchema>;
