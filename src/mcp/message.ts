/** JSON-RPC messages: which of the four each one is, read strictly, since what comes in is anybody's. @module */
import type { RequestId } from "./transport.js";

/** Asks for an answer. */
export interface RequestMessage {
  readonly id: RequestId;
  readonly method: string;
  readonly params?: unknown;
}

/** Asks for none. */
export interface NotificationMessage {
  readonly method: string;
  readonly params?: unknown;
}

/** An answer: a result or an error. */
export interface ResponseMessage {
  readonly id: RequestId;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A message, told apart by its members and nothing else. */
export type Message =
  | { readonly kind: "request"; readonly message: RequestMessage }
  | { readonly kind: "notification"; readonly message: NotificationMessage }
  | { readonly kind: "response"; readonly message: ResponseMessage };

/** Tells what a message is; undefined for what is none of them, a batch included. */
export function kindOf(message: object): Message["kind"] | undefined {
  const { jsonrpc, id, method, result, error } = message as Readonly<Record<string, unknown>>;
  if (jsonrpc !== "2.0" || Array.isArray(message)) return undefined;
  if (method === undefined) {
    return isId(id) && (result === undefined) !== (error === undefined) ? "response" : undefined;
  }
  if (typeof method !== "string" || result !== undefined || error !== undefined) return undefined;
  if (isId(id)) return "request";
  return id === undefined ? "notification" : undefined;
}

function isId(id: unknown): id is RequestId {
  return typeof id === "string" || (typeof id === "number" && Number.isSafeInteger(id));
}

/** Ids that begin so are this side's own, towards the server; no client may use one. */
export const OWN_ID_PREFIX = "legate:";

/**
 * The id under which the server knows a request. The SDK cancels no request whose id is falsy, and a client may choose 0 for a call
 * that is to outlive its cut.
 */
export function raised(id: RequestId): RequestId {
  return id === 0 || id === "" ? `${OWN_ID_PREFIX}${typeof id}` : id;
}

/** The id that the client gave a request, from the one under which the server knows it. */
export function lowered(id: RequestId): RequestId {
  if (id === `${OWN_ID_PREFIX}number`) return 0;
  return id === `${OWN_ID_PREFIX}string` ? "" : id;
}

/** A plain object, by JSON's measure. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `_meta` of parameters or of a result; undefined when there is none. */
export function metaOf(holder: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(holder)) return undefined;
  const { _meta } = holder;
  return isRecord(_meta) ? _meta : undefined;
}
