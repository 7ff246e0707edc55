/** Load from several processes at once, and a record of what each of them saw. @module */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { DelegationError } from "../../../src/base/error.js";
import type { CutResult } from "../../../src/coordinator/store.js";
import type { Call, Decision } from "../../../src/guard/decision.js";
import type { EmbeddedHop } from "../../../src/memory/embedded-hop.js";
import type { Boundary } from "../../../src/wire/cut.js";
import type { AuditDraft } from "../../../src/wire/event.js";
import type { Deed, Recorder } from "../history.js";
import {
  actingOf,
  approved,
  type Clerk,
  type Grove,
  handTo,
  PRICE_CENTS,
  reader,
  type Sentry,
  TENANT,
} from "./crew.js";

/** Nothing is known of what happened. */
const UNKNOWN = new Set(["store_unavailable", "not_durable", "server_error", "status_unknown"]);
const MADE_BEFORE = 40;
const USED_LATELY = 30;

/** What was used up; `show` makes a call that shows it again. */
interface Used {
  readonly hop: EmbeddedHop;
  readonly name: string;
  readonly show: () => Call;
}

/** Milliseconds by a clock that all processes of this machine share and that never runs backwards. */
export const steadyMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

export interface LoadOptions {
  readonly recorder: Recorder;
  readonly clerks: readonly Clerk[];
  readonly sentries: readonly Sentry[];
  readonly groves: readonly Grove[];
  /** Ends when it fires. */
  readonly signal: AbortSignal;
}

