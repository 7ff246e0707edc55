/** Whose a protocol session is, and which of its hops live: it is bound at first use, and heard by nobody once they are all gone. @module */
import { DelegationError } from "../base/error.js";
import { MCP_HOPS_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Allowed } from "../guard/decision.js";
import type { Guard } from "../guard/guard.js";
import { METHOD_PREFIX } from "../wire/mcp.js";
import type { Left, LeftTasks } from "./left-tasks.js";
import { isWithin, leafOf } from "./tasks.js";

/** What the audit calls a session whose chain was cut. */
const SESSION = `${METHOD_PREFIX}session`;

/** A hop that uses the session, watched for as long as its newest chain lives. */
export interface Standing {
  readonly hop: string;
  readonly chain: VerifiedChain;
  /** Tasks that it made here. */
  readonly tasks: Set<string>;
}

/** The hops of one session: all of one tree. */
export class Standings {
  readonly #guard: Guard;
  readonly #left: LeftTasks;
  readonly #onLost: (standing: Standing, why: DelegationError) => void;
  /** A chain of the tree that the session is bound to. */
  #bound: VerifiedChain | undefined;
  readonly #hops = new Map<string, Watched>();
  /** Chains come again as the same object: most calls are over here. */
  #last: VerifiedChain | undefined;

  /** @param left Where hops with tasks go when the session is over. */
  constructor(
    guard: Guard,
    left: LeftTasks,
    onLost: (standing: Standing, why: DelegationError) => void,
  ) {
    this.#guard = guard;
    this.#left = left;
    this.#onLost = onLost;
  }

  /** Whether any hop that has used the session lives. */
  get alive(): boolean {
    return this.#hops.size > 0;
  }

  /** Whether the session was used. */
  get bound(): boolean {
    return this.#bound !== undefined;
  }

  /** Whether it is the hop that began the session, or one above it. */
  begunBy(chain: VerifiedChain): boolean {
    return this.#bound !== undefined && isWithin(chain, this.#bound);
  }

  /** Whether any living hop's chain is such. */
  some(test: (chain: VerifiedChain) => boolean): boolean {
    for (const { chain } of this.#hops.values()) if (test(chain)) return true;
    return false;
  }

  of(chain: VerifiedChain): Standing | undefined {
    return this.#hops.get(leafOf(chain));
  }

  /** @throws {DelegationError} `session_mismatch` for a chain of another tenant, principal or tree than the session's */
  check(chain: VerifiedChain): void {
    const bound = this.#bound;
    if (bound === undefined || chain === this.#last) return;
    const { tenant, tree, principal } = bound;
    const same =
      chain.tenant === tenant &&
      chain.tree === tree &&
      chain.principal.issuer === principal.issuer &&
      chain.principal.subject === principal.subject;
    if (same) return;
    throw new DelegationError("session_mismatch", "the session is another tree's", {
      hop: leafOf(chain),
      rule: "session",
    });
  }

  /**
   * Takes a chain that was let in: binds the session at first use, and watches the hop, by its newest chain.
   *
   * @throws {DelegationError} `session_mismatch`; `quota_exceeded` when more hops use the session than can be watched
   */
  admit(allowed: Allowed): void {
    const { chain } = allowed;
    if (chain === this.#last) return;
    this.check(chain);
    const hop = leafOf(chain);
    const known = this.#hops.get(hop);
    if (known === undefined && this.#hops.size >= MCP_HOPS_MAX) {
      throw new DelegationError("quota_exceeded", "too many hops use this session", {
        hop,
        rule: "session",
      });
    }
    this.#bound ??= chain;
    this.#last = chain;
    if (known !== undefined && known.chain.expiresAt >= chain.expiresAt) return;
    this.#left.renew(hop, allowed);
    if (known === undefined) this.#hops.set(hop, new Watched(hop, allowed, this.#watching));
    else known.watch(allowed);
  }

  /** Nothing is watched any more, but for hops whose tasks may go on. */
  close(): void {
    for (const watched of this.#hops.values()) {
      if (watched.tasks.size === 0) watched.end();
      else this.#left.keep(watched);
    }
    this.#hops.clear();
    this.#last = undefined;
  }

  readonly #watching: Watching = {
    watch: (allowed, stop) => this.#guard.watch(allowed, SESSION, stop),
    lost: (watched, why) => {
      if (this.#hops.get(watched.hop) === watched) this.#hops.delete(watched.hop);
      this.#last = undefined;
      this.#left.forget(watched);
      this.#onLost(watched, why);
    },
  };
}

interface Watching {
  watch(allowed: Allowed, stop: (why: DelegationError) => void): () => void;
  lost(watched: Watched, why: DelegationError): void;
}

class Watched implements Standing, Left {
  readonly hop: string;
  readonly tasks = new Set<string>();
  readonly #watching: Watching;
  #chain: VerifiedChain;
  #end: () => void;

  constructor(hop: string, allowed: Allowed, watching: Watching) {
    this.hop = hop;
    this.#watching = watching;
    this.#chain = allowed.chain;
    this.#end = this.#begin(allowed);
  }

  get chain(): VerifiedChain {
    return this.#chain;
  }

  watch(allowed: Allowed): void {
    this.#end();
    this.#chain = allowed.chain;
    this.#end = this.#begin(allowed);
  }

  end(): void {
    this.#end();
  }

  lose(): void {
    this.#end();
    this.#watching.lost(this, TOO_MANY);
  }

  #begin(allowed: Allowed): () => void {
    return this.#watching.watch(allowed, (why) => this.#watching.lost(this, why));
  }
}

const TOO_MANY = new DelegationError("quota_exceeded", "too many tasks go on without a session", {
  rule: "tasks",
});
