/** All constraint types, and which may stand under which: what is not listed here refuses. @module */

import type { Json } from "../base/json-value.js";
import { SUBSET_STEPS_MAX } from "../base/limits.js";
import type { Constraint, ConstraintOf, ConstraintType } from "../wire/constraint.js";
import { all } from "./constraint/all.js";
import { any } from "./constraint/any.js";
import { cidr } from "./constraint/cidr.js";
import { contains } from "./constraint/contains.js";
import { exact } from "./constraint/exact.js";
import { host } from "./constraint/host.js";
import { length } from "./constraint/length.js";
import { notOneOf } from "./constraint/not-one-of.js";
import { oneOf } from "./constraint/one-of.js";
import { path } from "./constraint/path.js";
import { pattern } from "./constraint/pattern.js";
import { prefix } from "./constraint/prefix.js";
import { range } from "./constraint/range.js";
import type { Check, Proof, Rule } from "./constraint/rule.js";
import { subset } from "./constraint/subset.js";
import { timeWindow } from "./constraint/time-window.js";
import { wildcard } from "./constraint/wildcard.js";

const RULES: { readonly [T in ConstraintType]: Rule<ConstraintOf<T>> } = {
  exact,
  range,
  one_of: oneOf,
  not_one_of: notOneOf,
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
  time_window: timeWindow,
  length,
};

/** Our own types take lists of values as children: each value is tried. */
const EXTENSIONS: ReadonlySet<ConstraintType> = new Set([
  "prefix",
  "path",
  "pattern",
  "cidr",
  "host",
  "time_window",
  "length",
]);

/** The pairs of different types that the AAT draft lists, besides anything under `wildcard`. */
const EXACT_UNDER: ReadonlySet<ConstraintType> = new Set(["range", "one_of", ...EXTENSIONS]);

/** Compiles a constraint once, to check many values. A type that is not known refuses every value. */
export function compile(constraint: Constraint): Check {
  const rule = ruleOf(constraint.constraint_type);
  return rule === undefined ? () => false : rule.compile(constraint, compile);
}

/** Whether `value` meets `constraint`. To check more than one value, {@link compile}. */
export function check(constraint: Constraint, value: Json): boolean {
  return compile(constraint)(value);
}

/**
 * Begins a proof that one grant lies inside another.
 *
 * INVARIANT: if `proves(child, parent)`, every value that meets `child` meets `parent`. The other way round it does not
 * hold: pairs of types that neither the AAT draft (subsumption matrix) nor our own types list are refused.
 *
 * @param steps Ceiling of the work, for all questions together.
 */
export function beginProof(steps: number = SUBSET_STEPS_MAX): Proof {
  let left = steps;
  const proof: Proof = {
    spend: (amount) => {
      left -= amount;
      return left >= 0;
    },
    proves: (child, parent) => proof.spend(1) && lies(child, parent, proof),
  };
  return proof;
}

/** {@link beginProof} for a single pair. */
export function isSubset(child: Constraint, parent: Constraint): boolean {
  return beginProof().proves(child, parent);
}

function lies(child: Constraint, parent: Constraint, proof: Proof): boolean {
  const rule = ruleOf(parent.constraint_type);
  if (rule === undefined || ruleOf(child.constraint_type) === undefined) return false;
  if (parent.constraint_type === "wildcard") return true;
  if (child.constraint_type === parent.constraint_type) return rule.within(child, parent, proof);
  if (child.constraint_type === "exact" && EXACT_UNDER.has(parent.constraint_type)) {
    return check(parent, child.value);
  }
  if (child.constraint_type === "one_of" && EXTENSIONS.has(parent.constraint_type)) {
    return proof.spend(child.values.length) && child.values.every(compile(parent));
  }
  return false;
}

/** The table is typed per row; here the row is chosen by the constraint itself, so the types agree. */
function ruleOf(type: ConstraintType): Rule<Constraint> | undefined {
  return Object.hasOwn(RULES, type) ? (RULES[type] as unknown as Rule<Constraint>) : undefined;
}
