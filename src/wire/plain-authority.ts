/**
 * Authorities that need no schema: shared tools, an audience and counts. The quick half of reading an authority back.
 *
 * INVARIANT: gives what reading the JSON of the authority would give, or undefined, which means nothing but: ask the schema.
 *
 * @module
 */
import type { JsonObject } from "../base/json-value.js";
import { plainGrantRest } from "./plain-request.js";
import { isSharedToolMap } from "./shared-tool-map.js";

/** Copies that were made here; nobody can have changed them since. */
const COPIES = new WeakSet<object>();
/** Audience, ceilings, limits, scopes, tools. */
const MEMBERS = 5;

/** What of an authority is looked at here. */
interface Shape {
  readonly audience: unknown;
  readonly ceilings: unknown;
  readonly limits: unknown;
  readonly scopes: unknown;
  readonly tools: unknown;
}

/** A frozen copy that is its own JSON; undefined for an authority that says more. */
export function plainAuthority(authority: Shape): JsonObject | undefined {
  const { audience, ceilings, limits, scopes, tools } = authority;
  if (!isSharedToolMap(tools) || Object.keys(authority).length !== MEMBERS) return undefined;
  if (!isEmptyList(ceilings) || !isEmptyList(scopes)) return undefined;
  const rest = plainGrantRest({ audience, limits });
  if (rest?.audience === undefined || rest.limits === undefined) return undefined;
  const copy = Object.freeze({
    audience: Object.freeze(rest.audience),
    ceilings: NOTHING,
    limits: Object.freeze(rest.limits),
    scopes: NOTHING,
    tools,
  });
  COPIES.add(copy);
  return copy as unknown as JsonObject;
}

const NOTHING: readonly never[] = Object.freeze([]);

/** Whether it is such a copy. */
export function isPlainAuthority(value: unknown): boolean {
  return typeof value === "object" && value !== null && COPIES.has(value);
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
