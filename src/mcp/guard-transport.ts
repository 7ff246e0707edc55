/** A guard in front of an MCP server, over any transport. @module */
import type { Guard } from "../guard/guard.js";
import { Inbound } from "./inbound.js";
import { Outbound } from "./outbound.js";
import { type GuardObserver, Session } from "./session.js";
import { TaskOwners } from "./tasks.js";
import type { McpExtra, McpSendOptions, McpTransport } from "./transport.js";

/** How to guard a server. */
export interface GuardTransportOptions {
  /** The resource that the server is, as tokens name it; the guard's first audience unless told. */
  readonly audience?: string;
  /** The server's URL as it knows itself, which DPoP proofs name; the audience unless told. */
  readonly url?: string;
  /** Who wants to know what is let in. */
  readonly observer?: GuardObserver;
}

/**
 * Puts a guard between a transport and its server: `server.connect(guardTransport(transport, guard))`.
 *
 * Every request is decided before its handler starts, and refused with a JSON-RPC error that tells code, hop and rule; lists show what the
 * presented chain could use; a session is bound to the first tree that uses it. When a chain is cut its running handlers' signals fire, its
 * tasks are cancelled, its session's streams close, and nothing leaves for it. Handlers see no token. Serves `Server` and `McpServer` of
 * either SDK.
 */
export function guardTransport(
  transport: McpTransport,
  guard: Guard,
  options: GuardTransportOptions = {},
): McpTransport {
  return new GuardedTransport(transport, guard, options);
}

/** A server of either SDK. */
export interface McpConnecting {
  /** Begins to serve. */
  connect(transport: McpTransport): Promise<void>;
}

/**
 * Has a server put a guard in front of whatever it is connected to; for those that a factory makes and somebody else connects, as the
 * handlers of SDK 2 do.
 */
export function guardServer<S extends McpConnecting>(
  server: S,
  guard: Guard,
  options: GuardTransportOptions = {},
): S {
  const connect = server.connect.bind(server);
  server.connect = (transport) => connect(guardTransport(transport, guard, options));
  return server;
}

class GuardedTransport implements McpTransport {
  readonly #inner: McpTransport;
  readonly #session: Session;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  onmessage: McpTransport["onmessage"];
  onclose: McpTransport["onclose"];
  onerror: McpTransport["onerror"];
  readonly setProtocolVersion: McpTransport["setProtocolVersion"];
  readonly setSupportedProtocolVersions: McpTransport["setSupportedProtocolVersions"];

  constructor(inner: McpTransport, guard: Guard, options: GuardTransportOptions) {
    const { audience = guard.audience[0] ?? "", url = audience, observer } = options;
    this.#inner = inner;
    this.#session = new Session(
      { guard, audience, url, tasks: ownersOf(guard, audience) },
      {
        up: (message, extra) => this.onmessage?.(message, extra),
        down: (message, how) => inner.send(message, how),
        fault: (error) => this.onerror?.(error),
        sever: (whole) => {
          if (whole) observer?.severed();
          this.#sever(whole);
        },
        admitted: (id, chain) => observer?.admitted(id, chain),
      },
    );
    this.#inbound = new Inbound(this.#session);
    this.#outbound = new Outbound(this.#session);
    this.setProtocolVersion = inner.setProtocolVersion?.bind(inner);
    this.setSupportedProtocolVersions = inner.setSupportedProtocolVersions?.bind(inner);
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId;
  }

  get hasPerRequestStream(): boolean {
    return this.#inner.hasPerRequestStream ?? false;
  }

  /** What listened to the transport before goes on listening. */
  start(): Promise<void> {
    const inner = this.#inner;
    const { onmessage, onclose, onerror } = inner;
    inner.onmessage = (message: object, extra?: McpExtra) => {
      onmessage?.(message, extra);
      this.#inbound.receive(message, extra);
    };
    inner.onclose = () => {
      this.#session.close();
      onclose?.();
      this.onclose?.();
    };
    inner.onerror = (error) => {
      onerror?.(error);
      this.onerror?.(error);
    };
    return inner.start();
  }

  send(message: object, options?: McpSendOptions): Promise<void> {
    return this.#outbound.send(message, options);
  }

  close(): Promise<void> {
    this.#session.close();
    return this.#inner.close();
  }

  #sever(whole: boolean): void {
    const inner: McpTransport & { closeStandaloneSSEStream?: () => void } = this.#inner;
    inner.closeStandaloneSSEStream?.();
    if (whole) this.close().catch((error: Error) => this.onerror?.(error));
  }
}

/** Tasks outlive sessions, and a server that keeps none has a transport for each request. */
function ownersOf(guard: Guard, audience: string): TaskOwners {
  const known = OWNERS.get(guard) ?? new Map<string, TaskOwners>();
  OWNERS.set(guard, known);
  const owners = known.get(audience) ?? new TaskOwners();
  known.set(audience, owners);
  return owners;
}

const OWNERS = new WeakMap<Guard, Map<string, TaskOwners>>();
