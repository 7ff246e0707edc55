/** From a schema's complaints to a refusal: names the place that is wrong, never what stands there. @module */
import type { z } from "zod";
import type { Code } from "../base/codes.js";
import { DelegationError } from "../base/error.js";
import { JSON_DEPTH_MAX } from "../base/limits.js";

/**
 * Parses `input` with `schema`, or with the quick half of it that is written by hand: see `plain-request.ts`.
 *
 * Refuses nesting beyond `JSON_DEPTH_MAX` and members named `__proto__` (schemas of maps would drop them in silence)
 * before the schema sees the input.
 *
 * @param looked Part of the input that is known to have neither.
 * @throws {DelegationError} `code`, with the dotted place as rule; `unknown_constraint` for a constraint type that is
 *   not in the vocabulary.
 */
export function parseShape<T>(
  schema: z.ZodType<T>,
  input: unknown,
  code: Code,
  root: readonly PropertyKey[] = [],
  quick?: (input: unknown) => T | undefined,
  looked?: object,
): T {
  const fault = faultOf(input, JSON_DEPTH_MAX, looked);
  if (fault !== undefined) {
    const rule = placeOf([...root, ...fault.where.reverse().slice(0, PLACE_PARTS_MAX)]);
    throw new DelegationError(code, `${fault.why} at ${rule}`, { rule });
  }
  const plain = quick?.(input);
  if (plain !== undefined) return plain;
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  // An unknown member is named itself, not only the object that it stands in.
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const rule = placeOf([...root, ...(issue?.path ?? []), ...unknown]);
  if (issue !== undefined && isUnknownConstraint(issue, input)) {
    throw new DelegationError("unknown_constraint", `unknown constraint type at ${rule}`, { rule });
  }
  throw new DelegationError(code, `not of the required shape at ${rule}`, { rule });
}

/** A dotted place; parts that are not plain names are shown as `?`, so that a refusal cannot carry text of the sender. */
function placeOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "(whole)";
  return path
    .map((part) => (typeof part === "number" || PLAIN.test(String(part)) ? String(part) : "?"))
    .join(".");
}

/** Parts of a place that a refusal names; what is nested deeper than any grant has no place worth naming. */
const PLACE_PARTS_MAX = 8;
const PLAIN = /^[A-Za-z0-9_.:/@-]{1,128}$/;

/** What is wrong with a value before any schema sees it, and where, innermost part first. */
interface Fault {
  readonly why: string;
  readonly where: PropertyKey[];
}

function faultOf(value: unknown, depth: number, looked: object | undefined): Fault | undefined {
  if (typeof value !== "object" || value === null || value === looked) return undefined;
  if (depth === 0) return { why: "nested too deeply", where: [] };
  if (Object.hasOwn(value, "__proto__")) return { why: "a member is named __proto__", where: [] };
  for (const name of Object.keys(value)) {
    const member: unknown = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof member !== "object" || member === null) continue;
    const fault = faultOf(member, depth - 1, looked);
    if (fault === undefined) continue;
    fault.where.push(name);
    return fault;
  }
  return undefined;
}

/** Zod says that no option of the union has this discriminator; a missing one is a matter of shape. */
function isUnknownConstraint(issue: z.core.$ZodIssue, input: unknown): boolean {
  if (issue.code !== "invalid_union" || issue.path.at(-1) !== "constraint_type") return false;
  let value: unknown = input;
  for (const part of issue.path) {
    if (typeof value !== "object" || value === null) return false;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[part];
  }
  return typeof value === "string";
}
