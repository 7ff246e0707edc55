/** Constraints of the agent-delegation draft: bounds on a named quantity of a request, or on a trusted total. @module */
import { z } from "zod";
import { canonicalize } from "../base/canonical.js";
import { isJsonNumber, type Json } from "../base/json.js";
import { CEILINGS_MAX, CONSTRAINT_VALUE_BYTES_MAX, CONSTRAINT_VALUES_MAX } from "../base/limits.js";

/** The types of the draft. `max_lifetime` and `max_subtree` are cumulative, the others are judged per action. */
export const CEILING_TYPES = [
  "max",
  "min",
  "max_lifetime",
  "max_subtree",
  "one_of",
  "not_one_of",
  "prefix",
  "rank",
] as const;
/** One of {@link CEILING_TYPES}. */
export type CeilingType = (typeof CEILING_TYPES)[number];

/**
 * `key` and exactly one member that names the type; `order` goes with `rank`. A type that is not in
 * {@link CEILING_TYPES} parses: it is kept, must be handed on byte for byte, and denies every action.
 */
export type Ceiling = Readonly<{ key: string }> & { readonly [member: string]: Json };

const KEY_CHARS_MAX = 256;
const bound = z.number().refine(isJsonNumber);
const text = z.string().max(CONSTRAINT_VALUE_BYTES_MAX);
const list = z.array(z.json()).max(CONSTRAINT_VALUES_MAX);
const order = z.array(text).min(2).max(CONSTRAINT_VALUES_MAX);

const BOUNDS: Readonly<Record<CeilingType, z.ZodType>> = {
  max: bound,
  min: bound,
  max_lifetime: bound,
  max_subtree: bound,
  one_of: list,
  not_one_of: list,
  prefix: text,
  rank: text,
};

const ceilingSchema: z.ZodType<Ceiling> = z
  .looseObject({ key: z.string().min(1).max(KEY_CHARS_MAX) })
  .refine((ceiling) => isCeiling(ceiling)) as unknown as z.ZodType<Ceiling>;

/** At most `CEILINGS_MAX`, none twice for one key and type. */
export const ceilingsSchema = z
  .array(ceilingSchema)
  .max(CEILINGS_MAX)
  .refine((ceilings) => new Set(ceilings.map(placeOfCeiling)).size === ceilings.length);

/** The member that names the type of a parsed ceiling. */
export function ceilingType(ceiling: Ceiling): string {
  return typeMembers(ceiling)[0] ?? "";
}

export function isCeilingType(type: string): type is CeilingType {
  return (CEILING_TYPES as readonly string[]).includes(type);
}

/** Key and type, told apart without doubt. */
function placeOfCeiling(ceiling: Ceiling): string {
  return canonicalize([ceiling.key, ceilingType(ceiling)]);
}

function isCeiling(ceiling: { key: string; [member: string]: unknown }): boolean {
  const types = typeMembers(ceiling);
  const type = types[0];
  if (type === undefined || types.length > 1) return false;
  if (!isCeilingType(type)) return !Object.hasOwn(ceiling, "order") && isJson(ceiling[type]);
  if (!BOUNDS[type].safeParse(ceiling[type]).success) return false;
  if (type !== "rank") return !Object.hasOwn(ceiling, "order");
  const steps = order.safeParse(ceiling.order);
  if (!steps.success || new Set(steps.data).size !== steps.data.length) return false;
  return steps.data.includes(String(ceiling.rank));
}

function typeMembers(ceiling: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(ceiling).filter((member) => member !== "key" && member !== "order");
}

function isJson(value: unknown): boolean {
  return z.json().safeParse(value).success;
}
