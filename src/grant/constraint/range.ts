/** `range`: numbers between bounds. @module */
import type { ConstraintOf } from "../../wire/constraint.js";
import type { Rule } from "./rule.js";

type Range = ConstraintOf<"range">;

/** Numbers only: a numeral in a string is not one, nor is NaN. */
export const range: Rule<Range> = {
  compile: (constraint) => {
    const {
      min = -Number.MAX_VALUE,
      max = Number.MAX_VALUE,
      min_inclusive = true,
      max_inclusive = true,
    } = constraint;
    const openBelow = !min_inclusive && constraint.min !== undefined;
    const openAbove = !max_inclusive && constraint.max !== undefined;
    return (value) =>
      typeof value === "number" &&
      (openBelow ? value > min : value >= min) &&
      (openAbove ? value < max : value <= max);
  },
  within: (child, parent) => lowerInside(child, parent) && upperInside(child, parent),
};

function lowerInside(child: Range, parent: Range): boolean {
  if (parent.min === undefined) return true;
  if (child.min === undefined || child.min < parent.min) return false;
  return child.min > parent.min || child.min_inclusive === false || parent.min_inclusive !== false;
}

function upperInside(child: Range, parent: Range): boolean {
  if (parent.max === undefined) return true;
  if (child.max === undefined || child.max > parent.max) return false;
  return child.max < parent.max || child.max_inclusive === false || parent.max_inclusive !== false;
}
