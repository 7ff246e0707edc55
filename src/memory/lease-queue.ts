/** Leases by when they are due: a binary heap that forgets renewed ones when it meets them. @module */
import type { Leases, Tree } from "./model.js";

interface Due {
  readonly until: number;
  readonly tree: Tree;
}

/** Trees whose lease is held, soonest due first. */
export class LeaseQueue implements Leases {
  readonly #heap: Due[] = [];

  /** Notes that `tree` is due at `until`; what was noted before stays and is skipped, because the lease says otherwise. */
  push(tree: Tree, until: number): void {
    const heap = this.#heap;
    const entry = { until, tree };
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const above = heap[up];
      if (above === undefined || above.until <= until) break;
      heap[at] = above;
      heap[up] = entry;
      at = up;
    }
  }

  /** The tree that is due first, by `now`; it stays in the queue until its lease has changed. */
  due(now: number): Tree | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      const { lease } = top.tree;
      const current = lease?.state === "held" && lease.until === top.until;
      if (current) return top.until <= now ? top.tree : undefined;
      this.#pop();
    }
    return undefined;
  }

  /** How many are due by `now`. */
  count(now: number): number {
    const found = new Set<Tree>();
    for (const { tree, until } of this.#heap) {
      const { lease } = tree;
      if (lease?.state === "held" && lease.until === until && until <= now) found.add(tree);
    }
    return found.size;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    heap[0] = last;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (untilOf(heap, left) < untilOf(heap, least)) least = left;
      if (untilOf(heap, right) < untilOf(heap, least)) least = right;
      const swap = heap[least];
      if (least === at || swap === undefined) return;
      heap[at] = swap;
      heap[least] = last;
      at = least;
    }
  }
}

function untilOf(heap: readonly Due[], at: number): number {
  return heap[at]?.until ?? Number.POSITIVE_INFINITY;
}
