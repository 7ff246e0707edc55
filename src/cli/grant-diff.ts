/** What a hop lost, narrowed and kept of its parent's grant. @module */
import { canonicalize } from "../base/canonical.js";
import { coversAny } from "../grant/scope.js";
import type { Authority, Constraint, Limits } from "../wire/grant.js";
import { terse } from "./constraint-words.js";

/** One right or limit that a child has in a narrower form. */
export interface Narrowing {
  /** The tool, the limit, `audience`, or the scope: `files.read`, `limits.calls`. */
  readonly of: string;
  /** The same with the argument: `files.read.path`. */
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/** Names are tools and scopes; `narrowed` also has limits and audience. */
export interface GrantDiff {
  readonly kept: readonly string[];
  readonly dropped: readonly string[];
  readonly narrowed: readonly Narrowing[];
}

/** How `child` differs from the `parent` that it lies in. */
export function diffGrants(parent: Authority, child: Authority): GrantDiff {
  const kept: string[] = [];
  const dropped: string[] = [];
  const narrowed: Narrowing[] = [];
  for (const [tool, outer] of sorted(parent.tools)) {
    const inner = child.tools[tool];
    if (inner === undefined) {
      dropped.push(tool);
      continue;
    }
    const changes = argumentChanges(tool, outer, inner);
    if (changes.length === 0) kept.push(tool);
    narrowed.push(...changes);
  }
  for (const scope of [...parent.scopes].sort()) {
    const within = child.scopes.filter((inner) => coversAny([scope], inner));
    if (within.includes(scope)) kept.push(scope);
    else if (within.length === 0) dropped.push(scope);
    else narrowed.push({ of: scope, what: scope, from: scope, to: within.join(" ") });
  }
  narrowed.push(...audienceChange(parent, child), ...limitChanges(parent.limits, child.limits));
  return { kept, dropped, narrowed };
}

function argumentChanges(
  tool: string,
  outer: Readonly<Record<string, Constraint>>,
  inner: Readonly<Record<string, Constraint>>,
): Narrowing[] {
  if (Object.keys(outer).length === 0 && Object.keys(inner).length > 0) {
    const to = Object.entries(inner).map(([name, constraint]) => `${name}: ${terse(constraint)}`);
    return [{ of: tool, what: tool, from: "any arguments", to: to.join("; ") }];
  }
  return sorted(outer).flatMap(([name, before]) => {
    const after = inner[name];
    if (after === undefined || canonicalize(before) === canonicalize(after)) return [];
    return [{ of: tool, what: `${tool}.${name}`, from: terse(before), to: terse(after) }];
  });
}

function audienceChange(parent: Authority, child: Authority): Narrowing[] {
  const from = parent.audience.join(" ");
  const to = child.audience.join(" ");
  return from === to
    ? []
    : [{ of: "audience", what: "audience", from: from || "any", to: to || "any" }];
}

/** Depth shrinks by itself with each hop: that is no news. */
function limitChanges(parent: Limits, child: Limits): Narrowing[] {
  const before = new Map(limitLines(parent));
  return limitLines(child).flatMap(([what, to]) => {
    const from = before.get(what) ?? "none";
    const isOneLess = what === "depth" && (parent.depth ?? 0) - (child.depth ?? 0) === 1;
    return from === to || isOneLess
      ? []
      : [{ of: `limits.${what}`, what: `limits.${what}`, from, to }];
  });
}

/** Each limit that is stated, in words. */
export function limitLines(limits: Limits): (readonly [name: string, value: string])[] {
  const lines: (readonly [string, string])[] = [];
  for (const name of ["calls", "children", "descendants", "depth"] as const) {
    const value = limits[name];
    if (value !== undefined) lines.push([name, String(value)]);
  }
  for (const [currency, amount] of Object.entries(limits.spend ?? {})) {
    lines.push([`spend.${currency}`, amount]);
  }
  for (const name of ["delegateOnly", "useOnly"] as const) {
    const tools = limits[name];
    if (tools !== undefined && tools.length > 0) lines.push([name, tools.join(" ")]);
  }
  for (const [tool, gate] of Object.entries(limits.approval ?? {})) {
    const when = Object.entries(gate.when ?? {}).map(([name, it]) => `${name} is ${terse(it)}`);
    const people = gate.approvers === 1 ? "1 person" : `${gate.approvers} people`;
    lines.push([`approval.${tool}`, [people, ...when].join(" when ")]);
  }
  return lines;
}

/** By name, so that one grant is told in one order wherever it was kept. */
function sorted<T>(map: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
