/** Ceilings: the constraints of the agent-delegation draft. Tightened hop by hop, judged on a request. @module */
import { canonicalize } from "../base/canonical.js";
import type { Code } from "../base/codes.js";
import type { Json } from "../base/json-value.js";
import { type Ceiling, ceilingType, isCeilingType } from "../wire/ceiling.js";

/** Trusted totals by ceiling key, this action included. Never taken from the request. */
export interface Totals {
  /** Used under the token that states the ceiling. */
  readonly lifetime: ReadonlyMap<string, number>;
  /** Used under the token that states the ceiling and all its descendants. */
  readonly subtree: ReadonlyMap<string, number>;
}

/** Ways to judge ceilings. */
export interface CeilingOptions {
  /** None: every cumulative ceiling denies. */
  readonly totals?: Totals;
  /** What a ceiling per action says when the request lacks its key; the draft leaves it open. Default: deny. */
  readonly whenAbsent?: "deny" | "allow";
}

/**
 * The ceilings of a parent that a child drops or loosens, as places: `ceilings.max_rows.max`.
 *
 * A child may add ceilings. No type stands in for another. A type that is not known must be handed on identically.
 */
export function ceilingEscapes(parent: readonly Ceiling[], child: readonly Ceiling[]): string[] {
  return parent.filter((outer) => !child.some((inner) => isTighter(inner, outer))).map(placeOf);
}

/** Why a request is refused: the code and the place of the first ceiling that it passes; undefined when it passes none. */
export function ceilingRefusal(
  ceilings: readonly Ceiling[],
  request: Readonly<Record<string, Json>>,
  options: CeilingOptions = {},
): { readonly code: Code; readonly rule: string } | undefined {
  for (const ceiling of ceilings) {
    const type = ceilingType(ceiling);
    if (!isCeilingType(type)) return { code: "unknown_constraint", rule: placeOf(ceiling) };
    if (!holds(ceiling, type, request, options)) {
      return { code: "ceiling_exceeded", rule: placeOf(ceiling) };
    }
  }
  return undefined;
}

function holds(
  ceiling: Ceiling,
  type: string,
  request: Readonly<Record<string, Json>>,
  { totals, whenAbsent = "deny" }: CeilingOptions,
): boolean {
  const bound = ceiling[type] ?? null;
  if (type === "max_lifetime") return atMost(totals?.lifetime.get(ceiling.key), bound);
  if (type === "max_subtree") return atMost(totals?.subtree.get(ceiling.key), bound);
  if (!Object.hasOwn(request, ceiling.key)) return whenAbsent === "allow";
  const value = request[ceiling.key] ?? null;
  switch (type) {
    case "max":
      return atMost(value, bound);
    case "min":
      return atMost(bound, value);
    case "one_of":
      return listOf(bound).some((member) => isSame(member, value));
    case "not_one_of":
      return !listOf(bound).some((member) => isSame(member, value));
    case "prefix":
      return startsWith(value, bound);
    case "rank":
      return rankOf(ceiling, value) >= 0 && rankOf(ceiling, value) <= rankOf(ceiling, bound);
    default:
      return false;
  }
}

function isTighter(child: Ceiling, parent: Ceiling): boolean {
  const type = ceilingType(parent);
  if (child.key !== parent.key || ceilingType(child) !== type) return false;
  const inner = child[type] ?? null;
  const outer = parent[type] ?? null;
  switch (type) {
    case "max":
    case "max_lifetime":
    case "max_subtree":
      return atMost(inner, outer);
    case "min":
      return atMost(outer, inner);
    case "one_of":
      return includesAll(outer, inner);
    case "not_one_of":
      return includesAll(inner, outer);
    case "prefix":
      return startsWith(inner, outer);
    case "rank":
      return isSame(child.order, parent.order) && rankOf(parent, inner) <= rankOf(parent, outer);
    default:
      return isSame(child, parent);
  }
}

function placeOf(ceiling: Ceiling): string {
  return `ceilings.${ceiling.key}.${ceilingType(ceiling)}`;
}

function atMost(value: Json | undefined, bound: Json): boolean {
  return typeof value === "number" && typeof bound === "number" && value <= bound;
}

function startsWith(value: Json, start: Json): boolean {
  return typeof value === "string" && typeof start === "string" && value.startsWith(start);
}

function includesAll(larger: Json, smaller: Json): boolean {
  const texts = new Set(listOf(larger).map(canonicalize));
  return listOf(smaller).every((member) => texts.has(canonicalize(member)));
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** Position in `order`, least permissive first; -1 when it is not there. */
function rankOf(ceiling: Ceiling, value: Json): number {
  return listOf(ceiling.order ?? null).indexOf(value);
}

/** Equal in canonical JSON (RFC 8785). */
function isSame(a: Json | Ceiling | undefined, b: Json | Ceiling | undefined): boolean {
  return a !== undefined && b !== undefined && canonicalize(a) === canonicalize(b);
}
