/**
 * What clients of a store saw, as JSON lines, and what must hold of it whatever happened to the servers meanwhile.
 *
 * Every promise that is judged here only grows (a cut stays, a charge stays), so one pass is enough: nobody has to search for an
 * order in which it could have been right.
 *
 * @module
 */
import { appendFileSync } from "node:fs";
import { verifyLog } from "../../src/audit/verify.js";
import type { Boundary } from "../../src/wire/cut.js";

/** What was asked of the store, or of a guard. */
export type Deed =
  | { readonly f: "cut"; readonly boundary: Boundary }
  | ({ readonly f: "suspend" } & Suspending)
  | ({ readonly f: "resume" } & Suspending)
  | { readonly f: "create"; readonly tree: string; readonly hop: string }
  | ({ readonly f: "admit" } & Using & Acting)
  | ({ readonly f: "decide"; readonly guard: string } & Acting);

interface Using {
  readonly cents: number;
  readonly uses: readonly string[];
  /** By which its audit line is known, where that is not the operation: two that show the same thing have one line. */
  readonly mark?: string;
}

interface Suspending {
  readonly tree: string;
  readonly hop: string;
  readonly suspension: string;
}

/** Who acts: the chain root first, and the agents in the same order. */
export interface Acting {
  readonly tree: string;
  readonly hops: readonly string[];
  readonly agents: readonly string[];
}

/**
 * One thing that a client saw. `at`: milliseconds by one clock that never runs backwards.
 *
 * - `ok`: done, as the store says. `durable`: kept, as the store says.
 * - `fail`: certainly not done. `info`: nobody knows.
 * - `ended`: the store of the tree had begun anew. `final`: how things stood when all was quiet again.
 */
export type Entry =
  | { readonly type: "invoke"; readonly op: string; readonly at: number; readonly deed: Deed }
  | {
      readonly type: "ok";
      readonly op: string;
      readonly at: number;
      readonly effect?: string;
      readonly code?: string;
    }
  | { readonly type: "durable"; readonly op: string; readonly at: number }
  | {
      readonly type: "fail" | "info";
      readonly op: string;
      readonly at: number;
      readonly code: string;
    }
  | { readonly type: "ended"; readonly at: number; readonly tree: string }
  | { readonly type: "final"; readonly at: number; readonly state: FinalState };

export interface FinalState {
  /** Trees whose partition began anew: nothing of theirs is allowed any more, so nothing but cuts had to be kept. */
  readonly endedTrees: readonly string[];
  /** Boundaries that the log of cuts holds, each kept where all that it covers are cut. */
  readonly cuts: readonly Boundary[];
  /** Ids of suspensions and of lifts that the log holds. */
  readonly suspended: readonly string[];
  readonly lifted: readonly string[];
  /** Of trees that have not ended. */
  readonly budgets: readonly {
    readonly hop: string;
    readonly limit: number;
    readonly spent: number;
  }[];
  /** Canonical audit lines of the whole log. An operation stands in its event's `reason`. */
  readonly log: readonly string[];
  /** A cut beyond one tree has a line in each. */
  readonly partitions: number;
}

export type Fault =
  | "cut_lost"
  | "suspension_lost"
  | "use_lost"
  | "allowed_after_cut"
  | "allowed_after_end"
  | "denied_beside_cut"
  | "used_twice"
  | "overspent"
  | "spend_lost"
  | "audit_broken"
  | "applied_twice"
  | "not_applied"
  | "no_end";

export interface Violation {
  readonly fault: Fault;
  readonly op?: string;
  readonly what: string;
}

export interface Verdict {
  /** Cuts and suspensions that the store said are kept, and calls let in that used up what there is once, or money. */
  readonly acked: number;
  /** Those of them that are not there in the end, and budgets that forgot what was spent. */
  readonly lost: number;
  readonly violations: readonly Violation[];
}

