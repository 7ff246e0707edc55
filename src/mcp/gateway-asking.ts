/** What servers behind the gateway have asked their callers, until it is answered or nobody is there to answer. @module */
import { DelegationError } from "../base/error.js";
import { GATEWAY_ASKED_MAX } from "../base/limits.js";
import { type Answer, failed, type Life } from "./gateway-life.js";
import type { RpcId, RpcObject, RpcRequest } from "./gateway-message.js";
import type { Going, Port } from "./gateway-port.js";

/** Whom a server asks. */
export interface Addressee {
  readonly port: Port;
  /** The session's request that it belongs to; none where it is the session's. */
  readonly about: Going | undefined;
}

/** A request of a server that a session has not answered. */
interface Asking extends Addressee {
  readonly life: Life;
  /** What the server calls it. */
  readonly id: RpcId;
}

const CANCELLED = "notifications/cancelled";

/** A server can ask again once one call runs alone. */
const NOBODY = new DelegationError(
  "caller_unknown",
  "not to be asked here: for which caller is not known",
  {
    rule: "gateway.asks",
  },
);
const TOO_MUCH = new DelegationError("quota_exceeded", "too much is asked and not answered", {
  rule: "gateway.asks",
});
const OVER = new DelegationError("aborted", "what it was asked for is over", {
  rule: "gateway.asks",
});

/** Questions of one server, each to be answered by the session that it was put to. */
export class Askings {
  readonly #open = new Map<RpcId, Asking>();
  readonly #name: () => string;

  /** @param name Makes ids for callers: those of two lives could be the same. */
  constructor(name: () => string) {
    this.#name = name;
  }

  /** Puts a question to a session; refused where nobody is meant. */
  put(life: Life, { id, method, params }: RpcRequest, to: Addressee | undefined): void {
    const refusal = to === undefined ? NOBODY : TOO_MUCH;
    if (to === undefined || this.#open.size >= GATEWAY_ASKED_MAX) {
      refuse({ life, id }, refusal);
      return;
    }
    const own = this.#name();
    this.#open.set(own, { ...to, life, id });
    to.port.deliver({ jsonrpc: "2.0", id: own, method, params }, to.about?.id);
  }

  /** The answer of a session; to what it was not asked, it is dropped. */
  async answer(port: Port, id: RpcId, answer: Answer): Promise<void> {
    const asking = this.#open.get(id);
    if (asking?.port !== port) return;
    this.#open.delete(id);
    await asking.life.send({ jsonrpc: "2.0", id: asking.id, ...answer });
  }

  /** The server waits no longer. */
  tookBack(life: Life, params: RpcObject): void {
    for (const [own, asking] of this.#open) {
      if (asking.life !== life || asking.id !== params.requestId) continue;
      this.#open.delete(own);
      withdraw(asking, own, params);
    }
  }

  /** A request of a session is over: nobody is asked on its behalf any more. */
  over(going: Going): void {
    for (const [own, asking] of this.#open) {
      if (asking.about !== going) continue;
      this.#open.delete(own);
      withdraw(asking, own, { reason: OVER.message });
      refuse(asking, OVER);
    }
  }

  /** A session is over. */
  left(port: Port): void {
    for (const [own, asking] of this.#open) {
      if (asking.port !== port) continue;
      this.#open.delete(own);
      refuse(asking, OVER);
    }
  }

  /** A server is over. */
  ended(life: Life): void {
    for (const [own, asking] of this.#open) if (asking.life === life) this.#open.delete(own);
  }
}

function withdraw({ port, about }: Addressee, own: RpcId, params: RpcObject): void {
  const told = { ...params, requestId: own };
  port.deliver({ jsonrpc: "2.0", method: CANCELLED, params: told }, about?.id);
}

function refuse({ life, id }: Pick<Asking, "life" | "id">, refusal: DelegationError): void {
  void life.send({ jsonrpc: "2.0", id, ...failed(refusal) });
}
