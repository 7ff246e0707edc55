/** Constraints in words, for people and for agents that read refusals. @module */
import type { Constraint, Scalar } from "../wire/constraint.js";

/** Values of a list that a description shows. */
const SHOWN_MAX = 8;

/** What a value must be to meet the constraint: "a path under /reports". Speaks of the grant, never of a call. */
export function describe(constraint: Constraint): string {
  switch (constraint.constraint_type) {
    case "exact":
      return `exactly ${show(constraint.value)}`;
    case "range":
      return describeRange(constraint);
    case "one_of":
      return `one of ${list(constraint.values)}`;
    case "not_one_of":
      return `a plain value, none of ${list(constraint.excluded)}`;
    case "contains":
      return `a list with ${list(constraint.required)} in it`;
    case "subset":
      return `a list of nothing but ${list(constraint.allowed)}`;
    case "wildcard":
      return "any value";
    case "all":
      return constraint.constraints.map(describe).join(", and ");
    case "any":
      return constraint.constraints.map(describe).join(", or ");
    case "prefix":
      return `text that starts with ${show(constraint.value)}`;
    case "path":
      return `a normalised absolute path, ${constraint.under} or below`;
    case "pattern":
      return `text that matches ${constraint.value}`;
    case "cidr":
      return `an IP address in ${constraint.network}`;
    case "host":
      return describeHost(constraint);
    case "time_window":
      return `a time${between(constraint.from, constraint.until)}`;
    case "length":
      return `text or a list of a length${between(constraint.min, constraint.max)}`;
    default:
      return "nothing: the constraint is not known";
  }
}

type Of<T> = Extract<Constraint, { constraint_type: T }>;

function describeRange({ min, max, min_inclusive, max_inclusive }: Of<"range">): string {
  const lower =
    min === undefined ? [] : [`${min_inclusive === false ? "more than" : "at least"} ${min}`];
  const upper =
    max === undefined ? [] : [`${max_inclusive === false ? "less than" : "at most"} ${max}`];
  return ["a number", ...lower, ...upper].join(" ");
}

function describeHost({ hosts, schemes, ports }: Of<"host">): string {
  const how = schemes === undefined ? "an https URL or a host" : `a URL (${schemes.join(", ")})`;
  return `${how} at ${list(hosts)}${ports === undefined ? "" : `, port ${ports.join(", ")}`}`;
}

function between(from: string | number | undefined, until: string | number | undefined): string {
  return `${from === undefined ? "" : ` from ${from}`}${until === undefined ? "" : ` up to ${until}`}`;
}

function list(values: readonly Scalar[]): string {
  const shown = values.slice(0, SHOWN_MAX).map(show).join(", ");
  return values.length > SHOWN_MAX ? `${shown} and ${values.length - SHOWN_MAX} more` : shown;
}

function show(value: Scalar): string {
  return JSON.stringify(value);
}
