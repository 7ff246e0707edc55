/** `pattern`: strings that a glob matches. @module */
import { CHECKED_CHARS_MAX } from "../../base/limits.js";
import type { ConstraintOf } from "../../wire/constraint.js";
import { parseGlob } from "../../wire/glob.js";
import { type Glob, includes, matcher } from "./automaton.js";
import type { Rule } from "./rule.js";

type Pattern = ConstraintOf<"pattern">;

/** A pattern knows nothing of what strings mean: for file names use `path`, which refuses `..`; for URLs use `host`. */
export const pattern: Rule<Pattern> = {
  compile: (constraint) => {
    const glob = globOf(constraint);
    if (glob === undefined) return () => false;
    const matches = matcher(glob);
    return (value) =>
      typeof value === "string" && value.length <= CHECKED_CHARS_MAX && matches(value);
  },
  within: (child, parent, proof) => {
    if (child.value === parent.value && separatorOf(child) === separatorOf(parent)) return true;
    const inner = globOf(child);
    const outer = globOf(parent);
    if (inner === undefined || outer === undefined) return false;
    return includes(outer, inner, (steps) => proof.spend(steps));
  },
};

function separatorOf({ separator = "/" }: Pattern): string {
  return separator;
}

function globOf(constraint: Pattern): Glob | undefined {
  const tokens = parseGlob(constraint.value);
  return tokens === undefined ? undefined : { tokens, separator: separatorOf(constraint) };
}
