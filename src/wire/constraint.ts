/**
 * Constraints on one argument: the nine types of the AAT draft, and ours. Closed objects, told apart by `constraint_type`.
 *
 * Members are listed in ascending order: what is parsed then has them in the order of canonical JSON, which costs less to
 * write so.
 *
 * @module
 */
import { z } from "zod";
import { isJsonNumber } from "../base/json.js";
import { CLAUSES_MAX, CONSTRAINT_VALUE_BYTES_MAX, CONSTRAINT_VALUES_MAX } from "../base/limits.js";
import { isSeparator, parseGlob } from "./glob.js";
import { isHostPattern, type Scheme } from "./host.js";
import { parseInstant } from "./instant.js";
import { parseNetwork } from "./ip.js";
import { isNormalPath } from "./path.js";

/** What a constraint may compare with. Equal means equal in canonical JSON: 1.0 is 1, `true` is not 1, "1" is not 1. */
export type Scalar = string | number | boolean | null;

const text = z
  .string()
  .max(CONSTRAINT_VALUE_BYTES_MAX)
  .refine((value) => Buffer.byteLength(value) <= CONSTRAINT_VALUE_BYTES_MAX);
/** What nobody could read back from a token or a journal is refused before it is written. */
const number = z.number().refine(isJsonNumber);
const scalar = z.union([text, number, z.boolean(), z.null()]);
const scalars = z.array(scalar).max(CONSTRAINT_VALUES_MAX);
const instant = text.refine((value) => parseInstant(value) !== undefined);
const size = z.int().nonnegative();

/** `exact`: equal to `value`. */
const exact = z.strictObject({ constraint_type: z.literal("exact"), value: scalar });

/** `range`: a number within the bounds; a bound that is absent does not bind; bounds are inclusive unless said otherwise. */
const range = z.strictObject({
  constraint_type: z.literal("range"),
  max: number.optional(),
  max_inclusive: z.boolean().optional(),
  min: number.optional(),
  min_inclusive: z.boolean().optional(),
});

/** `one_of`: equal to one of `values`. */
const oneOf = z.strictObject({ constraint_type: z.literal("one_of"), values: scalars });

/** `not_one_of`: a scalar equal to none of `excluded`. */
const notOneOf = z.strictObject({ constraint_type: z.literal("not_one_of"), excluded: scalars });

/** `contains`: an array with every member of `required` in it. */
const contains = z.strictObject({ constraint_type: z.literal("contains"), required: scalars });

/** `subset`: an array with no member outside `allowed`. */
const subset = z.strictObject({ constraint_type: z.literal("subset"), allowed: scalars });

/** `wildcard`: any value. */
const wildcard = z.strictObject({ constraint_type: z.literal("wildcard") });

/** `prefix`: a string that starts with `value`. For file names use `path`, for URLs `host`. */
const prefix = z.strictObject({ constraint_type: z.literal("prefix"), value: text });

/** `path`: a normalised absolute POSIX path that is `under` or lies below it. */
const path = z.strictObject({
  constraint_type: z.literal("path"),
  under: text.refine(isNormalPath),
});

/** `pattern`: a string that the glob `value` matches from end to end; segments end at `separator`, `/` unless given. */
const pattern = z.strictObject({
  constraint_type: z.literal("pattern"),
  separator: z.string().refine(isSeparator).optional(),
  value: text.refine((value) => parseGlob(value) !== undefined),
});

/** `cidr`: an IP address in `network` (`10.0.0.0/8`, `2001:db8::/32`). IPv4-mapped IPv6 is IPv4. */
const cidr = z.strictObject({
  constraint_type: z.literal("cidr"),
  network: text.refine((value) => parseNetwork(value) !== undefined),
});

/**
 * `host`: a URL or a bare host that one of `hosts` names, exactly or as `*.suffix`.
 *
 * `schemes` absent: `https` URLs and bare hosts. `schemes` given: URLs with one of these, no bare hosts. `ports` absent:
 * the scheme's own port only. `ports` given: these only, and a bare host must name one.
 */
const host = z.strictObject({
  constraint_type: z.literal("host"),
  hosts: z.array(text.refine(isHostPattern)).min(1).max(CONSTRAINT_VALUES_MAX),
  ports: z.array(z.int().min(1).max(65_535)).min(1).max(64).optional(),
  schemes: z
    .array(z.enum(["http", "https", "ws", "wss"] satisfies readonly Scheme[]))
    .min(1)
    .max(4)
    .optional(),
});

