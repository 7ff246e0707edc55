/** `any`: at least one clause holds. @module */
import type { ConstraintOf } from "../../wire/constraint.js";
import type { Rule } from "./rule.js";

export const any: Rule<ConstraintOf<"any">> = {
  compile: ({ constraints }, compile) => {
    const checks = constraints.map(compile);
    return (value) => checks.some((check) => check(value));
  },
  within: (child, parent, proof) =>
    child.constraints.length > 0 &&
    child.constraints.every((inner) =>
      parent.constraints.some((outer) => proof.proves(inner, outer)),
    ),
};
