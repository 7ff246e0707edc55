/**
 * A second evaluator, as plain as possible: what a grant means, and when one lies inside another, by trying every value
 * of a small universe. Shares no code with the engine.
 *
 * @module
 */
import type { Constraint } from "../../src/wire/constraint.js";
import type { Gate, Grant, Limits } from "../../src/wire/grant.js";
import type { Invocation } from "../../src/wire/invocation.js";
import { plainMeets } from "./plain-constraint.js";
import { VALUES } from "./values.js";

export const ALL_VALUES = (1n << BigInt(VALUES.length)) - 1n;
const known = new Map<string, bigint>();

/** One bit for each value of the universe that the constraint lets through. */
export function admits(constraint: Constraint): bigint {
  const key = JSON.stringify(constraint);
  let bits = known.get(key);
  if (bits === undefined) {
    bits = 0n;
    for (const [i, value] of VALUES.entries()) {
      if (plainMeets(constraint, value)) bits |= 1n << BigInt(i);
    }
    known.set(key, bits);
  }
  return bits;
}

/** Whether `child` lets nothing through that `parent` does not, on the universe. */
export function isWithin(child: Constraint, parent: Constraint): boolean {
  return (admits(child) & ~admits(parent)) === 0n;
}

/** Whether every grant of the chain lets the call through. Grants as effective ones: limits inherited. */
export function plainAllows(grants: readonly Grant[], call: Invocation): boolean {
  const leaf = grants[grants.length - 1];
  if (leaf === undefined || (leaf.limits.delegateOnly ?? []).includes(call.tool)) return false;
  for (const grant of grants) {
    if (grant.audience.length > 0 && !grant.audience.includes(call.audience)) return false;
    const wanted = Object.entries(grant.tools).find(([tool]) => tool === call.tool)?.[1];
    if (wanted === undefined) return false;
    const names = Object.keys(wanted).sort();
    if (names.length === 0) continue;
    if (JSON.stringify(Object.keys(call.arguments).sort()) !== JSON.stringify(names)) return false;
    for (const name of names) {
      const constraint = wanted[name];
      const value = call.arguments[name];
      if (constraint === undefined || value === undefined) return false;
      if (!plainMeets(constraint, value)) return false;
    }
  }
  return true;
}

/** Where an offline child exceeds its parent. The parent is effective, the child as written. */
export function plainEscapes(parent: Grant, child: Grant): string[] {
  const places: string[] = [];
  for (const [tool, inner] of Object.entries(child.tools)) {
    const outer = Object.entries(parent.tools).find(([name]) => name === tool)?.[1];
    const kept = [...(parent.limits.useOnly ?? []), ...(parent.limits.delegateOnly ?? [])];
    if (outer === undefined || kept.includes(tool)) {
      places.push(`tools.${tool}`);
      continue;
    }
    if (Object.keys(outer).length === 0) continue;
    for (const name of new Set([...Object.keys(outer), ...Object.keys(inner)])) {
      const wider = outer[name];
      const narrower = inner[name];
      if (wider === undefined || narrower === undefined || !isWithin(narrower, wider)) {
        places.push(`tools.${tool}.${name}`);
      }
    }
  }
  for (const scope of child.scopes) {
    if (!parent.scopes.some((held) => plainCovers(held, scope))) places.push(`scopes.${scope}`);
  }
  if (
    parent.audience.length > 0 &&
    child.audience.some((name) => !parent.audience.includes(name))
  ) {
    places.push("audience");
  }
  if (child.expiresAt > parent.expiresAt) places.push("expiresAt");
  return [...places, ...plainLimitEscapes(parent.limits, child)];
}

function plainCovers(held: string, asked: string): boolean {
  if (held === asked) return true;
  const isLower = asked.toLowerCase() === asked;
  return held.endsWith(".*") && isLower && asked.startsWith(held.slice(0, -1));
}

function plainLimitEscapes(parent: Limits, child: Grant): string[] {
  const places: string[] = [];
  const own = child.limits;
  for (const member of ["calls", "children", "descendants"] as const) {
    const bound = parent[member];
    const stated = own[member];
    if (bound !== undefined && stated !== undefined && stated > bound)
      places.push(`limits.${member}`);
  }
  if (parent.depth !== undefined) {
    if (parent.depth === 0 || (own.depth !== undefined && own.depth >= parent.depth)) {
      places.push("limits.depth");
    }
  }
  if (parent.spend !== undefined && own.spend !== undefined) {
    for (const currency of new Set([...Object.keys(parent.spend), ...Object.keys(own.spend)])) {
      const bound = parent.spend[currency];
      const stated = own.spend[currency];
      const cents = (amount: string): number => Math.round(Number(amount) * 100);
      if (bound === undefined || stated === undefined || cents(stated) > cents(bound)) {
        places.push(`limits.spend.${currency}`);
      }
    }
  }
  for (const [tool, gate] of Object.entries(parent.approval ?? {})) {
    if (own.approval === undefined || !Object.keys(child.tools).includes(tool)) continue;
    const kept = own.approval[tool];
    if (kept === undefined || !plainTighter(kept, gate)) places.push(`limits.approval.${tool}`);
  }
  return places;
}

function plainTighter(child: Gate, parent: Gate): boolean {
  if (child.approvers < parent.approvers) return false;
  if (parent.from !== undefined) {
    const { from = [] } = child;
    if (from.length === 0 || from.some((id) => !parent.from?.includes(id))) return false;
  }
  // Each argument by itself: a gate asks about all of them, or about a call that lacks one.
  for (const [name, wider] of Object.entries(child.when ?? {})) {
    const narrower = parent.when?.[name];
    if (narrower === undefined) {
      if (admits(wider) !== ALL_VALUES) return false;
    } else if (!isWithin(narrower, wider)) return false;
  }
  return true;
}
