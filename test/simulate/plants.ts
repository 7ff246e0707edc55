/** Bugs that are put between a guard and its store, to see that the simulation finds them. @module */
import type { CutFeed, FeedListener, FeedSnapshot, Heartbeat } from "../../src/guard/feed.js";
import type { CutEntry } from "../../src/wire/cut.js";
import type { Plant } from "./run.js";

/** What a wrap does to what passes; nothing where it is not told to. */
interface Bends {
  readonly entry?: (entry: CutEntry) => CutEntry | undefined;
  readonly heartbeat?: (heartbeat: Heartbeat) => Heartbeat;
  readonly snapshot?: (snapshot: FeedSnapshot) => FeedSnapshot;
}

function bent(feed: CutFeed, { entry, heartbeat = same, snapshot = same }: Bends): CutFeed {
  return {
    subscribe: (listener) =>
      feed.subscribe({
        entry: (given) => {
          const told = entry === undefined ? given : entry(given);
          if (told !== undefined) listener.entry(told);
        },
        heartbeat: (given) => listener.heartbeat(heartbeat(given)),
        lost: (reason) => listener.lost(reason),
      }),
    snapshot: async () => snapshot(await feed.snapshot()),
    confirm: async () => heartbeat(await feed.confirm()),
    report: (...told) => feed.report(...told),
  };
}

function same<T>(value: T): T {
  return value;
}

/** Silence counts as freshness: the last heartbeat is heard again and again, as if it were new. */
const silenceIsFresh: Plant = {
  feed: (feed, clock, time) => {
    const listeners = new Set<FeedListener>();
    let last: Heartbeat | undefined;
    const keep = (heartbeat: Heartbeat): Heartbeat => {
      last = heartbeat;
      return heartbeat;
    };
    const repeat = (): void => {
      const heartbeat = last;
      if (heartbeat !== undefined) {
        for (const one of [...listeners]) one.heartbeat({ ...heartbeat, at: clock.now() });
      }
    };
    for (let ms = 250; ms < 30_000; ms += 250) time.after(ms, repeat);
    const inner = bent(feed, { heartbeat: keep });
    return {
      ...inner,
      subscribe: (listener) => {
        listeners.add(listener);
        const stop = inner.subscribe(listener);
        return () => {
          listeners.delete(listener);
          stop();
        };
      },
    };
  },
};

/** A heartbeat is as old as its arrival, not as what it tells. */
const youngAtArrival: Plant = {
  feed: (feed, clock) =>
    bent(feed, { heartbeat: (heartbeat) => ({ ...heartbeat, at: clock.now() }) }),
};

/** Every third entry is not kept. */
const forgetsEntries: Plant = {
  feed: (feed) => {
    const isKept = ({ position }: CutEntry) => position % 3 !== 0;
    const blank = (entry: CutEntry): CutEntry =>
      isKept(entry) || entry.kind !== "cut"
        ? entry
        : { ...entry, boundary: { kind: "ban", agent: "nobody" } };
    return bent(feed, {
      entry: blank,
      snapshot: (given) => ({ ...given, entries: given.entries.map(blank) }),
    });
  },
};

/** No gap is seen: what was lost on the way is counted as if it had come. */
const seesNoGaps: Plant = {
  feed: (feed) => {
    let reached = 0;
    return bent(feed, {
      entry: (entry) => {
        reached += 1;
        return { ...entry, position: reached };
      },
      heartbeat: (heartbeat) => ({ ...heartbeat, position: reached }),
      snapshot: (given) => {
        reached = given.heartbeat.position;
        return given;
      },
    });
  },
};

/** A store that was replaced is taken for the one before. */
const seesNoGeneration: Plant = {
  feed: (feed) => {
    let first: string | undefined;
    const known = (generation: string): string => {
      first ??= generation;
      return first;
    };
    const heartbeat = (given: Heartbeat) => ({ ...given, generation: known(given.generation) });
    return bent(feed, {
      heartbeat,
      snapshot: (given) => ({
        ...given,
        heartbeat: heartbeat(given.heartbeat),
        generations: given.generations.map(known),
      }),
    });
  },
};

/** A cut of one hop takes the whole tree. */
const cutsTooMuch: Plant = {
  feed: (feed) => {
    const widened = (entry: CutEntry): CutEntry =>
      entry.kind === "cut" && entry.boundary.kind === "hop"
        ? { ...entry, boundary: { kind: "tree", tree: entry.boundary.tree } }
        : entry;
    return bent(feed, {
      entry: widened,
      snapshot: (given) => ({ ...given, entries: given.entries.map(widened) }),
    });
  },
};

/** Every second cut is acknowledged and not made. */
const forgetsToCut: Plant = {
  store: (store) => {
    let asked = 0;
    return {
      ...store,
      revoke: async (move) => {
        asked += 1;
        if (asked % 2 === 1) return store.revoke(move);
        const { boundary, tenant, now: at } = move;
        const entry = {
          kind: "cut",
          id: `not-${asked}`,
          tenant,
          position: 1,
          boundary,
          at,
        } as const;
        return { entry, fresh: false };
      },
    };
  },
};

/** By what is wrong. */
export const PLANTS: Readonly<Record<string, Plant>> = {
  "counts silence as freshness": silenceIsFresh,
  "takes a heartbeat for as young as its arrival": youngAtArrival,
  "forgets entries": forgetsEntries,
  "sees no gaps": seesNoGaps,
  "sees no change of generation": seesNoGeneration,
  "cuts more than it was told": cutsTooMuch,
  "acknowledges cuts that it does not make": forgetsToCut,
  "lets run what was cut": { deaf: true },
  "beats on a copy before what it lacks was said again": { hasty: true },
};
