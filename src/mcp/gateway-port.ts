/** A caller's session and its requests, as what stands before their server sees them. @module */
import type { RpcId, RpcNotification, RpcRequest } from "./gateway-message.js";

/** A caller's session, as its server's side sees it. */
export interface Port {
  /** The hop that began the session, whose client hears what belongs to no request. */
  readonly begunBy: string | undefined;
  /** Hands on what the server says; `about` is the request of the session that it belongs to, where that is known. */
  deliver(message: RpcRequest | RpcNotification, about: RpcId | undefined): void;
}

/** A request of a session that the server has not answered. */
export interface Going {
  readonly port: Port;
  /** What the caller calls it. */
  readonly id: RpcId;
  /** The hop that asks. */
  readonly by: string | undefined;
  /** What the caller calls its progress. */
  readonly progressToken: unknown;
}
