/** The form of a token endpoint: token exchange (RFC 8693 §2.1), strict about what is there, repeated or left out. @module */
import { z } from "zod";
import { DelegationError } from "../base/error.js";
import { type Json, parseJson } from "../base/json.js";
import { AUDIENCES_MAX, CHAIN_BYTES_MAX, NAME_CHARS_MAX, SCOPES_MAX } from "../base/limits.js";
import { parseShape } from "./shape.js";

export const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
export const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";
export const JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt";

const name = z.string().min(1).max(NAME_CHARS_MAX);
const tokenType = z.enum([ACCESS_TOKEN_TYPE, JWT_TYPE]);

const exchangeSchema = z
  .strictObject({
    grant_type: z.literal(TOKEN_EXCHANGE),
    /** A chain as text: tokens joined with `~`, root first. */
    subject_token: z.string().min(1).max(CHAIN_BYTES_MAX),
    subject_token_type: tokenType,
    /** The acting agent's proof of identity. */
    actor_token: z.string().min(1).max(8_192).optional(),
    actor_token_type: tokenType.optional(),
    requested_token_type: tokenType.optional(),
    resource: z.array(z.url().max(NAME_CHARS_MAX)).max(AUDIENCES_MAX),
    audience: z.array(name).max(AUDIENCES_MAX),
    scope: z.string().min(1).max(65_536).optional(),
    authorization_details: z.string().max(CHAIN_BYTES_MAX).optional(),
    /** RFC 9201 §3.1: the key to confirm, as JSON `{"jwk":…}`. */
    req_cnf: z.string().max(2_048).optional(),
    /** Ours: the agent that will act, when it is not the presenter. */
    requested_actor: name.optional(),
    idempotency_key: name.optional(),
  })
  .refine((form) => (form.actor_token === undefined) === (form.actor_token_type === undefined), {
    path: ["actor_token_type"],
  });

/** A token exchange as it was asked for; nothing in it is verified. */
export interface TokenExchange {
  readonly subjectTokens: readonly string[];
  readonly actorToken?: string;
  /** `resource` and `audience` together, in order, without doubles. */
  readonly audience: readonly string[];
  readonly scopes?: readonly string[];
  readonly authorizationDetails?: readonly Json[];
  /** A public JWK, not checked yet. */
  readonly holderKey?: Json;
  readonly actor?: string;
  readonly idempotencyKey?: string;
}

const confirmationSchema = z.strictObject({ jwk: z.json() });

/**
 * Parses `application/x-www-form-urlencoded` text.
 *
 * `resource` and `audience` may repeat, nothing else may (RFC 6749 §3.2). An empty value counts as left out (same section). An
 * unknown parameter refuses: it could be a narrowing that we would ignore.
 *
 * @throws {DelegationError} `invalid_request`; `invalid_grant_shape` for authorization details that are no JSON array;
 *   `audience_mismatch` (on the wire `invalid_target`) for a resource with a fragment.
 */
export function parseTokenExchange(form: string): TokenExchange {
  const parsed = parseShape(exchangeSchema, fieldsOf(form), "invalid_request");
  if (parsed.resource.some((uri) => uri.includes("#"))) {
    throw new DelegationError("audience_mismatch", "resource has a fragment", { rule: "resource" });
  }
  const audience = [...new Set([...parsed.resource, ...parsed.audience])];
  const details = parsed.authorization_details;
  return {
    subjectTokens: parsed.subject_token.split("~"),
    audience,
    ...(parsed.actor_token === undefined ? {} : { actorToken: parsed.actor_token }),
    ...(parsed.scope === undefined ? {} : { scopes: scopesOf(parsed.scope) }),
    ...(details === undefined ? {} : { authorizationDetails: detailsOf(details) }),
    ...(parsed.req_cnf === undefined ? {} : { holderKey: keyOf(parsed.req_cnf) }),
    ...(parsed.requested_actor === undefined ? {} : { actor: parsed.requested_actor }),
    ...(parsed.idempotency_key === undefined ? {} : { idempotencyKey: parsed.idempotency_key }),
  };
}

const REPEATABLE = new Set(["resource", "audience"]);

function fieldsOf(form: string): Record<string, string | string[]> {
  if (form.length > 2 * CHAIN_BYTES_MAX) {
    throw new DelegationError("invalid_request", "form is larger than its ceiling");
  }
  const fields = new Map<string, string | string[]>([
    ["resource", []],
    ["audience", []],
  ]);
  for (const [key, value] of new URLSearchParams(form)) {
    if (value === "") continue;
    const before = fields.get(key);
    if (Array.isArray(before)) before.push(value);
    else if (before === undefined && !REPEATABLE.has(key)) fields.set(key, value);
    else throw new DelegationError("invalid_request", "a parameter is repeated", { rule: "form" });
  }
  return Object.fromEntries(fields);
}

function scopesOf(scope: string): string[] {
  const scopes = scope.split(" ");
  if (scopes.length <= SCOPES_MAX && scopes.every((one) => one !== "")) return scopes;
  throw new DelegationError("invalid_request", "scope is not a list of tokens", { rule: "scope" });
}

function detailsOf(text: string): Json[] {
  const value = jsonOf(text, "authorization_details");
  if (Array.isArray(value)) return value;
  throw new DelegationError("invalid_grant_shape", "authorization details are not an array", {
    rule: "authorization_details",
  });
}

function keyOf(text: string): Json {
  const value = jsonOf(text, "req_cnf");
  return parseShape(confirmationSchema, value, "invalid_request", ["req_cnf"]).jwk;
}

function jsonOf(text: string, rule: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new DelegationError("invalid_request", "not json", { rule, cause });
  }
}
