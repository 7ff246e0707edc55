/** The heart of a guard without tokens: follows every partition and says what a guard would say of a chain. @module */
import { monotonic, systemClock } from "../../../src/base/clock.js";
import { DelegationError } from "../../../src/base/error.js";
import { STALENESS_MS_MAX } from "../../../src/base/limits.js";
import type { VerifiedChain } from "../../../src/chain/verified-chain.js";
import type { CutFeed, PartitionedFeed } from "../../../src/guard/feed.js";
import { Follower } from "../../../src/guard/follower.js";
import {
  createRevocationIndex,
  type RevocationIndex,
} from "../../../src/guard/revocation-index.js";
import { systemTimers } from "../../../src/lifecycle/timers.js";
import type { Acting } from "../history.js";

export interface Saying {
  readonly effect: "allow" | "deny";
  readonly code?: string;
}

interface Copy {
  readonly index: RevocationIndex;
  readonly follower: Follower;
}

/** Decides as `guard/authorize.ts` does: fresh knowledge or a question to the store, then generation and cuts, at one instant. */
export class Watcher {
  readonly name: string;
  readonly #feed: PartitionedFeed;
  readonly #copies: readonly Copy[];

  constructor(name: string, feed: PartitionedFeed) {
    this.name = name;
    this.#feed = feed;
    const all = Array.from({ length: feed.partitions }, (_, partition) => feed.feed(partition));
    this.#copies = all.map(copyOf);
  }

  /** Reads all logs; a partition that does not answer now is tried again with each decision. */
  async start(): Promise<void> {
    await Promise.allSettled(this.#copies.map(({ follower }) => follower.start()));
  }

  async decide({ tree, hops, agents }: Acting, generation: string): Promise<Saying> {
    const copy = this.#copies[this.#feed.partitionOf(tree)];
    if (copy === undefined) throw new Error("no such partition");
    const { follower, index } = copy;
    try {
      if (!follower.isLive()) await follower.confirm();
    } catch (thrown) {
      return { effect: "deny", code: codeOf(thrown) };
    }
    if (!follower.continues(generation)) return { effect: "deny", code: "generation_unknown" };
    const covered = index.covering({
      tenant: "acme",
      tree,
      hops: hops.map((id, n) => ({ id, agent: agents[n] ?? "", holder: "" })),
      keys: [],
      position: 0,
      principal: { issuer: "", subject: "" },
    } as unknown as VerifiedChain);
    return covered === undefined ? { effect: "allow" } : { effect: "deny", code: covered.code };
  }

  close(): void {
    for (const { follower } of this.#copies) follower.close();
  }
}

function copyOf(feed: CutFeed): Copy {
  const index = createRevocationIndex();
  const clock = monotonic(systemClock);
  const follower = new Follower({
    feed,
    index,
    clock,
    timers: { ...systemTimers, now: () => clock.now() },
    maxStalenessMs: STALENESS_MS_MAX,
    onEntries: () => {},
    onHeartbeat: () => {},
    onBlind: () => {},
  });
  return { index, follower };
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof DelegationError) return thrown.code;
  throw thrown;
}
