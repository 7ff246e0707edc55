/**
 * When a write is kept: as many replicas have it as were asked for, and its shard lives the same life as when it was written.
 *
 * Writes are waited for in groups, one `WAIT` for all that came while the last one was under way, on a connection of its own.
 * A replica that has a mark has everything that was written before it, whoever wrote it.
 * @module
 */
import { DelegationError } from "../base/error.js";
import { DURABLE_MS_DEFAULT, WAIT_MS_MAX } from "../base/limits.js";
import type { Timers } from "../lifecycle/timers.js";
import type { Shard, Topology } from "./shard.js";

/** How to wait. */
export interface DurabilityOptions {
  readonly topology: Topology;
  /** Milliseconds from any fixed point, never running backwards. */
  readonly timers: Timers;
  /** Replicas that must have a write; 0 where the server's own disk is the promise. */
  readonly replicas: number;
  /** How long a write may take to get there; `DURABLE_MS_DEFAULT` unless told. */
  readonly timeoutMs?: number;
}

/** Where and in which life something was written; noted before it is sent. */
export interface Sent {
  readonly partition: number;
  readonly life: string;
}

/** Tells when writes are kept. */
export interface Durability {
  readonly replicas: number;
  /** @throws {DelegationError} `store_unavailable` */
  sending(partition: number): Sent;
  /**
   * Resolves with the number of replicas that have all that was answered in `sent.life` before this call.
   *
   * @param want Instead of what was told for all.
   * @throws {DelegationError} `not_durable` when they are fewer in time, or when the shard's life ended meanwhile: what was written
   *   is in force where it arrived, and may be lost.
   */
  durable(
    sent: Sent,
    want?: { readonly replicas?: number; readonly timeoutMs?: number },
  ): Promise<number>;
  /**
   * As {@link durable}, for what can be said again without harm: after a change of life `again` says it to the new one.
   * Tries until the time is up.
   */
  assured(sent: Sent, again: () => Promise<void>): Promise<number>;
}

/** Somebody who waits. */
interface Waiter {
  readonly sent: Sent;
  readonly replicas: number;
  readonly deadlineMs: number;
  readonly resolve: (replicas: number) => void;
  readonly reject: (cause: DelegationError) => void;
}

/** How long to pause before a shard that did not answer is asked again. */
const PAUSE_MS = 50;

export function createDurability(options: DurabilityOptions): Durability {
  const { topology, timers } = options;
  const timeoutMs = options.timeoutMs ?? DURABLE_MS_DEFAULT;
  const groups = new WeakMap<Shard, GroupCommit>();

  const sending = (partition: number): Sent => ({
    partition,
    life: topology.shardOf(partition).life,
  });

  const durableBy = async (sent: Sent, replicas: number, deadlineMs: number): Promise<number> => {
    const shard = ownerOf(topology, sent);
    if (replicas === 0) return 0;
    let group = groups.get(shard);
    if (group === undefined) {
      group = new GroupCommit(topology, timers, shard);
      groups.set(shard, group);
    }
    return group.join(sent, replicas, deadlineMs);
  };

  return {
    replicas: options.replicas,
    sending,
    durable: (sent, want = {}) =>
      durableBy(
        sent,
        want.replicas ?? options.replicas,
        timers.now() + (want.timeoutMs ?? timeoutMs),
      ),
    assured: async (sent, again) => {
      const deadlineMs = timers.now() + timeoutMs;
      for (let at = sent; ; ) {
        try {
          return await durableBy(at, options.replicas, deadlineMs);
        } catch (thrown) {
          if (timers.now() >= deadlineMs) throw thrown;
        }
        await pause(timers);
        try {
          const next = sending(at.partition);
          if (next.life === at.life) continue;
          await again();
          at = next;
        } catch {
          // The next turn, or the deadline.
          if (timers.now() >= deadlineMs) throw notDurable("time is up");
        }
      }
    },
  };
}

/** The writes of one shard, in one life, that wait together. */
class GroupCommit {
  readonly #topology: Topology;
  readonly #timers: Timers;
  readonly #shard: Shard;
  #waiting: Waiter[] = [];
  #running = false;
  #marks = 0;

  constructor(topology: Topology, timers: Timers, shard: Shard) {
    this.#topology = topology;
    this.#timers = timers;
    this.#shard = shard;
  }

  join(sent: Sent, replicas: number, deadlineMs: number): Promise<number> {
    const joined = new Promise<number>((resolve, reject) => {
      this.#waiting.push({ sent, replicas, deadlineMs, resolve, reject });
    });
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    }
    return joined;
  }

  async #run(): Promise<void> {
    // The rest of this turn joins the first group.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const group = this.#next();
      try {
        this.#settle(group, await this.#wait(group));
      } catch (cause) {
        const refusal = notDurable("the shard does not answer", cause);
        for (const { reject } of group) reject(refusal);
        void this.#topology.look().catch(() => undefined);
      }
    }
    this.#running = false;
  }

  /** Those that want as many replicas as whoever has waited longest: one that is missing holds up only who asked for it. */
  #next(): Waiter[] {
    const wanted = this.#waiting[0]?.replicas;
    const group = this.#waiting.filter(({ replicas }) => replicas === wanted);
    this.#waiting = this.#waiting.filter(({ replicas }) => replicas !== wanted);
    return group;
  }

  /** `WAIT` counts what its own connection wrote, so it writes a mark first. */
  async #wait(group: readonly Waiter[]): Promise<number> {
    const { waiter, partitions } = this.#shard;
    const [first] = partitions;
    if (first === undefined) throw new DelegationError("store_unavailable", "nothing is kept here");
    const now = this.#timers.now();
    const wanted = group[0]?.replicas ?? 0;
    const leftMs = Math.min(...group.map(({ deadlineMs }) => deadlineMs - now));
    const waitMs = Math.max(1, Math.min(WAIT_MS_MAX, Math.floor(leftMs)));
    this.#marks += 1;
    const [mark, replicas] = await Promise.all([
      waiter.call("SET", `${this.#topology.base(first)}mark`, this.#marks),
      waiter.call("WAIT", wanted, waitMs),
    ]);
    if (mark !== "OK" || typeof replicas !== "number") {
      throw new DelegationError("store_unavailable", "unexpected answer to a mark");
    }
    return replicas;
  }

  #settle(group: readonly Waiter[], replicas: number): void {
    const now = this.#timers.now();
    for (const waiter of group) {
      try {
        ownerOf(this.#topology, waiter.sent);
      } catch (thrown) {
        waiter.reject(thrown instanceof DelegationError ? thrown : notDurable("unknown owner"));
        continue;
      }
      if (replicas >= waiter.replicas) waiter.resolve(replicas);
      else if (now < waiter.deadlineMs) this.#waiting.push(waiter);
      else waiter.reject(notDurable(`${replicas} of ${waiter.replicas} replicas have it`));
    }
  }
}

/** The shard that was written to, if it still is what it was. An answer from another life says nothing. */
function ownerOf(topology: Topology, { partition, life }: Sent): Shard {
  let shard: Shard;
  try {
    shard = topology.shardOf(partition);
  } catch (cause) {
    throw notDurable("the partition has no owner that answers", cause);
  }
  if (shard.life === life) return shard;
  throw notDurable("the shard began another life");
}

function notDurable(why: string, cause?: unknown): DelegationError {
  return new DelegationError("not_durable", why, { rule: "replicas", cause });
}

function pause(timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    timers.setTimeout(resolve, PAUSE_MS);
  });
}
