/**
 * Door `legate/mcp`: the place where a tool call is decided, in front of any MCP server.
 *
 * @module
 */
export { type GuardTransportOptions, guardTransport } from "./guard-transport.js";
export type { RefusalData } from "./refusal.js";
export type { GuardObserver } from "./session.js";
export type {
  McpExtra,
  McpHeaders,
  McpSendOptions,
  McpTransport,
  RequestId,
} from "./transport.js";
