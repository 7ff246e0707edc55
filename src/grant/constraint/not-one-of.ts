/** `not_one_of`: any scalar but those on a list. @module */
import type { ConstraintOf } from "../../wire/constraint.js";
import type { Rule } from "./rule.js";
import { isAmong, isSuperset } from "./scalars.js";

/** Arrays and objects are refused: a value on the list must not slip through inside of one. */
export const notOneOf: Rule<ConstraintOf<"not_one_of">> = {
  compile: ({ excluded }) => {
    const isExcluded = isAmong(excluded);
    return (value) => (value === null || typeof value !== "object") && !isExcluded(value);
  },
  within: (child, parent) => isSuperset(child.excluded, parent.excluded),
};
