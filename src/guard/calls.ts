/** Calls in flight: each runs under an AbortSignal that a cut fires. @module */
import { DelegationError } from "../base/error.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { InFlight } from "./feed.js";
import type { Coverage, RevocationIndex } from "./revocation-index.js";

/** One running call. */
export interface RunningCall {
  readonly chain: VerifiedChain;
  readonly tool: string;
  readonly signal: AbortSignal;
  /** Ends it; afterwards nothing aborts it. Idempotent. */
  end(): void;
}

/** All running calls of one guard. */
export interface CallsInFlight {
  begin(chain: VerifiedChain, tool: string): RunningCall;
  /** Aborts every call whose chain `index` now covers or whose time is up; returns how many. */
  abortCovered(index: RevocationIndex, now: number): number;
  list(): readonly InFlight[];
  size(): number;
}

/** @param onAbort Told of each aborted call, for the audit. */
export function createCallsInFlight(
  onAbort: (call: RunningCall, why: DelegationError) => void,
): CallsInFlight {
  const running = new Map<RunningCall, AbortController>();
  return {
    begin(chain, tool) {
      const controller = new AbortController();
      const call: RunningCall = {
        chain,
        tool,
        signal: controller.signal,
        end: () => void running.delete(call),
      };
      running.set(call, controller);
      return call;
    },
    abortCovered(index, now) {
      let aborted = 0;
      for (const [call, controller] of running) {
        const why = reasonToAbort(call.chain, index.covering(call.chain), now);
        if (why === undefined) continue;
        running.delete(call);
        aborted += 1;
        onAbort(call, why);
        controller.abort(why);
      }
      return aborted;
    },
    list: () =>
      [...running.keys()].map(({ chain, tool }) => ({
        tenant: chain.tenant,
        tree: chain.tree,
        hops: chain.hops.map(({ id }) => id),
        tool,
      })),
    size: () => running.size,
  };
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
