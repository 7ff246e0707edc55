/**
 * The life of a hop. The only definition: `table.generated.ts` is derived from it.
 *
 * No guards and no actions: whether a hop is due to expire, or the last suspension is lifted, is decided from facts by the verb
 * that then sends `expire` rather than `use`, `resume` rather than `lift`. So one look-up in the table is the whole truth.
 *
 * @module
 */
import { setup } from "xstate";
import type { HopEvent } from "./state.js";

/** Revoked and expired are reached from every state that is not final. */
const ENDS = { revoke: { target: "revoked" }, expire: { target: "expired" } } as const;

/** The machine of one hop; an actor of it starts `requested`. */
export const hopMachine = setup({ types: { events: {} as { type: HopEvent } } }).createMachine({
  id: "hop",
  initial: "requested",
  states: {
    requested: {
      on: { activate: { target: "active" }, ask: { target: "pending_approval" }, ...ENDS },
    },
    pending_approval: {
      on: { approve: { target: "active" }, deny: { target: "denied" }, ...ENDS },
    },
    active: {
      on: {
        delegate: { target: "active" },
        use: { target: "active" },
        renew: { target: "active" },
        suspend: { target: "suspended" },
        complete: { target: "completed" },
        supersede: { target: "superseded" },
        ...ENDS,
      },
    },
    suspended: {
      on: {
        suspend: { target: "suspended" },
        lift: { target: "suspended" },
        resume: { target: "active" },
        complete: { target: "completed" },
        ...ENDS,
      },
    },
    denied: { type: "final" },
    completed: { type: "final" },
    superseded: { type: "final" },
    revoked: { type: "final" },
    expired: { type: "final" },
  },
});
