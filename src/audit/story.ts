/** Whether a log tells a story that can have happened: nothing is allowed before it exists or after it was cut. @module */
import type { Json } from "../base/json-value.js";
import { type Boundary, boundarySchema } from "../wire/cut.js";
import type { AuditLine } from "../wire/event.js";

/**
 * - `made_twice`: a hop is made a second time; `parent_unknown`: below a hop that was never made
 * - `spawn_after_cut`: a hop is made where a cut stands
 * - `allow_before_hop`: a call of a hop that was never made; `allow_after_cut`: of one whose cut the decider knew
 */
export type StoryFault =
  | "made_twice"
  | "parent_unknown"
  | "spawn_after_cut"
  | "allow_before_hop"
  | "allow_after_cut";

interface Told {
  readonly parent: Told | undefined;
  readonly agent: string;
  readonly tree: string;
  /** Position of the log of cuts when it was made. */
  readonly position: number;
  /** Positions of the cuts of this hop, and of everything below it. */
  cut: number;
  below: number;
}

const NEVER = Number.POSITIVE_INFINITY;

/** Follows the hops and cuts that lines tell of. Facts are the store's own, in `data`: `made`, `parent`, `cuts`, `position`. */
export class Story {
  readonly notChecked: ReadonlySet<string>;
  readonly #notChecked = new Set([
    "budgets, approvals, suspensions and leases",
    "cuts by principal or key: lines do not tell whom they cover",
  ]);
  readonly #hops = new Map<string, Told>();
  readonly #trees = new Map<string, number>();
  readonly #agents = new Map<string, number>();
  readonly #bans = new Map<string, number>();
  readonly #epochs = new Map<string, number>();
  readonly #oneTree: boolean;
  #position = 0;

  /** @param oneTree Cuts beyond the tree are not told, so positions have holes. */
  constructor(oneTree: boolean) {
    this.#oneTree = oneTree;
    this.notChecked = this.#notChecked;
  }

  read({ event }: AuditLine): StoryFault | undefined {
    const data = event.data ?? {};
    const fault = data.made === true ? this.#make(event, data) : undefined;
    if (fault !== undefined) return fault;
    const position = data.position;
    if (event.kind === "call" && event.decision === "allow") return this.#allow(event, data);
    if (event.kind === "calls") return this.#allows(event.tenant, data);
    if (typeof position === "number" && position > this.#position) this.#position = position;
    if (Array.isArray(data.cuts)) this.#cut(event.tenant, data.cuts);
    return undefined;
  }

  #make(event: AuditLine["event"], data: Record<string, unknown>): StoryFault | undefined {
    const { tenant, tree = "", hop = "", agent = "" } = event;
    const key = name(tenant, hop);
    if (this.#hops.has(key)) return "made_twice";
    const above = data.parent;
    const parent = typeof above === "string" ? this.#hops.get(name(tenant, above)) : undefined;
    if (above !== undefined && parent === undefined) return "parent_unknown";
    const position = this.#position;
    const told: Told = { parent, agent, tree, position, cut: NEVER, below: NEVER };
    if (this.#cutAt(tenant, told) <= position) return "spawn_after_cut";
    this.#hops.set(key, told);
    return undefined;
  }

  #allow(event: AuditLine["event"], data: Record<string, unknown>): StoryFault | undefined {
    const { tenant, hop = "" } = event;
    const under = data.under;
    const id = typeof under === "string" ? under : hop;
    const known = typeof data.position === "number" ? data.position : event.seen;
    return this.#judge(tenant, id, known, data.unregistered === true);
  }

  /** Decisions that a guard made by itself, many to a line. */
  #allows(
    tenant: string,
    { calls, unregistered }: Record<string, unknown>,
  ): StoryFault | undefined {
    const strange = new Set(Array.isArray(unregistered) ? unregistered : []);
    for (const call of Array.isArray(calls) ? (calls as Record<string, unknown>[]) : []) {
      const { hop = "", seen, decision } = call;
      if (decision !== "allow") continue;
      const known = typeof seen === "number" ? seen : undefined;
      const fault = this.#judge(tenant, String(hop), known, strange.has(hop));
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #judge(
    tenant: string,
    hop: string,
    known: number | undefined,
    unregistered: boolean,
  ): StoryFault | undefined {
    const told = this.#hops.get(name(tenant, hop));
    if (told !== undefined) {
      const covered = this.#cutAt(tenant, told);
      return covered <= (known ?? this.#position) ? "allow_after_cut" : undefined;
    }
    if (!unregistered) return "allow_before_hop";
    this.#notChecked.add("calls of links that no record is kept of");
    return undefined;
  }

  #cut(tenant: string, cuts: readonly Json[]): void {
    const first = this.#position - cuts.length + 1;
    for (const [index, cut] of cuts.entries()) {
      const parsed = boundarySchema.safeParse(cut);
      if (parsed.success) this.#mark(tenant, parsed.data, first + index);
    }
  }

  #mark(tenant: string, boundary: Boundary, position: number): void {
    switch (boundary.kind) {
      case "hop":
      case "below": {
        const told = this.#hops.get(name(tenant, boundary.hop));
        if (told?.tree !== boundary.tree) return;
        const field = boundary.kind === "hop" ? "cut" : "below";
        told[field] = Math.min(told[field], position);
        return;
      }
      case "tree":
        keepFirst(this.#trees, name(tenant, boundary.tree), position);
        return;
      case "agent":
        this.#agents.set(name(tenant, boundary.agent), position);
        return;
      case "ban":
        keepFirst(this.#bans, name(tenant, boundary.agent), position);
        return;
      case "epoch":
        this.#epochs.set(tenant, position);
        return;
      default:
    }
  }

  /** Position of the first cut that covers the hop or one above it. */
  #cutAt(tenant: string, leaf: Told): number {
    let first = this.#trees.get(name(tenant, leaf.tree)) ?? NEVER;
    for (let hop: Told | undefined = leaf; hop !== undefined; hop = hop.parent) {
      first = Math.min(first, hop.cut, hop.parent?.below ?? NEVER);
      first = Math.min(first, this.#bans.get(name(tenant, hop.agent)) ?? NEVER);
      if (this.#oneTree) continue;
      for (const sofar of [this.#agents.get(name(tenant, hop.agent)), this.#epochs.get(tenant)]) {
        if (sofar !== undefined && sofar > hop.position) first = Math.min(first, sofar);
      }
    }
    return first;
  }
}

function name(tenant: string, id: string): string {
  return JSON.stringify([tenant, id]);
}

function keepFirst(map: Map<string, number>, key: string, position: number): void {
  if (!map.has(key)) map.set(key, position);
}
