/** A caller's session at a server behind the gateway: what its guard lets through goes on, and what comes back is its own. @module */
import { DelegationError, exposed } from "../base/error.js";
import { GATEWAY_LINGER_MS } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Guard } from "../guard/guard.js";
import type { Timers } from "../lifecycle/timers.js";
import type { GatewayServer } from "../wire/gateway-config.js";
import { actOf } from "../wire/mcp.js";
import type { Forwarded, GatewayScribe, Outcome } from "./gateway-audit.js";
import type { Backend } from "./gateway-backend.js";
import { hasResource, listWithin, refusedBy, riskOf } from "./gateway-controls.js";
import { type Answer, failed } from "./gateway-life.js";
import {
  isRequest,
  isResponse,
  type RpcId,
  type RpcMessage,
  type RpcNotification,
  type RpcRequest,
  withoutDelegation,
} from "./gateway-message.js";
import type { Port } from "./gateway-port.js";
import { guardTransport } from "./guard-transport.js";
import { ruleOf } from "./methods.js";
import { leafOf } from "./tasks.js";
import type { McpTransport, RequestId } from "./transport.js";

/** What a session is put together from. */
export interface SessionParts {
  readonly server: GatewayServer;
  readonly guard: Guard;
  readonly scribe: GatewayScribe;
  readonly timers: Timers;
  /** The server's URL as it knows itself, over HTTP. */
  readonly url: string | undefined;
  /** The running server that a chain's calls go to. */
  readonly backendFor: (chain: VerifiedChain, port: Port) => Backend;
  /** The session uses a server no more. `cut`: because its authority is gone. */
  readonly release: (port: Port, backend: Backend, cut: boolean) => void;
  readonly closed: () => void;
  readonly log: (line: string) => void;
}

/** A caller that is served. */
export interface GatewaySession {
  /** Whether its guard has let it in, and its server was greeted. */
  readonly open: boolean;
  /** Ends the session, and the server behind where nobody else uses it. Idempotent. */
  close(): Promise<void>;
}

const NOT_READY = new DelegationError("invalid_request", "the session is not initialized", {
  rule: "initialize",
});

/** By a cut, for one, while it was written down. */
const TAKEN_BACK = new DelegationError("aborted", "the call was taken back before it was made", {
  rule: "cancelled",
});

export class CallerSession implements GatewaySession, Port {
  readonly #parts: SessionParts;
  readonly #transport: McpTransport;
  /** Chains of requests that were let in and have not come by. */
  readonly #chains = new Map<RequestId, VerifiedChain>();
  /** Requests that are neither answered nor taken back. */
  readonly #going = new Set<unknown>();
  begunBy: string | undefined;
  #backend: Backend | undefined;
  #over = false;
  #cut = false;
  #alarm: unknown;
  #lastsUntil = 0;

