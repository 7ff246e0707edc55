/** The carrier for clients: a wrapper around any transport, which puts the right hop on each message. @module */
import { DelegationError } from "../base/error.js";
import { Carrier, type CarrierOptions, noHop } from "../carry/carrier.js";
import { type Errand, type Fetch, HeaderCarrier } from "../carry/fetch.js";
import { type CarriedHop, saidWith } from "../carry/hop.js";
import { type Outgoing, presented } from "./carried-message.js";
import { CarriedRequests, readied } from "./carried-requests.js";
import type { McpTransport, RequestId } from "./transport.js";

/** Which server, and by whom. */
export interface CarryOptions extends CarrierOptions {
  /** The server's endpoint, where that is not the audience: headers go there and nowhere else. */
  readonly url?: string | URL;
  /** What the transport's `fetch` ends in; the global one unless told. */
  readonly fetch?: Fetch;
}

/** A transport that carries. */
export interface CarriedTransport extends McpTransport {
  /** Ends the protocol session over HTTP, where the transport can. */
  terminateSession(): Promise<void>;
}

/**
 * Wraps a client's transport: `client.connect(carryTransport(transport, { audience, hop }))`.
 *
 * Each request and notification carries its hop's tokens and a proof of possession for exactly this message, in `_meta`. Over HTTP give a
 * function instead, which gets the `fetch` to build the transport with: the same chain then stands in the `Authorization` header too,
 * where it fits, and streams are opened by the hop that began the session.
 *
 * The hop is the one that the call names (`carriedBy`), else `options.hop`, else the one that the run is under (`withHop`). Without one
 * nothing is sent. A refusal, by the server's guard or by a challenge, rejects the call with a `DelegationError`; `needOf` says what
 * would be needed. A chain or session that the server has forgotten is shown again, once, before that.
 *
 * @throws {DelegationError} `config_invalid` for a function without a URL to send headers to
 */
export function carryTransport(
  transport: McpTransport | ((fetch: Fetch) => McpTransport),
  options: CarryOptions,
): CarriedTransport {
  const carrier = new Carrier(options);
  if (typeof transport !== "function") return new CarryTransport(transport, carrier, undefined);
  const url = String(options.url ?? options.audience);
  if (!URL.canParse(url)) {
    throw new DelegationError("config_invalid", "where headers go has to be a url", {
      rule: "url",
    });
  }
  const headers = new HeaderCarrier(carrier, {
    url: new URL(url),
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
  return new CarryTransport(transport(headers.fetch), carrier, headers);
}

class CarryTransport implements CarriedTransport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: McpTransport["onmessage"];
  readonly #inner: McpTransport & { terminateSession?: () => Promise<void> };
  readonly #carrier: Carrier;
  readonly #headers: HeaderCarrier | undefined;
  readonly #requests: CarriedRequests;
  /** Who began the session: what nobody else sends is sent by it. */
  #pinned: CarriedHop | undefined;
  /** A client of the 2.x line forgets a request whose sending failed; one of the 1.x line keeps it until there is an answer. */
  #forgetful = false;
  #closed = false;

  constructor(inner: McpTransport, carrier: Carrier, headers: HeaderCarrier | undefined) {
    this.#inner = inner;
    this.#carrier = carrier;
    this.#headers = headers;
    this.#requests = new CarriedRequests(carrier, (errand, message, options) =>
      this.#dispatch(errand, message, options),
    );
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId;
  }

  get hasPerRequestStream(): boolean {
    return this.#inner.hasPerRequestStream === true;
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion?.(version);
  }

  setSupportedProtocolVersions(versions: string[]): void {
    this.#forgetful = true;
    this.#inner.setSupportedProtocolVersions?.(versions);
  }

  async terminateSession(): Promise<void> {
    await this.#inner.terminateSession?.();
  }

  async start(): Promise<void> {
    const { onclose, onerror } = this.#inner;
    this.#inner.onmessage = (message, extra) => {
      const own = this.#requests.take(message);
      if (own !== undefined) this.onmessage?.(own, extra);
    };
    this.#inner.onclose = () => {
      this.#closed = true;
      onclose?.();
      this.#requests.cancelAll();
      this.onclose?.();
    };
    this.#inner.onerror = (error) => {
      // Its sender gets it.
      if (this.#headers?.told.has(error) === true) return;
      onerror?.(error);
      this.onerror?.(error);
    };
    await this.#inner.start();
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }

  /** For a request: until there is an answer, so that a refusal can reject it. */
  send(message: object, options?: object): Promise<void> {
    const outgoing: Outgoing = message;
    const { id, method } = outgoing;
    if (id === undefined || method === undefined) return this.#pass(outgoing, options);
    return this.#ask(outgoing, id, options).catch((thrown: unknown) => {
      if (thrown instanceof DelegationError) this.#bury(id, thrown);
      throw thrown;
    });
  }

  #ask(request: Outgoing, id: RequestId, options: object | undefined): Promise<void> {
    try {
      const said = saidWith(request.params);
      const hop = this.#carrier.hopOf(said);
      if (hop === undefined) throw noHop();
      this.#pinned ??= hop;
      if (this.#headers !== undefined) this.#headers.pinned ??= hop;
      return this.#requests.ask(request, id, { hop, how: { tickets: said?.tickets }, options });
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  /** What nobody answers. */
  async #pass(message: Outgoing, options: object | undefined): Promise<void> {
    if (Array.isArray(message)) {
      throw new DelegationError("invalid_request", "a batch has no one hop", { rule: "message" });
    }
    if (message.method !== undefined) return this.#tell(message, options);
    // An answer to the server is the session's.
    const hop = this.#pinned ?? this.#carrier.hopOf(undefined);
    if (hop === undefined) throw noHop();
    return this.#dispatch({ hop }, message, options);
  }

  async #tell(notification: Outgoing, options: object | undefined): Promise<void> {
    const { method, params } = notification;
    const cancels = method === "notifications/cancelled";
    const cancelled = cancels ? this.#requests.find(params?.requestId) : undefined;
    const said = saidWith(params);
    const hop = said?.hop ?? cancelled?.hop ?? this.#carrier.hopOf(undefined) ?? this.#pinned;
    if (hop === undefined) throw noHop();
    const named =
      cancelled === undefined
        ? notification
        : { ...notification, params: { ...params, requestId: cancelled.sentAs } };
    const { request, presentation } = readied(this.#carrier, named, hop, { unanswered: true });
    if (cancelled !== undefined) this.#requests.cancel(cancelled.sentAs);
    await this.#dispatch({ hop, presentation }, presented(request, presentation.meta), options);
  }

  /** Lets a client that keeps failed requests let go of this one, once its caller has been told. */
  #bury(id: RequestId, { code, message, row }: DelegationError): void {
    if (this.#forgetful) return;
    const error = { code: row.mcp, message, data: { code } };
    setImmediate(() => {
      if (!this.#closed) this.onmessage?.({ jsonrpc: "2.0", id, error });
    });
  }

  #dispatch(errand: Errand, message: Outgoing, options: object | undefined): Promise<void> {
    const headers = this.#headers;
    if (headers === undefined) return this.#inner.send(message, options);
    return headers.run(errand, () => this.#inner.send(message, options));
  }
}
