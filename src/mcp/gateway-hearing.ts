/** What a server behind the gateway says of its own accord, and to whom: only to the session that it belongs to. @module */
import type { GatewayControls } from "../wire/gateway-config.js";
import type { Answer, Life } from "./gateway-life.js";
import {
  isRequest,
  type RpcId,
  type RpcMessage,
  type RpcNotification,
  type RpcObject,
  type RpcRequest,
} from "./gateway-message.js";
import { isRecord } from "./message.js";

/** A caller's session, as its server's side sees it. */
export interface Port {
  /** Hands on what the server says; `about` is the request of the session that it belongs to, where that is known. */
  deliver(message: RpcRequest | RpcNotification, about: RpcId | undefined): void;
}

/** A request of a session that the server has not answered. */
export interface Going {
  readonly port: Port;
  /** What the caller calls it. */
  readonly id: RpcId;
  /** What the caller calls its progress. */
  readonly progressToken: unknown;
}

/** A request of the server that a session has not answered. */
interface Asking {
  readonly port: Port;
  readonly life: Life;
  /** What the server calls it. */
  readonly id: RpcId;
}

type Controls = Pick<GatewayControls, "asks" | "isolation">;

/** What a server may ask a caller for: its method, and the capability that it goes with. */
const ASKS = {
  "sampling/createMessage": "sampling",
  "elicitation/create": "elicitation",
  "roots/list": "roots",
} as const;

/** Tells that something is different now, and not what: everybody's. */
const FOR_ALL: ReadonlySet<string> = new Set([
  "notifications/tools/list_changed",
  "notifications/resources/list_changed",
  "notifications/prompts/list_changed",
]);
const UPDATED = "notifications/resources/updated";
const PROGRESS = "notifications/progress";
const CANCELLED = "notifications/cancelled";

export class Hearing {
  readonly #controls: Controls;
  readonly #ports: ReadonlySet<Port>;
  readonly #going = new Set<Going>();
  readonly #byToken = new Map<unknown, Going>();
  readonly #asking = new Map<RpcId, Asking>();
  /** Resources that sessions listen to. */
  readonly #listeners = new Map<string, Set<Port>>();
  #count = 0;

  constructor(controls: Controls, ports: ReadonlySet<Port>) {
    this.#controls = controls;
    this.#ports = ports;
  }

  /** Resources that somebody listens to. */
  get listenedTo(): Iterable<string> {
    return this.#listeners.keys();
  }

  /** Capabilities that the server is told of: what its caller can do and it may ask for. */
  capabilitiesOf(caller: unknown): RpcObject {
    const { asks, isolation } = this.#controls;
    if (!isRecord(caller) || isolation === "none") return {};
    const offered = asks.filter((ask) => Object.hasOwn(caller, ask));
    return Object.fromEntries(offered.map((ask) => [ask, caller[ask]]));
  }

  /** Whether what the server says can be for no other session than this one. */
  isOnly(port: Port): boolean {
    return this.#controls.isolation !== "none" && this.#ports.size === 1 && this.#ports.has(port);
  }

  /**
   * A request goes to the server.
   *
   * @returns its parameters, the progress token replaced: those of two sessions could be the same
   */
  begin(going: Going, params: RpcObject | undefined): RpcObject | undefined {
    this.#going.add(going);
    const { progressToken } = going;
    if (params === undefined || !isRecord(params._meta) || progressToken === undefined)
      return params;
    const own = this.#name();
    this.#byToken.set(own, going);
    return { ...params, _meta: { ...params._meta, progressToken: own } };
  }

