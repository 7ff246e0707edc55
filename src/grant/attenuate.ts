/** Attenuation: the only way authority passes from one hop to the next. @module */
import { DelegationError } from "../base/error.js";
import type { Authority, Grant, ToolMap } from "../wire/grant.js";
import { ceilingEscapes } from "./ceiling.js";
import type { Proof } from "./constraint/rule.js";
import { beginProof } from "./constraint-types.js";
import { type Descent, effectiveLimits, limitEscapes } from "./limits.js";
import { scopeEscapes } from "./scope.js";

/**
 * How authority is handed on. A tool that the parent may only delegate passes when all of the first three hold; a
 * self-link passes what its holder may use, since it is the holder.
 */
export interface Handing extends Descent {
  /** The coordinator makes the hop; it did not come as a link. */
  readonly online?: boolean;
  /** The child's agent proved its identity. */
  readonly proven?: boolean;
  /** The child's agent is another one than the parent's. */
  readonly differentAgent?: boolean;
}

/** Escapes that one refusal names; a child can be wrong in more places than anybody will read. */
const NAMED_MAX = 32;

/**
 * Checks that `child` lies inside what `parent` may delegate, and returns it with the limits and the audience that it
 * does not state taken from the parent.
 *
 * INVARIANT: for every invocation, the result allows it only if `parent`, restricted to what it may delegate, does.
 *
 * @param parent Effective grant of the delegator; its chain is already verified.
 * @throws {DelegationError} `grant_exceeds_parent`, naming every escape; its rule is the first.
 */
export function attenuate(parent: Grant, child: Grant, how: Handing = {}): Grant {
  const escapes = escapesOf(parent, child, how);
  const rule = escapes[0];
  if (rule === undefined) return effectiveGrant(parent, child, how);
  const named = escapes.slice(0, NAMED_MAX).join(", ");
  const rest = escapes.length > NAMED_MAX ? ` and ${escapes.length - NAMED_MAX} more` : "";
  throw new DelegationError("grant_exceeds_parent", `child exceeds parent in: ${named}${rest}`, {
    rule,
  });
}

/** All places where `child` exceeds `parent`, as dotted names without values: `tools.files.read.path`. Empty: it lies inside. */
export function escapesOf(parent: Grant, child: Grant, how: Handing = {}): string[] {
  const proof = beginProof();
  const escapes = toolEscapes(parent, child, how, proof);
  escapes.push(...scopeEscapes(parent.scopes, child.scopes));
  escapes.push(...ceilingEscapes(parent.ceilings, child.ceilings));
  escapes.push(...limitEscapes(parent, child, proof, how));
  escapes.push(...audienceEscapes(parent.audience, child.audience));
  if (child.expiresAt > parent.expiresAt) escapes.push("expiresAt");
  return escapes;
}

/**
 * The tools and arguments of `child` that `parent` may not delegate (AAT draft, I4).
 *
 * A tool with constraints passes with exactly the same arguments, each constraint inside the parent's; a tool without
 * passes with any. What is the very object lies inside itself; then only who may pass it on is asked.
 */
function toolEscapes(
  parent: Pick<Authority, "tools" | "limits">,
  child: Pick<Authority, "tools">,
  how: Handing,
  proof: Proof,
): string[] {
  const escapes: string[] = [];
  const { delegateOnly, useOnly } = parent.limits;
  const same = child.tools === parent.tools;
  if (same && delegateOnly === undefined && useOnly === undefined) return escapes;
  for (const tool of Object.keys(child.tools)) {
    const inner = child.tools[tool] ?? {};
    const outer = Object.hasOwn(parent.tools, tool) ? parent.tools[tool] : undefined;
    if (outer === undefined || !mayPass(parent.limits, tool, how)) escapes.push(`tools.${tool}`);
    else noteArgumentEscapes(escapes, tool, outer, inner, proof);
  }
  return escapes;
}

/** Empty means not stated: a child that states none has its parent's, under a parent that states none any may be stated. */
export function audienceEscapes(parent: readonly string[], child: readonly string[]): string[] {
  return parent.length === 0 || child.every((name) => parent.includes(name)) ? [] : ["audience"];
}

function mayPass(limits: Authority["limits"], tool: string, how: Handing): boolean {
  const delegateOnly = limits.delegateOnly?.includes(tool) === true;
  if (how.selfLink === true) return !delegateOnly;
  if (limits.useOnly?.includes(tool) === true) return false;
  if (!delegateOnly) return true;
  return how.online === true && how.proven === true && how.differentAgent === true;
}

/** Names in the order of the parent, then what only the child has. */
function noteArgumentEscapes(
  escapes: string[],
  tool: string,
  outer: ToolMap[string],
  inner: ToolMap[string],
  proof: Proof,
): void {
  const names = Object.keys(outer);
  if (names.length === 0) return;
  for (const name of names) {
    const wider = outer[name];
    const narrower = Object.hasOwn(inner, name) ? inner[name] : undefined;
    const within = wider !== undefined && narrower !== undefined && proof.proves(narrower, wider);
    if (!within) escapes.push(`tools.${tool}.${name}`);
  }
  for (const name of Object.keys(inner)) {
    if (!Object.hasOwn(outer, name)) escapes.push(`tools.${tool}.${name}`);
  }
}

function effectiveGrant(parent: Grant, child: Grant, how: Handing): Grant {
  return {
    tools: child.tools,
    scopes: child.scopes,
    ceilings: child.ceilings,
    audience: child.audience.length === 0 ? parent.audience : child.audience,
    limits: effectiveLimits(parent, child, how),
    expiresAt: child.expiresAt,
  };
}
