/** `subset`: an array that has nothing but what is on a list. @module */
import type { ConstraintOf } from "../../wire/constraint.js";
import type { Rule } from "./rule.js";
import { isAmong, isSuperset } from "./scalars.js";

export const subset: Rule<ConstraintOf<"subset">> = {
  compile: ({ allowed }) => {
    const isAllowed = isAmong(allowed);
    return (value) => Array.isArray(value) && value.every(isAllowed);
  },
  within: (child, parent) => isSuperset(parent.allowed, child.allowed),
};
