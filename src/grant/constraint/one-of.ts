/** `one_of`: a value from a list. @module */
import type { ConstraintOf } from "../../wire/constraint.js";
import type { Rule } from "./rule.js";
import { isAmong, isSuperset } from "./scalars.js";

export const oneOf: Rule<ConstraintOf<"one_of">> = {
  compile: ({ values }) => isAmong(values),
  within: (child, parent) => isSuperset(parent.values, child.values),
};
