/** One scenario: a deployment under load, what happens to it, and what the history of it all says. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { canonicalize } from "../../../src/base/canonical.js";
import { STALENESS_MS_MAX } from "../../../src/base/limits.js";
import type { RedisStoreOptions } from "../../../src/redis/options.js";
import { CONCESSIONS } from "../../../src/redis/settings.js";
import { assembleStore, type RedisStore } from "../../../src/redis/store.js";
import type { Boundary, CutEntry } from "../../../src/wire/cut.js";
import { checkHistory, type Entry, type FinalState, Recorder, type Verdict } from "../history.js";
import { waitFor } from "../wait.js";
import { Crew, type Grove, LIMIT_CENTS, plant, TENANT } from "./crew.js";
import { Load, steadyMs } from "./load.js";
import { fittingOf, type Switch } from "./switches.js";

const COORDINATORS = 2;
const GUARDS = 2;
const TREES_EACH = 2;
const PARTITIONS = 4;
/** Load before and after what happens. */
const BEFORE_MS = 1_500;
const AFTER_MS = 4_000;
const HEALING_MS = 45_000;
/** Guards and the store are on one machine with one clock; a scheduler may hold a process up for so long. */
const SLACK_MS = 250;

/** Servers that a scenario does things to. */
export interface Arena {
  /** How a process that is in this place reaches the store. */
  readonly options: Pick<RedisStoreOptions, "url" | "reachedAs">;
  /** The same for one guard that the scenario keeps apart from the rest; none unless told. */
  readonly apart?: Pick<RedisStoreOptions, "url" | "reachedAs">;
  /** Whether a coordinator is apart as well. */
  readonly coordinatorApart?: boolean;
  /** Called when all is planted, before the load. */
  begin?(): Promise<void>;
  /** What happens, to its end; afterwards all servers can reach each other again. */
  disturb(): Promise<void>;
  stop(): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  /** Replicas that a durable write waits for. */
  readonly replicas: number;
  /** How long the load goes on afterwards, ms; 4,000 unless told. */
  readonly afterMs?: number;
  /** Run with every `npm test`. */
  readonly isShort?: boolean;
  arena(): Promise<Arena>;
}

export interface Outcome extends Verdict {
  readonly scenario: string;
  /** The longest time in which no cut of some tree was acknowledged as kept, ms. */
  readonly outageMs: number;
  readonly decisions: number;
  readonly seconds: number;
}

export interface ChaosOptions {
  /** Where the history goes line by line; nowhere unless told. */
  readonly history?: string;
  /** What is taken out; nothing unless told. */
  readonly without?: Switch;
}

