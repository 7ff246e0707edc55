/** A store with a clock, and short ways to say each move of its contracts. @module */
import { ManualClock } from "../../src/base/clock.js";
import type { CreateMove, CreateResult, DelegationStore } from "../../src/coordinator/store.js";
import type { Admission, AdmitMove } from "../../src/guard/admission.js";
import type { CutFeed, PartitionedFeed } from "../../src/guard/feed.js";
import type { Boundary, CutEntry } from "../../src/wire/cut.js";
import type { AuditDraft } from "../../src/wire/event.js";
import type { Authority, Limits } from "../../src/wire/grant.js";
import type { HopRecord, TicketRecord } from "../../src/wire/record.js";

/** With one log of cuts, or with several. */
export type Store = DelegationStore & Admission & (CutFeed | PartitionedFeed);

/** Makes an empty store on this clock, with a tolerance of {@link TOLERANCE_MS}. */
export type MakeStore = (clock: ManualClock) => Store | Promise<Store>;

export const START_MS = 1_800_000_000_000;
export const TOLERANCE_MS = 1_000;
export const HOUR_MS = 3_600_000;

/** What a test says of a hop; the rest is the same for all. */
export interface HopWords {
  readonly tenant?: string;
  readonly agent?: string;
  readonly holder?: string;
  readonly limits?: Limits;
  readonly expiresAt?: number;
  readonly initial?: CreateMove["initial"];
  readonly seen?: number;
  readonly key?: string;
  readonly request?: string;
  readonly now?: number;
}

export interface RootWords extends HopWords {
  readonly lease?: number;
  readonly subject?: string;
}

const event = (kind: string, tenant = "acme"): AuditDraft => ({ kind, tenant });

function authorityOf(limits: Limits = {}): { authority: Authority; digest: string } {
  const authority: Authority = {
    tools: { "files.read": {} },
    scopes: [],
    ceilings: [],
    audience: [],
    limits,
  };
  return { authority, digest: `digest of ${JSON.stringify(limits)}` };
}

/** The moves of a test, on one store. Hops remember their tree and depth, so that a test names ids only. */
export class Stage {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly #known = new Map<string, { tree: string; depth: number }>();

  private constructor(clock: ManualClock, store: Store) {
    this.clock = clock;
    this.store = store;
  }

  static async of(make: MakeStore): Promise<Stage> {
    const clock = new ManualClock(START_MS);
    return new Stage(clock, await make(clock));
  }

  get now(): number {
    return this.clock.now();
  }

  /** The log that this tree is cut in. */
  feed(tree = "root"): CutFeed {
    const { store } = this;
    return "partitionOf" in store ? store.feed(store.partitionOf(tree)) : store;
  }

  /** How many logs there are. */
  get logs(): number {
    return "partitions" in this.store ? this.store.partitions : 1;
  }

  /** What lives in the logs of these trees, each entry once. */
  async entries(...trees: readonly string[]): Promise<readonly CutEntry[]> {
    const feeds = new Set(trees.map((tree) => this.feed(tree)));
    const all = await Promise.all([...feeds].map(async (one) => (await one.snapshot()).entries));
    const wide = (entry: CutEntry) => entry.kind === "cut" && !("tree" in entry.boundary);
    const seen = new Set<string>();
    return all.flat().filter((entry) => {
      if (!wide(entry)) return true;
      // Each log gives it an id of its own.
      const what = JSON.stringify(entry.kind === "cut" && [entry.tenant, entry.boundary]);
      const again = seen.has(what);
      seen.add(what);
      return !again;
    });
  }

  async open(id: string, words: RootWords = {}): Promise<CreateResult> {
    const { tenant = "acme", lease, subject = "ada" } = words;
    const expiresAt = words.expiresAt ?? this.now + HOUR_MS;
    const tree = {
      tenant,
      id,
      principal: { issuer: "https://idp.example", subject },
      trigger: "task-1",
      createdAt: this.now,
      expiresAt,
      ...(lease === undefined ? {} : { lease: { until: lease, state: "held" as const } }),
    };
    const move = await this.move(id, undefined, id, words, "hop.opened");
    return this.store.open(tree, move);
  }

  async create(parent: string, id: string, words: HopWords = {}): Promise<CreateResult> {
    const tree = this.#known.get(parent)?.tree ?? parent;
    return this.store.create(await this.move(id, parent, tree, words));
  }

