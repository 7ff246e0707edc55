/** A guard as a process of the simulation: it follows and admits over a link, and forgets everything when it crashes. @module */
import { seededRandom } from "../../src/base/random.js";
import type { Trust } from "../../src/chain/trust.js";
import type { Admission } from "../../src/guard/admission.js";
import type { Allowed } from "../../src/guard/decision.js";
import type { CutFeed } from "../../src/guard/feed.js";
import { Guard } from "../../src/guard/guard.js";
import { MemoryReplayStore } from "../../src/memory/replay.js";
import type { Host, Peer } from "./host.js";
import type { Link } from "./link.js";
import { type Dice, ProcessClock, type VirtualTime } from "./time.js";

export const AUDIENCE = "https://files.example.com";

/** How a planted bug gets between a guard and its feed. */
export type WrapFeed = (feed: CutFeed, clock: ProcessClock, time: VirtualTime) => CutFeed;

export interface WatcherOptions {
  readonly name: string;
  readonly seed: number;
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly skewMs: number;
  readonly maxStalenessMs: number;
  readonly trust: Trust;
  readonly host: Host;
  readonly link: Link;
  readonly wrapFeed?: WrapFeed;
}

/** A call that was let in and has not ended. */
export interface Running {
  readonly allowed: Allowed;
  readonly since: number;
}

export class Watcher {
  readonly name: string;
  readonly guard: Guard;
  readonly clock: ProcessClock;
  readonly running = new Set<Running>();
  /** Positions that it was told of, one by one, by the store with that generation. */
  readonly told = new Map<string, Set<number>>();
  /** The last snapshot's. */
  base: { generation: string; position: number } = { generation: "", position: 0 };
  readonly #peer: Peer;
  readonly #host: Host;
  #dead = false;

  constructor(options: WatcherOptions) {
    const { host, link, time, dice, skewMs, trust, maxStalenessMs, name } = options;
    this.name = name;
    this.#host = host;
    this.#peer = { link, listeners: new Set() };
    this.clock = new ProcessClock(time, dice, skewMs);
    const feed = this.#feed(link);
    this.guard = new Guard({
      name,
      audience: [AUDIENCE],
      trust,
      feed: options.wrapFeed?.(feed, this.clock, time) ?? feed,
      admission: this.#admission(link),
      replay: new MemoryReplayStore(),
      maxStalenessMs,
      clock: this.clock,
      timers: this.clock.timers,
      random: seededRandom(options.seed),
    });
    host.connect(this.#peer);
    // One that cannot start tries again with the next heartbeat, as any program would with its own loop.
    const start = (): void => {
      this.guard.start().catch(() => time.after(100, () => this.#dead || start()));
    };
    start();
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** The process is gone, and all that it knew and ran. */
  crash(): void {
    this.#dead = true;
    this.clock.die();
    this.#peer.listeners.clear();
    this.#host.disconnect(this.#peer);
    this.running.clear();
  }

  #feed(link: Link): CutFeed {
    const { listeners } = this.#peer;
    return {
      subscribe: (listener) => {
        const tapped: typeof listener = {
          ...listener,
          entry: (entry) => {
            this.#hear(entry.position);
            listener.entry(entry);
          },
          heartbeat: (heartbeat) => listener.heartbeat(heartbeat),
          lost: (reason) => listener.lost(reason),
        };
        listeners.add(tapped);
        return () => listeners.delete(tapped);
      },
      snapshot: async () => {
        const snapshot = await link.ask(this.#host.serve((store) => store.snapshot()));
        const { generation, position } = snapshot.heartbeat;
        this.base = { generation, position };
        return snapshot;
      },
      confirm: () => link.ask(this.#host.serve((store) => store.confirm())),
      report: (guard, position, calls) =>
        link.carry(() => {
          if (this.#host.isUp) this.#host.store.report(guard, position, calls);
        }),
    };
  }

  #hear(position: number): void {
    const { generation } = this.#host;
    const heard = this.told.get(generation);
    if (heard === undefined) this.told.set(generation, new Set([position]));
    else heard.add(position);
  }

  #admission(link: Link): Admission {
    const host = this.#host;
    return {
      admit: (move) => link.ask(host.serve(async (store) => store.admit(move))),
      record: (events, now) => link.ask(host.serve((store) => store.record(events, now))),
    };
  }
}
