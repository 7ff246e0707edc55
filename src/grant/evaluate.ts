/** Evaluation: what a chain of grants says to one invocation. @module */
import type { Code } from "../base/codes.js";
import type { Json } from "../base/json-value.js";
import type { Gate, Grant } from "../wire/grant.js";
import { isName } from "../wire/grant-limits.js";
import type { Invocation } from "../wire/invocation.js";
import { type CeilingOptions, ceilingRefusal } from "./ceiling.js";
import { type CompiledTool, compileAuthority } from "./compile.js";
import type { Check } from "./constraint/rule.js";
import { isFrom } from "./gate.js";
import { coversAny } from "./scope.js";

/** Why a grant refuses: no values, only places. */
export interface GrantRefusal {
  readonly code: Code;
  /** Which grant, root first. */
  readonly index: number;
  /** `files.read` (a tool), `files.read.path` (an argument), `audience`, `scopes.crm.read`, `ceilings.max_rows.max`. */
  readonly rule: string;
}

/**
 * Judges an invocation by every grant of a chain, root first; the last is the leaf's. Undefined: none refuses.
 *
 * Every grant's audience, tools and constraints count, though each was proved to lie inside the one before; whether a
 * tool may be used or only handed on is the leaf's to say. Closed world: an argument that a constrained tool does not
 * name is refused, and one that it names must be there. Expiry, budgets and approvals are judged elsewhere. Never
 * throws; an empty chain refuses.
 *
 * Codes: `audience_mismatch`, `tool_not_granted`, `tool_delegate_only`, `argument_unexpected`, `argument_missing`,
 * `argument_refused`, `ceiling_exceeded`, `unknown_constraint`.
 */
export function evaluate(
  grants: readonly Grant[],
  invocation: Invocation,
): GrantRefusal | undefined {
  const leaf = grants.length - 1;
  if (leaf < 0) return { code: "tool_not_granted", index: 0, rule: invocation.tool };
  for (let index = 0; index <= leaf; index += 1) {
    const grant = grants[index];
    if (grant === undefined) return { code: "tool_not_granted", index, rule: invocation.tool };
    const refusal = judge(grant, invocation, index === leaf);
    if (refusal !== undefined) return { ...refusal, index };
  }
  return undefined;
}

/**
 * Whether any invocation that has these arguments, and perhaps others, could pass all grants of a chain: for lists that show what can be
 * used. What it says no to, {@link evaluate} refuses whatever else is given; the other way round is not sure. Never throws.
 */
export function couldPass(grants: readonly Grant[], known: Invocation): boolean {
  return (
    grants.length > 0 &&
    grants.every((grant, index) =>
      refusalsOf(grant, known, index === grants.length - 1).every(
        ({ code }) => code === "argument_missing" || code === "ceiling_exceeded",
      ),
    )
  );
}

/** What is asked of a chain that speaks of scopes instead of tools. */
export interface ScopeRequest {
  readonly scope: string;
  readonly audience: string;
  /** What ceilings per action are judged on. */
  readonly request: Readonly<Record<string, Json>>;
}

/**
 * Judges a scope request by every grant of a chain (draft-asor-wimse-agent-delegation-chain, step 8). The audience is
 * the leaf's alone there.
 *
 * Codes: `audience_mismatch`, `scope_not_granted`, `ceiling_exceeded`, `unknown_constraint`.
 */
export function evaluateScope(
  grants: readonly Grant[],
  { scope, audience, request }: ScopeRequest,
  options: CeilingOptions = {},
): GrantRefusal | undefined {
  const leaf = grants.length - 1;
  if (!hears(grants[leaf]?.audience ?? [], audience)) {
    return { code: "audience_mismatch", index: Math.max(0, leaf), rule: "audience" };
  }
  const rule = `scopes.${scope}`;
  if (leaf < 0) return { code: "scope_not_granted", index: 0, rule };
  for (const [index, grant] of grants.entries()) {
    if (!coversAny(grant.scopes, scope)) return { code: "scope_not_granted", index, rule };
    const refusal = ceilingRefusal(grant.ceilings, request, options);
    if (refusal !== undefined) return { ...refusal, index };
  }
  return undefined;
}

/** An approval gate that an invocation triggers. */
export interface TriggeredGate {
  /** Which grant states it, root first. */
  readonly index: number;
  readonly gate: Gate;
}

/**
 * The approval gates that an invocation triggers, without those that another one of them includes; the deepest first.
 *
 * A gate whose `when` names an argument that the call lacks is triggered; so is one whose condition fails to compute.
 */
