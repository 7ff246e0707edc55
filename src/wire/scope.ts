/** The grammar of scopes (RFC 6749 §3.3; draft-asor-wimse-agent-delegation-chain, scopes). @module */
import { z } from "zod";
import { DelegationError } from "../base/error.js";
import { SCOPES_MAX } from "../base/limits.js";

export type ScopeKind = "literal" | "wildcard" | "opaque";

const LITERAL = /^[a-z][a-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)+$/;
const WILDCARD = /^[a-z][a-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)*\.\*$/;
const OPAQUE = /^[\x21\x23-\x29\x2B-\x5B\x5D-\x7E]+$/;
const SCOPE_CHARS_MAX = 256;

/** The kind of a scope, undefined when it matches no kind: then it is malformed. Case matters. */
export function classifyScope(text: string): ScopeKind | undefined {
  if (text.length > SCOPE_CHARS_MAX) return undefined;
  if (LITERAL.test(text)) return "literal";
  if (WILDCARD.test(text)) return "wildcard";
  return OPAQUE.test(text) ? "opaque" : undefined;
}

const scopeSchema = z.string().refine((text) => classifyScope(text) !== undefined);
export const scopesSchema = z.array(scopeSchema).max(SCOPES_MAX);

/**
 * Reads the value of a `scope` claim or parameter.
 *
 * @throws {DelegationError} `malformed`
 */
export function parseScopeClaim(text: string): readonly string[] {
  if (text === "") return [];
  const parsed = scopesSchema.safeParse(text.split(" "));
  if (parsed.success) return parsed.data;
  throw new DelegationError("malformed", "scope is not of the required shape", { rule: "scope" });
}

/** The value of a `scope` claim. */
export function toScopeClaim(scopes: readonly string[]): string {
  return scopes.join(" ");
}
