/** The one table of refusal codes: what each is called in the drafts, over OAuth, over MCP, and whether to retry. @module */

/** How one refusal shows at each of the doors. */
export interface CodeRow {
  /** Outcome name of the agent-delegation draft; the other profiles name none. */
  readonly outcome: Outcome;
  /** Answer of a token endpoint (RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 9396 §5, RFC 9449 §5). */
  readonly tokenEndpoint: readonly [status: number, error: string];
  /** Answer of a protected resource (RFC 6750 §3.1, RFC 9449 §7.1). */
  readonly resource: readonly [status: number, error: string];
  /** JSON-RPC error code; -32000 to -32019 are ours, the rest is reserved by MCP. */
  readonly mcp: number;
  /** Whether the same request can succeed later without a new grant. */
  readonly retry: boolean;
}

/** Outcome vocabulary of draft-asor-wimse-agent-delegation-chain; `none` where the draft has no name. */
export type Outcome =
  | "malformed"
  | "non_canonical"
  | "duplicate_member"
  | "non_finite"
  | "signature_invalid"
  | "par_hash_mismatch"
  | "depth_invalid"
  | "principal_altered"
  | "not_narrower"
  | "expired"
  | "holder_binding_failed"
  | "revoked"
  | "status_unknown"
  | "audience_mismatch"
  | "scope_not_granted"
  | "ceiling_exceeded"
  | "unknown_constraint"
  | "none";

const BAD_TOKEN = {
  tokenEndpoint: [400, "invalid_grant"],
  resource: [401, "invalid_token"],
  mcp: -32001,
  retry: false,
} as const;
const BAD_PROOF = {
  tokenEndpoint: [400, "invalid_dpop_proof"],
  resource: [401, "invalid_token"],
  mcp: -32002,
  retry: true,
} as const;
const NOT_ALIVE = {
  tokenEndpoint: [400, "invalid_grant"],
  resource: [401, "invalid_token"],
  mcp: -32003,
  retry: false,
} as const;
const NOT_KNOWN = {
  tokenEndpoint: [503, "temporarily_unavailable"],
  resource: [503, "temporarily_unavailable"],
  mcp: -32004,
  retry: true,
} as const;
const NOT_GRANTED = {
  tokenEndpoint: [400, "invalid_scope"],
  resource: [403, "insufficient_scope"],
  mcp: -32005,
  retry: false,
} as const;
const SPENT = {
  tokenEndpoint: [400, "invalid_grant"],
  resource: [403, "insufficient_scope"],
  mcp: -32006,
  retry: false,
} as const;
const APPROVAL = {
  tokenEndpoint: [400, "interaction_required"],
  resource: [403, "insufficient_scope"],
  mcp: -32007,
  retry: true,
} as const;
const BAD_REQUEST = {
  tokenEndpoint: [400, "invalid_request"],
  resource: [400, "invalid_request"],
  mcp: -32602,
  retry: false,
} as const;
const CONFLICT = {
  tokenEndpoint: [400, "invalid_grant"],
  resource: [409, "invalid_request"],
  mcp: -32008,
  retry: false,
} as const;
const OPERATOR = {
  tokenEndpoint: [500, "server_error"],
  resource: [500, "server_error"],
  mcp: -32603,
  retry: false,
} as const;

