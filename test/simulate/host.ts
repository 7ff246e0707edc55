/**
 * The process that holds store and coordinator: it beats, crashes, comes back, comes back as a copy that lacks what came last, or is
 * replaced by one that knows nothing.
 *
 * @module
 */
import { canonicalize } from "../../src/base/canonical.js";
import type { RandomBytes } from "../../src/base/random.js";
import { silent } from "../../src/base/telemetry.js";
import { createCoordinator } from "../../src/coordinator/coordinator.js";
import type { Coordinator } from "../../src/coordinator/verbs.js";
import type { FeedListener, Heartbeat } from "../../src/guard/feed.js";
import { startHeart } from "../../src/memory/heart.js";
import { MemoryReplayStore } from "../../src/memory/replay.js";
import { createMemoryStore, type MemoryStore } from "../../src/memory/store.js";
import type { KeyRing } from "../../src/token/jwks.js";
import type { CutEntry } from "../../src/wire/cut.js";
import { type Lag, Laggard } from "./laggard.js";
import type { Link } from "./link.js";
import { type Dice, ProcessClock, type VirtualTime } from "./time.js";

export const ISSUER = "https://legate.localhost";

/** An entry of the log, as it truly was made. */
export interface Made {
  readonly entry: CutEntry;
  readonly generation: string;
  readonly at: number;
}

/** The store's end of a guard's connection. */
export interface Peer {
  readonly link: Link;
  readonly listeners: Set<FeedListener>;
}

export interface HostOptions {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly skewMs: number;
  readonly random: RandomBytes;
  readonly keys: KeyRing;
  /** Path of a journal that a crashed store is read back from; without one its memory stands for the disk. */
  readonly journal?: string;
  readonly wrapStore?: (store: MemoryStore) => MemoryStore;
  readonly onMade: (made: Made) => void;
  /** A copy that lacks something beats at once. */
  readonly hasty?: boolean;
}

export class Host {
  readonly #options: HostOptions;
  readonly clock: ProcessClock;
  readonly #peers = new Set<Peer>();
  #store: MemoryStore;
  #coordinator: Coordinator;
  #generation = "";
  #isUp = false;
  #stopBeating: () => void = () => {};
  /** Counts the lives of the process: whoever was asked by one answers nobody in the next. */
  #life = 0;
  #stores = 0;
  #laggard: Laggard | undefined;
  readonly #made: Made[] = [];
  readonly #beats: { heartbeat: Heartbeat; at: number }[] = [];
  /** When each generation was replaced. */
  readonly replacedAt = new Map<string, number>();

  constructor(options: HostOptions) {
    this.#options = options;
    this.clock = new ProcessClock(options.time, options.dice, options.skewMs);
    this.#store = this.#open();
    this.#coordinator = this.#coordinate();
    this.#start();
  }

  get store(): MemoryStore {
    return this.#store;
  }

