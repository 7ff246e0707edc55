/**
 * What the engine refuses although it lies inside, as child type to parent types: the price of a rule that can be
 * decided. The AAT draft does not list these pairs, and our own types add only themselves and lists of values. Some lie
 * inside only on the small universe of the tests (every time in it is at least 10 characters long).
 *
 * @module
 */
import type { ConstraintType } from "../../src/wire/constraint.js";

const REFUSED: Readonly<Partial<Record<ConstraintType, readonly ConstraintType[]>>> = {
  exact: ["all", "any", "not_one_of"],
  range: ["all", "any", "exact", "not_one_of", "one_of", "time_window"],
  one_of: ["all", "any", "exact", "not_one_of", "range"],
  contains: ["length"],
  subset: ["all", "any", "contains", "length"],
  all: [
    "all",
    "any",
    "exact",
    "length",
    "not_one_of",
    "one_of",
    "pattern",
    "prefix",
    "range",
    "time_window",
  ],
  any: [
    "all",
    "any",
    "exact",
    "length",
    "not_one_of",
    "one_of",
    "pattern",
    "prefix",
    "range",
    "time_window",
  ],
  prefix: ["all", "any", "length", "not_one_of", "pattern"],
  path: ["length", "not_one_of", "pattern", "prefix"],
  pattern: ["all", "any", "exact", "length", "not_one_of", "one_of", "path", "prefix"],
  cidr: ["length", "not_one_of", "pattern", "prefix"],
  host: ["length", "not_one_of", "pattern", "prefix"],
  time_window: ["length", "not_one_of", "pattern", "prefix"],
  length: ["all", "any"],
};

/** `child type under parent type`. */
export const FALSE_DENIES: ReadonlySet<string> = new Set(
  Object.entries(REFUSED).flatMap(([child, parents]) =>
    parents.map((parent) => `${child} under ${parent}`),
  ),
);
