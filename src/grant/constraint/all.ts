/** `all`: every clause holds. @module */
import type { ConstraintOf } from "../../wire/constraint.js";
import type { Rule } from "./rule.js";

/** The draft asks for one-to-one backtracking; a bipartite matching finds the same answer in polynomial time. */
export const all: Rule<ConstraintOf<"all">> = {
  compile: ({ constraints }, compile) => {
    const checks = constraints.map(compile);
    return (value) => checks.every((check) => check(value));
  },
  within: (child, parent, proof) => {
    if (parent.constraints.length > child.constraints.length) return false;
    const edges = parent.constraints.map((outer) =>
      child.constraints.flatMap((inner, index) => (proof.proves(inner, outer) ? [index] : [])),
    );
    return matchesAll(edges);
  },
};

/** Whether each row can have a column of its own, out of those it names (augmenting paths). */
function matchesAll(edges: readonly (readonly number[])[]): boolean {
  const rowOf = new Map<number, number>();
  const place = (row: number, tried: Set<number>): boolean => {
    for (const column of edges[row] ?? []) {
      if (tried.has(column)) continue;
      tried.add(column);
      const holder = rowOf.get(column);
      if (holder !== undefined && !place(holder, tried)) continue;
      rowOf.set(column, row);
      return true;
    }
    return false;
  };
  return edges.every((_columns, row) => place(row, new Set()));
}
