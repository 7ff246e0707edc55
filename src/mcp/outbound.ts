/** From the server to the client: nothing leaves for a chain that is cut, and answers are fitted to who asked. @module */
import { DelegationError } from "../base/error.js";
import { MCP_TASKS_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { SESSION_META } from "../wire/mcp.js";
import { couldRead } from "./could-use.js";
import { isList, listFor } from "./lists.js";
import {
  isRecord,
  kindOf,
  lowered,
  metaOf,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
} from "./message.js";
import { deniedBy, errorOf, errorWithSession } from "./refusal.js";
import type { Running, Session } from "./session.js";
import { madeTask } from "./tasks.js";
import type { McpSendOptions, RequestId } from "./transport.js";

/** Takes what the server sends. */
export class Outbound {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Sends a message on if it may leave; what may not is dropped, and a request of the server's refused. */
  send(message: object, options: McpSendOptions | undefined): Promise<void> {
    switch (kindOf(message)) {
      case "response":
        return this.#answer(message as ResponseMessage, options);
      case "request":
        return this.#request(message as RequestMessage, options);
      case "notification":
        return this.#notification(message as NotificationMessage, options);
      default:
        return DROPPED;
    }
  }

  #answer(message: ResponseMessage, options: McpSendOptions | undefined): Promise<void> {
    const session = this.#session;
    const id = lowered(message.id);
    const running = session.running.get(id);
    const allowed = running?.allowed;
    // Not asked, answered before, or cut.
    if (running === undefined || allowed === undefined) return DROPPED;
    if (allowed.cut !== undefined) {
      session.abort(running, allowed.cut);
      return DROPPED;
    }
    session.end(running);
    if (running.astray) return DROPPED;
    const { error } = message;
    if (error !== undefined) {
      const told = allowed.session === undefined ? error : errorWithSession(error, allowed.session);
      return session.sides.down({ jsonrpc: "2.0", id, error: told }, options);
    }
    const result = this.#resultFor(running, message.result);
    return session.sides.down({ jsonrpc: "2.0", id, result }, options);
  }

  #resultFor({ method, allowed }: Running, given: unknown): unknown {
    if (allowed === undefined) return undefined;
    const { desk, standings } = this.#session;
    const { chain, session } = allowed;
    const task = madeTask(given);
    if (task !== undefined) {
      desk.tasks.own(chain, task);
      const made = standings.of(chain)?.tasks;
      if (made !== undefined && made.size < MCP_TASKS_MAX) made.add(task);
    }
    const { audience, tasks } = desk;
    const result = isList(method) ? listFor({ chain, audience, tasks }, method, given) : given;
    if (session === undefined || !isRecord(result)) return result;
    return { ...result, _meta: { ...metaOf(result), [SESSION_META]: session } };
  }

  #request(message: RequestMessage, options: McpSendOptions | undefined): Promise<void> {
    const { asked, sides } = this.#session;
    const { id } = message;
    const leaving = this.#leavingWith(options);
    if (leaving === undefined) {
      const refusal = new DelegationError("aborted", "nobody is there to be asked any more", {
        rule: "session",
      });
      queueMicrotask(() => sides.up({ jsonrpc: "2.0", id, error: errorOf(deniedBy(refusal)) }));
      return DROPPED;
    }
    asked.set(id, leaving.running);
    return sides.down(message, leaving.options);
  }

  #notification(message: NotificationMessage, options: McpSendOptions | undefined): Promise<void> {
    const { method, params } = message;
    // The server waits no longer for what it had asked.
    if (method === "notifications/cancelled" && isRecord(params)) {
      this.#session.asked.delete(params.requestId as RequestId);
    }
    const leaving = this.#leavingWith(options);
    if (leaving === undefined || !this.#mayHear(message, leaving.running)) return DROPPED;
    return this.#session.sides.down(message, leaving.options);
  }

  /** What belongs to a request leaves while it runs; the rest while any hop of the session lives. */
  #leavingWith(options: McpSendOptions | undefined): Leaving | undefined {
    const related = options?.relatedRequestId;
    if (related === undefined) {
      return this.#session.standings.alive ? { running: undefined, options } : undefined;
    }
    const id = lowered(related);
    const running = this.#session.running.get(id);
    if (running?.allowed === undefined || running.astray) return undefined;
    if (running.allowed.cut !== undefined) return undefined;
    return id === related
      ? { running, options }
      : { running, options: { ...options, relatedRequestId: id } };
  }

  /** News of a resource or a task are for those who may see it: with a request's own, for its hop. */
  #mayHear({ method, params }: NotificationMessage, running: Running | undefined): boolean {
    const { desk, standings } = this.#session;
    const { audience, tasks } = desk;
    const { uri, taskId }: Record<string, unknown> = isRecord(params) ? params : {};
    const asking = running?.allowed?.chain;
    const some = (may: (chain: VerifiedChain) => boolean): boolean =>
      asking === undefined ? standings.some(may) : may(asking);
    switch (method) {
      case "notifications/resources/updated":
        return some((chain) => couldRead(chain, audience, uri));
      case "notifications/tasks/status":
        return some((chain) => tasks.mayUse(chain, taskId));
      default:
        return true;
    }
  }
}

interface Leaving {
  readonly running: Running | undefined;
  readonly options: McpSendOptions | undefined;
}

const DROPPED: Promise<void> = Promise.resolve();
