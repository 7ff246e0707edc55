/** The store's engine room: one world, one log, one clock. Judges a move, does its deed, writes its line. @module */
import type { Clock } from "../base/clock.js";
import { type MonotonicClock, monotonic } from "../base/clock.js";
import { DelegationError } from "../base/error.js";
import { uuidv7 } from "../base/id.js";
import type { Json } from "../base/json-value.js";
import { CLOCK_TOLERANCE_MS } from "../base/limits.js";
import { type RandomBytes, systemRandom } from "../base/random.js";
import type { CutEntry } from "../wire/cut.js";
import type { AuditDraft } from "../wire/event.js";
import { apply, emptyWorld } from "./apply.js";
import { type Deed, scopeOf } from "./deed.js";
import { Followers } from "./followers.js";
import { Journal } from "./journal.js";
import { JournalLog } from "./journal-log.js";
import type { LineLog, Prepared } from "./line-log.js";
import { MemoryLog } from "./memory-log.js";
import type { Hop, Tenant, Trail, World } from "./model.js";
import { FORMAT, recover, type StartDeed, type Torn } from "./recover.js";
import { Shown } from "./shown.js";
import { type AdmitDeed, applyAdmit } from "./use.js";

/** How to open an embedded store. */
export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** Path of the journal; without one, everything ends with the process. */
  readonly journal?: string;
  /** Opens the journal for looking only: takes no lock, changes nothing, refuses every move with `store_locked`. */
  readonly readonly?: boolean;
  /** Name of a new store's generation; a fresh UUID unless told. A journal keeps the one that it began with. */
  readonly generation?: string;
  /** Milliseconds that a caller's clock may lie off; `CLOCK_TOLERANCE_MS` unless told. */
  readonly tolerance?: number;
  readonly random?: RandomBytes;
}

/** What a deed came to. */
export interface Done {
  readonly entries: readonly CutEntry[];
  /** Sequence number of its line. */
  readonly seq: number;
}

/** A deed whose line is encoded, so that nothing can fail once it is begun. */
interface Ready {
  readonly event: AuditDraft;
  readonly line: Prepared;
  readonly deed: Deed;
}

/** Synchronous: between two calls of it everything is whole. */
export class Core {
  readonly world: World;
  readonly log: LineLog;
  readonly followers = new Followers();
  readonly torn: Torn | undefined;
  readonly shown: Shown;
  readonly #journal: Journal | undefined;
  readonly #clock: MonotonicClock;
  readonly #readonly: boolean;
  #closed = false;

