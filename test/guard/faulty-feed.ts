/** A wire between a store's feed and a guard that loses, holds up and changes what it carries, when told. @module */
import type { CutFeed, FeedListener, FeedSnapshot, Heartbeat } from "../../src/guard/feed.js";
import type { CutEntry } from "../../src/wire/cut.js";

/** What the wire does to what it carries; it changes nothing where it is not told to. */
export interface Faults {
  entry?: (entry: CutEntry) => CutEntry | undefined;
  heartbeat?: (heartbeat: Heartbeat) => Heartbeat | undefined;
  snapshot?: (snapshot: FeedSnapshot) => FeedSnapshot;
  /** The store does not answer. */
  down?: boolean;
}

export interface FaultyFeed extends CutFeed {
  faults: Faults;
  /** How often the store itself was asked. */
  readonly asked: { snapshot: number; confirm: number };
  /** Ends the connection. */
  drop(): void;
}

export function faultyFeed(feed: CutFeed): FaultyFeed {
  const listeners = new Set<FeedListener>();
  const asked = { snapshot: 0, confirm: 0 };
  const checkUp = (): void => {
    if (wire.faults.down === true) throw new Error("no route to host");
  };
  const wire: FaultyFeed = {
    faults: {},
    asked,
    subscribe(listener) {
      listeners.add(listener);
      const stop = feed.subscribe({
        entry: (entry) => {
          const { faults } = wire;
          const carried = faults.entry === undefined ? entry : faults.entry(entry);
          if (carried !== undefined && faults.down !== true) listener.entry(carried);
        },
        heartbeat: (heartbeat) => {
          const { faults } = wire;
          const carried = faults.heartbeat === undefined ? heartbeat : faults.heartbeat(heartbeat);
          if (carried !== undefined && faults.down !== true) listener.heartbeat(carried);
        },
        lost: (reason) => listener.lost(reason),
      });
      return () => {
        listeners.delete(listener);
        stop();
      };
    },
    async snapshot() {
      asked.snapshot += 1;
      checkUp();
      const snapshot = await feed.snapshot();
      return wire.faults.snapshot?.(snapshot) ?? snapshot;
    },
    async confirm() {
      asked.confirm += 1;
      checkUp();
      const heartbeat = await feed.confirm();
      return wire.faults.heartbeat?.(heartbeat) ?? heartbeat;
    },
    report: (guard, position, calls) => feed.report(guard, position, calls),
    drop() {
      for (const listener of [...listeners]) listener.lost("connection reset");
    },
  };
  return wire;
}
