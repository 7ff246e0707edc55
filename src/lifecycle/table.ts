/**
 * The transition tables and how to ask them. Loads no xstate, so that hot paths and scripts can use them.
 *
 * Data: `table.generated.ts`, derived from the machines, committed, and tested against them cell by cell.
 *
 * @module
 */
import type { Table } from "./lookup.js";
import type {
  ApprovalEvent,
  ApprovalState,
  FeedEvent,
  FeedState,
  HopEvent,
  HopState,
  LeaseEvent,
  LeaseState,
} from "./state.js";
import { APPROVAL_DATA, FEED_DATA, HOP_DATA, LEASE_DATA } from "./table.generated.js";

export type { Table } from "./lookup.js";
export { encodeTable, next, permits } from "./lookup.js";

/** Hop: what each state permits and where it leads. */
export const HOP_TABLE: Table<HopState, HopEvent> = frozen(HOP_DATA);
/** Approval of one invocation or one hop. */
export const APPROVAL_TABLE: Table<ApprovalState, ApprovalEvent> = frozen(APPROVAL_DATA);
/** Lease of a root. */
export const LEASE_TABLE: Table<LeaseState, LeaseEvent> = frozen(LEASE_DATA);
/** A guard's copy of the log of cuts. */
export const FEED_TABLE: Table<FeedState, FeedEvent> = frozen(FEED_DATA);

/** A table that somebody could write to would be authority that somebody could take. */
function frozen<Data extends object>(data: Data): Data {
  for (const value of Object.values(data)) {
    if (typeof value === "object" && value !== null) frozen(value);
  }
  return Object.freeze(data);
}
