/** Calls in flight: each runs under an AbortSignal that a cut fires. @module */
import { DelegationError } from "../base/error.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { InFlight } from "./feed.js";
import type { Coverage, RevocationIndex } from "./revocation-index.js";

/** One running call. */
export interface RunningCall {
  readonly chain: VerifiedChain;
  readonly tool: string;
  /** When it was let in, epoch ms. */
  readonly since: number;
  /** Made when first asked for: most calls end before anybody listens. */
  readonly signal: AbortSignal;
  /** Ends it; afterwards nothing aborts it. Idempotent. */
  end(): void;
}

/** All running calls of one guard. */
export interface CallsInFlight {
  begin(chain: VerifiedChain, tool: string, now: number): RunningCall;
  /** Aborts every call whose chain `index` now covers or whose time is up; returns how many. */
  abortCovered(index: RevocationIndex, now: number): number;
  /** Aborts all of them; returns how many. */
  abortAll(why: DelegationError): number;
  list(): readonly InFlight[];
  size(): number;
}

/** @param onAbort Told of each aborted call, for the audit. */
export function createCallsInFlight(
  onAbort: (call: RunningCall, why: DelegationError) => void,
): CallsInFlight {
  const running = new Set<Running>();
  const abortWhere = (reason: (call: RunningCall) => DelegationError | undefined): number => {
    let aborted = 0;
    for (const call of running) {
      const why = reason(call);
      if (why === undefined) continue;
      running.delete(call);
      aborted += 1;
      onAbort(call, why);
      call.abort(why);
    }
    return aborted;
  };
  return {
    begin(chain, tool, now) {
      const call = new Running(running, chain, tool, now);
      running.add(call);
      return call;
    },
    abortCovered: (index, now) =>
      abortWhere(({ chain }) => reasonToAbort(chain, index.covering(chain), now)),
    abortAll: (why) => abortWhere(() => why),
    list: () =>
      [...running].map(({ chain, tool }) => ({
        tenant: chain.tenant,
        tree: chain.tree,
        hops: chain.hops.map(({ id }) => id),
        tool,
      })),
    size: () => running.size,
  };
}

class Running implements RunningCall {
  readonly chain: VerifiedChain;
  readonly tool: string;
  readonly since: number;
  readonly #all: Set<Running>;
  #controller: AbortController | undefined;

  constructor(all: Set<Running>, chain: VerifiedChain, tool: string, since: number) {
    this.#all = all;
    this.chain = chain;
    this.tool = tool;
    this.since = since;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  end(): void {
    this.#all.delete(this);
  }

  abort(why: DelegationError): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(why);
  }
}

function reasonToAbort(
  chain: VerifiedChain,
  coverage: Coverage | undefined,
  now: number,
): DelegationError | undefined {
  if (coverage !== undefined) {
    return new DelegationError(coverage.code, "authority was cut while the call ran", {
      hop: coverage.hop,
      rule: coverage.rule,
    });
  }
  if (now < chain.expiresAt) return undefined;
  const leaf = chain.hops.at(-1)?.id ?? chain.tree;
  return new DelegationError("token_expired", "authority expired while the call ran", {
    hop: leaf,
    rule: "exp",
  });
}
