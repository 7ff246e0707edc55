/** Remembers which chains no cut covers, for as long as nothing is added to the index. @module */
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { RevocationIndex } from "./revocation-index.js";

/**
 * The same index, asked once for each chain between two entries: most calls come of chains that were judged by the very same
 * knowledge before.
 *
 * INVARIANT: what is remembered is that a chain is not covered, and it is forgotten with each entry. A chain never changes, and what
 * the index forgets covers fewer chains, not more.
 */
export function rememberingClear(index: RevocationIndex): RevocationIndex {
  let clear = new WeakSet<VerifiedChain>();
  return {
    apply(entry) {
      clear = new WeakSet();
      index.apply(entry);
    },
    covering(chain) {
      if (clear.has(chain)) return undefined;
      const coverage = index.covering(chain);
      if (coverage === undefined) clear.add(chain);
      return coverage;
    },
    prune: (now) => index.prune(now),
    forgetPositions: () => index.forgetPositions(),
    size: () => index.size(),
  };
}