/** Runs every lane until the signal; afterwards nothing is under way, except promises of durability. */
export class Load {
  readonly #options: LoadOptions;
  /** Hops that guards are asked about; a small part of all that was made. */
  readonly #hops: EmbeddedHop[];
  readonly #pending = new Set<Promise<void>>();
  readonly #generations = new Map<string, string>();
  /** What was used up lately: whoever shows it again must be refused. */
  readonly #used: Used[] = [];
  #next = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#hops = options.groves.map(({ sibling }) => sibling);
  }

  async run(): Promise<void> {
    const { clerks, sentries, groves } = this.#options;
    for (const { tree } of groves) {
      const status = await clerks[0]?.store.status(tree);
      this.#generations.set(tree, status?.generation ?? "");
    }
    const lanes = clerks.flatMap((clerk) => [
      ...[1, 2, 3].map(() => this.#lane(4, () => this.#cut(clerk))),
      this.#lane(60, () => this.#cutMade(clerk)),
      this.#lane(400, () => this.#ban(clerk)),
      this.#lane(40, () => this.#hold(clerk)),
      this.#lane(150, () => this.#useTwice(clerk)),
    ]);
    const decisions = sentries.flatMap((sentry) => [
      this.#lane(4, () => this.#decide(sentry)),
      this.#lane(30, () => this.#pay(sentry)),
      this.#lane(15, () => this.#useAgain(sentry)),
    ]);
    const looks = this.#lane(100, () => this.#lookForEnds());
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
  async #lookForEnds(): Promise<void> {
    const { clerks, groves, recorder } = this.#options;
    for (const { tree } of groves) {
      const status = await clerks
        .at(-1)
        ?.store.status(tree)
        .catch(() => undefined);
      if (status === undefined || status.generation === this.#generations.get(tree)) continue;
      recorder.add({ type: "ended", at: steadyMs(), tree });
    }
  }

  #grove(): Grove {
    const { groves } = this.#options;
    const grove = groves[randomInt(groves.length)];
    if (grove === undefined) throw new Error("nothing was planted");
    return grove;
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
      recorder.add({ type: "ok", op, at: steadyMs() });
      this.#awaitDurable(op, gave);
      return gave;
    } catch (thrown) {
      if (!(thrown instanceof DelegationError)) throw thrown;
      this.#recordRefusal(op, thrown.code);
      return undefined;
    }
  }

  #recordRefusal(op: string, code: string): void {
    const type = UNKNOWN.has(code) ? "info" : "fail";
    this.#options.recorder.add({ type, op, at: steadyMs(), code });
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

  #revoke({ store }: Clerk, boundary: Boundary): Promise<unknown> {
    return this.#record({ f: "cut", boundary }, (op) =>
      store.revoke({ tenant: TENANT, boundary, event: event("cut", op), now: Date.now() }),
    );
  }

  /** A hop that nobody has seen: as much a cut as any, and costs nothing to prepare. */
  async #cut(clerk: Clerk): Promise<void> {
    const { tree } = this.#grove();
    await this.#revoke(clerk, { kind: "hop", tree, hop: `x${this.#name()}` });
  }

  /** A hop that is made, asked about for a while, and then cut. */
  async #cutMade(clerk: Clerk): Promise<void> {
    const { tree, root } = this.#grove();
    const agent = `made ${this.#name()}`;
    const made = await this.#record({ f: "create", tree, hop: agent }, () =>
      reader(handTo(clerk, root), agent),
    );
    if (made === undefined) return;
    this.#hops.push(made);
    await sleep(20);
    await this.#revoke(clerk, { kind: "hop", tree, hop: made.id });
  }

  async #ban(clerk: Clerk): Promise<void> {
    await this.#revoke(clerk, { kind: "ban", agent: `agent ${this.#name()}` });
  }

  async #hold({ store }: Clerk): Promise<void> {
    const { tree, held } = this.#grove();
    const suspension = `s${this.#name()}`;
    const hop = held.id;
    const on = { tenant: TENANT, tree, hop, suspension };
    const done = await this.#record({ f: "suspend", tree, hop, suspension }, (op) =>
      store.suspend({ ...on, event: event("hop.suspended", op), now: Date.now() }),
    );
    if (done === undefined) return;
    await sleep(20);
    await this.#record({ f: "resume", tree, hop, suspension }, (op) =>
      store.resume({ ...on, event: event("hop.resumed", op), now: Date.now() }),
    );
  }

  /** Spends what a hop has until there is no more. */
  async #pay(sentry: Sentry): Promise<void> {
    const { payer } = this.#grove();
    const mark = this.#name();
    const call = payer.call("pay", { op: mark });
    await this.#admit(sentry, payer, { cents: PRICE_CENTS, uses: [], mark }, call);
  }

  /** One token that is good once, and one approval, each shown twice at the same time. */
  async #useTwice(clerk: Clerk): Promise<void> {
    const sibling = handTo(clerk, this.#grove().sibling);
    const link = sibling.selfLink("read");
    const once = `once ${this.#name()}`;
    const show = () => ({ ...link.call("read", { op: once }), once: true });
    await this.#useUp({ hop: link, name: once, show });
    const name = `approval ${this.#name()}`;
    const ticket = await approved(clerk, sibling, { op: name });
    if (ticket === undefined) return;
    const sign = () => sibling.call("sign", { op: name }, { tickets: [ticket] });
    await this.#useUp({ hop: sibling, name, show: sign });
  }

  async #useUp(used: Used): Promise<void> {
    const { sentries } = this.#options;
    const all = await Promise.all(sentries.map((sentry) => this.#use(sentry, used)));
    if (all.includes(true)) this.#used.push(used);
  }

  async #useAgain(sentry: Sentry): Promise<void> {
    const used = this.#used[this.#used.length - 1 - randomInt(USED_LATELY)];
    if (used !== undefined) await this.#use(sentry, used);
  }

  #use(sentry: Sentry, { hop, name, show }: Used): Promise<boolean> {
    return this.#admit(sentry, hop, { cents: 0, uses: [name], mark: name }, show());
  }

  /** Whether the guard let the call happen. */
  async #admit(
    { guard }: Sentry,
    hop: EmbeddedHop,
    what: { readonly cents: number; readonly uses: readonly string[]; readonly mark: string },
    call: Call,
  ): Promise<boolean> {
    const op = this.#name();
    const deed = { f: "admit", ...actingOf(hop), ...what } as const;
    this.#options.recorder.add({ type: "invoke", op, at: steadyMs(), deed });
    const decision = await guard.authorize(call);
    if (decision.effect !== "allow") {
      this.#recordRefusal(op, decision.code);
      return false;
    }
    decision.end();
    this.#options.recorder.add({ type: "ok", op, at: steadyMs() });
    return true;
  }

  /** Mostly about what was made lately. */
  async #decide({ name, guard }: Sentry): Promise<void> {
    const hop = this.#asked();
    const op = this.#name();
    const deed = { f: "decide", guard: name, ...actingOf(hop) } as const;
    const call = hop.call("read", {});
    this.#options.recorder.add({ type: "invoke", op, at: steadyMs(), deed });
    const decision = await guard.authorize(call);
    if (decision.effect === "allow") decision.end();
    this.#options.recorder.add({ type: "ok", op, at: steadyMs(), ...sayingOf(decision) });
  }

  #asked(): EmbeddedHop {
    const { held, sibling } = this.#grove();
    if (randomInt(5) === 0) return held;
    const count = this.#hops.length;
    const at =
      randomInt(3) === 0 ? randomInt(count) : count - 1 - randomInt(Math.min(MADE_BEFORE, count));
    return this.#hops[at] ?? sibling;
  }
}

function sayingOf(decision: Decision): { readonly effect: string; readonly code?: string } {
  const { effect } = decision;
  return effect === "allow" ? { effect } : { effect, code: decision.code };
}

function event(kind: string, op: string): AuditDraft {
  return { kind, tenant: TENANT, reason: op };
}
