/** Who owns which partition now, and the connections to them. Looks again when something did not fit, and every second. @module */
import type { Redis } from "ioredis";
import { DelegationError } from "../base/error.js";
import { placeOf, type Servers } from "./address.js";
import { connect, greet, type Patience } from "./connect.js";
import { discover, type Owner } from "./discover.js";
import { unavailable } from "./script.js";
import type { Link, Shard, Topology } from "./shard.js";
import { slotOf } from "./slot.js";

/** An owner with the connection that looks are asked on. */
export interface OwnedShard extends Shard {
  readonly reader: Link;
}

/** The topology as the store uses it. */
export interface OpenTopology extends Topology {
  shardOf(partition: number): OwnedShard;
  shards(): readonly OwnedShard[];
  close(): void;
}

/** How often a topology is looked at while nothing seems wrong, and how soon again while something is. */
const LOOK_MS = 1_000;
const RETRY_MS_MIN = 50;

/**
 * Connects to all owners.
 *
 * @param base The partition's base key, by number.
 * @throws {DelegationError} `store_unavailable` when an owner does not answer in time
 */
export async function openTopology(
  servers: Servers,
  partitions: number,
  base: (partition: number) => string,
  patience: Patience,
): Promise<OpenTopology> {
  const topology = new Watched(servers, partitions, base, patience);
  for (let tries = 1; ; tries++) {
    try {
      await topology.look();
      return topology;
    } catch (thrown) {
      if (tries < STARTS_MAX) continue;
      topology.close();
      throw thrown;
    }
  }
}

/** Looks before a start is given up: a machine that is busy with starting is slow to answer. */
const STARTS_MAX = 3;

/** A shard with what it takes to let go of it. */
interface Held {
  readonly owner: Owner;
  readonly shard: OwnedShard;
  readonly lines: readonly Redis[];
}

class Watched implements OpenTopology {
  readonly partitions: number;
  readonly base: (partition: number) => string;
  readonly #servers: Servers;
  readonly #patience: Patience;
  readonly #slots: readonly number[];
  readonly #watchers = new Set<() => void>();
  #held: readonly Held[] = [];
  #byPartition: readonly (OwnedShard | undefined)[] = [];
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  constructor(
    servers: Servers,
    partitions: number,
    base: (partition: number) => string,
    patience: Patience,
  ) {
    this.#servers = servers;
    this.#patience = patience;
    this.partitions = partitions;
    this.base = base;
    this.#slots = Array.from({ length: partitions }, (_, partition) => slotOf(base(partition)));
  }

