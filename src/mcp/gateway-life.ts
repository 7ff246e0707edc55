/** One life of a server behind the gateway: started, greeted, asked and answered, until it ends. @module */
import { DelegationError } from "../base/error.js";
import { GATEWAY_START_MS } from "../base/limits.js";
import type { Timers } from "../lifecycle/timers.js";
import {
  type Connection,
  isResponse,
  type RpcError,
  type RpcId,
  type RpcMessage,
  type RpcObject,
  type RpcResponse,
  withoutDelegation,
} from "./gateway-message.js";
import type { Redactor } from "./gateway-redact.js";
import { isRecord } from "./message.js";

/** A server that can be started: how to reach it, and what must not be seen of it. */
export interface Startable {
  readonly connection: Connection & {
    /** Ends it without waiting for its good will. */
    stop(): Promise<void>;
  };
  readonly redactor: Redactor;
}

/** How the server is greeted: what the gateway can do for it, on behalf of a caller. */
export interface Greeting {
  readonly protocolVersion: string;
  readonly capabilities: RpcObject;
  readonly clientInfo: RpcObject;
}

/** Somebody who waits for an answer. */
interface Asked {
  readonly answer: (answer: Answer) => void;
  readonly alarm: unknown;
}

/** A request to a server. */
export interface Question {
  readonly method: string;
  readonly params?: RpcObject | undefined;
  /** How long the answer may take. */
  readonly withinMs: number;
}

/** What came of a request; `error` as JSON-RPC has it. */
export type Answer = Pick<RpcResponse, "result" | "error">;

export class Life {
  readonly #connection: Startable["connection"];
  readonly #timers: Timers;
  readonly #hear: (message: Exclude<RpcMessage, RpcResponse>) => void;
  readonly #asked = new Map<RpcId, Asked>();
  #next = 0;
  #over: DelegationError | undefined;
  #ending: Promise<void> | undefined;

  /**
   * @param on `hear`: told what the server says of its own accord, secrets taken out. `end`: told once, when it ended by itself or was
   *   ended.
   */
  constructor(
    { connection, redactor }: Startable,
    timers: Timers,
    on: {
      readonly hear: (message: Exclude<RpcMessage, RpcResponse>) => void;
      readonly end: () => void;
    },
  ) {
    this.#connection = connection;
    this.#timers = timers;
    this.#hear = on.hear;
    connection.onmessage = (message) => this.#onMessage(redactor.message(message));
    connection.onerror = () => undefined;
    connection.onclose = () => {
      if (this.#over !== undefined) return;
      this.#finish();
      on.end();
    };
  }

  get over(): boolean {
    return this.#over !== undefined;
  }

  /**
   * Starts and greets it.
   *
   * @returns its answer to `initialize`
   * @throws {DelegationError} `upstream_unavailable` when it does not start in time, or refuses
   */
  async start(greeting: Greeting): Promise<RpcObject> {
    try {
      await inTime(this.#timers, this.#connection.start());
      const params = { ...greeting };
      const asked = { method: "initialize", params, withinMs: GATEWAY_START_MS };
      const { result } = await this.ask(asked).answer;
      if (result === undefined) throw unavailable("the server refuses to be initialized");
      this.#connection.setProtocolVersion?.(String(result.protocolVersion));
      await this.tell("notifications/initialized");
      return result;
    } catch (thrown) {
      await this.stop();
      throw thrown instanceof DelegationError
        ? thrown
        : unavailable("the server cannot be started");
    }
  }

  /** Asks. The answer never rejects: a server that ends, or is late, has answered with an error. */
  ask(question: Question): { readonly id: RpcId; readonly answer: Promise<Answer> } {
    this.#next += 1;
    const id = this.#next;
    const { method, params, withinMs } = question;
    const answer = new Promise<Answer>((resolve) => {
      if (this.#over !== undefined) return resolve(failed(this.#over));
      const alarm = this.#timers.setTimeout(() => {
        this.cancel(
          id,
          failed(
            new DelegationError("aborted", "the server did not answer in time", {
              rule: "timeout",
            }),
          ),
        );
      }, withinMs);
      this.#asked.set(id, { answer: resolve, alarm });
      const message = { jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) };
      this.#connection.send(message as RpcMessage).catch((thrown: unknown) => {
        this.#settle(id, failed(unavailable("the server could not be asked", thrown)));
      });
    });
    return { id, answer };
  }

  /** Takes a request back: the server is told, and whoever waits gets `instead`. */
  cancel(id: RpcId, instead: Answer): void {
    if (!this.#asked.has(id)) return;
    this.#settle(id, instead);
    void this.tell("notifications/cancelled", { requestId: id });
  }

  /** Tells the server something; what does not reach it is lost, as with any notification. */
  async tell(method: string, params?: RpcObject): Promise<void> {
    const message = { jsonrpc: "2.0", method, ...(params === undefined ? {} : { params }) };
    await this.send(message as RpcMessage);
  }

  /** An answer of a caller to what the server asked. */
  async send(message: RpcMessage): Promise<void> {
    if (this.#over !== undefined) return;
    await this.#connection.send(message).catch(() => undefined);
  }

  /** Ends it as a client does that is done. */
  close(): Promise<void> {
    return this.#end(() => this.#connection.close());
  }

  /** Ends it now. */
  stop(): Promise<void> {
    return this.#end(() => this.#connection.stop());
  }

  #end(how: () => Promise<void>): Promise<void> {
    this.#finish();
    this.#ending ??= how().catch(() => undefined);
    return this.#ending;
  }

  #finish(): void {
    if (this.#over !== undefined) return;
    this.#over = unavailable("the server has ended");
    for (const id of [...this.#asked.keys()]) this.#settle(id, failed(this.#over));
  }

  #onMessage(message: RpcMessage): void {
    if (this.#over !== undefined) return;
    if (!isResponse(message)) {
      this.#hear(message);
      return;
    }
    const { result, error } = message;
    this.#settle(message.id, error === undefined ? ownResult(result) : { error: ownError(error) });
  }

  #settle(id: RpcId, answer: Answer): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    this.#timers.clearTimeout(asked.alarm);
    asked.answer(answer);
  }
}

/** A result that is the server's word and no more: nothing in it speaks for a guard. */
function ownResult(result: RpcObject = {}): Answer {
  return { result: withoutDelegation(result) ?? {} };
}

/** An error likewise: callers branch on `data.code`, and on the session that an error may open. */
function ownError(error: RpcError): RpcError {
  const { data } = error;
  if (!isRecord(data)) return error;
  const speaks = (name: string) => name === "code" || name.startsWith("dev.legate/");
  return Object.keys(data).some(speaks) ? { ...error, data: { upstream: data } } : error;
}

/** A refusal as the answer of a server that gave none. */
export function failed({ code, message, rule, row }: DelegationError): Answer {
  const data = { code, retry: row.retry, ...(rule === undefined ? {} : { rule }) };
  return { error: { code: row.mcp, message, data } };
}

/** Says nothing of the cause but a status: messages of transports quote what servers say. */
function unavailable(message: string, cause?: unknown): DelegationError {
  const status = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const rule = typeof status === "number" ? { rule: `http ${status}` } : {};
  return new DelegationError("upstream_unavailable", message, rule);
}

async function inTime(timers: Timers, starting: Promise<void>): Promise<void> {
  let alarm: unknown;
  const late = new Promise<never>((_, reject) => {
    alarm = timers.setTimeout(
      () => reject(unavailable("the server did not start in time")),
      GATEWAY_START_MS,
    );
  });
  try {
    await Promise.race([starting, late]);
  } finally {
    timers.clearTimeout(alarm);
  }
}