export interface CheckOptions {
  /** After so many milliseconds no guard allows what was cut, or is of a store that ended. */
  readonly boundMs: number;
}

/** Writes entries to a file as they come, so that a run that dies tells how far it got, and keeps them. */
export class Recorder {
  readonly entries: Entry[] = [];
  readonly #path: string | undefined;

  constructor(path?: string) {
    this.#path = path;
  }

  add(entry: Entry): void {
    this.entries.push(entry);
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
  }
}

/** Reads a history back. @throws when a line is no JSON */
export function parseHistory(text: string): Entry[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Judges a whole history. */
export function checkHistory(entries: readonly Entry[], options: CheckOptions): Verdict {
  const known = new Known(entries);
  const { final } = known;
  if (final === undefined) {
    const violations = [{ fault: "no_end", what: "the history has no final state" } as const];
    return { acked: 0, lost: 0, violations };
  }
  const written = writtenIn(final);
  const budgets = known.budgets(final);
  const lost = [
    ...known.lost(final),
    ...known.lostUses(final, written),
    ...budgets.filter(({ fault }) => fault === "spend_lost"),
  ];
  return {
    acked: known.acked,
    lost: lost.length,
    violations: [
      ...lost,
      ...known.allowedAfterCut(options.boundMs),
      ...known.allowedAfterEnd(options.boundMs),
      ...known.deniedBesideCut(),
      ...known.usedTwice(),
      ...budgets.filter(({ fault }) => fault !== "spend_lost"),
      ...auditFaults(final.log),
      ...known.applications(final, written),
    ],
  };
}

interface Operation {
  readonly op: string;
  readonly deed: Deed;
  readonly from: number;
  /** When it was answered, if ever. */
  to?: number;
  durableAt?: number;
  ended?: "ok" | "fail" | "info";
  effect?: string;
  code?: string;
}

type Covering = Extract<Deed, { f: "cut" | "suspend" }>;

/** Operations with how they ended, and what covers what. */
class Known {
  readonly final: FinalState | undefined;
  readonly #operations = new Map<string, Operation>();
  /** When the store of a tree was first seen to have begun anew. */
  readonly #ends = new Map<string, number>();

  constructor(entries: readonly Entry[]) {
    let final: FinalState | undefined;
    for (const entry of entries) {
      if (entry.type === "final") final = entry.state;
      else if (entry.type === "ended") this.#end(entry);
      else this.#take(entry);
    }
    this.final = final;
  }

  #end({ tree, at }: { readonly tree: string; readonly at: number }): void {
    this.#ends.set(tree, Math.min(at, this.#ends.get(tree) ?? at));
  }

  #take(entry: Exclude<Entry, { type: "final" | "ended" }>): void {
    const { op, at } = entry;
    if (entry.type === "invoke") {
      this.#operations.set(op, { op, deed: entry.deed, from: at });
      return;
    }
    const operation = this.#operations.get(op);
    if (operation === undefined) throw new Error(`${entry.type} of ${op}, which nobody began`);
    if (entry.type === "durable") {
      operation.durableAt = at;
      return;
    }
    operation.to = at;
    operation.ended = entry.type;
    if (entry.code !== undefined) operation.code = entry.code;
    if (entry.type === "ok" && entry.effect !== undefined) operation.effect = entry.effect;
  }

  #of<F extends Deed["f"]>(...kinds: F[]): (Operation & { deed: Extract<Deed, { f: F }> })[] {
    return [...this.#operations.values()].filter((one) =>
      (kinds as string[]).includes(one.deed.f),
    ) as (Operation & { deed: Extract<Deed, { f: F }> })[];
  }

  get acked(): number {
    const said = this.#of("cut", "suspend", "resume").filter((one) => one.durableAt !== undefined);
    return said.length + this.#used().length;
  }

  /** Calls that used something up, and were let in. */
  #used(): (Operation & { deed: Extract<Deed, { f: "admit" }> })[] {
    return this.#of("admit").filter(
      ({ deed, ended }) => ended === "ok" && (deed.cents > 0 || deed.uses.length > 0),
    );
  }

  /** Of what was used up, the line must be there: nothing may use it again. */
  lostUses({ endedTrees }: FinalState, written: ReadonlyMap<string, number>): Violation[] {
    return this.#used().flatMap(({ op, deed }): Violation[] => {
      if (written.has(deed.mark ?? op) || endedTrees.includes(deed.tree)) return [];
      return [{ fault: "use_lost", op, what: deed.uses.join() || `${deed.cents} cents` }];
    });
  }

  lost({ cuts, suspended, lifted, endedTrees }: FinalState): Violation[] {
    const there = new Set(cuts.map(boundaryText));
    const held = { suspend: new Set(suspended), resume: new Set(lifted) };
    return this.#of("cut", "suspend", "resume").flatMap(({ op, deed, durableAt }): Violation[] => {
      if (durableAt === undefined) return [];
      if (deed.f === "cut") {
        const text = boundaryText(deed.boundary);
        return there.has(text) ? [] : [{ fault: "cut_lost", op, what: text }];
      }
      if (held[deed.f].has(deed.suspension) || endedTrees.includes(deed.tree)) return [];
      return [{ fault: "suspension_lost", op, what: `${deed.f} ${deed.suspension}` }];
    });
  }

  /** By what they name; a chain is looked up by each of its names. */
  #coverings(): Map<string, (Operation & { deed: Covering })[]> {
    const byName = new Map<string, (Operation & { deed: Covering })[]>();
    for (const one of this.#of("cut", "suspend")) {
      const name = nameOf(one.deed);
      byName.set(name, [...(byName.get(name) ?? []), one]);
    }
    return byName;
  }

  /** When a suspension was first asked to be lifted. */
  #lifts(): Map<string, number> {
    const lifts = new Map<string, number>();
    for (const { deed, from } of this.#of("resume")) {
      lifts.set(deed.suspension, Math.min(from, lifts.get(deed.suspension) ?? from));
    }
    return lifts;
  }

  allowedAfterCut(boundMs: number): Violation[] {
    const coverings = this.#coverings();
    const lifts = this.#lifts();
    return this.#of("decide").flatMap(({ op, deed, from, to = from, effect }): Violation[] => {
      if (effect !== "allow") return [];
      const cut = covering(coverings, deed).find((one) => {
        if (one.durableAt === undefined || from <= one.durableAt + boundMs) return false;
        return one.deed.f === "cut" || (lifts.get(one.deed.suspension) ?? Infinity) > to;
      });
      if (cut === undefined) return [];
      const late = Math.round(from - (cut.durableAt ?? 0));
      return [{ fault: "allowed_after_cut", op, what: `${late} ms after ${cut.op} was kept` }];
    });
  }

  /** A store that started empty knows of no cut: what another one's word let in must not be. */
  allowedAfterEnd(boundMs: number): Violation[] {
    return this.#of("decide").flatMap(({ op, deed, from, effect }): Violation[] => {
      const end = this.#ends.get(deed.tree) ?? Infinity;
      if (effect !== "allow" || from <= end + boundMs) return [];
      const late = Math.round(from - end);
      return [{ fault: "allowed_after_end", op, what: `${late} ms after ${deed.tree} ended` }];
    });
  }

  /** A denial that speaks of a cut, where nobody had asked for one. */
  deniedBesideCut(): Violation[] {
    const coverings = this.#coverings();
    return this.#of("decide").flatMap(({ op, deed, to = Infinity, effect, code }): Violation[] => {
      if (effect !== "deny" || !(code === "delegation_revoked" || code === "delegation_suspended"))
        return [];
      if (covering(coverings, deed).some(({ from }) => from <= to)) return [];
      return [{ fault: "denied_beside_cut", op, what: `${deed.hops.at(-1)}: ${code}` }];
    });
  }

  usedTwice(): Violation[] {
    const first = new Map<string, string>();
    return this.#of("admit").flatMap(({ op, deed, ended }) => {
      if (ended !== "ok") return [];
      return deed.uses.flatMap((use): Violation[] => {
        const before = first.get(use);
        first.set(use, op);
        return before === undefined
          ? []
          : [{ fault: "used_twice", op, what: `${use}, used by ${before}` }];
      });
    });
  }

  budgets({ budgets }: FinalState): Violation[] {
    const acked = new Map<string, number>();
    for (const { deed, ended } of this.#of("admit")) {
      if (ended !== "ok") continue;
      for (const hop of deed.hops) acked.set(hop, (acked.get(hop) ?? 0) + deed.cents);
    }
    return budgets.flatMap(({ hop, limit, spent }): Violation[] => {
      const given = acked.get(hop) ?? 0;
      const faults: Violation[] = [];
      if (given > limit) {
        faults.push({ fault: "overspent", what: `${hop}: ${given} of ${limit} given` });
      }
      if (spent < given) {
        faults.push({ fault: "spend_lost", what: `${hop}: ${spent} kept, ${given} given` });
      }
      return faults;
    });
  }

  /** What was kept is written once; all else at most once. */
  applications(
    { partitions, endedTrees }: FinalState,
    written: ReadonlyMap<string, number>,
  ): Violation[] {
    return [...this.#operations.values()].flatMap(({ op, deed, durableAt }): Violation[] => {
      const times = written.get((deed.f === "admit" && deed.mark) || op) ?? 0;
      const wide = deed.f === "cut" && !("tree" in deed.boundary);
      if (times > (wide ? partitions : 1))
        return [{ fault: "applied_twice", op, what: `${deed.f}, ${times} lines` }];
      const place = deed.f === "cut" ? deed.boundary : deed;
      const goes = "tree" in place && endedTrees.includes(place.tree);
      if (times === 0 && durableAt !== undefined && !goes)
        return [{ fault: "not_applied", op, what: `${deed.f}: no line` }];
      return [];
    });
  }
}

