/**
 * The life of an approval: silence is no, and a yes is used once. The only definition of it.
 *
 * A delay has the name of the event that it stands for. It is zero until whoever starts the actor gives another: an approval
 * that nobody times lapses at once.
 *
 * @module
 */
import { setup } from "xstate";
import type { ApprovalEvent } from "./state.js";

const LAPSES = { lapse: { target: "lapsed" } } as const;

/** The machine of one approval; an actor of it starts `asked`. Delays are ms. */
export const approvalMachine = setup({
  types: { events: {} as { type: ApprovalEvent } },
  delays: { lapse: 0 },
}).createMachine({
  id: "approval",
  initial: "asked",
  states: {
    asked: {
      on: {
        vote: { target: "asked" },
        grant: { target: "granted" },
        deny: { target: "denied" },
        ...LAPSES,
      },
      after: LAPSES,
    },
    granted: {
      on: { use: { target: "used" }, ...LAPSES },
      after: LAPSES,
    },
    denied: { type: "final" },
    lapsed: { type: "final" },
    used: { type: "final" },
  },
});
