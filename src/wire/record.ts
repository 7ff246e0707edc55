/** What the store keeps of trees, hops and tickets. Never a token; a key only as its thumbprint. @module */
import { z } from "zod";
import { NAME_CHARS_MAX } from "../base/limits.js";

const name = z.string().min(1).max(NAME_CHARS_MAX);
const time = z.int().nonnegative();

const hopStateSchema = z.enum([
  "requested",
  "pending_approval",
  "active",
  "suspended",
  "denied",
  "completed",
  "superseded",
  "revoked",
  "expired",
]);

/** What a hop's own subtree has used up; shared by everything below it. */
export const countersSchema = z.strictObject({
  calls: z.int().nonnegative(),
  /** Currency to decimal string. */
  spend: z.record(z.string(), z.string()),
  children: z.int().nonnegative(),
  descendants: z.int().nonnegative(),
});
/** What a hop and everything below it has used up. @interface */
export type Counters = z.infer<typeof countersSchema>;

export const hopRecordSchema = z.strictObject({
  tenant: name,
  tree: name,
  id: name,
  /** Absent at the root. */
  parent: name.optional(),
  /** 0 at the root. */
  depth: z.int().nonnegative(),
  agent: name,
  identity: z.enum(["proven", "asserted"]),
  /** RFC 7638 thumbprint of the holder key. */
  holder: name,
  /** Digest of the authority, which is kept once for all hops that share it. */
  authority: name,
  state: hopStateSchema,
  createdAt: time,
  expiresAt: time,
  /** Whether the coordinator made it or registered a link. */
  origin: z.enum(["coordinator", "link"]),
  bearer: z.boolean(),
  /** The hop that this one replaced by `narrow`. */
  predecessor: name.optional(),
  /** Feed position at which it was made. */
  position: z.int().nonnegative(),
  counters: countersSchema,
});
/** A hop as the store keeps it; times are epoch ms. @interface */
export type HopRecord = z.infer<typeof hopRecordSchema>;

export const treeRecordSchema = z.strictObject({
  tenant: name,
  /** Id of the root hop. */
  id: name,
  principal: z.strictObject({ issuer: name, subject: name }),
  /** What set it going, in the caller's words: a task or request id. */
  trigger: z.string().max(NAME_CHARS_MAX),
  createdAt: time,
  expiresAt: time,
  /** No anchor outlives it; a lapsed one cannot be renewed. */
  lease: z.strictObject({ until: time, state: z.enum(["held", "lapsed", "released"]) }).optional(),
});
/** A tree as the store keeps it; times are epoch ms. @interface */
export type TreeRecord = z.infer<typeof treeRecordSchema>;

/** A request for a person's approval. The exact arguments are shown to the approver only and go with the decision. */
export const ticketRecordSchema = z.strictObject({
  tenant: name,
  tree: name,
  id: name,
  /** `call`: one tool call; `hop`: a hop that waits in `pending_approval`. */
  kind: z.enum(["call", "hop"]),
  hop: name,
  tool: name.optional(),
  /** Keyed hash of arguments, chain digest, policy version and nonce; see `coordinator/ticket.ts`. */
  binding: name,
  policyVersion: z.string().max(NAME_CHARS_MAX),
  state: z.enum(["asked", "granted", "denied", "lapsed", "used"]),
  need: z.int().positive(),
  /** Approver ids, when the gate restricts them. */
  from: z.array(name).optional(),
  /** Agents of the chain, and its principal where the operator says so: none of them may approve. */
  excluded: z.array(name),
  approvals: z.array(name),
  askedAt: time,
  /** Silence until then is no. */
  deadline: time,
  /** Canonical JSON of the exact arguments; removed with the decision. */
  shown: z.string().optional(),
});
/** A ticket as the store keeps it; times are epoch ms. @interface */
export type TicketRecord = z.infer<typeof ticketRecordSchema>;
