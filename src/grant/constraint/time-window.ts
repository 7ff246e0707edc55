/** `time_window`: points in time between two others. @module */
import type { Json } from "../../base/json-value.js";
import type { ConstraintOf } from "../../wire/constraint.js";
import { parseInstant } from "../../wire/instant.js";
import type { Rule } from "./rule.js";

type Window = ConstraintOf<"time_window">;

export const timeWindow: Rule<Window> = {
  compile: (constraint) => {
    const { from, until } = boundsOf(constraint);
    return (value) => {
      const at = instantOf(value);
      return at !== undefined && at >= from && at <= until;
    };
  },
  within: (child, parent) => {
    const inner = boundsOf(child);
    const outer = boundsOf(parent);
    return inner.from >= outer.from && inner.until <= outer.until;
  },
};

/** Microseconds since the epoch; a bound that cannot be read admits nothing. */
function boundsOf({ from, until }: Window): { readonly from: number; readonly until: number } {
  return {
    from: from === undefined ? -Infinity : (parseInstant(from) ?? Infinity),
    until: until === undefined ? Infinity : (parseInstant(until) ?? -Infinity),
  };
}

/** An RFC 3339 date-time, or whole seconds since the epoch. */
function instantOf(value: Json): number | undefined {
  if (typeof value === "string") return parseInstant(value);
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return undefined;
  const microseconds = value * 1_000_000;
  return Number.isSafeInteger(microseconds) ? microseconds : undefined;
}