/** Runs one scenario from an empty deployment to the verdict. */
export async function runScenario(
  scenario: Scenario,
  { history, without }: ChaosOptions = {},
): Promise<Outcome> {
  const began = performance.now();
  const recorder = new Recorder(history);
  const folder = mkdtempSync(join(tmpdir(), "legate-chaos-"));
  const arena = await scenario.arena();
  const stores: RedisStore[] = [];
  const open = async (where: Arena["options"], more: Partial<RedisStoreOptions>) => {
    const common = {
      partitions: PARTITIONS,
      replicas: scenario.replicas,
      prefix: "chaos",
      accept: CONCESSIONS,
    };
    const store = await assembleStore({ ...where, ...common, ...more }, fittingOf(without));
    stores.push(store);
    return store;
  };
  try {
    const crew = new Crew();
    const clerks = [];
    for (let n = 0; n < COORDINATORS; n++) {
      const away = n === 0 && arena.coordinatorApart === true ? arena.apart : undefined;
      const outbox = join(folder, `outbox-${n}`);
      clerks.push(crew.clerk(await open(away ?? arena.options, { outbox })));
    }
    const [first] = clerks;
    if (first === undefined) throw new Error("no coordinator");
    const groves = await plant(first, TREES_EACH);
    const trees = groves.map(({ tree }) => tree);
    const generations = await generationsOf(first.store, trees);
    const sentries = [];
    for (let n = 0; n < GUARDS; n++) {
      const where = n === 0 ? (arena.apart ?? arena.options) : arena.options;
      const outbox = join(folder, `outbox-of-guard-${n}`);
      const store = await open(where, { heartbeats: false, outbox });
      sentries.push(await crew.sentry(`guard-${n}`, store, without?.followed?.(store) ?? store));
    }
    await arena.begin?.();
    const ending = new AbortController();
    const { signal } = ending;
    const load = new Load({ recorder, clerks, sentries, groves, signal });
    const running = load.run();
    await sleep(BEFORE_MS);
    await Promise.race([arena.disturb(), running]);
    await sleep(scenario.afterMs ?? AFTER_MS);
    ending.abort();
    await running;
    await Promise.all(clerks.map(({ store }) => healed(store)));
    await load.settled();
    // What they let in by themselves is written down by then.
    await Promise.all(sentries.map(({ guard }) => guard.close()));
    const state = await finalOf(first.store, groves, generations);
    recorder.add({ type: "final", at: steadyMs(), state });
    const boundMs = STALENESS_MS_MAX + SLACK_MS;
    return {
      scenario: scenario.name,
      ...checkHistory(recorder.entries, { boundMs }),
      outageMs: outageOf(recorder.entries),
      decisions: recorder.entries.filter((one) => one.type === "ok" && one.effect).length,
      seconds: (performance.now() - began) / 1_000,
    };
  } finally {
    await Promise.allSettled(stores.map((store) => store.close()));
    await arena.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function generationsOf(store: RedisStore, trees: readonly string[]): Promise<string[]> {
  return Promise.all(trees.map(async (tree) => (await store.status(tree)).generation));
}

/** Every partition answers for itself again: with a heartbeat, so everything that was lost has been said again. */
async function healed(store: RedisStore): Promise<void> {
  for (let partition = 0; partition < store.partitions; partition++) {
    await waitFor(`partition ${partition} is well`, HEALING_MS, () =>
      store
        .feed(partition)
        .confirm()
        .catch(() => undefined),
    );
  }
}

async function finalOf(
  store: RedisStore,
  groves: readonly Grove[],
  before: readonly string[],
): Promise<FinalState> {
  const trees = groves.map(({ tree }) => tree);
  const after = await generationsOf(store, trees);
  const endedTrees = trees.filter((_, n) => after[n] !== before[n]);
  const logs: (readonly CutEntry[])[] = [];
  for (let partition = 0; partition < store.partitions; partition++) {
    logs.push((await store.feed(partition).snapshot()).entries);
  }
  const entries = logs.flat();
  const idsOf = (kind: CutEntry["kind"]) =>
    entries.filter((entry) => entry.kind === kind).map(({ id }) => id);
  const budgets = [];
  for (const { tree, payer } of groves.filter((one) => !endedTrees.includes(one.tree))) {
    const hop = payer.id;
    // A hop whose record is gone spends nothing, and has spent nothing that anybody knows of.
    const counters = await store.counters(TENANT, hop, tree).catch(() => undefined);
    const spent = Math.round(Number(counters?.spend.EUR ?? "0") * 100);
    budgets.push({ hop, limit: LIMIT_CENTS, spent });
  }
  return {
    endedTrees,
    cuts: cutsIn(logs),
    suspended: idsOf("suspend"),
    lifted: idsOf("lift"),
    budgets,
    log: await logOf(store),
    partitions: store.partitions,
  };
}

/** A cut beyond one tree counts where every log has it. */
function cutsIn(logs: readonly (readonly CutEntry[])[]): Boundary[] {
  const found = new Map<string, { readonly boundary: Boundary; logs: number }>();
  for (const log of logs) {
    for (const entry of log) {
      if (entry.kind !== "cut") continue;
      const text = JSON.stringify(Object.entries(entry.boundary).sort());
      const known = found.get(text) ?? { boundary: entry.boundary, logs: 0 };
      known.logs += 1;
      found.set(text, known);
    }
  }
  return [...found.values()].flatMap(({ boundary, logs: times }) =>
    "tree" in boundary || times === logs.length ? [boundary] : [],
  );
}

async function logOf(store: RedisStore): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const page = await store.audit({ from: lines.length + 1, limit: 1_000 });
    lines.push(...page.map(canonicalize));
    if (page.length === 0) return lines;
  }
}

/** The longest time in which no cut of some tree was acknowledged as kept. */
function outageOf(entries: readonly Entry[]): number {
  const trees = new Map<string, string>();
  const last = new Map<string, number>();
  let longest = 0;
  for (const entry of entries) {
    if (entry.type === "invoke") {
      const { deed } = entry;
      if (deed.f === "cut" && "tree" in deed.boundary) trees.set(entry.op, deed.boundary.tree);
    }
    const tree = entry.type === "durable" ? trees.get(entry.op) : undefined;
    if (tree === undefined || entry.type !== "durable") continue;
    longest = Math.max(longest, entry.at - (last.get(tree) ?? entry.at));
    last.set(tree, entry.at);
  }
  return longest;
}
