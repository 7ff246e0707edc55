/** Limits from parent to child: never loosened, and inherited where a child does not state them. @module */
import { compareDecimal, parseDecimal } from "../base/decimal.js";
import type { Authority, Limits } from "../wire/grant.js";
import { withoutPrototype } from "../wire/grant-limits.js";
import type { Proof } from "./constraint/rule.js";
import { isTighterGate } from "./gate.js";

type Bounded = Pick<Authority, "tools" | "limits">;

/** A self-link is no hop: it uses up no depth, and leaves none. */
export interface Descent {
  readonly selfLink?: boolean;
}

/**
 * The limits that `child` states beyond its parent's, as places: `limits.calls`, `limits.approval.pay.refund`. What it
 * does not state it inherits, and that is no escape.
 */
export function limitEscapes(
  parent: Bounded,
  child: Bounded,
  proof: Proof,
  how: Descent = {},
): string[] {
  const escapes = countEscapes(parent.limits, child.limits);
  if (isDeeper(parent.limits, child.limits, how)) escapes.push("limits.depth");
  escapes.push(...spendEscapes(parent.limits.spend, child.limits.spend));
  escapes.push(...gateEscapes(parent, child, proof));
  return escapes;
}

/** The child's limits with the parent's in place of those it does not state, for the tools that it holds. */
export function effectiveLimits(parent: Bounded, child: Bounded, how: Descent = {}): Limits {
  const own = child.limits;
  const held = (tool: string): boolean => Object.hasOwn(child.tools, tool);
  const depth = depthBelow(parent.limits, how);
  if (depth !== undefined && statesDepthAlone(parent.limits) && statesDepthAlone(own)) {
    return { depth: how.selfLink === true ? 0 : (own.depth ?? depth) };
  }
  // In order of names, as canonical text has them.
  return dropAbsent({
    approval: own.approval ?? gatesFor(parent.limits.approval, held),
    calls: own.calls ?? parent.limits.calls,
    children: own.children ?? parent.limits.children,
    delegateOnly: own.delegateOnly ?? toolsFor(parent.limits.delegateOnly, held),
    depth: how.selfLink === true ? 0 : (own.depth ?? depth),
    descendants: own.descendants ?? parent.limits.descendants,
    spend: own.spend ?? parent.limits.spend,
    useOnly: own.useOnly ?? toolsFor(parent.limits.useOnly, held),
  });
}

/** Most hops are limited in nothing else, and nothing else is then handed down. */
function statesDepthAlone(limits: Limits): boolean {
  for (const member in limits) if (member !== "depth") return false;
  return true;
}

/**
 * Whether only the coordinator can hold these limits: a link below them is a request, which guards refuse until it has
 * been exchanged.
 */
export function needsCoordinator({ children, descendants, approval }: Limits): boolean {
  if (children !== undefined || descendants !== undefined) return true;
  return approval !== undefined && Object.keys(approval).length > 0;
}

function countEscapes(parent: Limits, child: Limits): string[] {
  const escapes: string[] = [];
  // One by one: this runs for every token that is verified.
  if (isMore(child.calls, parent.calls)) escapes.push("limits.calls");
  if (isMore(child.children, parent.children)) escapes.push("limits.children");
  if (isMore(child.descendants, parent.descendants)) escapes.push("limits.descendants");
  return escapes;
}

function isMore(count: number | undefined, bound: number | undefined): boolean {
  return count !== undefined && bound !== undefined && count > bound;
}

function isDeeper(parent: Limits, child: Limits, how: Descent): boolean {
  const depth = depthBelow(parent, how);
  return depth !== undefined && (depth < 0 || (child.depth ?? depth) > depth);
}

/** Hops that may follow a child; below zero when there may be no child. */
function depthBelow(parent: Limits, how: Descent): number | undefined {
  if (parent.depth === undefined) return undefined;
  return how.selfLink === true ? parent.depth : parent.depth - 1;
}

/** Each currency stands for itself: none may be dropped, none exchanged for another. */
function spendEscapes(parent: Limits["spend"], child: Limits["spend"]): string[] {
  if (parent === undefined || child === undefined) return [];
  const currencies = new Set([...Object.keys(parent), ...Object.keys(child)]);
  return [...currencies]
    .filter((currency) => !isAtMost(own(child, currency), own(parent, currency)))
    .map((currency) => `limits.spend.${currency}`);
}

function isAtMost(amount: string | undefined, bound: string | undefined): boolean {
  if (amount === undefined || bound === undefined) return false;
  return compareDecimal(parseDecimal(amount), parseDecimal(bound)) <= 0;
}

/** A gate goes with its tool, never alone. */
function gateEscapes(parent: Bounded, child: Bounded, proof: Proof): string[] {
  const stated = child.limits.approval;
  if (stated === undefined || parent.limits.approval === undefined) return [];
  return Object.entries(parent.limits.approval)
    .filter(([tool, gate]) => {
      if (!Object.hasOwn(child.tools, tool)) return false;
      const kept = own(stated, tool);
      return kept === undefined || !isTighterGate(kept, gate, proof);
    })
    .map(([tool]) => `limits.approval.${tool}`);
}

function toolsFor(
  tools: readonly string[] | undefined,
  held: (tool: string) => boolean,
): readonly string[] | undefined {
  const kept = tools?.filter(held) ?? [];
  return kept.length === 0 ? undefined : kept;
}

function gatesFor(gates: Limits["approval"], held: (tool: string) => boolean): Limits["approval"] {
  const kept = Object.entries(gates ?? {}).filter(([tool]) => held(tool));
  return kept.length === 0 ? undefined : withoutPrototype(Object.fromEntries(kept));
}

function own<T>(map: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

/** Assigned one by one: this runs for every token that is verified. */
function dropAbsent(limits: { readonly [K in keyof Limits]: Limits[K] | undefined }): Limits {
  const stated: Record<string, unknown> = {};
  for (const member of Object.keys(limits) as (keyof Limits)[]) {
    if (limits[member] !== undefined) stated[member] = limits[member];
  }
  return stated as Limits;
}