  constructor(options: MemoryStoreOptions) {
    const tolerance = options.tolerance ?? CLOCK_TOLERANCE_MS;
    this.#clock = monotonic(options.clock);
    this.#readonly = options.readonly === true;
    const journal =
      options.journal === undefined ? undefined : Journal.open(options.journal, this.#readonly);
    this.#journal = journal;
    try {
      const found = journal === undefined ? undefined : recover(journal, tolerance);
      const now = this.#clock.now();
      const generation = options.generation ?? uuidv7(now, options.random ?? systemRandom);
      this.world = found?.world ?? emptyWorld(generation, tolerance);
      this.torn = found?.torn;
      this.log =
        journal === undefined || found === undefined
          ? new MemoryLog()
          : new JournalLog(journal, found);
      this.shown = new Shown(options.journal, this.world.waiting, this.#readonly);
      if (found?.world === undefined && !this.#readonly) this.#start(now);
    } catch (thrown) {
      this.#journal?.discard();
      throw thrown;
    }
  }

  /** By the store's own clock, which never runs backwards. */
  now(): number {
    return this.#clock.now();
  }

  /**
   * The instant of a move: the later of the two clocks, so that neither can bring back what is over.
   *
   * @throws {DelegationError} `clock_skewed` beyond the tolerance; `store_unavailable` when closed.
   */
  instant(now: number): number {
    this.checkOpen();
    const own = this.#clock.now();
    if (Number.isSafeInteger(now) && Math.abs(now - own) <= this.world.toleranceMs) {
      return Math.max(now, own);
    }
    throw new DelegationError("clock_skewed", "caller's clock is too far from the store's");
  }

  /** @throws {DelegationError} `store_unavailable` once closed or once a write has failed. */
  checkOpen(): void {
    if (this.#closed) throw new DelegationError("store_unavailable", "store is closed");
    const failure = this.#journal?.failure();
    if (failure !== undefined) throw failure;
  }

  /** Does a deed that was judged, and writes its line. Refuses, if at all, before anything has changed. */
  commit(at: number, event: AuditDraft, deed: Deed): Done {
    return this.finish(at, this.begin(at, event, deed));
  }

  /** The same for a call that `leaf` was found good for just now: nothing of it has to be looked for again. @returns Its line */
  commitUse(at: number, event: AuditDraft, leaf: Hop, deed: AdmitDeed): number {
    this.#checkWritable();
    const line = this.log.prepare(event, deed);
    applyAdmit(leaf.tree, leaf, deed);
    return this.log.append(at, line, leaf.tree.trail);
  }

  /** Encodes the line and does the deed; {@link finish} writes the line. */
  begin(at: number, event: AuditDraft, deed: Deed): Ready & { entries: readonly CutEntry[] } {
    this.#checkWritable();
    const line = this.log.prepare(event, deed);
    const entries = apply(this.world, scopeOf(event), deed, at);
    if (entries.length === 0) return { event, line, deed, entries };
    const told = withCuts(event, entries);
    return { event: told, line: this.log.prepare(told, deed), deed, entries };
  }

  /** The same, as the last line of its move. */
  last(ready: ReturnType<Core["begin"]>): ReturnType<Core["begin"]> {
    const { more: _, ...deed } = ready.deed as Deed & { more?: true };
    return { ...ready, deed, line: this.log.prepare(ready.event, deed) };
  }

  /** Writes the line of a deed that was begun. */
  finish(at: number, { event, line, entries }: Ready & { entries: readonly CutEntry[] }): Done {
    const seq = this.log.append(at, line, this.trailOf(event));
    if (entries.length > 0) this.#announce(entries);
    return { entries, seq };
  }

  /** Writes lines that change nothing: all of them, or none when one cannot be written. */
  write(at: number, events: readonly AuditDraft[]): void {
    this.#checkWritable();
    const lines = events.map((event) => ({ event, line: this.log.prepare(event) }));
    for (const { event, line } of lines) this.log.append(at, line, this.trailOf(event));
  }

  /** Resolves when all that was done so far is kept for good; absent where it is at once. */
  settled(): Promise<void> | undefined {
    return this.#journal?.settled();
  }

  tenant(name: string): Tenant | undefined {
    this.checkOpen();
    return this.world.tenants.get(name);
  }

  trailOf({ tenant, tree }: Pick<AuditDraft, "tenant" | "tree">): Trail | undefined {
    if (tree === undefined) return undefined;
    return this.world.tenants.get(tenant)?.trees.get(tree)?.trail;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.followers.lost("store is closed");
    await this.#journal?.close();
  }

  /** Followers hear of a cut once it cannot be lost: a position is never given to another entry. */
  #announce(entries: readonly CutEntry[]): void {
    (this.settled() ?? Promise.resolve()).then(
      () => this.followers.entries(entries),
      () => this.followers.lost("store is unavailable"),
    );
  }

  #checkWritable(): void {
    if (!this.#readonly) return;
    throw new DelegationError("store_locked", "the store was opened for reading");
  }

  #start(now: number): void {
    const { generation } = this.world;
    const event: AuditDraft = {
      kind: "store.started",
      tenant: "-",
      by: "system",
      data: { generation },
    };
    const deed: StartDeed = { format: FORMAT, generation, op: "start" };
    this.log.append(now, this.log.prepare(event, deed), undefined);
  }
}

/** The event of a cut tells what was cut and at which position: facts, whatever its caller wrote. */
function withCuts(event: AuditDraft, entries: readonly CutEntry[]): AuditDraft {
  const cuts: Json[] = [];
  for (const entry of entries) if (entry.kind === "cut") cuts.push({ ...entry.boundary });
  const [last] = entries.slice(-1);
  const data: Record<string, Json> = { ...event.data, position: last?.position ?? 0 };
  if (cuts.length > 0) data.cuts = cuts;
  return { ...event, data };
}
