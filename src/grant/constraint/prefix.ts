/** `prefix`: strings with one beginning. @module */
import type { ConstraintOf } from "../../wire/constraint.js";
import type { Rule } from "./rule.js";

export const prefix: Rule<ConstraintOf<"prefix">> = {
  compile:
    ({ value: start }) =>
    (value) =>
      typeof value === "string" && value.startsWith(start),
  within: (child, parent) => child.value.startsWith(parent.value),
};
