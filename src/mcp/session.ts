/** One protocol session: what runs in it, whose it is, and how both end when authority is cut. @module */
import type { Code } from "../base/codes.js";
import { DelegationError } from "../base/error.js";
import { MCP_REQUESTS_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Allowed } from "../guard/decision.js";
import type { SessionAnswer } from "../token/session.js";
import type { Desk } from "./decide.js";
import { OWN_ID_PREFIX, raised } from "./message.js";
import { deniedBy, errorOf, errorWithSession, type RpcError } from "./refusal.js";
import { type Standing, Standings } from "./standings.js";
import type { McpExtra, McpSendOptions, RequestId } from "./transport.js";

/** Told of what passes. */
export interface GuardObserver {
  /** A request is about to be handed to the server, under the id that it knows it by. */
  admitted(id: RequestId, chain: VerifiedChain): void;
  /** The session is about to be closed, because its authority was cut. */
  severed(): void;
}

/** The two sides that a session lies between. */
export interface Sides extends Pick<GuardObserver, "admitted"> {
  /** To the server. */
  up(message: object, extra?: McpExtra): void;
  /** To the client. */
  down(message: object, options?: McpSendOptions): Promise<void>;
  /** What goes wrong besides. */
  fault(error: Error): void;
  /** Ends streams that no request holds open; with `whole`, the session. */
  sever(whole: boolean): void;
}

/** A client's request that is not answered. */
export interface Running {
  readonly id: RequestId;
  readonly method: string;
  /** Undefined until it is decided. */
  allowed: Allowed | undefined;
  /** Another HTTP request came by its id: the transport would send there what is this one's. */
  astray: boolean;
}

/** Reasons that pass: a fresh chain of the same tree may use the session again. */
const PASSING: ReadonlySet<Code> = new Set<Code>([
  "token_expired",
  "delegation_suspended",
  "status_unknown",
]);

/** How long a client may take to hear that its authority was cut. */
const FAREWELL_MS = 1_000;

function farewell(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, FAREWELL_MS).unref());
}

/** What one connection has going. */
export class Session {
  readonly desk: Desk;
  readonly sides: Sides;
  readonly standings: Standings;
  readonly running = new Map<RequestId, Running>();
  /** The server's requests to the client, and the client's request that each belongs to, if any. */
  readonly asked = new Map<RequestId, Running | undefined>();
  closed = false;
  /** Ids of requests that were stopped: what their handlers still say must not pass for another's. */
  readonly #stopped = new Set<RequestId>();
  #leaving: Promise<unknown> = Promise.resolve();
  #tasksCancelled = 0;

  constructor(desk: Desk, sides: Sides) {
    this.desk = desk;
    this.sides = sides;
    this.standings = new Standings(desk.guard, desk.tasks.left, (standing, why) =>
      this.#lose(standing, why),
    );
  }

  /** Notes a request; undefined when it was refused: its id is or was in use, or there are too many. */
  begin(id: RequestId, method: string): Running | undefined {
    const own = typeof id === "string" && id.startsWith(OWN_ID_PREFIX);
    const taken = own || this.running.has(id) || this.#stopped.has(id);
    if (taken || this.running.size >= MCP_REQUESTS_MAX) {
      const refusal = taken
        ? new DelegationError("invalid_request", "id is in use", { rule: "id" })
        : new DelegationError("quota_exceeded", "too many requests are running", { rule: "id" });
      this.refuse(id, errorOf(deniedBy(refusal)));
      return undefined;
    }
    const running: Running = { id, method, allowed: undefined, astray: false };
    this.running.set(id, running);
    return running;
  }

  /** Stops the request when its authority is cut. */
  watch(running: Running, allowed: Allowed): void {
    running.allowed = allowed;
    allowed.onCut((why) => this.abort(running, why));
  }

  /** The request is over: nothing that belongs to it passes any more. */
  end(running: Running): void {
    if (this.running.get(running.id) === running) this.running.delete(running.id);
    if (this.asked.size > 0) this.#forgetAsked(running);
    running.allowed?.end();
  }

  #forgetAsked(running: Running): void {
    for (const [id, by] of this.asked) if (by === running) this.asked.delete(id);
  }

  /** The request is over, and its handler may not know it. */
  stop(running: Running): void {
    this.end(running);
    if (this.#stopped.size >= MCP_REQUESTS_MAX) {
      for (const oldest of this.#stopped) {
        this.#stopped.delete(oldest);
        break;
      }
    }
    this.#stopped.add(running.id);
  }

  /** Answers a request with a refusal. */
  refuse(id: RequestId, error: RpcError, session?: SessionAnswer): void {
    const told = session === undefined ? error : errorWithSession(error, session);
    this.post({ jsonrpc: "2.0", id, error: told });
  }

  /** Sends what nobody waits for. */
  post(message: object): void {
    const sent = this.sides.down(message).catch((error: Error) => this.sides.fault(error));
    if (!this.closed) this.#leaving = sent;
  }

  /** Stops a running request: its handler's signal fires, and its caller hears why. */
  abort(running: Running, { hop, rule }: DelegationError): void {
    if (this.running.get(running.id) !== running) return;
    const asked = [...this.asked].filter(([, by]) => by === running);
    this.stop(running);
    const refusal = new DelegationError("aborted", "the call was stopped: its authority was cut", {
      ...(hop === undefined ? {} : { hop }),
      ...(rule === undefined ? {} : { rule }),
    });
    const error = errorOf(deniedBy(refusal));
    this.refuse(running.id, error, running.allowed?.session);
    const params = { requestId: raised(running.id), reason: refusal.message };
    this.sides.up({ jsonrpc: "2.0", method: "notifications/cancelled", params });
    for (const [id] of asked) this.#unask(id, error);
  }

  /** Everything is over; what was allowed is said to be. */
  close(): void {
    this.closed = true;
    for (const { allowed } of this.running.values()) allowed?.end();
    this.running.clear();
    this.asked.clear();
    this.standings.close();
  }

  #lose({ tasks }: Standing, why: DelegationError): void {
    for (const taskId of tasks) this.#cancelTask(taskId);
    // Only its tasks were left.
    if (this.closed) return;
    this.sides.sever(false);
    if (this.standings.alive) return;
    const refusal = new DelegationError("aborted", "the session's authority was cut", {
      rule: "session",
    });
    for (const [id, by] of this.asked) {
      if (by === undefined) this.#unask(id, errorOf(deniedBy(refusal)));
    }
    if (PASSING.has(why.code)) return;
    // Whatever the same cut stops is told of it first, unless nobody takes it off the line.
    queueMicrotask(() => {
      const told = Promise.race([this.#leaving, farewell()]);
      void told.then(() => this.sides.sever(true));
    });
  }

  /** Whoever waits for the client's answer waits in vain. */
  #unask(id: RequestId, error: RpcError): void {
    this.asked.delete(id);
    this.sides.up({ jsonrpc: "2.0", id, error });
  }

  /** What the server answers is nobody's: no request of that id runs. */
  #cancelTask(taskId: string): void {
    this.#tasksCancelled += 1;
    const id = `${OWN_ID_PREFIX}cancel-${this.#tasksCancelled}`;
    this.sides.up({ jsonrpc: "2.0", id, method: "tasks/cancel", params: { taskId } });
  }
}