  shardOf(partition: number): OwnedShard {
    const shard = this.#byPartition[partition];
    if (shard === undefined) throw unavailable(this.#closed ? "CLOSED" : "OWNER");
    return shard;
  }

  shards(): readonly OwnedShard[] {
    return this.#held.map(({ shard }) => shard);
  }

  watch(changed: () => void): () => void {
    const watcher = () => changed();
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  look(): Promise<void> {
    if (this.#closed) return Promise.reject(unavailable("CLOSED"));
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
      this.#again();
    });
    return this.#looking;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    const held = this.#held;
    this.#publish([]);
    for (const one of held) letGo(one);
    this.#watchers.clear();
  }

  async #lookOnce(): Promise<void> {
    try {
      const known = this.#servers.master === undefined ? this.#held.map(({ owner }) => owner) : [];
      const owners = await discover(this.#servers, known, this.#patience);
      const met = await Promise.allSettled(owners.map((owner) => this.#meet(owner)));
      const held = met.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      if (this.#closed) for (const one of held) letGo(one);
      if (this.#closed) throw unavailable("CLOSED");
      const kept = new Set(held.flatMap(({ lines }) => lines));
      const gone = this.#held.filter(({ lines }) => !lines.some((line) => kept.has(line)));
      this.#publish(held);
      for (const one of gone) letGo(one);
      const failed = met.find((one) => one.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      if (this.#byPartition.includes(undefined)) throw unavailable("OWNER");
      this.#failures = 0;
    } catch (thrown) {
      this.#failures += 1;
      throw thrown instanceof DelegationError ? thrown : unavailable("CONNECTION");
    }
  }

  /** The owner as it is known, while it lives the same life and all its lines are open; otherwise with lines of its own. */
  async #meet(owner: Owner): Promise<Held> {
    const known = this.#held.find((one) => one.owner.name === owner.name && isOpen(one));
    if (known !== undefined && placeOf(known.owner) === placeOf(owner)) {
      const { life } = await this.#greet(known.shard.reader);
      const same = sameRanges(known.owner, owner);
      if (life === known.shard.life) return same ? known : this.#moved(known, owner);
    }
    return this.#meetAnew(owner);
  }

  async #meetAnew(owner: Owner): Promise<Held> {
    const dial = (purpose: Parameters<typeof connect>[2]) =>
      connect(owner, this.#servers, purpose, this.#patience);
    const dialled = await Promise.allSettled(PURPOSES.map(dial));
    const lines = dialled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    try {
      const [writer, reader, waiter, follower, ear] = lines;
      if (!(writer && reader && waiter && follower && ear)) throw unavailable("CONNECTION");
      const lives = new Set(
        (await Promise.all(lines.map((line) => this.#greet(line)))).map(lifeOf),
      );
      const [life] = lives;
      if (life === undefined || lives.size > 1) throw unavailable("LIFE");
      for (const line of lines) line.once("close", () => this.#lost(line));
      const partitions = this.#within(owner);
      const shard = { name: owner.name, life, partitions, writer, reader, waiter, follower, ear };
      return { owner, shard, lines };
    } catch (thrown) {
      for (const line of lines) line.disconnect();
      throw thrown;
    }
  }

  /** The same lines, in charge of other partitions. */
  #moved({ shard, lines }: Held, owner: Owner): Held {
    return { owner, lines, shard: { ...shard, partitions: this.#within(owner) } };
  }

  async #greet(line: Link) {
    const greeting = await greet(line, this.#patience);
    if (!greeting.isMaster) throw unavailable("READONLY");
    return greeting;
  }

  #within({ ranges }: Owner): number[] {
    const isIn = (slot: number) => ranges.some(([first, last]) => first <= slot && slot <= last);
    return this.#slots.flatMap((slot, partition) => (isIn(slot) ? [partition] : []));
  }

  #lost(line: Redis): void {
    if (this.#closed) return;
    const held = this.#held.filter(({ lines }) => !lines.includes(line));
    if (held.length === this.#held.length) return;
    const gone = this.#held.filter(({ lines }) => lines.includes(line));
    this.#publish(held);
    for (const one of gone) letGo(one);
    this.look().catch(() => {});
  }

  #publish(held: readonly Held[]): void {
    const before = this.#held;
    this.#held = held;
    const byPartition: (OwnedShard | undefined)[] = Array(this.partitions).fill(undefined);
    for (const { shard } of held) for (const one of shard.partitions) byPartition[one] = shard;
    this.#byPartition = byPartition;
    if (before.length === held.length && held.every((one) => before.includes(one))) return;
    for (const watcher of [...this.#watchers]) watcher();
  }

  #again(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const after =
      this.#failures === 0 ? LOOK_MS : Math.min(LOOK_MS, RETRY_MS_MIN * 2 ** this.#failures);
    this.#timer = setTimeout(() => this.look().catch(() => {}), after);
    this.#timer.unref();
  }
}

const PURPOSES = ["move", "look", "wait", "follow", "listen"] as const;

function lifeOf({ life }: { readonly life: string }): string {
  return life;
}

function isOpen({ lines }: Held): boolean {
  return lines.every(({ status }) => status === "ready");
}

function sameRanges(one: Owner, other: Owner): boolean {
  return JSON.stringify(one.ranges) === JSON.stringify(other.ranges);
}

function letGo({ lines }: Held): void {
  for (const line of lines) line.disconnect();
}
