/** From the client to the server: what is let through, in the order in which it came. @module */
import { exposed } from "../base/error.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Allowed, Asked, Decision, Denied } from "../guard/decision.js";
import { cameByHttp, withoutSecrets } from "./credentials.js";
import { answererOf, decide } from "./decide.js";
import { explained } from "./explained.js";
import {
  kindOf,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
  raised,
} from "./message.js";
import { paramsFor } from "./params.js";
import { deniedBy, errorOf } from "./refusal.js";
import type { Running, Session } from "./session.js";
import { isWithin } from "./tasks.js";
import type { McpExtra } from "./transport.js";
import { type Turn, Turns } from "./turns.js";

/** Takes what the client sends. */
export class Inbound {
  readonly #session: Session;
  readonly #turns = new Turns();
  readonly #accept: (chain: VerifiedChain) => void;

  constructor(session: Session) {
    this.#session = session;
    this.#accept = (chain) => session.standings.check(chain);
  }

  /** Decides a message, and hands it up when it may pass and its turn has come. */
  receive(message: object, extra: McpExtra | undefined): void {
    if (this.#session.closed) return;
    switch (kindOf(message)) {
      case "request":
        this.#request(message as RequestMessage, extra);
        break;
      case "notification":
        this.#notification(message as NotificationMessage, extra);
        break;
      case "response":
        this.#response(message as ResponseMessage, extra);
        break;
      default:
        this.#session.sides.fault(new Error("what came in is no JSON-RPC message"));
    }
  }

  #request(message: RequestMessage, extra: McpExtra | undefined): void {
    const session = this.#session;
    const { id, method } = message;
    const before = session.running.get(id);
    if (before !== undefined && cameByHttp(extra)) before.astray = true;
    // Answered here: whether the server lives is anybody's to know, and nothing of it need hear from strangers.
    if (method === "ping") {
      session.post({ jsonrpc: "2.0", id, result: {} });
      return;
    }
    const running = session.begin(id, method);
    if (running === undefined) return;
    const turn = this.#turns.take();
    const settle = (decision: Decision): void => {
      if (decision.effect !== "allow") this.#refuse(running, turn, decision, message, extra);
      else this.#turns.ready(turn, () => this.#deliver(running, decision, message, extra));
    };
    const deciding = decide(session.desk, message, extra, this.#accept);
    if (deciding instanceof Promise) void deciding.then(settle);
    else settle(deciding);
  }

  #refuse(
    running: Running,
    turn: Turn,
    decision: Denied | Asked,
    message: RequestMessage,
    extra: McpExtra | undefined,
  ): void {
    const session = this.#session;
    const refuse = (refusal: Denied | Asked): void => {
      session.end(running);
      if (!session.closed) session.refuse(running.id, errorOf(refusal));
      this.#turns.ready(turn, NOTHING);
    };
    const refusing = explained(session.desk, message, extra, decision);
    if (refusing instanceof Promise) void refusing.then(refuse);
    else refuse(refusing);
  }

  /** The last look is here, with nothing between it and the handler's start. */
  #deliver(
    running: Running,
    allowed: Allowed,
    message: RequestMessage,
    extra: McpExtra | undefined,
  ): void {
    const session = this.#session;
    running.allowed = allowed;
    if (session.closed) {
      session.end(running);
      return;
    }
    try {
      if (allowed.cut !== undefined) throw allowed.cut;
      session.standings.admit(allowed);
      session.watch(running, allowed);
      const { id, method } = message;
      const params = paramsFor(message, allowed);
      session.sides.admitted(raised(id), allowed.chain);
      const told = { jsonrpc: "2.0", id: raised(id), method, params };
      session.sides.up(told, withoutSecrets(extra));
    } catch (thrown) {
      session.end(running);
      session.refuse(running.id, errorOf(deniedBy(exposed(thrown))), allowed.session);
    }
  }

  #notification(message: NotificationMessage, extra: McpExtra | undefined): void {
    const session = this.#session;
    const { method } = message;
    const turn = this.#turns.take();
    if (method === "notifications/initialized") {
      this.#turns.ready(turn, () => {
        if (session.standings.alive)
          session.sides.up({ jsonrpc: "2.0", method }, withoutSecrets(extra));
      });
      return;
    }
    const settle = (decision: Decision): void => {
      this.#turns.ready(turn, () => {
        if (decision.effect === "allow") this.#heed(message, decision, extra);
        else session.sides.fault(new Error(`notification refused: ${decision.code}`));
      });
    };
    const deciding = decide(session.desk, message, extra, this.#accept);
    if (deciding instanceof Promise) void deciding.then(settle);
    else settle(deciding);
  }

  #heed(message: NotificationMessage, allowed: Allowed, extra: McpExtra | undefined): void {
    const session = this.#session;
    const { method } = message;
    try {
      if (session.closed || allowed.cut !== undefined) return;
      session.standings.admit(allowed);
      const params = paramsFor(message, allowed);
      if (method === "notifications/cancelled") this.#cancel(params, allowed.chain);
      else session.sides.up({ jsonrpc: "2.0", method, params }, withoutSecrets(extra));
    } catch (thrown) {
      session.sides.fault(exposed(thrown));
    } finally {
      allowed.end();
    }
  }

  /** A request may be cancelled by the hop that made it and by the hops above. */
  #cancel(params: Readonly<Record<string, unknown>>, chain: VerifiedChain): void {
    const session = this.#session;
    const { requestId: id } = params;
    const running =
      typeof id === "string" || typeof id === "number" ? session.running.get(id) : undefined;
    const called = running?.allowed?.chain;
    if (running === undefined || called === undefined || !isWithin(chain, called)) return;
    session.stop(running);
    const cancelled = { ...params, requestId: raised(running.id) };
    session.sides.up({ jsonrpc: "2.0", method: "notifications/cancelled", params: cancelled });
  }

  #response(message: ResponseMessage, extra: McpExtra | undefined): void {
    const session = this.#session;
    if (!session.asked.has(message.id)) return;
    const turn = this.#turns.take();
    const settle = (mayAnswer: (by: Running | undefined) => boolean): void =>
      this.#turns.ready(turn, () => this.#answer(message, extra, mayAnswer));
    if (!cameByHttp(extra)) {
      settle(() => true);
      return;
    }
    // Over HTTP anybody can answer who knows the session's id.
    void answererOf(session.desk, extra, this.#accept).then((chain) =>
      settle((by) => chain !== undefined && this.#mayAnswer(chain, by)),
    );
  }

  /** A call is answered for by its own hop and those above, and anything by who began the session: the client is theirs. */
  #mayAnswer(chain: VerifiedChain, by: Running | undefined): boolean {
    const called = by?.allowed?.chain;
    if (called !== undefined && isWithin(chain, called)) return true;
    return this.#session.standings.begunBy(chain);
  }

  #answer(
    { id, result, error }: ResponseMessage,
    extra: McpExtra | undefined,
    mayAnswer: (by: Running | undefined) => boolean,
  ): void {
    const { asked, running, standings, sides } = this.#session;
    if (!asked.has(id)) return;
    const by = asked.get(id);
    if (!mayAnswer(by)) return;
    asked.delete(id);
    if (by === undefined ? !standings.alive : running.get(by.id) !== by) return;
    const answer = error === undefined ? { result } : { error };
    sides.up({ jsonrpc: "2.0", id, ...answer }, withoutSecrets(extra));
  }
}

const NOTHING = (): void => {};
