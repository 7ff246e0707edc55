/** Scopes: which one covers which. @module */
import { classifyScope } from "../wire/scope.js";

/**
 * Whether `held` covers `asked` (draft-asor-wimse-agent-delegation-chain, scopes).
 *
 * A literal or opaque scope covers itself; a wildcard covers literals and wildcards that begin with it, its star left
 * off. No case folding; no wildcard covers an opaque scope; what has no kind covers nothing.
 */
export function coversScope(held: string, asked: string): boolean {
  const kind = classifyScope(asked);
  if (kind === undefined) return false;
  if (held === asked) return true;
  if (kind === "opaque" || classifyScope(held) !== "wildcard") return false;
  return asked.startsWith(held.slice(0, -1));
}

/** Whether one of `held` covers `asked`. */
export function coversAny(held: readonly string[], asked: string): boolean {
  return held.some((scope) => coversScope(scope, asked));
}

/** The scopes of a child that its parent does not cover, as places: `scopes.crm.read`. */
export function scopeEscapes(parent: readonly string[], child: readonly string[]): string[] {
  return child.filter((scope) => !coversAny(parent, scope)).map((scope) => `scopes.${scope}`);
}
