/** Who made each request of one session of the coordinator's server. @module */
import { DelegationError } from "../base/error.js";
import { MCP_REQUESTS_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { Caller, type ServedEngine } from "./coordinator-engine.js";
import type { GuardObserver } from "./session.js";
import type { RequestId } from "./transport.js";

/** Told by the guard in front when it lets a request in, and asked by the handler. */
export class Callers implements GuardObserver {
  readonly #engine: ServedEngine;
  readonly #chains = new Map<RequestId, VerifiedChain>();

  constructor(engine: ServedEngine) {
    this.#engine = engine;
  }

  admitted(id: RequestId, chain: VerifiedChain): void {
    // What nobody answers is never asked for.
    if (this.#chains.size >= MCP_REQUESTS_MAX) this.#chains.clear();
    this.#chains.set(id, chain);
  }

  severed(): void {
    this.#chains.clear();
  }

  /** @throws {DelegationError} `chain_empty` for a request that no guard has let in: then nobody is anybody */
  of({ requestId }: { readonly requestId: RequestId }): Caller {
    const chain = this.#chains.get(requestId);
    this.#chains.delete(requestId);
    if (chain !== undefined) return new Caller(this.#engine, chain);
    throw new DelegationError("chain_empty", "no guard has let this request in", { rule: "guard" });
  }
}
