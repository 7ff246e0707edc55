/**
 * Door `legate/mcp`: the place where a tool call is decided, in front of any MCP server.
 *
 * @module
 */
export type { CarrierOptions } from "../carry/carrier.js";
export type { Fetch } from "../carry/fetch.js";
export { type CarriedHop, carriedBy, currentHop, type Said, withHop } from "../carry/hop.js";
export { type Need, needOf } from "../carry/refusal.js";
export {
  type GatewayConfig,
  type GatewayControls,
  type GatewayRun,
  type GatewayServer,
  type Isolation,
  parseGatewayConfig,
  type Risk,
  type SecretSource,
} from "../wire/gateway-config.js";
export type { McpAct } from "../wire/mcp.js";
export { type AuthInfo, CHAIN_EXTRA, type ChainExtra } from "./auth-info.js";
export { type CarriedTransport, type CarryOptions, carryTransport } from "./carry-transport.js";
export type { CoordinatorEngine } from "./coordinator-engine.js";
export type { Owner } from "./coordinator-handles.js";
export {
  type CoordinatorServer,
  type CoordinatorServerOptions,
  createCoordinatorServer,
} from "./coordinator-server.js";
export {
  type Gateway,
  type GatewayDoor,
  type GatewayGround,
  type GatewayOptions,
  type GatewaySession,
  openGateway,
} from "./gateway.js";
export { bothPolicies, gatewayPolicy, ticketPolicy } from "./gateway-controls.js";
export { type GatewayHttp, type GatewayHttpOptions, serveGatewayHttp } from "./gateway-http.js";
export type { SecretPlaces } from "./gateway-launch.js";
export {
  type GuardTransportOptions,
  guardServer,
  guardTransport,
  type McpConnecting,
} from "./guard-transport.js";
export {
  guardHttp,
  type HttpGuardOptions,
  type HttpMiddleware,
  type HttpRequest,
} from "./http-guard.js";
export type { ScopesOf } from "./http-need.js";
export { type McpEventStore, ownEvents } from "./own-events.js";
export type { RefusalData } from "./refusal.js";
export {
  metadataUrl,
  type ProtectedResource,
  type ResourceMetadata,
  resourceMetadata,
  serveResourceMetadata,
} from "./resource-metadata.js";
export type { GuardObserver } from "./session.js";
export {
  delegationVerifier,
  type TokenVerifier,
  type TokenVerifierOptions,
} from "./token-verifier.js";
export type {
  McpExtra,
  McpHeaders,
  McpSendOptions,
  McpTransport,
  RequestId,
} from "./transport.js";
