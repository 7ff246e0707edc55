/**
 * Door `legate/lifecycle`: the state machines, the tables derived from them, and the actors that run long.
 *
 * @module
 */
export { type Approval, type ApprovalOptions, startApproval } from "./approval-actor.js";
export { approvalMachine } from "./approval-machine.js";
export { type Feed, type FeedOptions, type FeedSignal, startFeed } from "./feed-actor.js";
export { feedMachine } from "./feed-machine.js";
export { hopMachine } from "./hop-machine.js";
export { type Lease, type LeaseOptions, startLease } from "./lease-actor.js";
export { leaseMachine } from "./lease-machine.js";
export type { TableData } from "./lookup.js";
export { toMermaid } from "./mermaid.js";
export {
  type ApprovalEvent,
  type ApprovalState,
  type FeedEvent,
  type FeedState,
  HOP_STATES,
  type HopEvent,
  type HopState,
  isFinal,
  type LeaseEvent,
  type LeaseState,
  worst,
} from "./state.js";
export {
  APPROVAL_TABLE,
  encodeTable,
  FEED_TABLE,
  HOP_TABLE,
  LEASE_TABLE,
  next,
  permits,
  type Table,
} from "./table.js";
export { systemTimers, type Timers } from "./timers.js";
