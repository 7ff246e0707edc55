/**
 * What a guard's copy of the log of cuts is worth, from moment to moment. The only definition of it.
 *
 * Live takes two proofs, in this order: the copy is complete (`synced`), and then a heartbeat. Only a copy that was complete can
 * be `stale` or `blind`, so a heartbeat at a position that the copy has reached makes it live again.
 *
 * A delay has the name of the event that it stands for. It is zero until whoever starts the actor gives another: a feed that
 * nobody times is blind at once.
 *
 * @module
 */
import { setup } from "xstate";
import type { FeedEvent } from "./state.js";

const LOSES = {
  gap: { target: "syncing" },
  regress: { target: "syncing" },
  connected: { target: "syncing" },
  disconnected: { target: "connecting" },
} as const;
const SOFT = { soft_timeout: { target: "stale" } } as const;
const HARD = { hard_timeout: { target: "blind" } } as const;

/** The machine of a guard's copy of the log; an actor of it starts `connecting`. Delays are ms. */
export const feedMachine = setup({
  types: { events: {} as { type: FeedEvent } },
  delays: { soft_timeout: 0, hard_timeout: 0 },
}).createMachine({
  id: "feed",
  initial: "connecting",
  states: {
    connecting: {
      on: {
        connected: { target: "syncing" },
        disconnected: { target: "connecting" },
        heartbeat: { target: "connecting" },
        late_heartbeat: { target: "connecting" },
      },
    },
    syncing: {
      on: {
        synced: { target: "stale" },
        heartbeat: { target: "syncing" },
        late_heartbeat: { target: "syncing" },
        ...LOSES,
      },
    },
    live: {
      on: {
        heartbeat: { target: "live", reenter: true },
        late_heartbeat: { target: "live" },
        ...SOFT,
        ...LOSES,
      },
      after: SOFT,
    },
    stale: {
      on: {
        heartbeat: { target: "live" },
        late_heartbeat: { target: "stale", reenter: true },
        ...HARD,
        ...LOSES,
      },
      after: HARD,
    },
    blind: {
      on: { heartbeat: { target: "live" }, late_heartbeat: { target: "stale" }, ...LOSES },
    },
  },
});
