/**
 * The outbox: what this process cut or suspended, on its own disk before the store is asked; what it let happen once, on disk before
 * it begins; and all of it said again to every life of a shard that may have lost it.
 *
 * Saying it again is always safe: the store knows an attempt by its id, and what is said only grows. What was kept by the store stays
 * here for a while longer, because what a quorum has can still be lost with it.
 *
 * @module
 */
import { DelegationError } from "../base/error.js";
import type { JsonObject } from "../base/json-value.js";
import { OUTBOX_KEEP_MS_DEFAULT, OUTBOX_THINGS_MAX } from "../base/limits.js";
import type { Durability, Sent } from "./durability.js";
import type { Outbox, OutboxOptions, Said } from "./outbox-contract.js";
import { OutboxFile } from "./outbox-file.js";
import { boxLine, type Item, idIn, lineOf, type Outgoing, recall } from "./outbox-item.js";

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
  readonly id: string;
  readonly #options: OutboxOptions;
  readonly #keepMs: number;
  readonly #items = new Map<string, Item>();
  /** Things that count, by partition. */
  readonly #counts = new Map<number, number>();
  readonly #file: OutboxFile | undefined;
  #lines = 0;
  #alarm: unknown;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#keepMs = options.keepMs ?? OUTBOX_KEEP_MS_DEFAULT;
    let known: string | undefined;
    if (options.path !== undefined) {
      const { file, lines } = OutboxFile.open(options.path);
      this.#file = file;
      known = lines.map(idIn).find((id) => id !== undefined);
      for (const line of lines) recall(this.#items, line);
      for (const item of this.#items.values()) this.#count(item, 1);
      this.#lines = lines.length;
    }
    this.id = known ?? options.name();
    if (known === undefined) this.#write(boxLine(this.id)).catch(() => undefined);
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
    this.#add(item);
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

  async note(outgoing: Outgoing): Promise<void> {
    if (this.#items.size >= OUTBOX_THINGS_MAX) {
      throw new DelegationError("store_unavailable", "outbox is full", {
        rule: "OUTBOX_THINGS_MAX",
      });
    }
    const until = this.#options.timers.now() + this.#keepMs;
    const item: Item = { ...outgoing, until, busy: false };
    this.#add(item);
    await this.#write(lineOf(item));
  }

  retract(id: string): void {
    const item = this.#items.get(id);
    if (item !== undefined) this.#forget(item);
  }

  holds(partition: number): boolean {
    return (this.#counts.get(partition) ?? 0) > 0;
  }

  async repair(
    partition: number,
    isLost: (outgoing: Outgoing) => boolean = () => true,
  ): Promise<void> {
    const { durability } = this.#options;
    const lost: Item[] = [];
    for (const item of this.#items.values()) {
      if (item.partitions.includes(partition) && isLost(item)) lost.push(item);
    }
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
    for (const item of this.#items.values()) {
      if (item.until !== undefined && item.until < now) this.#drop(item);
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
    this.#lines = this.#items.size;
    this.#file
      ?.replace(() => [boxLine(this.id), ...[...this.#items.values()].map(lineOf)])
      .catch(() => undefined);
  }

  #add(item: Item): void {
    this.#items.set(item.id, item);
    this.#count(item, 1);
  }

  #drop(item: Item): void {
    this.#items.delete(item.id);
    this.#count(item, -1);
  }

  #count(item: Item, by: number): void {
    if (this.#options.counted?.(item) === false) return;
    for (const one of item.partitions) this.#counts.set(one, (this.#counts.get(one) ?? 0) + by);
  }

  #forget(item: Item): void {
    this.#drop(item);
    this.#write({ id: item.id, until: 0 }).catch(() => undefined);
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
