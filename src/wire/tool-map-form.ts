/**
 * Whether JSON is a map of tools as it stands, by hand: the schema's quick half, for tokens on the hot path.
 *
 * INVARIANT: says yes only to what `constraintMapSchema` takes and hands back unchanged. A no means nothing but: ask the
 * schema, which knows why.
 *
 * @module
 */
import { isJsonNumber, type Json, type JsonObject } from "../base/json.js";
import { ARGUMENTS_MAX, CONSTRAINT_VALUES_MAX, TOOLS_MAX } from "../base/limits.js";
import type { Constraint, ConstraintType } from "./constraint.js";
import { parseGlob } from "./glob.js";
import { isName } from "./grant-limits.js";
import { isHostPattern } from "./host.js";
import { parseInstant } from "./instant.js";
import { parseNetwork } from "./ip.js";
import { isNormalPath } from "./path.js";

type Maps = Readonly<Record<string, Readonly<Record<string, Constraint>>>>;

/** Whether `value` is a map of tools, on both levels without prototype, whose constraints are all of the common forms. */
export function isPlainToolMap(value: Json | undefined): value is Json & Maps {
  if (!isBareMap(value)) return false;
  let tools = 0;
  for (const tool in value) {
    tools += 1;
    if (tools > TOOLS_MAX || !isName(tool) || !isArguments(value[tool])) return false;
  }
  return true;
}

/**
 * A copy of such a map from an object that somebody may still change, its names in ascending order; undefined when the
 * schema has to look.
 */
export function copyPlainToolMap(value: unknown): Maps | undefined {
  const copy = copied(value, COPIED_DEPTH);
  return copy !== undefined && isPlainToolMap(copy) ? copy : undefined;
}

/** Tools, arguments, constraint, list, value. */
const COPIED_DEPTH = 5;

function copied(value: unknown, depth: number): Json | undefined {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value !== "object" || depth === 0) return undefined;
  return Array.isArray(value) ? copiedItems(value, depth - 1) : copiedMembers(value, depth - 1);
}

function copiedItems(items: readonly unknown[], depth: number): Json[] | undefined {
  const copies: Json[] = [];
  for (const item of items) {
    const copy = copied(item, depth);
    if (copy === undefined) return undefined;
    copies.push(copy);
  }
  return copies;
}

function copiedMembers(members: object, depth: number): JsonObject | undefined {
  const prototype: unknown = Object.getPrototypeOf(members);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  const copies = Object.create(null) as JsonObject;
  for (const name of Object.keys(members).sort()) {
    const copy = copied((members as Readonly<Record<string, unknown>>)[name], depth);
    if (copy === undefined) return undefined;
    copies[name] = copy;
  }
  return copies;
}

function isArguments(value: Json | undefined): boolean {
  if (!isBareMap(value)) return false;
  let count = 0;
  for (const argument in value) {
    count += 1;
    if (count > ARGUMENTS_MAX || !isName(argument) || !isConstraint(value[argument])) return false;
  }
  return true;
}

/** Without a prototype, `for in` meets own members only. */
function isBareMap(value: Json | undefined): value is JsonObject {
  return isObject(value) && Object.getPrototypeOf(value) === null;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isConstraint(value: Json | undefined): boolean {
  if (!isObject(value)) return false;
  const form = FORMS.get(value.constraint_type);
  if (form === undefined) return false;
  let found = 0;
  for (const member in value) {
    if (member === "constraint_type") continue;
    const check = form.members[member];
    if (check === undefined || !check(value[member])) return false;
    found += 1;
  }
  return found >= form.due;
}

/** Members of a type and how many must be there: all or none of them, in every type that is listed. */
interface Form {
  readonly members: Readonly<Record<string, (value: Json | undefined) => boolean>>;
  readonly due: number;
}

const SHORT = 1_024;

/** Longer text could be more bytes than its ceiling: the schema counts. */
function isShort(value: Json | undefined): value is string {
  return typeof value === "string" && value.length <= SHORT;
}

function isScalar(value: Json | undefined): boolean {
  if (typeof value === "number") return isJsonNumber(value);
  return isShort(value) || typeof value === "boolean" || value === null;
}

function isScalars(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length <= CONSTRAINT_VALUES_MAX && value.every(isScalar);
}

function isNumber(value: Json | undefined): boolean {
  return typeof value === "number" && isJsonNumber(value);
}

function isFlag(value: Json | undefined): boolean {
  return typeof value === "boolean";
}

function isSize(value: Json | undefined): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isInstant(value: Json | undefined): boolean {
  return isShort(value) && parseInstant(value) !== undefined;
}

function isHosts(value: Json | undefined): boolean {
  if (!Array.isArray(value) || value.length < 1 || value.length > CONSTRAINT_VALUES_MAX)
    return false;
  return value.every((host) => isShort(host) && isHostPattern(host));
}

/** Types with clauses, and members that are seldom given, are the schema's. */
const FORMS: ReadonlyMap<Json | undefined, Form> = new Map<ConstraintType, Form>([
  ["exact", formOf({ value: isScalar }, 1)],
  [
    "range",
    formOf({ min: isNumber, max: isNumber, min_inclusive: isFlag, max_inclusive: isFlag }, 0),
  ],
  ["one_of", formOf({ values: isScalars }, 1)],
  ["not_one_of", formOf({ excluded: isScalars }, 1)],
  ["contains", formOf({ required: isScalars }, 1)],
  ["subset", formOf({ allowed: isScalars }, 1)],
  ["wildcard", formOf({}, 0)],
  ["prefix", formOf({ value: isShort }, 1)],
  ["path", formOf({ under: (value) => isShort(value) && isNormalPath(value) }, 1)],
  ["pattern", formOf({ value: (value) => isShort(value) && parseGlob(value) !== undefined }, 1)],
  ["cidr", formOf({ network: (value) => isShort(value) && parseNetwork(value) !== undefined }, 1)],
  ["host", formOf({ hosts: isHosts }, 1)],
  ["time_window", formOf({ from: isInstant, until: isInstant }, 0)],
  ["length", formOf({ min: isSize, max: isSize }, 0)],
]);

function formOf(members: Form["members"], due: number): Form {
  return { members: Object.assign(Object.create(null) as Form["members"], members), due };
}
