/** Authorities made ready for decisions: each tool's constraints are compiled when the tool is first asked for. @module */
import type { Constraint } from "../wire/constraint.js";
import type { Authority, Gate } from "../wire/grant.js";
import type { Check } from "./constraint/rule.js";
import { compile } from "./constraint-types.js";

/** A tool of an authority. */
export interface CompiledTool {
  /** No constraint at all: arguments are free. */
  readonly open: boolean;
  /** Argument to check; in a closed tool every argument of a call is here, and every one here is in the call. */
  readonly checks: ReadonlyMap<string, Check>;
  readonly delegateOnly: boolean;
  readonly gate: CompiledGate | undefined;
}

/** An approval gate and when it applies. */
export interface CompiledGate {
  readonly gate: Gate;
  readonly when: ReadonlyMap<string, Check>;
}

/** An authority, ready. */
export interface Compiled {
  readonly authority: Authority;
  /** Undefined when the authority does not hold the tool. */
  tool(name: string): CompiledTool | undefined;
}

const compiled = new WeakMap<Authority, Compiled>();

/**
 * The compiled form of an authority, made once per object. Nothing is compiled yet: each tool is at its first use.
 *
 * The authority must not change afterwards.
 */
export function compileAuthority(authority: Authority): Compiled {
  const known = compiled.get(authority);
  if (known !== undefined) return known;
  const tools = new Map<string, CompiledTool>();
  const made: Compiled = {
    authority,
    tool: (name) => {
      const ready = tools.get(name);
      if (ready !== undefined || !Object.hasOwn(authority.tools, name)) return ready;
      const tool = compileTool(authority, name);
      tools.set(name, tool);
      return tool;
    },
  };
  compiled.set(authority, made);
  return made;
}

function compileTool({ tools, limits }: Authority, name: string): CompiledTool {
  const checks = compileMap(tools[name], false);
  const { approval = {} } = limits;
  const gate = Object.hasOwn(approval, name) ? approval[name] : undefined;
  return {
    open: checks.size === 0,
    checks,
    delegateOnly: limits.delegateOnly?.includes(name) === true,
    gate: gate === undefined ? undefined : { gate, when: compileMap(gate.when, true) },
  };
}

/** Fail closed: what cannot be compiled, because it was never parsed, gets the answer that is safe where it stands. */
function compileMap(
  map: Authority["tools"][string] | undefined,
  whenBroken: boolean,
): ReadonlyMap<string, Check> {
  const checks = new Map<string, Check>();
  for (const [name, constraint] of Object.entries(map ?? {})) {
    checks.set(name, compileOr(constraint, whenBroken));
  }
  return checks;
}

function compileOr(constraint: Constraint, whenBroken: boolean): Check {
  try {
    return compile(constraint);
  } catch {
    return () => whenBroken;
  }
}
