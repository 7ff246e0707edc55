/** Who follows the log of cuts, and how far they have read. @module */
import type { FeedListener, Heartbeat, InFlight } from "../guard/feed.js";
import type { CutEntry, Position } from "../wire/cut.js";

/** What a guard told of itself last. */
export interface GuardReport {
  readonly guard: string;
  readonly position: Position;
  readonly callsInFlight: readonly InFlight[];
  /** Epoch ms by the store's clock. */
  readonly at: number;
}

/** Tells listeners, in order. A listener that throws hears of nothing worse than being lost: the store is not its victim. */
export class Followers {
  readonly #listeners = new Set<FeedListener>();
  readonly #reports = new Map<string, GuardReport>();

  subscribe(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  entries(entries: readonly CutEntry[]): void {
    for (const entry of entries) this.#tell((listener) => listener.entry(entry));
  }

  heartbeat(heartbeat: Heartbeat): void {
    this.#tell((listener) => listener.heartbeat(heartbeat));
  }

  lost(reason: string): void {
    this.#tell((listener) => listener.lost(reason));
  }

  report(report: GuardReport): void {
    this.#reports.set(report.guard, report);
  }

  reports(): readonly GuardReport[] {
    return [...this.#reports.values()];
  }

  #tell(what: (listener: FeedListener) => void): void {
    for (const listener of [...this.#listeners]) {
      try {
        what(listener);
      } catch {
        this.#drop(listener);
      }
    }
  }

  /** It missed something, so it must not believe that it is up to date. */
  #drop(listener: FeedListener): void {
    this.#listeners.delete(listener);
    try {
      listener.lost("listener failed");
    } catch {
      // It was told.
    }
  }
}
