/**
 * Door `legate/coordinator`: the verbs that change a tree, and the contract of the store that they work on.
 *
 * @module
 */
export type { PossessionResult } from "../chain/possession.js";
export type { Jwks, KeyRing, ServedJwk } from "../token/jwks.js";
export type { SessionAnswer, SessionCall, SessionParties, Sessions } from "../token/session.js";
export type { Boundary, NamedBoundary } from "../wire/cut.js";
export type { Counters, HopRecord, TicketRecord, TreeRecord } from "../wire/record.js";
export type { Actor, Operator } from "./actor.js";
export { type AgentDirectory, AgentRegistry } from "./agents.js";
export { type CoordinatorOptions, createCoordinator } from "./coordinator.js";
export type { Approver } from "./decide.js";
export type { Delegated, Pending } from "./delegate.js";
export type { Difference } from "./difference.js";
export type { Barrier, GuardReport, GuardReports, RunningCall, Waited } from "./guard-reports.js";
export type { InspectedNode, InspectedPage } from "./inspect.js";
export type { Active, Inactive } from "./introspect.js";
export type { Issued } from "./issue.js";
export type { Keeper } from "./keeper.js";
export type { Narrowed } from "./narrow.js";
export { type Presented, toolOf, type Verb, Vouched } from "./present.js";
export type { CutPreview } from "./preview.js";
export type { Revoked } from "./revoke.js";
export type {
  CreateMove,
  CreateResult,
  CutResult,
  DelegationStore,
  HopDraft,
  Preview,
  RevokeMove,
  StoreStatus,
  TreeNode,
  TreePage,
} from "./store.js";
export type { AskedTicket } from "./ticket.js";
export type { Coordinator } from "./verbs.js";
