/** Load from several clients at once, and a record of what each of them saw. @module */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { DelegationError } from "../../../src/base/error.js";
import type { CreateMove, CutResult, DelegationStore } from "../../../src/coordinator/store.js";
import type { Admission, TicketUse } from "../../../src/guard/admission.js";
import type { Boundary } from "../../../src/wire/cut.js";
import type { AuditDraft } from "../../../src/wire/event.js";
import type { Limits } from "../../../src/wire/grant.js";
import type { Acting, Deed, Recorder } from "../history.js";
import type { Saying, Watcher } from "./watcher.js";

export type ChaosStore = DelegationStore & Admission;

const TENANT = "acme";
const HOUR_MS = 3_600_000;
const PRICE_CENTS = 60;
export const LIMIT_CENTS = 3_000;
/** Nothing is known of what happened. */
const UNKNOWN = new Set(["store_unavailable", "not_durable", "server_error"]);
const MADE_BEFORE = 40;
const USED_LATELY = 30;

interface Used {
  readonly tree: string;
  readonly name: string;
  readonly how: { readonly once?: string; readonly tickets?: readonly TicketUse[] };
}

/** Milliseconds by a clock that all processes of this machine share and that never runs backwards. */
export const steadyMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

export interface LoadOptions {
  readonly recorder: Recorder;
  readonly stores: readonly ChaosStore[];
  readonly watchers: readonly Watcher[];
  readonly trees: readonly string[];
  /** Ends when it fires. */
  readonly signal: AbortSignal;
}

/** Names of the hops that every tree has from the start. */
export const payerOf = (tree: string) => `${tree}.payer`;
const siblingOf = (tree: string) => `${tree}.sibling`;
const heldOf = (tree: string) => `${tree}.held`;

/** Makes the trees; to be called while all is well. */
export async function plantTrees(store: ChaosStore, trees: readonly string[]): Promise<void> {
  for (const tree of trees) {
    const move = await moveOf(store, tree, tree, undefined, {});
    const { createdAt, expiresAt } = move.hop;
    const principal = { issuer: "https://idp.example", subject: "ada" };
    await store.open(
      { tenant: TENANT, id: tree, principal, trigger: "t", createdAt, expiresAt },
      move,
    );
    for (const hop of [payerOf(tree), siblingOf(tree), heldOf(tree)]) {
      const spend = { EUR: (LIMIT_CENTS / 100).toFixed(2) };
      const limits = hop === payerOf(tree) ? { spend } : {};
      await store.create(await moveOf(store, tree, hop, tree, limits));
    }
  }
}