  constructor(transport: McpTransport, parts: SessionParts) {
    this.#parts = parts;
    const { guard, server, url } = parts;
    this.#transport = guardTransport(transport, guard, {
      audience: server.controls.audience,
      ...(url === undefined ? {} : { url }),
      observer: {
        admitted: (id, chain) => this.#admitted(id, chain),
        severed: () => {
          this.#cut = true;
        },
      },
    });
    this.#transport.onmessage = (message) => this.#onMessage(message as RpcMessage);
    this.#transport.onclose = () => this.#closed();
    this.#transport.onerror = () => undefined;
  }

  get open(): boolean {
    return this.#backend !== undefined && !this.#over;
  }

  start(): Promise<void> {
    return this.#transport.start();
  }

  async close(): Promise<void> {
    await this.#transport.close();
    this.#closed();
  }

  /** From the server. */
  deliver(message: RpcRequest | RpcNotification, about: RpcId | undefined): void {
    const { method, params } = message;
    const { controls } = this.#parts.server;
    // What does not exist for callers does not change either.
    if (method === "notifications/resources/updated" && !hasResource(controls, String(params?.uri)))
      return;
    this.#send(message, about);
  }

  #onMessage(message: RpcMessage): void {
    if (isResponse(message)) {
      const { id, result, error } = message;
      const given = error === undefined ? { result: withoutDelegation(result) ?? {} } : { error };
      void this.#backend?.answer(this, id, given);
    } else if (isRequest(message)) void this.#request(message);
    else this.#notification(message);
  }

  #notification({ jsonrpc, method, params }: RpcNotification): void {
    // The server was told when it was greeted.
    if (method === "notifications/initialized") return;
    if (method === "notifications/cancelled") {
      this.#going.delete(params?.requestId);
      this.#backend?.cancel(this, params?.requestId);
      return;
    }
    void this.#backend?.tell(this, { jsonrpc, method, params: withoutDelegation(params) });
  }

  async #request(request: RpcRequest): Promise<void> {
    const { id } = request;
    const chain = this.#chains.get(id);
    this.#chains.delete(id);
    this.#going.add(id);
    let answer: Answer;
    try {
      answer = await this.#answerTo(request, chain);
    } catch (thrown) {
      answer = failed(exposed(thrown));
    }
    if (this.#going.delete(id)) this.#send({ jsonrpc: "2.0", id, ...answer });
  }

  async #answerTo(request: RpcRequest, chain: VerifiedChain | undefined): Promise<Answer> {
    const { method } = request;
    const params = withoutDelegation(request.params);
    const asked = { ...request, params };
    if (method === "initialize" && chain !== undefined) return this.#initialize(asked, chain);
    const backend = this.#backend;
    // Tasks of a chain that was cut are cancelled by the guard itself: for no chain.
    if (chain === undefined && method === "tasks/cancel")
      return (await backend?.ask(this, asked)) ?? {};
    if (backend === undefined || chain === undefined) throw NOT_READY;
    const { controls, name } = this.#parts.server;
    const act = actOf(method, params);
    const refused = refusedBy(controls, act.tool, act.arguments);
    if (refused !== undefined) {
      throw new DelegationError("policy_denied", "not among what this server has for callers", {
        rule: `gateway.${name}.${refused}`,
      });
    }
    if (ruleOf(method) === "authorize") return this.#perform(backend, asked, act, chain);
    const { result, ...error } = await backend.ask(this, asked, leafOf(chain));
    return result === undefined ? error : { result: listWithin(controls, method, result) };
  }

  async #initialize({ params = {} }: RpcRequest, chain: VerifiedChain): Promise<Answer> {
    if (this.#backend !== undefined) {
      throw new DelegationError("invalid_request", "the session is initialized", {
        rule: "initialize",
      });
    }
    const backend = this.#parts.backendFor(chain, this);
    this.#backend = backend;
    this.begunBy = leafOf(chain);
    try {
      return { result: await backend.attach(this, params) };
    } catch (thrown) {
      if (this.#backend === backend) this.#backend = undefined;
      this.#parts.release(this, backend, false);
      throw thrown;
    }
  }

  /** What a grant has allowed: written down, done, and what came of it written down. */
  async #perform(
    backend: Backend,
    request: RpcRequest,
    act: { readonly tool: string; readonly arguments: Readonly<Record<string, unknown>> },
    chain: VerifiedChain,
  ): Promise<Answer> {
    const { server, scribe, timers } = this.#parts;
    const { controls } = server;
    const risk = riskOf(controls, act.tool);
    const credential = [controls.credential.env, controls.credential.headers].flatMap(Object.keys);
    const call: Forwarded = { ...act, chain, server: server.name, risk, credential };
    const since = timers.now();
    const noted = scribe.forwarded(call);
    // What risks more happens only when it stands in the log; the rest is there by the guard's own line.
    if (risk === "low") noted.catch(() => this.#parts.log("a call could not be written down"));
    else await noted;
    const wanted = !this.#over && this.#going.has(request.id);
    const answer = wanted ? await backend.ask(this, request, leafOf(chain)) : failed(TAKEN_BACK);
    const told = scribe.answered(call, outcomeOf(answer, timers.now() - since));
    if (risk === "high") await told;
    else told.catch(() => this.#parts.log("what came of a call could not be written down"));
    return answer;
  }

  #send(message: RpcMessage, about?: RpcId): void {
    const options = about === undefined ? undefined : { relatedRequestId: about };
    this.#transport.send(message, options).catch(() => undefined);
  }

  /** Before a request comes by: whose it is. */
  #admitted(id: RequestId, chain: VerifiedChain): void {
    this.#chains.set(id, chain);
    if (chain.expiresAt <= this.#lastsUntil) return;
    this.#lastsUntil = chain.expiresAt;
    const { timers } = this.#parts;
    timers.clearTimeout(this.#alarm);
    // A session that nobody can use any more, and that nobody ends.
    const leftMs = chain.expiresAt - timers.now() + GATEWAY_LINGER_MS;
    this.#alarm = timers.setTimeout(() => void this.close().catch(() => undefined), leftMs);
  }

  #closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.#parts.timers.clearTimeout(this.#alarm);
    if (this.#backend !== undefined) this.#parts.release(this, this.#backend, this.#cut);
    this.#parts.closed();
  }
}

function outcomeOf({ result, error }: Answer, ms: number): Outcome {
  if (error === undefined) return { outcome: "result", ms: Math.max(0, ms), result };
  return { outcome: error.code === -32800 ? "cancelled" : "error", ms: Math.max(0, ms) };
}
