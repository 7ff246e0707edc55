/** What every constraint type brings along: how to check a value, and when one of its kind lies inside another. @module */
import type { Json } from "../../base/json-value.js";
import type { Constraint } from "../../wire/constraint.js";

/** Whether a value meets a constraint. Never throws for a JSON value. */
export type Check = (value: Json) => boolean;

/** Compiles any constraint; handed to the types that hold clauses. */
export type Compile = (constraint: Constraint) => Check;

/** A proof in progress: one for the whole of a grant, so that its work has one ceiling. */
export interface Proof {
  /** Whether every value that meets `child` meets `parent`. False too when that is not proved. */
  proves(child: Constraint, parent: Constraint): boolean;
  /** Takes steps from what is left; false, for good, once nothing is. */
  spend(steps: number): boolean;
}

/** One constraint type. */
export interface Rule<C extends Constraint> {
  compile(constraint: C, compile: Compile): Check;
  /**
   * Whether `child` lies inside `parent`, both of this type.
   *
   * INVARIANT: if it says so, then every value that meets `child` meets `parent`.
   */
  within(child: C, parent: C, proof: Proof): boolean;
}
