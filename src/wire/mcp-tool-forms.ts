/** What the coordinator's tools take and give in MCP. Strict on the way in; times are whole seconds. @module */
import { z } from "zod";
import { APPROVERS_MAX, HOPS_MAX, NAME_CHARS_MAX, PAGE_MAX } from "../base/limits.js";

const name = z.string().min(1).max(NAME_CHARS_MAX);
const seconds = z.int().positive();
const reason = z.string().max(2_048).describe("Why, for the audit.");
const hop = name.describe(
  "Id of a hop, or a handle that this server gave you; your own hop unless told.",
);
const toolArguments = z.record(z.string(), z.unknown()).describe("Arguments of the call.");

const approval = z.strictObject({
  approvers: z.int().min(1).max(APPROVERS_MAX),
  from: z.array(name).min(1).max(256).optional(),
});
/** `wire/grant.ts` parses it, strictly; here it is only described. */
const grant = z
  .looseObject({
    tools: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
    scopes: z.array(z.string()).optional(),
    audience: z.array(z.string()).optional(),
    limits: z.record(z.string(), z.unknown()).optional(),
    expiresAt: seconds.optional(),
  })
  .describe(
    'What may be done, inside your own grant: {"tools":{"files.read":{"path":{"constraint_type":"path","under":"/reports"}}},"audience":["https://files.example.com"]}.',
  );

export const delegate = z.strictObject({
  agent: name.describe("Who is to act."),
  grant,
  approval: approval.optional().describe("People who have to agree first."),
  holderKey: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("Public JWK of the agent that will act; it claims its credential itself."),
  agentProof: z.string().max(8_192).optional(),
  idempotencyKey: name.optional(),
});
export const inspect = z.strictObject({
  hop: hop.optional(),
  depth: z.int().min(0).max(HOPS_MAX).optional(),
  limit: z.int().min(1).max(PAGE_MAX).optional(),
  cursor: z.string().max(1_024).optional(),
});
export const explain = z.strictObject({
  hop: hop.optional(),
  tool: name,
  arguments: toolArguments.optional(),
  audience: name.optional(),
});
export const revoke = z.strictObject({
  hop: hop.optional(),
  below: z.boolean().optional().describe("Only what lies below; the hop itself lives on."),
  reason: reason.optional(),
  confirm: z
    .string()
    .max(256)
    .optional()
    .describe(
      "From a dry run of the same cut. Without it nothing is cut: you are told what would stop.",
    ),
});
export const elevate = z.strictObject({
  tool: name.optional(),
  arguments: toolArguments.optional(),
  audience: name.optional(),
  ticket: name.optional().describe("Instead of a call: how the decision about this ticket stands."),
});
export const complete = z.strictObject({ hop: hop.optional(), reason: reason.optional() });

const state = z.string();
export const delegated = z.object({
  status: z.enum(["active", "pending"]),
  hop: z.string(),
  tree: z.string(),
  agent: z.string(),
  expiresAt: seconds,
  /** Names the hop in this server; good for its maker alone. Absent where the agent brought its own key. */
  handle: z.string().optional(),
  /** What people decide on. */
  ticket: z.string().optional(),
});
const node = z.object({
  hop: z.string(),
  parent: z.string().optional(),
  agent: z.string(),
  identity: z.enum(["proven", "asserted"]),
  state,
  /** The worst along its chain: what a guard would say. */
  effective: state,
  children: z.int(),
  descendants: z.int(),
  expiresAt: seconds,
  tools: z.array(z.string()),
  scopes: z.array(z.string()),
  calls: z.int(),
});
export const inspected = z.object({
  tree: z.string(),
  /** Ids of the hops above you, root first; nothing else of them is shown. */
  ancestors: z.array(z.string()),
  nodes: z.array(node),
  total: z.int(),
  next: z.string().optional(),
});
export const explained = z.object({
  hop: z.string(),
  effective: state,
  verdict: z.enum(["allow", "ask", "deny"]),
  reasons: z.array(z.object({ hop: z.string(), code: z.string(), rule: z.string() })),
  /** Everything that would have to change. */
  wouldPass: z.array(z.string()),
  /** People who have to agree. */
  approvals: z.int(),
  callsLeft: z
    .int()
    .optional()
    .describe("The least that any budget from the root to the hop leaves."),
});
const stops = z.object({
  hops: z.int(),
  agents: z.array(z.string()),
  tools: z.array(z.string()),
  callsInFlight: z.int().optional(),
  /** Counted to a ceiling, or not exactly. */
  estimate: z.boolean(),
});
export const revoked = z.object({
  done: z.boolean(),
  boundary: z.enum(["hop", "below"]),
  hop: z.string(),
  /** What a cut would stop; only in a dry run. */
  stops: stops.optional(),
  confirm: z.string().optional(),
  /** Of the confirmation. */
  expiresAt: seconds.optional(),
  /** Id of the cut. */
  cut: z.string().optional(),
});
export const elevated = z.object({
  tickets: z.array(
    z.object({
      id: z.string(),
      state: z.enum(["asked", "granted", "denied", "lapsed", "used"]),
      approvers: z.int(),
      deadline: seconds,
    }),
  ),
});
export const completed = z.object({ done: z.boolean(), hop: z.string(), cut: z.string() });
