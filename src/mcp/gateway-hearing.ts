/** What a server behind the gateway says of its own accord, and to whom: only to the session that it belongs to. @module */
import type { GatewayControls } from "../wire/gateway-config.js";
import { type Addressee, Askings } from "./gateway-asking.js";
import type { Answer, Life } from "./gateway-life.js";
import {
  isRequest,
  type RpcId,
  type RpcNotification,
  type RpcObject,
  type RpcRequest,
} from "./gateway-message.js";
import type { Going, Port } from "./gateway-port.js";
import { isRecord } from "./message.js";

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
const TASK_STATUS = "notifications/tasks/status";
const CANCELLED = "notifications/cancelled";
const NOT_HERE: Answer = { error: { code: -32601, message: "not to be asked here" } };

export class Hearing {
  readonly #controls: Controls;
  readonly #ports: ReadonlySet<Port>;
  readonly #going = new Set<Going>();
  readonly #byToken = new Map<unknown, Going>();
  readonly #askings = new Askings(() => this.#name());
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

  /** It was answered; nobody is asked on its behalf any more. */
  end(going: Going): void {
    this.#going.delete(going);
    for (const [token, one] of this.#byToken) if (one === going) this.#byToken.delete(token);
    this.#askings.over(going);
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
    this.#askings.left(port);
    const left = [...this.#listeners].filter(([, ports]) => ports.has(port)).map(([uri]) => uri);
    return left.filter((uri) => this.unlisten(port, uri));
  }

  /** What a life asked is asked no more. */
  lifeEnded(life: Life): void {
    this.#askings.ended(life);
  }

  /** The answer of a session to what the server had asked; one that was not asked is dropped. */
  answer(port: Port, id: RpcId, answer: Answer): Promise<void> {
    return this.#askings.answer(port, id, answer);
  }

  /** The server said something. */
  hear(life: Life, message: RpcRequest | RpcNotification): void {
    if (isRequest(message)) this.#asked(life, message);
    else this.#told(life, message);
  }

  #asked(life: Life, request: RpcRequest): void {
    const { id, method } = request;
    if (method === "ping") return void life.send({ jsonrpc: "2.0", id, result: {} });
    const kind = Object.hasOwn(ASKS, method) ? ASKS[method as keyof typeof ASKS] : undefined;
    if (kind === undefined || !this.#controls.asks.includes(kind)) {
      return void life.send({ jsonrpc: "2.0", id, ...NOT_HERE });
    }
    this.#askings.put(life, request, this.#place());
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
      this.#askings.tookBack(life, params);
      return;
    }
    const [port] = this.#ports;
    const alone = port !== undefined && this.isOnly(port);
    if (method === UPDATED && !alone) {
      for (const one of this.#listeners.get(String(params.uri)) ?? []) {
        one.deliver(message, undefined);
      }
      return;
    }
    // The guard tells from the name who may hear it: it belongs to no request.
    if (method === UPDATED || method === TASK_STATUS) {
      if (alone) port.deliver(message, undefined);
      return;
    }
    const place = this.#place();
    place?.port.deliver(message, place.about?.id);
  }

  #progressed(message: RpcNotification, params: RpcObject): void {
    const going = this.#byToken.get(params.progressToken);
    if (going === undefined) return;
    const told = { ...params, progressToken: going.progressToken };
    going.port.deliver({ ...message, params: told }, going.id);
  }

  /**
   * Nobody says to which request it belongs: where one runs only, it is that one; where all are of the hop that began the session, it is
   * the session's. Undefined where it could be another hop's, or another session's.
   */
  #place(): Addressee | undefined {
    const [port] = this.#ports;
    if (port === undefined || !this.isOnly(port)) return undefined;
    const going = [...this.#going].filter((one) => one.port === port);
    const [one, other] = going;
    if (other === undefined) return { port, about: one };
    const own = going.every(({ by }) => by === port.begunBy);
    return own ? { port, about: undefined } : undefined;
  }

  #name(): string {
    this.#count += 1;
    return `gateway:${this.#count}`;
  }
}
