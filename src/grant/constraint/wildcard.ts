/** `wildcard`: any value, as long as the argument is there. @module */
import type { ConstraintOf } from "../../wire/constraint.js";
import type { Rule } from "./rule.js";

export const wildcard: Rule<ConstraintOf<"wildcard">> = {
  compile: () => () => true,
  within: () => true,
};