/** `time_window`: an RFC 3339 date-time, or whole seconds since the epoch, not before `from` and not after `until`. */
const timeWindow = z.strictObject({
  constraint_type: z.literal("time_window"),
  from: instant.optional(),
  until: instant.optional(),
});

/** `length`: a string of that many code points, or an array of that many members; both bounds inclusive. */
const length = z.strictObject({
  constraint_type: z.literal("length"),
  max: size.optional(),
  min: size.optional(),
});

const clauses = z.array(z.lazy((): z.ZodType<Constraint> => constraintSchema));

/** `all`: every clause holds. */
const all = z.strictObject({
  constraint_type: z.literal("all"),
  constraints: clauses.min(1).max(CLAUSES_MAX),
});

/** `any`: at least one clause holds. */
const any = z.strictObject({
  constraint_type: z.literal("any"),
  constraints: clauses.min(1).max(CLAUSES_MAX),
});

/**
 * A constraint without clauses. By `constraint_type`, with the other members:
 *
 * - `exact` (`value`), `one_of` (`values`), `not_one_of` (`excluded`): a scalar, compared in canonical JSON.
 * - `range` (`min`, `max`, `min_inclusive`, `max_inclusive`): a number; absent bounds do not bind, bounds are inclusive unless told.
 * - `contains` (`required`), `subset` (`allowed`): an array and the scalars it must hold, or may.
 * - `wildcard`: any value.
 * - `prefix` (`value`), `pattern` (`value`, a glob; `separator`, `/` unless told): a string.
 * - `path` (`under`): a normalised absolute POSIX path. `cidr` (`network`): an IP address.
 * - `host` (`hosts`, `schemes`, `ports`): a URL or a bare host; `https` and the scheme's own port unless told.
 * - `time_window` (`from`, `until`, RFC 3339): an RFC 3339 date-time or whole seconds since the epoch, both ends inclusive.
 * - `length` (`min`, `max`, inclusive): a string's code points or an array's members.
 */
export type SimpleConstraint =
  | z.infer<typeof exact>
  | z.infer<typeof range>
  | z.infer<typeof oneOf>
  | z.infer<typeof notOneOf>
  | z.infer<typeof contains>
  | z.infer<typeof subset>
  | z.infer<typeof wildcard>
  | z.infer<typeof prefix>
  | z.infer<typeof path>
  | z.infer<typeof pattern>
  | z.infer<typeof cidr>
  | z.infer<typeof host>
  | z.infer<typeof timeWindow>
  | z.infer<typeof length>;

/** Holds when every clause holds. Written by hand: a type inferred from a schema cannot name itself. */
export interface AllConstraint {
  constraint_type: "all";
  constraints: Constraint[];
}

/** Holds when at least one clause holds. */
export interface AnyConstraint {
  constraint_type: "any";
  constraints: Constraint[];
}

/** A constraint on one argument: a closed object, told apart by `constraint_type`. */
export type Constraint = SimpleConstraint | AllConstraint | AnyConstraint;
export type ConstraintType = Constraint["constraint_type"];
export type ConstraintOf<T extends ConstraintType> = Extract<Constraint, { constraint_type: T }>;

/** A constraint of any type; another type is `unknown_constraint` once {@link parseShape} has turned it into a refusal. */
export const constraintSchema: z.ZodType<Constraint> = z.discriminatedUnion("constraint_type", [
  exact,
  range,
  oneOf,
  notOneOf,
  contains,
  subset,
  wildcard,
  all,
  any,
  prefix,
  path,
  pattern,
  cidr,
  host,
  timeWindow,
  length,
]);

/** The types that the AAT draft itself defines; a chain that uses no other is one of the draft. */
const AAT_CONSTRAINT_TYPES: ReadonlySet<ConstraintType> = new Set([
  "exact",
  "range",
  "one_of",
  "not_one_of",
  "contains",
  "subset",
  "wildcard",
  "all",
  "any",
]);

/** Levels of nesting: 1 for a constraint without clauses. */
export function constraintDepth(constraint: Constraint): number {
  if (constraint.constraint_type !== "all" && constraint.constraint_type !== "any") return 1;
  return 1 + Math.max(0, ...constraint.constraints.map(constraintDepth));
}

/** Whether the AAT draft knows this constraint and all its clauses. */
export function isAatConstraint(constraint: Constraint): boolean {
  if (!AAT_CONSTRAINT_TYPES.has(constraint.constraint_type)) return false;
  if (constraint.constraint_type !== "all" && constraint.constraint_type !== "any") return true;
  return constraint.constraints.every(isAatConstraint);
}
