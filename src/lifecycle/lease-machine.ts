/**
 * The life of a root's lease: held while it is renewed. The only definition of it.
 *
 * A delay has the name of the event that it stands for. It is zero until whoever starts the actor gives another: a lease that
 * nobody times lapses at once.
 *
 * @module
 */
import { setup } from "xstate";
import type { LeaseEvent } from "./state.js";

const LAPSES = { lapse: { target: "lapsed" } } as const;

/** The machine of a root's lease; an actor of it starts `held`. Delays are ms. */
export const leaseMachine = setup({
  types: { events: {} as { type: LeaseEvent } },
  delays: { lapse: 0 },
}).createMachine({
  id: "lease",
  initial: "held",
  states: {
    held: {
      on: { renew: { target: "held", reenter: true }, release: { target: "released" }, ...LAPSES },
      after: LAPSES,
    },
    lapsed: { type: "final" },
    released: { type: "final" },
  },
});