export function gatesOf(
  grants: readonly Grant[],
  invocation: Invocation,
): readonly TriggeredGate[] {
  const triggered: TriggeredGate[] = [];
  for (let index = grants.length - 1; index >= 0; index -= 1) {
    const grant = grants[index];
    const compiled = grant && compileAuthority(grant).tool(invocation.tool)?.gate;
    if (compiled === undefined || !isTriggered(compiled.when, invocation.arguments)) continue;
    const { gate } = compiled;
    const included = triggered.some(
      (deeper) => deeper.gate.approvers >= gate.approvers && isFrom(deeper.gate, gate),
    );
    if (!included) triggered.push({ index, gate });
  }
  return triggered;
}

/** All refusals of one grant, each argument once; for explaining. */
export function refusalsOf(
  grant: Grant,
  invocation: Invocation,
  isLeaf: boolean,
): readonly Omit<GrantRefusal, "index">[] {
  const { tool: name } = invocation;
  const refusals: Omit<GrantRefusal, "index">[] = [];
  if (!hears(grant.audience, invocation.audience)) {
    refusals.push({ code: "audience_mismatch", rule: "audience" });
  }
  const tool = compileAuthority(grant).tool(name);
  if (tool === undefined) return [...refusals, { code: "tool_not_granted", rule: name }];
  if (isLeaf && tool.delegateOnly) refusals.push({ code: "tool_delegate_only", rule: name });
  refusals.push(...argumentRefusals(tool, invocation));
  const ceiling = ceilingRefusal(grant.ceilings, invocation.arguments);
  return ceiling === undefined ? refusals : [...refusals, ceiling];
}

/** The first of {@link refusalsOf}, without making the others: this is the hot path. */
function judge(
  grant: Grant,
  invocation: Invocation,
  isLeaf: boolean,
): Omit<GrantRefusal, "index"> | undefined {
  const { tool: name, arguments: given, audience } = invocation;
  if (!hears(grant.audience, audience)) return { code: "audience_mismatch", rule: "audience" };
  const tool = compileAuthority(grant).tool(name);
  if (tool === undefined) return { code: "tool_not_granted", rule: name };
  if (isLeaf && tool.delegateOnly) return { code: "tool_delegate_only", rule: name };
  if (!tool.open && !isMet(tool, given)) return argumentRefusals(tool, invocation)[0];
  return grant.ceilings.length === 0 ? undefined : ceilingRefusal(grant.ceilings, given);
}

/** An empty list states no audience; see {@link Grant}. */
function hears(stated: readonly string[], audience: string): boolean {
  return stated.length === 0 || stated.includes(audience);
}

/** Fail closed: a check that throws refuses. */
function isMet({ checks }: CompiledTool, given: Invocation["arguments"]): boolean {
  const names = Object.keys(given);
  if (names.length !== checks.size) return false;
  try {
    for (const name of names) {
      const value = given[name];
      if (value === undefined || checks.get(name)?.(value) !== true) return false;
    }
    return true;
  } catch {
    return false;
  }
}

function argumentRefusals(
  tool: CompiledTool,
  { tool: name, arguments: given }: Invocation,
): Omit<GrantRefusal, "index">[] {
  if (tool.open) return [];
  const refusals: Omit<GrantRefusal, "index">[] = [];
  for (const argument of Object.keys(given)) {
    const check = tool.checks.get(argument);
    // The name of an argument that no grant knows is the sender's text.
    const rule = `${name}.${check !== undefined || isName(argument) ? argument : "?"}`;
    if (check === undefined) refusals.push({ code: "argument_unexpected", rule });
    else if (!passes(check, given[argument])) refusals.push({ code: "argument_refused", rule });
  }
  for (const argument of tool.checks.keys()) {
    if (Object.hasOwn(given, argument)) continue;
    refusals.push({ code: "argument_missing", rule: `${name}.${argument}` });
  }
  return refusals;
}

/** Fail closed: a check that throws refuses. */
function passes(check: Check, value: Json | undefined): boolean {
  if (value === undefined) return false;
  try {
    return check(value);
  } catch {
    return false;
  }
}

/** Fail closed: a condition that throws triggers. */
function isTriggered(when: ReadonlyMap<string, Check>, given: Invocation["arguments"]): boolean {
  for (const [argument, check] of when) {
    const value = Object.hasOwn(given, argument) ? given[argument] : undefined;
    if (value === undefined) continue;
    try {
      if (!check(value)) return false;
    } catch {
      return true;
    }
  }
  return true;
}
