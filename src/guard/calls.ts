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
  /** What aborted it, if anything did: the signal's reason. */
  readonly cut: DelegationError | undefined;
  /** Is told when it is aborted, without a signal being made for that. One listener: the last. */
  onCut(stop: (why: DelegationError) => void): void;
  /** Ends it; afterwards nothing aborts it. Idempotent. */
  end(): void;
}

/** Whether the store that is followed continues a generation. */
export type Continues = (generation: string) => boolean;

/** All running calls of one guard. */
export interface CallsInFlight {
  begin(chain: VerifiedChain, tool: string, now: number): RunningCall;
  /** Aborts every call whose chain `index` now covers, whose generation is not continued, or whose time is up; returns how many. */
  abortCovered(index: RevocationIndex, continues: Continues, now: number): number;
  /** Aborts all of them; returns how many. */
  abortAll(why: DelegationError): number;
  list(): readonly InFlight[];
  size(): number;
}

/** @param onAbort Told of each aborted call, for the audit. */
export function createCallsInFlight(
  onAbort: (call: RunningCall, why: DelegationError) => void,
): CallsInFlight {
  const running = new RunningList();
  const abortWhere = (reason: (call: RunningCall) => DelegationError | undefined): number => {
    let aborted = 0;
    for (const call of running.all()) {
      const why = reason(call);
      if (why === undefined || !call.isListed()) continue;
      call.end();
      aborted += 1;
      onAbort(call, why);
      call.abort(why);
    }
    return aborted;
  };
  return {
    begin: (chain, tool, now) => new Running(running, chain, tool, now),
    abortCovered: (index, continues, now) =>
      abortWhere(({ chain }) =>
        continues(chain.generation)
          ? reasonToAbort(chain, index.covering(chain), now)
          : notContinued(chain),
      ),
    abortAll: (why) => abortWhere(() => why),
    list: () =>
      running.all().map(({ chain, tool }) => ({
        tenant: chain.tenant,
        tree: chain.tree,
        hops: chain.hops.map(({ id }) => id),
        tool,
      })),
    size: () => running.size,
  };
}

/** Running calls in the order in which they began; each knows its neighbours, so that none has to be looked for. */
class RunningList {
  size = 0;
  first: Running | undefined;
  last: Running | undefined;

  /** A copy: who is told of one may end others. */
  all(): Running[] {
    const all: Running[] = [];
    for (let call = this.first; call !== undefined; call = call.next) all.push(call);
    return all;
  }
}

class Running implements RunningCall {
  readonly chain: VerifiedChain;
  readonly tool: string;
  readonly since: number;
  next: Running | undefined = undefined;
  #before: Running | undefined;
  cut: DelegationError | undefined = undefined;
  #stop: ((why: DelegationError) => void) | undefined = undefined;
  /** Undefined once it is over. */
  #list: RunningList | undefined;
  #controller: AbortController | undefined = undefined;

  constructor(list: RunningList, chain: VerifiedChain, tool: string, since: number) {
    this.chain = chain;
    this.tool = tool;
    this.since = since;
    this.#list = list;
    this.#before = list.last;
    if (list.last === undefined) list.first = this;
    else list.last.next = this;
    list.last = this;
    list.size += 1;
  }

  isListed(): boolean {
    return this.#list !== undefined;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.cut !== undefined) this.#controller.abort(this.cut);
    }
    return this.#controller.signal;
  }

  onCut(stop: (why: DelegationError) => void): void {
    this.#stop = stop;
  }

  end(): void {
    const list = this.#list;
    if (list === undefined) return;
    const before = this.#before;
    const next = this.next;
    if (before === undefined) list.first = next;
    else before.next = next;
    if (next === undefined) list.last = before;
    else next.#before = before;
    list.size -= 1;
    this.#list = undefined;
    this.#before = undefined;
    this.next = undefined;
  }

  abort(why: DelegationError): void {
    this.cut = why;
    this.#controller?.abort(why);
    this.#stop?.(why);
  }
}

/** Cuts of a store that is not followed any more may never have been heard here. */
export function notContinued(chain: VerifiedChain): DelegationError {
  return new DelegationError(
    "generation_unknown",
    "the anchor is of a store that is not continued",
    { hop: leafOf(chain), rule: "gen" },
  );
}

function leafOf({ hops, tree }: VerifiedChain): string {
  return hops.at(-1)?.id ?? tree;
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
  return new DelegationError("token_expired", "authority expired while the call ran", {
    hop: leafOf(chain),
    rule: "exp",
  });
}
