/** Limits: what the drafts cannot say. Our own authorization detail, `delegation_limits`. @module */
import { z } from "zod";
import { parseDecimal } from "../base/decimal.js";
import type { Json, JsonObject } from "../base/json-value.js";
import {
  APPROVERS_MAX,
  ARGUMENTS_MAX,
  CONSTRAINT_DEPTH_MAX,
  CURRENCIES_MAX,
  HOPS_MAX,
  NAME_CHARS_MAX,
  TOOL_NAME_BYTES_MAX,
  TOOLS_MAX,
} from "../base/limits.js";
import { type Constraint, constraintDepth, constraintSchema } from "./constraint.js";
import { parseShape } from "./shape.js";

/** Type of the authorization detail that carries {@link Limits}. */
export const LIMITS_DETAIL_TYPE = "delegation_limits";

/** No control, format, separator or surrogate characters. Otherwise byte-exact: no folding, no name spaces. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** What nearly all names are, letters and a few marks: each character is one byte. */
function isPlainName(name: string): boolean {
  const { length } = name;
  if (length === 0 || length > TOOL_NAME_BYTES_MAX) return false;
  for (let at = 0; at < length; at++) {
    const unit = name.charCodeAt(at);
    if (unit < 0x20 || unit > 0x7e) return false;
  }
  return true;
}

/** Whether `name` can name a tool or an argument. */
export function isName(name: string): boolean {
  if (isPlainName(name)) return name !== "__proto__";
  if (name === "" || name === "__proto__" || UNPRINTABLE.test(name)) return false;
  return Buffer.byteLength(name) <= TOOL_NAME_BYTES_MAX;
}

export const nameSchema = z.string().refine(isName);

/** Argument to constraint. */
export const constraintMapSchema = z
  .record(
    nameSchema,
    constraintSchema.refine((constraint) => constraintDepth(constraint) <= CONSTRAINT_DEPTH_MAX),
  )
  .refine((map) => Object.keys(map).length <= ARGUMENTS_MAX)
  .transform(withoutPrototype);

const approverIds = z
  .array(z.string().min(1).max(NAME_CHARS_MAX))
  .min(1)
  .refine((ids) => new Set(ids).size === ids.length);

const gateSchema = z
  .strictObject({
    when: constraintMapSchema.optional(),
    approvers: z.int().positive().max(APPROVERS_MAX),
    from: approverIds.optional(),
  })
  .refine(({ approvers, from }) => from === undefined || from.length >= approvers);

/**
 * Approval that a call needs. `when`: only calls whose arguments meet all of these, or lack one of them; absent: every
 * call. `from`: ids of the people who may approve, when only they may.
 */
export interface Gate {
  readonly when?: Readonly<Record<string, Constraint>>;
  readonly approvers: number;
  readonly from?: readonly string[];
}

const amount = z.string().refine(isDecimal);
const toolNames = z
  .array(nameSchema)
  .max(TOOLS_MAX)
  .refine((names) => new Set(names).size === names.length);
const count = z.int().nonnegative();

/** The members as they stand in memory and in what a person writes. */
export const limitsSchema = z.strictObject({
  calls: count.optional(),
  spend: z
    .record(z.string().regex(/^[A-Z]{3}$/), amount)
    .refine((spend) => Object.keys(spend).length <= CURRENCIES_MAX)
    .transform(withoutPrototype)
    .optional(),
  children: count.optional(),
  descendants: count.optional(),
  depth: count.max(HOPS_MAX).optional(),
  delegateOnly: toolNames.optional(),
  useOnly: toolNames.optional(),
  approval: z
    .record(nameSchema, gateSchema)
    .refine((gates) => Object.keys(gates).length <= TOOLS_MAX)
    .transform(withoutPrototype)
    .optional(),
});

/** Budgets and rights of a hop and everything below it. A member that is absent states nothing. */
export interface Limits {
  /** Uses of tools, by the hop and its whole subtree. */
  readonly calls?: number;
  /** Currency (three capital letters) to decimal amount, for the whole subtree. */
  readonly spend?: Readonly<Record<string, string>>;
  /** Hops directly below. */
  readonly children?: number;
  /** Hops below, at any depth. */
  readonly descendants?: number;
  /** Hops that may still follow on any path downward. */
  readonly depth?: number;
  /** Tools to hand on, not to use. */
  readonly delegateOnly?: readonly string[];
  /** Tools to use, not to hand on. */
  readonly useOnly?: readonly string[];
  /** Tool to the approval that its use needs. */
  readonly approval?: Readonly<Record<string, Gate>>;
}

const MEMBERS = {
  approval: "approval",
  calls: "calls",
  children: "children",
  delegateOnly: "delegate_only",
  depth: "depth",
  descendants: "descendants",
  spend: "spend",
  useOnly: "use_only",
} as const satisfies Record<keyof Limits, string>;

const { delegateOnly, useOnly, ...shared } = limitsSchema.shape;
const limitsDetailSchema = z.strictObject({
  type: z.literal(LIMITS_DETAIL_TYPE),
  ...shared,
  delegate_only: delegateOnly,
  use_only: useOnly,
});

/**
 * Reads a `delegation_limits` detail. Closed: an unknown member refuses.
 *
 * @throws {DelegationError} `malformed`, `unknown_constraint`; the rule is the place.
 */
export function parseLimitsDetail(detail: Json): Limits {
  const { delegate_only, use_only, ...parsed } = parseShape(
    limitsDetailSchema,
    detail,
    "malformed",
    [LIMITS_DETAIL_TYPE],
  );
  const { type: _, ...limits } = parsed;
  return {
    ...limits,
    ...(delegate_only === undefined ? {} : { delegateOnly: delegate_only }),
    ...(use_only === undefined ? {} : { useOnly: use_only }),
  } as Limits;
}

/** The detail that {@link parseLimitsDetail} reads back. */
export function toLimitsDetail(limits: Limits): JsonObject {
  const detail: JsonObject = {};
  for (const [member, name] of ORDERED) {
    const value = member === "type" ? LIMITS_DETAIL_TYPE : limits[member];
    if (value !== undefined) detail[name] = value as Json;
  }
  return detail;
}

/** Members as they stand in canonical text, so that writing it costs one native pass. */
const ORDERED = Object.entries({ ...MEMBERS, type: "type" }).sort(([, a], [, b]) =>
  a < b ? -1 : 1,
) as readonly (readonly [keyof Limits | "type", string])[];

/** Whether `limits` states anything at all. */
export function hasLimits(limits: Limits): boolean {
  return Object.keys(MEMBERS).some((member) => limits[member as keyof Limits] !== undefined);
}

/**
 * A map whose every name is a member or nothing: `map.constructor` is undefined unless somebody put it there. Its names
 * are in ascending order, as canonical JSON wants them.
 */
export function withoutPrototype<T>(map: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const bare = Object.create(null) as Record<string, T>;
  for (const name of Object.keys(map).sort()) bare[name] = map[name] as T;
  return bare;
}

function isDecimal(text: string): boolean {
  try {
    parseDecimal(text);
    return true;
  } catch {
    return false;
  }
}
