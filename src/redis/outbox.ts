/**
 * The outbox: what this coordinator cut or suspended, on its own disk before the store is asked, and said again to every life of a
 * shard that may have lost it.
 *
 * Saying it again is always safe: the store knows an attempt by its id, and cuts only grow. What was kept by the store stays here
 * for a while longer, because what a quorum has can still be lost with it.
 *
 * @module
 */
import { DelegationError } from "../base/error.js";
import type { JsonObject } from "../base/json-value.js";
import { OUTBOX_KEEP_MS_DEFAULT } from "../base/limits.js";
import type { Timers } from "../lifecycle/timers.js";
import type { Durability, Sent } from "./durability.js";
import { OutboxFile } from "./outbox-file.js";
import { type Item, lineOf, type Outgoing, recall } from "./outbox-item.js";

/** How to keep an outbox. */
export interface OutboxOptions {
  /** Its file, for this process alone; without one the outbox ends with the process. */
  readonly path?: string;
  readonly durability: Durability;
  readonly timers: Timers;
  /** Says one thing to one partition, as often as it is asked to. Refuses only what can never be said. */
  readonly say: (outgoing: Outgoing, partition: number) => Promise<unknown>;
  /** How long something stays after it was durable everywhere; `OUTBOX_KEEP_MS_DEFAULT` unless told. */
  readonly keepMs?: number;
}

/** What was said, and when it is durable. */
export interface Said<T> {
  readonly result: T;
  /** Replicas that have it, in the partition where they are fewest. @throws {DelegationError} `not_durable` */
  readonly durable: Promise<number>;
}

/** An open outbox. */
export interface Outbox {
  /**
   * Notes what is to be said, then says it. What the store refused is forgotten; what nobody knows of is said again until it is known.
   *
   * @throws {DelegationError} the store's refusal; `store_unavailable`, and then it may still be said
   */
  say<T>(outgoing: Outgoing, send: () => Promise<T>): Promise<Said<T>>;
  /** Says everything again that the partition may have lost; resolves once that is durable. @throws {DelegationError} */
  repair(partition: number): Promise<void>;
  /** Things that are kept. */
  readonly size: number;
  close(): Promise<void>;
}

/** How soon what is not known to be durable is tried again. */
const AGAIN_MS = 500;
/** Things that are said again at once. */
const TOGETHER = 64;
/** Lines beyond those that are needed before the file is written anew. */
const SPARE_LINES_MAX = 10_000;

/** @throws {DelegationError} `store_locked`, `journal_damaged`, `store_unavailable` */
export function openOutbox(options: OutboxOptions): Outbox {
  return new Kept(options);
}

class Kept implements Outbox {
  readonly #options: OutboxOptions;
  readonly #keepMs: number;
  readonly #items = new Map<string, Item>();
  readonly #file: OutboxFile | undefined;
  #lines = 0;
  #alarm: unknown;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#keepMs = options.keepMs ?? OUTBOX_KEEP_MS_DEFAULT;
    if (options.path !== undefined) {
      const { file, lines } = OutboxFile.open(options.path);
      this.#file = file;
      for (const line of lines) recall(this.#items, line);
      this.#lines = lines.length;
    }
    this.#arm();
  }

  get size(): number {
    return this.#items.size;
  }

  async say<T>(outgoing: Outgoing, send: () => Promise<T>): Promise<Said<T>> {
    const { durability } = this.#options;
    const { id, partitions, what } = outgoing;
    const item: Item = { id, partitions, what, until: undefined, busy: true };
    await this.#write(lineOf(item));
    this.#items.set(id, item);
    const sent = partitions.map((partition) => sending(durability, partition));
    let result: T;
    try {
      result = await send();
    } catch (thrown) {
      item.busy = false;
      if (isRefusal(thrown)) this.#forget(item);
      throw thrown;
    }
    const durable = this.#settle(item, sent);
    durable.catch(() => undefined);
    return { result, durable };
  }

