/**
 * The names of everything that lives: states and events of hop, approval, lease and feed, and how states compare.
 *
 * Loads nothing but `base`. What leads where is said by the machines alone (`hop-machine.ts` and its neighbours) and
 * looked up in `table.ts`.
 *
 * @module
 */
import { DelegationError } from "../base/error.js";

/** States of a hop, best first: the order in which {@link worst} compares. */
export const HOP_STATES = [
  "active",
  "suspended",
  "pending_approval",
  "requested",
  "completed",
  "superseded",
  "denied",
  "expired",
  "revoked",
] as const;

/** State of one hop. `denied`, `completed`, `superseded`, `revoked` and `expired` are final. */
export type HopState = (typeof HOP_STATES)[number];

/**
 * What can happen to a hop.
 *
 * - `activate`: a request that needs no approval takes effect; `ask`: it waits for a person.
 * - `approve`, `deny`: the person (or the last of several) decided.
 * - `delegate`, `use`, `renew`: change no state, and are legal on an active hop alone, so that the table decides
 *   permission too. `renew` is any fresh token for the same hop (renewal, exchange).
 * - `suspend`: one more suspension; `lift`: one of several is lifted, others still hold; `resume`: the last is lifted.
 * - `complete`: the task is over, authority is given back; it only ends authority, so a suspended hop may too.
 * - `supersede`: replaced by a narrower hop.
 * - `revoke`, `expire`: end every hop that is not at its end yet.
 */
export type HopEvent =
  | "activate"
  | "ask"
  | "approve"
  | "deny"
  | "delegate"
  | "use"
  | "renew"
  | "suspend"
  | "lift"
  | "resume"
  | "complete"
  | "supersede"
  | "revoke"
  | "expire";

/** State of one approval; `denied`, `lapsed` and `used` are final. Only `granted` may be used, once. */
export type ApprovalState = "asked" | "granted" | "denied" | "lapsed" | "used";

/**
 * What can happen to an approval: `vote` is a yes while more approvers are needed, `grant` the yes that suffices,
 * `deny` one no, `lapse` silence until the deadline (also of a granted one that nobody used), `use` its single use.
 */
export type ApprovalEvent = "vote" | "grant" | "deny" | "lapse" | "use";

/** State of the lease of a root; `lapsed` and `released` are final: a lapsed lease cannot be renewed. */
export type LeaseState = "held" | "lapsed" | "released";

/** What can happen to a lease: `renew` by its holder, `lapse` by silence, `release` when the run is over. */
export type LeaseEvent = "renew" | "lapse" | "release";

/**
 * What a guard's copy of the log of cuts is worth.
 *
 * - `connecting`: no line to the log; `syncing`: a line, but the copy is not known to be complete. Both deny.
 * - `live`: complete, and a confirmed heartbeat is younger than the soft bound. The only state that permits locally.
 * - `stale`: complete, but the last heartbeat is older than the soft bound, or none came since the copy was completed.
 *   Permits nothing locally; a strict check with the store may still answer.
 * - `blind`: no heartbeat for the hard bound. Denies everything.
 */
export type FeedState = "connecting" | "syncing" | "live" | "stale" | "blind";

/**
 * What can happen to a feed.
 *
 * - `connected`, `disconnected`: the line. A new line always syncs before it counts.
 * - `synced`: the copy is complete up to the tip of the log that was read when the sync began.
 * - `heartbeat`: confirmed by the store's quorum, younger than the soft bound, of the generation that the copy follows,
 *   at a position that the copy has reached; whoever sends it has checked that. `late_heartbeat`: the same, but older than the
 *   soft bound. Neither lifts a feed out of `connecting` or `syncing`: silence is never freshness, and neither is noise.
 * - `soft_timeout`, `hard_timeout`: no heartbeat for that long.
 * - `gap`: an entry is missing; `regress`: the log went back, or is of another generation. Both sync anew.
 */
export type FeedEvent =
  | "connected"
  | "disconnected"
  | "synced"
  | "heartbeat"
  | "late_heartbeat"
  | "soft_timeout"
  | "hard_timeout"
  | "gap"
  | "regress";

/** Whether a hop in this state stays there for ever. */
export function isFinal(state: HopState): boolean {
  return rank(state) >= FIRST_FINAL;
}

/**
 * The effective state of a hop: the worst of the states along its chain. Only exactly `active` permits.
 *
 * Total order, best first, as in {@link HOP_STATES}: what can still become active stands before what never will, and the
 * more of the way to `active` is behind it the better; among the final ones the stronger no is the worse, so that below
 * an expired and a revoked hop the answer is `revoked`.
 *
 * @param states Of every hop from the root to this one, in any order.
 * @throws {DelegationError} `chain_empty` for none; `hop_not_active` for a state that is not in the list.
 */
export function worst(states: Iterable<HopState>): HopState {
  let found = -1;
  for (const state of states) found = Math.max(found, rank(state));
  const state = HOP_STATES[found];
  if (state === undefined) throw new DelegationError("chain_empty", "no hop, no effective state");
  return state;
}

const FIRST_FINAL = HOP_STATES.indexOf("completed");

function rank(state: HopState): number {
  const index = HOP_STATES.indexOf(state);
  if (index < 0) throw new DelegationError("hop_not_active", "unknown state of a hop");
  return index;
}
