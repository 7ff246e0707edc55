/** Lists of scalars, compared as canonical JSON compares them. @module */
import type { Json } from "../../base/json-value.js";
import type { Scalar } from "../../wire/constraint.js";
import type { Check } from "./rule.js";

/** A set tells "1", 1 and `true` apart and takes 0 and -0 for one; NaN is in no JSON value. */
export function isAmong(values: readonly Scalar[]): Check {
  const set: ReadonlySet<Json> = new Set(values);
  return (value) => set.has(value);
}

export function isSuperset(larger: readonly Scalar[], smaller: readonly Scalar[]): boolean {
  if (larger.length <= SHORT) return smaller.every((value) => larger.includes(value));
  const set = new Set(larger);
  return smaller.every((value) => set.has(value));
}

/** Lists so short that looking through them costs less than making a set; both compare alike. */
const SHORT = 8;