/** How often the log tells of each operation. */
function writtenIn({ log }: FinalState): ReadonlyMap<string, number> {
  const written = new Map<string, number>();
  for (const line of log) {
    const { event } = JSON.parse(line) as { event: { reason?: string; policy?: string } };
    const mark = event.policy ?? event.reason ?? "";
    written.set(mark, (written.get(mark) ?? 0) + 1);
  }
  return written;
}

function auditFaults(log: readonly string[]): Violation[] {
  const { firstBad } = verifyLog(log);
  if (firstBad === undefined) return [];
  return [{ fault: "audit_broken", what: `line ${firstBad.line}: ${firstBad.reason}` }];
}

function covering(
  coverings: ReadonlyMap<string, (Operation & { deed: Covering })[]>,
  { tree, hops, agents }: Acting,
): (Operation & { deed: Covering })[] {
  const names = [
    `tree ${tree}`,
    ...hops.map((hop) => `hop ${tree} ${hop}`),
    ...hops.slice(0, -1).map((hop) => `below ${tree} ${hop}`),
    ...agents.map((agent) => `agent ${agent}`),
    "all",
  ];
  return names.flatMap((name) => coverings.get(name) ?? []);
}

function nameOf(deed: Covering): string {
  if (deed.f === "suspend") return `hop ${deed.tree} ${deed.hop}`;
  const { boundary } = deed;
  switch (boundary.kind) {
    case "hop":
    case "below":
      return `${boundary.kind} ${boundary.tree} ${boundary.hop}`;
    case "tree":
      return `tree ${boundary.tree}`;
    case "agent":
    case "ban":
      return `agent ${boundary.agent}`;
    default:
      return "all";
  }
}

function boundaryText(boundary: Boundary): string {
  return JSON.stringify(Object.entries(boundary).sort());
}
