/** Constraints in the fewest words that say it, for lines where many stand side by side. @module */
import { describe } from "../grant/describe.js";
import type { Constraint } from "../wire/grant.js";

/** `/reports/**`, `<= 100`, `"EUR" or "USD"`; what has no short form is described in full. */
export function terse(constraint: Constraint): string {
  switch (constraint.constraint_type) {
    case "path":
      return constraint.under === "/" ? "/**" : `${constraint.under}/**`;
    case "exact":
      return JSON.stringify(constraint.value);
    case "pattern":
      return constraint.value;
    case "prefix":
      return `${JSON.stringify(constraint.value)}...`;
    case "one_of":
      return constraint.values.length > 4
        ? describe(constraint)
        : constraint.values.map((value) => JSON.stringify(value)).join(" or ");
    case "range": {
      const { min, max, min_inclusive, max_inclusive } = constraint;
      if (min_inclusive === false || max_inclusive === false) return describe(constraint);
      return bounds(min, max) ?? describe(constraint);
    }
    case "length": {
      const within = bounds(constraint.min, constraint.max);
      return within === undefined ? describe(constraint) : `length ${within}`;
    }
    case "wildcard":
      return "anything";
    default:
      return describe(constraint);
  }
}

/** Undefined when it takes more words. */
function bounds(min: number | undefined, max: number | undefined): string | undefined {
  if (min === undefined) return max === undefined ? undefined : `<= ${max}`;
  return max === undefined ? `>= ${min}` : `${min} to ${max}`;
}
