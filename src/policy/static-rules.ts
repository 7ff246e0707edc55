/** A policy engine for rules that stand in a file: denials override, order means nothing, doubt denies. @module */
import type { Json } from "../base/json-value.js";
import { compile } from "../grant/constraint-types.js";
import type { Constraint } from "../wire/constraint.js";
import { parsePolicy, type StaticRule } from "../wire/policy.js";
import type { Obligation, PolicyDecision, PolicyEngine, PolicyRequest } from "./engine.js";

/**
 * Makes an engine of rules in JSON, compiled once.
 *
 * Any `deny` rule that applies denies. Else any `require_approval` rule that applies allows, with its obligation: all that
 * apply must be met. Else any `allow` rule, else the set's default. A condition on an argument that the call lacks counts as met in
 * a rule that restricts and as not met in one that allows; a condition on a fact that the guard does not know makes the
 * whole decision `policy_failed`.
 *
 * @throws {DelegationError} `config_invalid`, `unknown_constraint`
 */
export function staticRules(input: unknown): StaticEngine {
  const policy = parsePolicy(input);
  const rules = policy.rules.map(compileRule);
  return {
    version: policy.version,
    decide: (request) => decide(rules, policy.default, request),
  };
}

/** Needs nobody to wait. */
export interface StaticEngine extends PolicyEngine {
  decide(request: PolicyRequest): PolicyDecision;
}

type Met = boolean | "unknown";
interface CompiledRule {
  readonly rule: StaticRule;
  readonly conditions: readonly ((request: PolicyRequest) => Met)[];
}

function decide(
  rules: readonly CompiledRule[],
  fallback: "allow" | "deny",
  request: PolicyRequest,
): PolicyDecision {
  const applying: StaticRule[] = [];
  for (const compiled of rules) {
    const met = applies(compiled, request);
    if (met === "unknown")
      return { effect: "deny", rules: [compiled.rule.id], code: "policy_failed" };
    if (met) applying.push(compiled.rule);
  }
  const named = (effect: StaticRule["effect"]) => applying.filter((rule) => rule.effect === effect);
  const denying = named("deny");
  if (denying.length > 0) return { effect: "deny", rules: idsOf(denying), code: "policy_denied" };
  const asking = named("require_approval");
  if (asking.length > 0) {
    return { effect: "allow", rules: idsOf(asking), obligations: asking.map(obligationOf) };
  }
  const allowing = named("allow");
  if (allowing.length > 0) return { effect: "allow", rules: idsOf(allowing), obligations: [] };
  if (fallback === "allow") return { effect: "allow", rules: [], obligations: [] };
  return { effect: "deny", rules: [], code: "policy_denied" };
}

function applies({ conditions }: CompiledRule, request: PolicyRequest): Met {
  let met: Met = true;
  for (const condition of conditions) {
    const one = condition(request);
    if (one === false) return false;
    if (one === "unknown") met = "unknown";
  }
  return met;
}

function compileRule(rule: StaticRule): CompiledRule {
  const { when, effect } = rule;
  const conditions: ((request: PolicyRequest) => Met)[] = [];
  const text = (
    patterns: readonly string[] | undefined,
    of: (request: PolicyRequest) => string,
  ) => {
    if (patterns !== undefined) conditions.push((request) => matchesAny(patterns, of(request)));
  };
  text(when.tenants, (request) => request.tenant);
  text(when.tools, (request) => request.tool);
  text(when.audiences, (request) => request.audience);
  text(when.agents, (request) => request.hops.at(-1)?.agent ?? "");
  const { anyAgent, principals, identity, hops } = when;
  if (anyAgent !== undefined) {
    conditions.push((request) => request.hops.some(({ agent }) => matchesAny(anyAgent, agent)));
  }
  if (principals !== undefined) {
    conditions.push(({ principal }) =>
      principals.some(
        (one) => matches(one.issuer, principal.issuer) && matches(one.subject, principal.subject),
      ),
    );
  }
  if (identity !== undefined) {
    conditions.push((request) => allProven(request) === (identity === "proven"));
  }
  if (hops !== undefined) {
    const { min = 0, max = Number.POSITIVE_INFINITY } = hops;
    conditions.push((request) => request.hops.length >= min && request.hops.length <= max);
  }
  const whenAbsent = effect !== "allow";
  conditions.push(
    ...members(when.arguments, (request) => request.arguments, whenAbsent),
    ...members(when.context, (request) => request.context, "unknown"),
  );
  return { rule, conditions };
}

function members(
  constraints: Readonly<Record<string, Constraint>> | undefined,
  of: (request: PolicyRequest) => Readonly<Record<string, Json>>,
  whenAbsent: Met,
): ((request: PolicyRequest) => Met)[] {
  return Object.entries(constraints ?? {}).map(([name, constraint]) => {
    const check = compile(constraint);
    return (request) => {
      const values = of(request);
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      return value === undefined ? whenAbsent : check(value);
    };
  });
}

function allProven({ hops }: PolicyRequest): boolean {
  return hops.length > 0 && hops.every(({ identity }) => identity === "proven");
}

function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matches(pattern, text));
}

function matches(pattern: string, text: string): boolean {
  return pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

function obligationOf({ approval }: StaticRule): Obligation {
  const { approvers = 1, from } = approval ?? {};
  return { kind: "require_approval", approvers, ...(from === undefined ? {} : { from }) };
}

function idsOf(rules: readonly StaticRule[]): string[] {
  return rules.map(({ id }) => id);
}
