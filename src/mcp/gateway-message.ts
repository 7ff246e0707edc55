/** Messages of JSON-RPC as the gateway hands them on: it looks at their frame and at what delegation touches, and at nothing else. @module */
import { JSON_DEPTH_MAX } from "../base/limits.js";
import { isRecord } from "./message.js";

export type RpcId = string | number;
export type RpcObject = Readonly<Record<string, unknown>>;

export interface RpcRequest {
  readonly jsonrpc: "2.0";
  readonly id: RpcId;
  readonly method: string;
  readonly params?: RpcObject | undefined;
}
export interface RpcNotification {
  readonly jsonrpc: "2.0";
  readonly method: string;
  readonly params?: RpcObject | undefined;
}
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}
export interface RpcResponse {
  readonly jsonrpc: "2.0";
  readonly id: RpcId;
  readonly result?: RpcObject;
  readonly error?: RpcError;
}
export type RpcMessage = RpcRequest | RpcNotification | RpcResponse;

/** One connection to a server or a caller; what every MCP transport is. */
export interface Connection {
  start(): Promise<void>;
  send(message: RpcMessage, options?: { readonly relatedRequestId?: RpcId }): Promise<void>;
  close(): Promise<void>;
  onmessage?: ((message: RpcMessage) => void) | undefined;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  setProtocolVersion?: ((version: string) => void) | undefined;
}

/** Whether a value has the frame of a message, and nests no deeper than it may; batches, which MCP no longer has, have not. */
export function isMessage(value: unknown): value is RpcMessage {
  if (!isRecord(value) || value.jsonrpc !== "2.0" || !isShallow(value, JSON_DEPTH_MAX))
    return false;
  const { id, method, params, result, error } = value;
  if (id !== undefined && typeof id !== "string" && typeof id !== "number") return false;
  if (method !== undefined) {
    return typeof method === "string" && (params === undefined || isRecord(params));
  }
  if (id === undefined) return false;
  if (error === undefined) return isRecord(result);
  return isRecord(error) && typeof error.code === "number" && typeof error.message === "string";
}

/** What nests deeper than anybody writes is there to exhaust whoever looks into it. */
function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((member) => isShallow(member, depth - 1));
}

export function isRequest(message: RpcMessage): message is RpcRequest {
  return "method" in message && "id" in message && message.id !== undefined;
}

export function isResponse(message: RpcMessage): message is RpcResponse {
  return !("method" in message);
}

/** Parameters without what is the caller's and not the server's: whatever of ours stands in `_meta`. */
export function withoutDelegation(params: RpcObject | undefined): RpcObject | undefined {
  if (params === undefined || !isRecord(params._meta)) return params;
  const { _meta, ...rest } = params;
  const kept = Object.entries(_meta as RpcObject).filter(
    ([name]) => !name.startsWith("dev.legate/"),
  );
  return kept.length === 0 ? rest : { ...rest, _meta: Object.fromEntries(kept) };
}
