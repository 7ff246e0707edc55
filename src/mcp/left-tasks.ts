/** Tasks whose connection is over: their makers are watched on, so that a cut cancels what still runs. @module */
import { MCP_LEFT_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Allowed } from "../guard/decision.js";

/** A hop of a session that is over, and that made tasks there. */
export interface Left {
  readonly hop: string;
  readonly chain: VerifiedChain;
  /** Watches it by this chain from now on, instead of the one before. */
  watch(allowed: Allowed): void;
  /** Cancels its tasks, and watches it no more. */
  lose(): void;
}

/** Of one server: what left it. Each lasts no longer than the newest chain that its hop has shown there. */
export class LeftTasks {
  readonly #byHop = new Map<string, Set<Left>>();
  #size = 0;

  /** Keeps it until it is forgotten; where there are too many, its tasks end with its session. */
  keep(left: Left): void {
    if (this.#size >= MCP_LEFT_MAX) {
      left.lose();
      return;
    }
    this.#size += 1;
    const known = this.#byHop.get(left.hop) ?? new Set();
    this.#byHop.set(left.hop, known.add(left));
  }

  /** It is watched no more. */
  forget(left: Left): void {
    const known = this.#byHop.get(left.hop);
    if (known?.delete(left) !== true) return;
    this.#size -= 1;
    if (known.size === 0) this.#byHop.delete(left.hop);
  }

  /** The hop lives on by a chain that was let in at another session. */
  renew(hop: string, allowed: Allowed): void {
    for (const left of this.#byHop.get(hop) ?? []) {
      if (isOf(left.chain, allowed.chain) && left.chain.expiresAt < allowed.chain.expiresAt) {
        left.watch(allowed);
      }
    }
  }
}

function isOf(one: VerifiedChain, other: VerifiedChain): boolean {
  return one.tenant === other.tenant && one.tree === other.tree;
}