  async repair(partition: number): Promise<void> {
    const { durability } = this.#options;
    const lost = [...this.#items.values()].filter((item) => item.partitions.includes(partition));
    if (lost.length === 0) return;
    const sent = durability.sending(partition);
    const refused: Item[] = [];
    for (let from = 0; from < lost.length; from += TOGETHER) {
      const some = lost.slice(from, from + TOGETHER);
      const said = await Promise.all(some.map((item) => this.#sayAgain(item, partition)));
      refused.push(...some.filter((_, n) => said[n] === false));
    }
    // What depends on something else may have come before it.
    for (const item of refused) await this.#sayAgain(item, partition);
    await durability.durable(sent);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.timers.clearTimeout(this.#alarm);
    await this.#file?.close();
  }

  /** Waits until each partition has it for good; then it stays for as long as a whole quorum may still be lost. */
  async #settle(item: Item, sent: readonly Sent[]): Promise<number> {
    const { durability, timers } = this.#options;
    item.busy = true;
    try {
      const replicas = await Promise.all(
        sent.map((one) =>
          durability.assured(one, async () => void (await this.#sayAgain(item, one.partition))),
        ),
      );
      item.until = timers.now() + this.#keepMs;
      this.#write({ id: item.id, until: item.until }).catch(() => undefined);
      return Math.min(...replicas);
    } finally {
      item.busy = false;
    }
  }

  /** What can never be said is no cut that could be lost: its hop has ended, or was never there. */
  async #sayAgain(item: Item, partition: number): Promise<boolean> {
    try {
      await this.#options.say(item, partition);
      return true;
    } catch (thrown) {
      if (isRefusal(thrown)) return false;
      throw thrown;
    }
  }

  #arm(): void {
    if (this.#closed) return;
    this.#alarm = this.#options.timers.setTimeout(() => {
      this.#turn();
      this.#arm();
    }, AGAIN_MS);
  }

  /** Tries again what is not known to be durable, and lets go of what nobody can need. */
  #turn(): void {
    const { durability, timers } = this.#options;
    const now = timers.now();
    for (const item of [...this.#items.values()]) {
      if (item.until !== undefined && item.until < now) this.#items.delete(item.id);
      if (item.until !== undefined || item.busy) continue;
      item.busy = true;
      const again = async () => {
        const sent = item.partitions.map((partition) => durability.sending(partition));
        await Promise.all(item.partitions.map((partition) => this.#sayAgain(item, partition)));
        await this.#settle(item, sent);
      };
      again()
        .catch(() => undefined)
        .finally(() => {
          item.busy = false;
        });
    }
    if (this.#lines > 2 * this.#items.size + SPARE_LINES_MAX) this.#shrink();
  }

  #shrink(): void {
    const items = [...this.#items.values()];
    this.#lines = items.length;
    this.#file?.replace(items.map(lineOf)).catch(() => undefined);
  }

  #forget({ id }: Item): void {
    this.#items.delete(id);
    this.#write({ id, until: 0 }).catch(() => undefined);
  }

  #write(line: JsonObject): Promise<void> {
    if (this.#closed) {
      return Promise.reject(new DelegationError("store_unavailable", "outbox is closed"));
    }
    this.#lines += 1;
    return this.#file?.append(line) ?? Promise.resolve();
  }
}

/** Without an owner there is no life to compare with: the first one that answers is another. */
function sending(durability: Durability, partition: number): Sent {
  try {
    return durability.sending(partition);
  } catch {
    return { partition, life: "" };
  }
}

/** Whether the store said no, rather than nothing. */
function isRefusal(thrown: unknown): boolean {
  return thrown instanceof DelegationError && !UNKNOWN.has(thrown.code);
}

const UNKNOWN: ReadonlySet<string> = new Set(["store_unavailable", "not_durable", "server_error"]);
