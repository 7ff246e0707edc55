/** A copy of the store that is promoted though it lacks what came last, until whoever said that has said it again. @module */
import { DelegationError } from "../../src/base/error.js";
import type { FeedSnapshot, Heartbeat } from "../../src/guard/feed.js";
import type { MemoryStore } from "../../src/memory/store.js";
import type { CutEntry } from "../../src/wire/cut.js";
import type { Made } from "./host.js";

/** How a copy lags, and how long it takes to mend. */
export interface Lag {
  /** It has nothing of the last so many ms before it was promoted. */
  readonly lagMs: number;
  /** All of it is said again so many ms after. */
  readonly repairMs: number;
  /** Whether a guard is told that the log is another one. */
  readonly isTold: () => boolean;
}

/** What was heard of the store before, by true time. */
export interface Past {
  readonly made: readonly Made[];
  readonly beats: readonly { readonly heartbeat: Heartbeat; readonly at: number }[];
}

export class Laggard {
  /** What it lacks. */
  readonly lacks: readonly CutEntry[];
  readonly #position: number;
  readonly #generation: string;
  readonly #beatAt: number;
  #isTakenOver = false;

  /** @param since True time after which it has nothing. */
  constructor({ made, beats }: Past, generation: string, since: number) {
    const own = made.filter((one) => one.generation === generation);
    this.#generation = generation;
    this.lacks = own.filter(({ at }) => at > since).map(({ entry }) => entry);
    const has = own.filter(({ at }) => at <= since).map(({ entry }) => entry.position);
    this.#position = Math.max(0, ...has);
    this.#beatAt = beats.filter(({ at }) => at <= since).at(-1)?.heartbeat.at ?? 0;
  }

  /** The first that writes begins another epoch: no heartbeat of the last one counts in it. */
  takeOver(): void {
    this.#isTakenOver = true;
  }

  /** What it beats if it does not wait for what it lacks. */
  heartbeat(at: number): Heartbeat {
    return { generation: this.#generation, position: this.#position, at };
  }

  /** The store as this copy shows it to guards. */
  shown(store: MemoryStore, confirm: () => Promise<Heartbeat> = refuse): MemoryStore {
    return { ...store, confirm, snapshot: async () => this.#without(await store.snapshot()) };
  }

  #without({ heartbeat, generations, entries }: FeedSnapshot): FeedSnapshot {
    const lacking = new Set(this.lacks.map(({ id }) => id));
    const { generation, position } = heartbeat;
    return {
      generations,
      entries: entries.filter(({ id }) => !lacking.has(id)),
      heartbeat: this.#isTakenOver
        ? { generation, position, at: 0 }
        : { generation, position: this.#position, at: this.#beatAt },
    };
  }
}

function refuse(): Promise<never> {
  return Promise.reject(
    new DelegationError("store_unavailable", "what was lost is being said again", {
      rule: "REPAIR",
    }),
  );
}
