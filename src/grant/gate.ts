/** Approval gates: when a call needs one, and when one gate is at least as strict as another. @module */

import type { Gate } from "../wire/grant-limits.js";
import type { Proof } from "./constraint/rule.js";

/**
 * Whether `child` asks for approval wherever `parent` does, of at least as many people, from among the same.
 *
 * The child's `when` covers the parent's: each argument that it names, the parent's names too, with a constraint that
 * lies inside the child's. A call that lacks an argument is gated, so fewer names are stricter.
 */
export function isTighterGate(child: Gate, parent: Gate, proof: Proof): boolean {
  return (
    child.approvers >= parent.approvers && isFrom(child, parent) && covers(child, parent, proof)
  );
}

/** Whether an approval that satisfies `child` satisfies `parent`, for a call that both ask about. */
export function isFrom(child: Gate, parent: Gate): boolean {
  const { from } = parent;
  if (from === undefined) return true;
  if (child.from === undefined || child.from.length === 0) return false;
  return child.from.every((approver) => from.includes(approver));
}

function covers({ when = {} }: Gate, parent: Gate, proof: Proof): boolean {
  const { when: outer = {} } = parent;
  return Object.entries(when).every(([argument, wider]) => {
    const narrower = Object.hasOwn(outer, argument) ? outer[argument] : undefined;
    return narrower !== undefined && proof.proves(narrower, wider);
  });
}
