/**
 * Door `legate/guard`: where a tool call is decided.
 *
 * @module
 */
export type {
  ApprovalObligation,
  Obligation,
  PolicyDecision,
  PolicyEngine,
  PolicyHop,
  PolicyRequest,
} from "../policy/engine.js";
export type {
  Admission,
  AdmitMove,
  Admitted,
  Charge,
  StatedLimits,
  TicketUse,
} from "./admission.js";
export type { Examined, Presentment, Question } from "./authenticate.js";
export type { CostOf } from "./cost.js";
export type {
  Allowed,
  ApprovalNeed,
  Asked,
  Call,
  Decision,
  Denied,
} from "./decision.js";
export type {
  CutFeed,
  FeedListener,
  FeedSnapshot,
  Heartbeat,
  InFlight,
  PartitionedFeed,
} from "./feed.js";
export type { LogStatus } from "./followed-log.js";
export { Guard, type GuardOptions, type GuardStatus } from "./guard.js";
export type { Coverage } from "./revocation-index.js";
export { refusalOf } from "./run.js";
