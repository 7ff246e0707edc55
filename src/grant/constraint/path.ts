/** `path`: a file or folder under another. @module */
import { CHECKED_CHARS_MAX } from "../../base/limits.js";
import type { ConstraintOf } from "../../wire/constraint.js";
import { isNormalPath, isWithin } from "../../wire/path.js";
import type { Rule } from "./rule.js";

/** An argument that is not in normal form is refused, never repaired: the tool would read the original. */
export const path: Rule<ConstraintOf<"path">> = {
  compile:
    ({ under }) =>
    (value) =>
      typeof value === "string" &&
      value.length <= CHECKED_CHARS_MAX &&
      isWithin(value, under) &&
      isNormalPath(value),
  within: (child, parent) => isWithin(child.under, parent.under),
};