  get generation(): string {
    return this.#generation;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Serves what came over a link: nobody answers while it is down, or when it crashed meanwhile. */
  serve<T>(work: (store: MemoryStore, coordinator: Coordinator) => Promise<T>) {
    return (): Promise<T> | undefined => {
      if (!this.#isUp) return undefined;
      const life = this.#life;
      const silence = new Promise<never>(() => {});
      const inThisLife = <V>(settle: () => V): V | Promise<never> =>
        life === this.#life ? settle() : silence;
      return this.#options.time.holdFor(work(this.#shown(), this.#coordinator)).then(
        (answer) => inThisLife(() => answer),
        (thrown) =>
          inThisLife(() => {
            throw thrown;
          }),
      );
    };
  }

  connect(peer: Peer): void {
    this.#peers.add(peer);
  }

  disconnect(peer: Peer): void {
    this.#peers.delete(peer);
  }

  crash(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#life += 1;
    this.#stopBeating();
    for (const peer of this.#peers) {
      // A reset tells of itself; a black hole does not.
      if (this.#options.dice.chance(0.5)) this.#tell(peer, (one) => one.lost("connection reset"));
    }
  }

  /** Comes back with all that was acknowledged: at once, or once a copy that lacked the last of it was told again. */
  async restart(lag?: Lag): Promise<void> {
    if (this.#isUp) return;
    if (this.#options.journal !== undefined) {
      await this.#store.close();
      this.#store = this.#open();
    }
    this.#coordinator = this.#coordinate();
    const { time } = this.#options;
    if (lag !== undefined) {
      const past = { made: this.#made, beats: this.#beats };
      this.#laggard = new Laggard(past, this.#generation, time.now - lag.lagMs);
    }
    if (this.#laggard === undefined) return this.#start();
    if (this.#options.hasty === true) return this.#start();
    this.#isUp = true;
    const life = this.#life;
    time.after(lag?.repairMs ?? 0, () => {
      if (life === this.#life) this.#repaired(lag?.isTold);
    });
  }

  /** Another takes its place, which continues nothing: all trees are over. */
  async replace(): Promise<void> {
    this.crash();
    this.replacedAt.set(this.#generation, this.#options.time.now);
    await this.#store.close();
    this.#stores += 1;
    this.#laggard = undefined;
    this.#store = this.#open();
    this.#coordinator = this.#coordinate();
    this.#start();
  }

  /** What a guard that begins now is told stands. */
  async live(): Promise<readonly CutEntry[]> {
    return (await this.#store.snapshot()).entries;
  }

  async audit(): Promise<string[]> {
    return (await this.#store.audit({ limit: 100_000 })).map((line) => canonicalize(line));
  }

  #open(): MemoryStore {
    const { journal, random, wrapStore = (store) => store, time, onMade } = this.#options;
    const path = journal === undefined ? {} : { journal: `${journal}.${this.#stores}` };
    const store = createMemoryStore({ clock: this.clock, random, ...path });
    store.subscribe({
      entry: (entry) => {
        const made = { entry, generation: this.#generation, at: time.now };
        this.#made.push(made);
        this.#laggard?.takeOver();
        onMade(made);
        for (const peer of this.#peers) this.#tell(peer, (one) => one.entry(entry));
      },
      heartbeat: (heartbeat) => {
        this.#beats.push({ heartbeat, at: time.now });
        for (const peer of this.#peers) this.#tell(peer, (one) => one.heartbeat(heartbeat));
      },
      lost: () => {},
    });
    return wrapStore(store);
  }

  #coordinate(): Coordinator {
    const { keys, random } = this.#options;
    const { clock } = this;
    const replay = new MemoryReplayStore();
    return createCoordinator({ store: this.#store, keys, issuer: ISSUER, replay, clock, random });
  }

  #start(): void {
    this.#isUp = true;
    const { store, clock } = this;
    const { time } = this.#options;
    void time.holdFor(
      store.snapshot().then(({ heartbeat }) => {
        this.#generation = heartbeat.generation;
      }),
    );
    const held = {
      confirm: () => time.holdFor(this.#laggard ? this.#beatAnyway() : store.confirm()),
    };
    const stop = startHeart(held, clock.timers, silent);
    this.#stopBeating = stop;
  }

  #shown(): MemoryStore {
    const laggard = this.#laggard;
    if (laggard === undefined) return this.#store;
    return laggard.shown(
      this.#store,
      this.#options.hasty === true ? () => this.#beatAnyway() : undefined,
    );
  }

  /** All that was lost is there again, so guards may be told that they know all; some were told that the log is another one. */
  #repaired(isTold = () => true): void {
    const lacked = this.#laggard?.lacks ?? [];
    this.#laggard = undefined;
    for (const peer of this.#peers) {
      if (isTold()) this.#tell(peer, (one) => one.lost("another life"));
      for (const entry of lacked) this.#tell(peer, (one) => one.entry(entry));
    }
    this.#start();
  }

  async #beatAnyway(): Promise<Heartbeat> {
    const heartbeat = (this.#laggard as Laggard).heartbeat(this.clock.now());
    for (const peer of this.#peers) this.#tell(peer, (one) => one.heartbeat(heartbeat));
    return heartbeat;
  }

  /** A connection ends with the store that it led to; a store that came back may still be heard from before. */
  #tell(peer: Peer, what: (listener: FeedListener) => void): void {
    const stores = this.#stores;
    peer.link.carry(() => {
      if (stores !== this.#stores) return;
      for (const listener of [...peer.listeners]) what(listener);
    });
  }
}
