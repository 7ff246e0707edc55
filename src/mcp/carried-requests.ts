/** Requests of a client that wait for their answers: presented, refused, presented again, answered. @module */
import { DelegationError, exposed } from "../base/error.js";
import { CARRIED_REQUESTS_MAX } from "../base/limits.js";
import type { Carrier, How, Presentation } from "../carry/carrier.js";
import type { Errand } from "../carry/fetch.js";
import type { CarriedHop } from "../carry/hop.js";
import { refusedWith } from "../carry/refusal.js";
import { actOf } from "../wire/mcp.js";
import { parseRefusal } from "../wire/mcp-refusal.js";
import {
  type Answer,
  answerFor,
  asJson,
  type Outgoing,
  presented,
  sessionIn,
} from "./carried-message.js";
import type { RequestId } from "./transport.js";

/** Sends a message as somebody. */
type Dispatch = (errand: Errand, message: Outgoing, options: object | undefined) => Promise<void>;

/** A request, until it is over. */
interface Waiting {
  request: Outgoing;
  readonly id: RequestId;
  /** The id that it goes by on the wire: another one each time, as no id is used twice. */
  sentAs: RequestId;
  readonly options: object | undefined;
  readonly hop: CarriedHop;
  how: How;
  presentation: Presentation | undefined;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
  /** Stops listening to whoever may cancel it. */
  deaf: (() => void) | undefined;
}

/** One message, as it is sent. */
interface Ready {
  readonly request: Outgoing;
  readonly presentation: Presentation;
}

/**
 * Presents a message; its parameters are made JSON first where they are not.
 *
 * @throws {DelegationError} as `Carrier.present`; `invalid_request`
 */
export function readied(carrier: Carrier, message: Outgoing, hop: CarriedHop, how: How): Ready {
  const present = (request: Outgoing): Ready => {
    const act = actOf(request.method ?? "", request.params);
    return { request, presentation: carrier.present(hop, act, how) };
  };
  try {
    return present(message);
  } catch (thrown) {
    // What a transport would leave out of its JSON must not be in what is signed either.
    if (exposed(thrown).code !== "malformed") throw thrown;
    return present(asJson(message));
  }
}

/** All requests of one connection that wait. */
export class CarriedRequests {
  readonly #carrier: Carrier;
  readonly #dispatch: Dispatch;
  readonly #waiting = new Map<RequestId, Waiting>();

  constructor(carrier: Carrier, dispatch: Dispatch) {
    this.#carrier = carrier;
    this.#dispatch = dispatch;
  }

  /**
   * Sends a request, and settles when it is over: answered, cancelled, or the connection closed. Rejects with what the server refused
   * with (`DelegationError`), or what the transport throws.
   */
  ask(
    request: Outgoing,
    id: RequestId,
    { hop, how, options }: Pick<Waiting, "hop" | "how" | "options">,
  ): Promise<void> {
    if (this.#waiting.size >= CARRIED_REQUESTS_MAX) {
      throw new DelegationError("quota_exceeded", "too many requests wait for their answers", {
        rule: "requests",
      });
    }
    return new Promise<void>((done, fail) => {
      const sent = { request, id, sentAs: id, options, presentation: undefined };
      const waiting: Waiting = { ...sent, hop, how, done, fail, deaf: undefined };
      waiting.deaf = onCancel(options, () => this.#drop(waiting));
      this.#attempt(waiting);
    });
  }

  /** The request that goes by this id for the client. */
  find(id: unknown): Pick<Waiting, "hop" | "sentAs"> | undefined {
    for (const waiting of this.#waiting.values()) if (waiting.id === id) return waiting;
    return undefined;
  }

  /** The client waits no longer for what was sent under this id. */
  cancel(sentAs: RequestId): void {
    const waiting = this.#waiting.get(sentAs);
    if (waiting !== undefined) this.#drop(waiting);
  }

  cancelAll(): void {
    for (const waiting of [...this.#waiting.values()]) this.#drop(waiting);
  }

  /** Takes a message from the server, and gives what of it is the client's; undefined for nothing. */
  take(message: Answer): Answer | undefined {
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (waiting?.presentation === undefined || message.method !== undefined) return message;
    const refusal = message.error === undefined ? undefined : parseRefusal(message.error);
    this.#carrier.answered(waiting.presentation, refusal?.code, sessionIn(message));
    if (refusal !== undefined) {
      this.#refused(waiting, refusedWith(refusal));
      return undefined;
    }
    this.#drop(waiting);
    return answerFor(waiting.id, message);
  }

  /** Few promises: each costs as much as a hash where asynchronous context is tracked. */
  #attempt(waiting: Waiting): void {
    const { hop, how, sentAs, options } = waiting;
    this.#waiting.set(sentAs, waiting);
    try {
      const { request, presentation } = readied(this.#carrier, waiting.request, hop, how);
      waiting.request = request;
      waiting.presentation = presentation;
      const message = presented({ ...request, id: sentAs }, presentation.meta);
      this.#dispatch({ hop, presentation }, message, options).catch((thrown: unknown) =>
        this.#failed(waiting, sentAs, thrown),
      );
    } catch (thrown) {
      this.#failed(waiting, sentAs, thrown);
    }
  }

  #failed(waiting: Waiting, sentAs: RequestId, thrown: unknown): void {
    if (this.#waiting.get(sentAs) !== waiting) return;
    if (thrown instanceof DelegationError) this.#refused(waiting, thrown);
    else this.#drop(waiting, thrown);
  }

  #refused(waiting: Waiting, refusal: DelegationError): void {
    const { presentation, how } = waiting;
    const again = presentation && this.#carrier.again(presentation, refusal.code, how);
    if (again === undefined) {
      this.#drop(waiting, refusal);
      return;
    }
    this.#release(waiting);
    waiting.how = again;
    waiting.sentAs = `${waiting.sentAs}'`;
    this.#attempt(waiting);
  }

  #drop(waiting: Waiting, error?: unknown): void {
    if (this.#waiting.get(waiting.sentAs) !== waiting) return;
    this.#release(waiting);
    waiting.deaf?.();
    if (error === undefined) waiting.done();
    else waiting.fail(error);
  }

  /** Nothing comes any more under the id that it went by: an offer without answer is withdrawn. */
  #release({ sentAs, presentation }: Waiting): void {
    this.#waiting.delete(sentAs);
    if (presentation !== undefined) this.#carrier.unanswered(presentation);
  }
}

/** Clients of the 2.x line cancel a request by aborting its stream. One signal may serve many requests: each listens while it waits. */
function onCancel(options: object | undefined, cancel: () => void): (() => void) | undefined {
  const { requestSignal } = (options ?? {}) as { readonly requestSignal?: AbortSignal };
  if (requestSignal === undefined) return undefined;
  requestSignal.addEventListener("abort", cancel, { once: true });
  return () => requestSignal.removeEventListener("abort", cancel);
}
