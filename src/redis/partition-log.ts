/** One partition's log of cuts as this process follows it: from the doorbell when it is next in line, from the stream otherwise. @module */
import type { FeedListener, Heartbeat } from "../guard/feed.js";
import type { Position } from "../wire/cut.js";
import { type Beaten, heardOf, type Linked } from "./bell.js";
import { unavailable } from "./script.js";
import type { Topology } from "./shard.js";
import { readTail, type Tail, type Tip } from "./tail.js";

/** Up to where the log was told, and which log that was. */
interface Cursor {
  readonly generation: string;
  readonly epoch: string;
  position: Position;
  /** Link of the entry there. */
  chain: string;
}

/**
 * Tells its listeners every entry once, in order, without gaps; a log that is not the one that was followed is `lost`.
 *
 * INVARIANT: no heartbeat is told unless its log is the one that is followed, by generation, epoch and link.
 */
export class PartitionLog {
  readonly partition: number;
  readonly #topology: Topology;
  readonly #listeners = new Set<FeedListener>();
  #cursor: Cursor | undefined;
  #starting: Promise<Cursor> | undefined;
  #reading: Promise<void> | undefined;
  /** The newest heartbeat that was told, epoch ms. */
  #beatAt = 0;
  #isRung = false;

  constructor(topology: Topology, partition: number) {
    this.#topology = topology;
    this.partition = partition;
  }

  get isFollowed(): boolean {
    return this.#listeners.size > 0;
  }

  /** Epoch ms, by the store's clock; 0 before the first. */
  get beatAt(): number {
    return this.#beatAt;
  }

  /** Whether the doorbell brought a heartbeat since this was asked last: then nothing can be waiting in the stream. */
  wasRung(): boolean {
    const was = this.#isRung;
    this.#isRung = false;
    return was;
  }

  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    this.start().catch(() => undefined);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Finds where the log stands; all that comes after it is told. @throws {DelegationError} `store_unavailable` */
  start(): Promise<Cursor> {
    if (this.#cursor !== undefined) return Promise.resolve(this.#cursor);
    this.#starting ??= readTail(this.#topology, this.partition)
      .then(({ tip: { generation, epoch, position, chain } }) => {
        this.#cursor ??= { generation, epoch, position, chain };
        return this.#cursor;
      })
      .finally(() => {
        this.#starting = undefined;
      });
    return this.#starting;
  }

  /** Takes what the doorbell brought. */
  hear(payload: string): void {
    try {
      const heard = heardOf(payload);
      if (heard.kind === "entry") this.#hearEntry(heard);
      else this.#hearBeat(heard);
    } catch {
      this.lose("the doorbell said what no store says");
    }
  }

  /** Takes a heartbeat that nobody else is told of. */
  heard(heartbeat: Heartbeat): void {
    if (this.#cursor?.generation === heartbeat.generation) this.#beat(heartbeat);
  }

  /** Reads on until nothing is left, and tells it. @throws {DelegationError} `store_unavailable` */
  read(): Promise<void> {
    this.#reading ??= this.#readOn().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Resolves once everything up to `position` was told. @throws {DelegationError} `store_unavailable` */
  async reach(position: Position): Promise<void> {
    // One that is under way may have looked too early.
    for (let reads = 0; reads < 2; reads++) {
      const { position: told } = await this.start();
      if (told >= position) return;
      await this.read();
    }
    if ((this.#cursor?.position ?? -1) < position) throw unavailable("POSITION");
  }

  /** @throws {DelegationError} `store_unavailable` unless `tip` is of the log that is followed */
  async continues({ generation, epoch }: Tip): Promise<void> {
    const cursor = await this.start();
    if (cursor.generation === generation && cursor.epoch === epoch) return;
    this.lose("another log");
    throw unavailable("EPOCH");
  }

  /** Tells the listeners that what they know can no longer be trusted to be all, and begins anew. */
  lose(reason: string): void {
    this.#cursor = undefined;
    this.#tell((listener) => listener.lost(reason));
  }

  #hearEntry(linked: Linked): void {
    const cursor = this.#cursor;
    if (cursor === undefined) return;
    const { position } = linked.entry;
    if (position === cursor.position + 1) this.#take(cursor, linked);
    else if (position > cursor.position) this.read().catch(() => undefined);
  }

  #hearBeat({ epoch, chain, heartbeat }: Beaten): void {
    const cursor = this.#cursor;
    if (cursor === undefined) return;
    if (heartbeat.generation !== cursor.generation || epoch !== cursor.epoch) {
      this.lose("a heartbeat of another log");
    } else if (heartbeat.position > cursor.position) {
      this.read().catch(() => undefined);
    } else if (heartbeat.position === cursor.position && chain !== cursor.chain) {
      this.lose("a heartbeat of a log with another last entry");
    } else {
      this.#isRung = true;
      this.#beat(heartbeat);
    }
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const cursor = await this.start();
      const from = cursor.position;
      const tail = await readTail(this.#topology, this.partition, from);
      // Lost, or told by the doorbell, while this was on its way.
      if (this.#cursor !== cursor) return;
      const fault = faultOf(cursor, from, tail);
      if (fault !== undefined) {
        this.lose(fault);
        return;
      }
      for (const linked of tail.after) {
        if (linked.entry.position === cursor.position + 1) this.#take(cursor, linked);
        if (this.#cursor !== cursor) return;
      }
      if (tail.more) continue;
      this.#beatOf(cursor, tail.tip);
      return;
    }
  }

  #take(cursor: Cursor, { chain, entry }: Linked): void {
    cursor.position = entry.position;
    cursor.chain = chain;
    this.#tell((listener) => listener.entry(entry));
  }

  /** The last heartbeat that the store keeps, for whom no doorbell told it. */
  #beatOf(cursor: Cursor, { generation, beatAt, beatPosition }: Tip): void {
    if (beatAt <= this.#beatAt || beatPosition > cursor.position) return;
    this.#beat({ generation, position: beatPosition, at: beatAt });
  }

  #beat(heartbeat: Heartbeat): void {
    this.#beatAt = Math.max(this.#beatAt, heartbeat.at);
    this.#tell((listener) => listener.heartbeat(heartbeat));
  }

  /** A listener that throws must not believe that it is up to date. */
  #tell(what: (listener: FeedListener) => void): void {
    for (const listener of [...this.#listeners]) {
      try {
        what(listener);
      } catch {
        this.#listeners.delete(listener);
        try {
          listener.lost("listener failed");
        } catch {
          // It was told.
        }
      }
    }
  }
}

/** Why what was read does not go on from the cursor; undefined when it does. */
function faultOf(
  { generation, epoch, chain, position }: Cursor,
  from: Position,
  { tip, here, after }: Tail,
): string | undefined {
  if (tip.generation !== generation) return "another generation";
  if (tip.epoch !== epoch) return "another life of the owner";
  if (tip.position < from) return "a log that is shorter than it was";
  // The doorbell went on meanwhile: the next read compares.
  if (position !== from) return undefined;
  if (here !== undefined && here !== chain) return "another entry at the cursor";
  if (tip.position === from) return tip.chain === chain ? undefined : "another last entry";
  const [first] = after;
  return first?.entry.position === from + 1 ? undefined : "a gap";
}