  /** It was answered. */
  end(going: Going): void {
    this.#going.delete(going);
    for (const [token, one] of this.#byToken) if (one === going) this.#byToken.delete(token);
  }

  /** A session subscribed. */
  listen(port: Port, uri: string): void {
    const ports = this.#listeners.get(uri) ?? new Set();
    this.#listeners.set(uri, ports.add(port));
  }

  /** A session does not listen any more; returns whether nobody does. */
  unlisten(port: Port, uri: string): boolean {
    const ports = this.#listeners.get(uri);
    ports?.delete(port);
    if (ports === undefined || ports.size > 0) return ports === undefined;
    return this.#listeners.delete(uri);
  }

  /** A session is over; returns the resources that nobody listens to now. */
  detach(port: Port): string[] {
    for (const [id, asking] of this.#asking) {
      if (asking.port !== port) continue;
      this.#asking.delete(id);
      void refuse(asking.life, asking.id, -32603, "the session is over");
    }
    const left = [...this.#listeners].filter(([, ports]) => ports.has(port)).map(([uri]) => uri);
    return left.filter((uri) => this.unlisten(port, uri));
  }

  /** What a life asked is asked no more. */
  lifeEnded(life: Life): void {
    for (const [id, asking] of this.#asking) if (asking.life === life) this.#asking.delete(id);
  }

  /** The answer of a session to what the server had asked; one that was not asked is dropped. */
  async answer(port: Port, id: RpcId, answer: Answer): Promise<void> {
    const asking = this.#asking.get(id);
    if (asking?.port !== port) return;
    this.#asking.delete(id);
    await asking.life.send({ jsonrpc: "2.0", id: asking.id, ...answer });
  }

  /** The server said something. */
  hear(life: Life, message: RpcRequest | RpcNotification): void {
    if (isRequest(message)) this.#asked(life, message);
    else this.#told(life, message);
  }

  #asked(life: Life, { id, method, params }: RpcRequest): void {
    if (method === "ping") return void life.send({ jsonrpc: "2.0", id, result: {} });
    const [port] = this.#ports;
    const kind = Object.hasOwn(ASKS, method) ? ASKS[method as keyof typeof ASKS] : undefined;
    const may = kind !== undefined && this.#controls.asks.includes(kind);
    if (!may || port === undefined || !this.isOnly(port)) {
      return void refuse(life, id, -32601, "not to be asked here");
    }
    const own = this.#name();
    this.#asking.set(own, { port, life, id });
    const asked: RpcMessage = { jsonrpc: "2.0", id: own, method, params };
    port.deliver(asked, this.#about(port));
  }

  #told(life: Life, message: RpcNotification): void {
    const { method, params = {} } = message;
    if (FOR_ALL.has(method)) {
      for (const port of this.#ports) port.deliver(message, undefined);
      return;
    }
    if (method === PROGRESS) {
      this.#progressed(message, params);
      return;
    }
    if (method === CANCELLED) {
      this.#tookBack(life, message, params);
      return;
    }
    if (method === UPDATED && !this.#isAlone()) {
      for (const port of this.#listeners.get(String(params.uri)) ?? []) {
        port.deliver(message, undefined);
      }
      return;
    }
    const [port] = this.#ports;
    if (port !== undefined && this.isOnly(port)) port.deliver(message, this.#about(port));
  }

  #progressed(message: RpcNotification, params: RpcObject): void {
    const going = this.#byToken.get(params.progressToken);
    if (going === undefined) return;
    const told = { ...params, progressToken: going.progressToken };
    going.port.deliver({ ...message, params: told }, going.id);
  }

  #tookBack(life: Life, message: RpcNotification, params: RpcObject): void {
    for (const [own, asking] of this.#asking) {
      if (asking.life !== life || asking.id !== params.requestId) continue;
      this.#asking.delete(own);
      asking.port.deliver({ ...message, params: { ...params, requestId: own } }, undefined);
    }
  }

  #isAlone(): boolean {
    const [port] = this.#ports;
    return port !== undefined && this.isOnly(port);
  }

  /** Nobody says to which request it belongs; where there is one only, it is that one. */
  #about(port: Port): RpcId | undefined {
    const [one, other] = [...this.#going].filter((going) => going.port === port);
    return other === undefined ? one?.id : undefined;
  }

  #name(): string {
    this.#count += 1;
    return `gateway:${this.#count}`;
  }
}

function refuse(life: Life, id: RpcId, code: number, message: string): Promise<void> {
  return life.send({ jsonrpc: "2.0", id, error: { code, message } });
}
