/** Explanations: which hop says no, by which rule, to what, and the smallest change that would pass. @module */
import { canonicalize } from "../base/canonical.js";
import type { Grant } from "../wire/grant.js";
import type { Invocation } from "../wire/invocation.js";
import { describe } from "./describe.js";
import { type GrantRefusal, refusalsOf } from "./evaluate.js";

/** Why a chain refuses an invocation. */
export interface Explanation {
  /** The hop that refuses; of several, the one nearest to the root. */
  readonly hop: string;
  /** Its rule: `files.read.path`. */
  readonly rule: string;
  readonly code: GrantRefusal["code"];
  /** What was asked, as to that rule. Argument values only for the operator; for others their kind. */
  readonly asked: string;
  /** Everything that has to change for the call to pass all hops; nothing that need not. */
  readonly wouldPass: readonly string[];
}

/** Who reads the explanation. */
export interface ExplainOptions {
  /** The operator may see the values of arguments. */
  readonly operator?: boolean;
}

/**
 * Explains a refusal; undefined when no grant refuses.
 *
 * @param hops Hop ids for `grants`, same order and length.
 */
export function explain(
  grants: readonly Grant[],
  hops: readonly string[],
  invocation: Invocation,
  { operator = false }: ExplainOptions = {},
): Explanation | undefined {
  const refusals = grants.flatMap((grant, index) =>
    refusalsOf(grant, invocation, index === grants.length - 1).map((refusal) => ({
      ...refusal,
      index,
    })),
  );
  const first = refusals[0];
  if (first === undefined) return undefined;
  return {
    hop: hops[first.index] ?? String(first.index),
    rule: first.rule,
    code: first.code,
    asked: asked(first, invocation, operator),
    wouldPass: [...changes(refusals, grants, hops, invocation).values()],
  };
}

function asked(refusal: GrantRefusal, invocation: Invocation, operator: boolean): string {
  switch (refusal.code) {
    case "audience_mismatch":
      return `a call at ${invocation.audience}`;
    case "tool_not_granted":
    case "tool_delegate_only":
      return `use of ${invocation.tool}`;
    case "argument_missing":
      return `${refusal.rule}, absent`;
    case "argument_unexpected":
    case "argument_refused":
      return `${refusal.rule}, ${shown(invocation, argumentOf(refusal, invocation), operator)}`;
    default:
      return refusal.rule;
  }
}

/** One change per rule. Deeper grants are narrower, so what the deepest asks for passes those above it too. */
function changes(
  refusals: readonly GrantRefusal[],
  grants: readonly Grant[],
  hops: readonly string[],
  invocation: Invocation,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const refusal of refusals) {
    const hop = hops[refusal.index] ?? String(refusal.index);
    found.set(refusal.rule, changeFor(refusal, grants[refusal.index], hop, invocation));
  }
  return found;
}

function changeFor(
  refusal: GrantRefusal,
  grant: Grant | undefined,
  hop: string,
  invocation: Invocation,
): string {
  const argument = argumentOf(refusal, invocation);
  const constraint = grant?.tools[invocation.tool]?.[argument];
  switch (refusal.code) {
    case "audience_mismatch":
      return `call at one of ${grant?.audience.join(", ")}`;
    case "tool_not_granted":
      return `a grant of ${invocation.tool} to hop ${hop} and to those below it`;
    case "tool_delegate_only":
      return `delegate ${invocation.tool} to another agent, online`;
    case "argument_unexpected":
      return `leave out ${argument}`;
    case "argument_missing":
    case "argument_refused":
      return `${argument}: ${constraint === undefined ? "as granted" : describe(constraint)}`;
    default:
      return `stay within ${refusal.rule}`;
  }
}

/** Rules about arguments are the tool's name, a dot and the argument's name. */
function argumentOf({ rule }: GrantRefusal, { tool }: Invocation): string {
  return rule.slice(tool.length + 1);
}

function shown(invocation: Invocation, argument: string, operator: boolean): string {
  const value = Object.hasOwn(invocation.arguments, argument)
    ? invocation.arguments[argument]
    : undefined;
  if (value === undefined) return "not shown";
  if (operator) return canonicalize(value);
  if (value === null) return "null";
  if (typeof value !== "object") return `a ${typeof value}`;
  return Array.isArray(value) ? "an array" : "an object";
}