/** Every code that a {@link DelegationError} can carry. A new reason is a new row. */
export const CODES = {
  // bytes
  malformed: { outcome: "malformed", ...BAD_TOKEN },
  non_canonical: { outcome: "non_canonical", ...BAD_TOKEN },
  duplicate_member: { outcome: "duplicate_member", ...BAD_TOKEN },
  non_finite: { outcome: "non_finite", ...BAD_TOKEN },
  too_large: { outcome: "malformed", ...BAD_TOKEN },
  // one token
  signature_invalid: { outcome: "signature_invalid", ...BAD_TOKEN },
  key_invalid: { outcome: "malformed", ...BAD_TOKEN },
  issuer_invalid: { outcome: "signature_invalid", ...BAD_TOKEN },
  lifetime_invalid: { outcome: "expired", ...BAD_TOKEN },
  token_expired: { outcome: "expired", ...BAD_TOKEN },
  token_not_yet_valid: { outcome: "expired", ...BAD_TOKEN, retry: true },
  // links between tokens
  chain_empty: { outcome: "malformed", ...BAD_TOKEN },
  chain_incomplete: { outcome: "malformed", ...BAD_TOKEN, retry: true },
  token_repeated: { outcome: "malformed", ...BAD_TOKEN },
  par_hash_mismatch: { outcome: "par_hash_mismatch", ...BAD_TOKEN },
  depth_invalid: { outcome: "depth_invalid", ...BAD_TOKEN },
  principal_altered: { outcome: "principal_altered", ...BAD_TOKEN },
  tenant_altered: { outcome: "malformed", ...BAD_TOKEN },
  grant_exceeds_parent: { outcome: "not_narrower", ...NOT_GRANTED },
  self_link_invalid: { outcome: "malformed", ...BAD_TOKEN },
  link_requires_coordinator: { outcome: "none", ...BAD_TOKEN },
  // possession
  proof_missing: { outcome: "holder_binding_failed", ...BAD_PROOF },
  proof_invalid: { outcome: "holder_binding_failed", ...BAD_PROOF },
  proof_expired: { outcome: "holder_binding_failed", ...BAD_PROOF },
  proof_replayed: { outcome: "holder_binding_failed", ...BAD_PROOF, retry: false },
  bearer_not_allowed: { outcome: "holder_binding_failed", ...BAD_PROOF, retry: false },
  session_unknown: { outcome: "holder_binding_failed", ...BAD_PROOF },
  session_mismatch: { outcome: "holder_binding_failed", ...BAD_PROOF, retry: false },
  replay_store_full: { outcome: "status_unknown", ...NOT_KNOWN },
  // alive and fresh
  delegation_revoked: { outcome: "revoked", ...NOT_ALIVE },
  delegation_suspended: { outcome: "revoked", ...NOT_ALIVE, retry: true },
  hop_not_active: { outcome: "revoked", ...NOT_ALIVE },
  hop_unregistered: { outcome: "none", ...NOT_ALIVE },
  lease_lapsed: { outcome: "revoked", ...NOT_ALIVE },
  generation_unknown: { outcome: "status_unknown", ...NOT_ALIVE },
  status_unknown: { outcome: "status_unknown", ...NOT_KNOWN },
  store_unavailable: { outcome: "status_unknown", ...NOT_KNOWN },
  not_durable: { outcome: "status_unknown", ...NOT_KNOWN },
  keys_unavailable: { outcome: "status_unknown", ...NOT_KNOWN },
  clock_skewed: { outcome: "status_unknown", ...NOT_KNOWN },
  // what is allowed
  audience_mismatch: {
    outcome: "audience_mismatch",
    ...BAD_TOKEN,
    tokenEndpoint: [400, "invalid_target"],
  },
  method_not_granted: { outcome: "scope_not_granted", ...NOT_GRANTED },
  tool_not_granted: { outcome: "scope_not_granted", ...NOT_GRANTED },
  tool_delegate_only: { outcome: "scope_not_granted", ...NOT_GRANTED },
  scope_not_granted: { outcome: "scope_not_granted", ...NOT_GRANTED },
  argument_unexpected: { outcome: "ceiling_exceeded", ...NOT_GRANTED },
  argument_missing: { outcome: "ceiling_exceeded", ...NOT_GRANTED },
  argument_refused: { outcome: "ceiling_exceeded", ...NOT_GRANTED },
  ceiling_exceeded: { outcome: "ceiling_exceeded", ...NOT_GRANTED },
  unknown_constraint: { outcome: "unknown_constraint", ...NOT_GRANTED },
  policy_denied: { outcome: "none", ...NOT_GRANTED },
  policy_failed: { outcome: "none", ...NOT_KNOWN },
  // used up
  budget_exhausted: { outcome: "ceiling_exceeded", ...SPENT },
  spend_unpriced: { outcome: "ceiling_exceeded", ...SPENT },
  children_exhausted: { outcome: "none", ...SPENT },
  descendants_exhausted: { outcome: "none", ...SPENT },
  depth_exhausted: { outcome: "depth_invalid", ...SPENT },
  // approvals
  approval_required: { outcome: "none", ...APPROVAL },
  approval_pending: { outcome: "none", ...APPROVAL },
  approval_denied: { outcome: "none", ...APPROVAL, retry: false },
  approval_lapsed: { outcome: "none", ...APPROVAL, retry: false },
  approval_used: { outcome: "none", ...APPROVAL, retry: false },
  approval_mismatch: { outcome: "none", ...APPROVAL, retry: false },
  approver_not_allowed: {
    outcome: "none",
    ...NOT_GRANTED,
    tokenEndpoint: [400, "unauthorized_client"],
  },
  // verbs
  invalid_request: { outcome: "none", ...BAD_REQUEST },
  invalid_grant_shape: {
    outcome: "malformed",
    ...BAD_REQUEST,
    tokenEndpoint: [400, "invalid_authorization_details"],
  },
  profile_cannot_carry: {
    outcome: "none",
    ...BAD_REQUEST,
    tokenEndpoint: [400, "invalid_authorization_details"],
  },
  hop_not_found: { outcome: "none", ...CONFLICT, resource: [404, "invalid_request"] },
  ticket_not_found: { outcome: "none", ...CONFLICT, resource: [404, "invalid_request"] },
  illegal_transition: { outcome: "none", ...CONFLICT },
  idempotency_conflict: { outcome: "none", ...CONFLICT },
  id_taken: { outcome: "none", ...CONFLICT },
  position_behind: { outcome: "none", ...CONFLICT, retry: true },
  not_entitled: { outcome: "none", ...NOT_GRANTED, tokenEndpoint: [400, "unauthorized_client"] },
  // operators
  quota_exceeded: { outcome: "none", ...NOT_KNOWN },
  upstream_unavailable: { outcome: "none", ...NOT_KNOWN },
  caller_unknown: { outcome: "none", ...CONFLICT, retry: true },
  audit_buffer_full: { outcome: "none", ...NOT_KNOWN },
  audit_broken: { outcome: "none", ...OPERATOR },
  journal_damaged: { outcome: "none", ...OPERATOR },
  store_locked: { outcome: "none", ...OPERATOR },
  config_invalid: { outcome: "none", ...OPERATOR },
  aborted: { outcome: "none", ...NOT_ALIVE },
  server_error: { outcome: "none", ...OPERATOR },
} as const satisfies Record<string, CodeRow>;

/** The code of a refusal; branch on it, never on the message. */
export type Code = keyof typeof CODES;