/** Runs every lane until the signal; afterwards nothing is under way, except promises of durability. */
export class Load {
  readonly #options: LoadOptions;
  /** Chains that guards are asked about; a small part of all that was made. */
  readonly #chains: Acting[];
  readonly #pending = new Set<Promise<void>>();
  readonly #generations = new Map<string, string>();
  /** What was used up lately: whoever shows it again must be refused. */
  readonly #used: Used[] = [];
  #next = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#chains = options.trees.map((tree) => chainOf(tree, siblingOf(tree)));
  }

  async run(): Promise<void> {
    const { stores, watchers, trees } = this.#options;
    for (const tree of trees) {
      const status = await stores[0]?.status(tree);
      this.#generations.set(tree, status?.generation ?? "");
    }
    const lanes = stores.flatMap((store) => [
      ...[1, 2, 3].map(() => this.#lane(4, () => this.#cut(store))),
      this.#lane(60, () => this.#cutMade(store)),
      this.#lane(400, () => this.#ban(store)),
      this.#lane(40, () => this.#hold(store)),
      this.#lane(30, () => this.#pay(store)),
      this.#lane(150, () => this.#useTwice(store)),
      this.#lane(15, () => this.#useAgain(store)),
    ]);
    const decisions = watchers.map((one) => this.#lane(4, () => this.#decide(one)));
    const looks = this.#lane(100, () => this.#lookForEnds(stores.at(-1)));
    await Promise.all([...lanes, ...decisions, looks]);
  }

  /** Waits until every promise of durability is kept or broken. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  async #lane(pauseMs: number, turn: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      await turn();
      await sleep(pauseMs);
    }
  }

  /** Notes trees whose store began anew, as somebody who is not apart sees it. */
  async #lookForEnds(store: ChaosStore | undefined): Promise<void> {
    for (const tree of this.#options.trees) {
      const status = await store?.status(tree).catch(() => undefined);
      if (status === undefined || status.generation === this.#generations.get(tree)) continue;
      this.#options.recorder.add({ type: "ended", at: steadyMs(), tree });
    }
  }

  #tree(): string {
    const { trees } = this.#options;
    return trees[randomInt(trees.length)] ?? "";
  }

  #name(): string {
    this.#next += 1;
    return `op${this.#next}`;
  }

  /** Records one operation. Undefined: it failed, or nobody knows. */
  async #record<T>(deed: Deed, run: (op: string) => Promise<T>): Promise<T | undefined> {
    const { recorder } = this.#options;
    const op = this.#name();
    recorder.add({ type: "invoke", op, at: steadyMs(), deed });
    try {
      const gave = await run(op);
      recorder.add({ type: "ok", op, at: steadyMs(), ...sayingOf(gave) });
      this.#awaitDurable(op, gave);
      return gave;
    } catch (thrown) {
      if (!(thrown instanceof DelegationError)) throw thrown;
      const { code } = thrown;
      recorder.add({ type: UNKNOWN.has(code) ? "info" : "fail", op, at: steadyMs(), code });
      return undefined;
    }
  }

  #awaitDurable(op: string, gave: unknown): void {
    const { durable } = (gave ?? {}) as Partial<CutResult>;
    if (durable === undefined) return;
    const done = durable.then(
      () => this.#options.recorder.add({ type: "durable", op, at: steadyMs() }),
      () => {},
    );
    this.#pending.add(done);
    void done.finally(() => this.#pending.delete(done));
  }

  #revoke(store: ChaosStore, boundary: Boundary): Promise<unknown> {
    return this.#record({ f: "cut", boundary }, (op) =>
      store.revoke({ tenant: TENANT, boundary, event: event("cut", op), now: Date.now() }),
    );
  }

  /** A hop that nobody has seen: as much a cut as any, and costs nothing to prepare. */
  async #cut(store: ChaosStore): Promise<void> {
    const tree = this.#tree();
    await this.#revoke(store, { kind: "hop", tree, hop: `${tree}.x${this.#name()}` });
  }

  /** A hop that is made, asked about for a while, and then cut. */
  async #cutMade(store: ChaosStore): Promise<void> {
    const tree = this.#tree();
    const hop = `${tree}.v${this.#name()}`;
    const made = await this.#record({ f: "create", tree, hop }, async (op) =>
      store.create(await moveOf(store, tree, hop, tree, {}, op)),
    );
    if (made === undefined) return;
    this.#chains.push(chainOf(tree, hop));
    await sleep(20);
    await this.#revoke(store, { kind: "hop", tree, hop });
  }

  async #ban(store: ChaosStore): Promise<void> {
    await this.#revoke(store, { kind: "ban", agent: `agent ${this.#name()}` });
  }

  async #hold(store: ChaosStore): Promise<void> {
    const tree = this.#tree();
    const suspension = `s${this.#name()}`;
    const hop = heldOf(tree);
    const on = { tenant: TENANT, tree, hop, suspension };
    const held = await this.#record({ f: "suspend", tree, hop, suspension }, (op) =>
      store.suspend({ ...on, event: event("hop.suspended", op), now: Date.now() }),
    );
    if (held === undefined) return;
    await sleep(20);
    await this.#record({ f: "resume", tree, hop, suspension }, (op) =>
      store.resume({ ...on, event: event("hop.resumed", op), now: Date.now() }),
    );
  }

  /** Spends what a hop has until there is no more. */
  async #pay(store: ChaosStore): Promise<void> {
    await this.#admit(store, this.#tree(), PRICE_CENTS, []);
  }

  /** One token that is good once, shown twice at the same time, and one approval. */
  async #useTwice(store: ChaosStore): Promise<void> {
    const tree = this.#tree();
    const once = `once ${this.#name()}`;
    const others = this.#options.stores;
    const all = [store, others[randomInt(others.length)] ?? store];
    await this.#useUp(all, { tree, name: once, how: { once } });
    const ticket = await this.#approved(store, tree);
    if (ticket === undefined) return;
    const uses = [{ ticket, binding: "binding" }];
    await this.#useUp(all, { tree, name: ticket, how: { tickets: uses } });
  }

  async #useUp(stores: readonly ChaosStore[], used: Used): Promise<void> {
    const { tree, name, how } = used;
    const all = await Promise.all(stores.map((one) => this.#admit(one, tree, 0, [name], how)));
    if (all.some((admitted) => admitted !== undefined)) this.#used.push(used);
  }

  async #useAgain(store: ChaosStore): Promise<void> {
    const used = this.#used[this.#used.length - 1 - randomInt(USED_LATELY)];
    if (used !== undefined) await this.#admit(store, used.tree, 0, [used.name], used.how);
  }

  /** Not recorded: an approval that was lost is asked for again by whoever needs it. */
  async #approved(store: ChaosStore, tree: string): Promise<string | undefined> {
    const id = `ticket ${this.#name()}`;
    const now = Date.now();
    try {
      const asked = {
        tenant: TENANT,
        tree,
        id,
        kind: "call",
        hop: siblingOf(tree),
        tool: "t",
      } as const;
      const terms = { binding: "binding", policyVersion: "1", state: "asked", need: 1 } as const;
      const times = { askedAt: now, deadline: now + HOUR_MS };
      await store.ask(
        { ...asked, ...terms, ...times, excluded: [], approvals: [], shown: "{}" },
        event("ticket.asked"),
      );
      const move = {
        tenant: TENANT,
        tree,
        ticket: id,
        approver: "bob",
        verdict: "approve",
      } as const;
      await store.decide({ ...move, event: event("ticket.decided"), now: Date.now() });
      return id;
    } catch (thrown) {
      if (thrown instanceof DelegationError) return undefined;
      throw thrown;
    }
  }

  async #admit(
    store: ChaosStore,
    tree: string,
    cents: number,
    uses: readonly string[],
    more: Used["how"] = {},
  ): Promise<unknown> {
    const chain = chainOf(tree, cents > 0 ? payerOf(tree) : siblingOf(tree));
    return this.#record({ f: "admit", ...chain, cents, uses }, (op) =>
      store.admit({
        tenant: TENANT,
        tree,
        hops: chain.hops,
        offline: [],
        charge: { spend: cents > 0 ? { EUR: (cents / 100).toFixed(2) } : {} },
        stated: [],
        tickets: more.tickets ?? [],
        ...(more.once === undefined ? {} : { once: more.once }),
        seen: 0,
        event: { ...event("call", op), tool: "t", decision: "allow" },
        now: Date.now(),
      }),
    );
  }

  /** Mostly about what was made lately. */
  async #decide(watcher: Watcher): Promise<void> {
    const recent = this.#chains.length - 1 - randomInt(Math.min(MADE_BEFORE, this.#chains.length));
    const held = chainOf(this.#tree(), "");
    const acting =
      randomInt(5) === 0
        ? chainOf(held.tree, heldOf(held.tree))
        : (this.#chains[randomInt(3) === 0 ? randomInt(this.#chains.length) : recent] ?? held);
    const generation = this.#generations.get(acting.tree) ?? "";
    await this.#record({ f: "decide", guard: watcher.name, ...acting }, () =>
      watcher.decide(acting, generation),
    );
  }
}

