/** What a request would need of a chain that does not allow it: told in a challenge, so that the caller can ask for exactly that. @module */
import { canonicalize } from "../base/canonical.js";
import type { JsonObject } from "../base/json-value.js";
import { ARGUMENTS_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { refusalsOf } from "../grant/evaluate.js";
import { coversAny } from "../grant/scope.js";
import { AAT_DETAIL_TYPE, type Constraint } from "../wire/grant.js";
import { isName } from "../wire/grant-limits.js";
import { type Invocation, parseInvocation } from "../wire/invocation.js";
import type { McpAct } from "../wire/mcp.js";
import { classifyScope } from "../wire/scope.js";

/** Scopes that a server asks for besides the grant of the tool itself; every grant of a chain has to cover them. */
export type ScopesOf = (act: McpAct) => readonly string[];

/** All that one HTTP request needs. */
export interface Need {
  /** Names for clients that ask for scopes: what the server configured, and what is done, where it can be said as a scope. */
  readonly scopes: readonly string[];
  /** RFC 9396: one detail with every tool that is needed. No argument's value. */
  readonly details: readonly JsonObject[];
}

/** The first of the scopes that a grant of the chain does not cover. */
export function missingScope(
  chain: VerifiedChain,
  scopes: readonly string[],
): { readonly scope: string; readonly hop: string } | undefined {
  for (const [index, grant] of chain.grants.entries()) {
    const scope = scopes.find((one) => !coversAny(grant.scopes, one));
    if (scope === undefined) continue;
    const at = Math.min(chain.hops.length - chain.grants.length + index, chain.hops.length - 1);
    return { scope, hop: chain.hops[Math.max(0, at)]?.id ?? chain.tree };
  }
  return undefined;
}

/**
 * Adds up what all acts of one request need.
 *
 * Of a tool that is not granted each argument is named, free; of one that is, each argument as it is granted, and free where the call
 * does not fit: whoever asks knows the values, and can ask for less.
 */
export function needOf(
  chain: VerifiedChain,
  acts: readonly McpAct[],
  audience: string,
  scopesOf: ScopesOf,
): Need {
  const tools: Record<string, JsonObject> = Object.create(null) as Record<string, JsonObject>;
  const scopes = new Set<string>();
  for (const act of acts) {
    for (const scope of scopesOf(act)) scopes.add(scope);
    if (!isName(act.tool)) continue;
    if (classifyScope(act.tool) !== undefined) scopes.add(act.tool);
    const wanted = constraintsFor(chain, act, audience);
    const before = tools[act.tool] ?? wanted;
    // Two calls that differ fit into no one map but the free one.
    tools[act.tool] = canonicalize(before) === canonicalize(wanted) ? wanted : {};
  }
  const details = Object.keys(tools).length === 0 ? [] : [{ type: AAT_DETAIL_TYPE, tools }];
  return { scopes: [...scopes], details };
}

const FREE: Constraint = { constraint_type: "wildcard" };

function constraintsFor(chain: VerifiedChain, act: McpAct, audience: string): JsonObject {
  const names = Object.keys(act.arguments);
  const tooMany = names.length > ARGUMENTS_MAX || !names.every(isName);
  const asked = tooMany ? undefined : readable(act, audience);
  if (asked === undefined) return {};
  const held = chain.grant.tools[act.tool];
  if (held !== undefined && Object.keys(held).length === 0) return {};
  const refused = new Set(
    chain.grants.flatMap((grant, index) =>
      refusalsOf(grant, asked, index === chain.grants.length - 1).map(({ rule }) => rule),
    ),
  );
  const constraints: JsonObject = Object.create(null) as JsonObject;
  for (const name of names) {
    const fits = held?.[name] !== undefined && !refused.has(`${act.tool}.${name}`);
    constraints[name] = { ...(fits ? held[name] : FREE) } as JsonObject;
  }
  return constraints;
}

/** Undefined for arguments that no JSON can say: such a call is refused for its form. */
function readable(act: McpAct, audience: string): Invocation | undefined {
  try {
    return parseInvocation({ ...act, audience });
  } catch {
    return undefined;
  }
}
