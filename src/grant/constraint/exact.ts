/** `exact`: one value. @module */
import type { ConstraintOf } from "../../wire/constraint.js";
import type { Rule } from "./rule.js";

/** On scalars strict equality is equality in canonical JSON (RFC 8785): 1.0 is 1, -0 is 0, `true` is not 1. */
export const exact: Rule<ConstraintOf<"exact">> = {
  compile:
    ({ value: wanted }) =>
    (value) =>
      value === wanted,
  within: (child, parent) => child.value === parent.value,
};
