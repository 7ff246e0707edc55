/** `length`: strings and arrays of a certain size. @module */
import type { Json } from "../../base/json-value.js";
import type { ConstraintOf } from "../../wire/constraint.js";
import type { Rule } from "./rule.js";

export const length: Rule<ConstraintOf<"length">> = {
  compile: ({ min = 0, max = Infinity }) => {
    return (value) => {
      const size = sizeOf(value);
      return size !== undefined && size >= min && size <= max;
    };
  },
  within: (child, parent) =>
    (child.min ?? 0) >= (parent.min ?? 0) && (child.max ?? Infinity) <= (parent.max ?? Infinity),
};

function sizeOf(value: Json): number | undefined {
  if (Array.isArray(value)) return value.length;
  if (typeof value !== "string") return undefined;
  let points = 0;
  for (const _point of value) points += 1;
  return points;
}