function sayingOf(gave: unknown): Partial<Saying> {
  const { effect, code } = (gave ?? {}) as Partial<Saying>;
  return {
    ...(effect === undefined ? {} : { effect }),
    ...(code === undefined ? {} : { code }),
  };
}

const agentOf = (hop: string) => `agent of ${hop}`;

function chainOf(tree: string, hop: string): Acting {
  return { tree, hops: [tree, hop], agents: [agentOf(tree), agentOf(hop)] };
}

function event(kind: string, op?: string): AuditDraft {
  return { kind, tenant: TENANT, ...(op === undefined ? {} : { reason: op }) };
}

async function moveOf(
  store: ChaosStore,
  tree: string,
  id: string,
  parent: string | undefined,
  limits: Limits,
  op?: string,
): Promise<CreateMove> {
  const now = Date.now();
  return {
    hop: {
      tenant: TENANT,
      tree,
      id,
      ...(parent === undefined ? {} : { parent }),
      depth: parent === undefined ? 0 : 1,
      agent: agentOf(id),
      identity: "asserted",
      holder: `key of ${id}`,
      authority: `digest of ${JSON.stringify(limits)}`,
      createdAt: now,
      expiresAt: now + HOUR_MS,
      origin: "coordinator",
      bearer: false,
    },
    authority: { tools: { t: {} }, scopes: [], ceilings: [], audience: [], limits },
    initial: "active",
    seen: (await store.status(tree)).position,
    event: event("hop.created", op),
    now,
  };
}