  async narrow(predecessor: string, id: string, words: HopWords = {}) {
    const old = await this.hop(predecessor, words.tenant);
    const move = await this.move(id, old.parent, old.tree, words, "hop.superseded");
    return this.store.narrow({ ...move, predecessor });
  }

  /** A whole `CreateMove`. */
  async move(
    id: string,
    parent: string | undefined,
    tree: string,
    words: HopWords = {},
    kind = "hop.created",
  ): Promise<CreateMove> {
    const { tenant = "acme", limits, key } = words;
    const { authority, digest } = authorityOf(limits);
    const depth = parent === undefined ? 0 : (this.#known.get(parent)?.depth ?? 0) + 1;
    this.#known.set(id, { tree, depth });
    return {
      hop: {
        tenant,
        tree,
        id,
        ...(parent === undefined ? {} : { parent }),
        depth,
        agent: words.agent ?? `agent-${id}`,
        identity: "proven",
        holder: words.holder ?? `key-${id}`,
        authority: digest,
        createdAt: this.now,
        expiresAt: words.expiresAt ?? this.now + HOUR_MS,
        origin: "coordinator",
        bearer: false,
      },
      authority,
      initial: words.initial ?? "active",
      seen: words.seen ?? (await this.store.status(tree)).position,
      ...(key === undefined
        ? {}
        : { idempotency: { key, request: words.request ?? "same request" } }),
      event: event(kind, tenant),
      now: words.now ?? this.now,
    };
  }

  async hop(id: string, tenant = "acme"): Promise<HopRecord> {
    const hop = await this.store.hop(tenant, id);
    if (hop === undefined) throw new Error(`no hop ${id}`);
    return hop;
  }

  async effective(id: string, tenant = "acme"): Promise<string | undefined> {
    return (await this.store.chain(tenant, id)).at(-1)?.effective;
  }

  revoke(boundary: Boundary, tenant = "acme") {
    return this.store.revoke({ tenant, boundary, event: event("cut", tenant), now: this.now });
  }

  cutHop(hop: string, tree: string, tenant = "acme") {
    return this.revoke({ kind: "hop", tree, hop }, tenant);
  }

  /** One admitted call by the last of `hops`. */
  async admit(tree: string, hops: readonly string[], words: Partial<AdmitMove> = {}) {
    return this.store.admit({
      tenant: "acme",
      tree,
      hops,
      offline: [],
      charge: { spend: {} },
      stated: [],
      tickets: [],
      seen: 0,
      event: { ...event("call"), tool: "files.read", decision: "allow" },
      now: this.now,
      ...words,
    });
  }

  #on(tree: string, hop: string, kind: string) {
    return { tenant: "acme", tree, hop, event: event(kind), now: this.now };
  }

  settle(tree: string, hop: string, verdict: "approve" | "deny") {
    return this.store.settle({ ...this.#on(tree, hop, "hop.approved"), verdict });
  }

  suspend(tree: string, hop: string, suspension: string) {
    return this.store.suspend({ ...this.#on(tree, hop, "hop.suspended"), suspension });
  }

  resume(tree: string, hop: string, suspension: string) {
    return this.store.resume({ ...this.#on(tree, hop, "hop.resumed"), suspension });
  }

  complete(tree: string, hop: string) {
    return this.store.complete(this.#on(tree, hop, "hop.completed"));
  }

  renew(tree: string, until: number) {
    const { tenant, now } = this.#on(tree, tree, "");
    return this.store.renew({ tenant, tree, until, event: event("lease.renewed"), now });
  }

  ticket(id: string, tree: string, hop: string, words: Partial<TicketRecord> = {}): TicketRecord {
    return {
      tenant: "acme",
      tree,
      id,
      kind: "call",
      hop,
      tool: "files.read",
      binding: `binding of ${id}`,
      policyVersion: "1",
      state: "asked",
      need: 1,
      excluded: ["agent-root", "https://idp.example ada"],
      approvals: [],
      askedAt: this.now,
      deadline: this.now + 60_000,
      shown: '{"path":"/reports"}',
      ...words,
    };
  }

  ask(id: string, tree: string, hop: string, words: Partial<TicketRecord> = {}) {
    return this.store.ask(this.ticket(id, tree, hop, words), event("ticket.asked"));
  }

  decide(ticket: string, approver: string, verdict: "approve" | "deny" = "approve") {
    return this.store.decide({
      tenant: "acme",
      ticket,
      approver,
      verdict,
      event: event("ticket.decided"),
      now: this.now,
    });
  }
}
