/** `contains`: an array that has all of a list in it. @module */
import type { ConstraintOf } from "../../wire/constraint.js";
import type { Rule } from "./rule.js";
import { isSuperset } from "./scalars.js";

export const contains: Rule<ConstraintOf<"contains">> = {
  compile:
    ({ required }) =>
    (value) => {
      if (!Array.isArray(value)) return false;
      const members = new Set(value);
      return required.every((member) => members.has(member));
    },
  within: (child, parent) => isSuperset(child.required, parent.required),
};
