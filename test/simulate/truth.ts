/** What really happened, and what must hold of every decision because of it. It shares no code with the guard's index. @module */
import type { VerifiedChain } from "../../src/chain/verified-chain.js";
import type { Decision } from "../../src/guard/decision.js";
import type { Made } from "./host.js";
import type { Watcher } from "./watcher.js";

/** A promise that was broken. */
export interface Violation {
  readonly fault:
    | "allowed_after_cut"
    | "allowed_though_known"
    | "allowed_of_ended_store"
    | "denied_beside_cut"
    | "odd_denial"
    | "ran_on"
    | "incomplete_yet_live"
    | "not_live_again"
    | "cut_lost"
    | "applied_twice"
    | "overspent"
    | "audit_broken"
    | "hung";
  readonly what: string;
}

export interface Bounds {
  /** After so many ms no guard allows what was cut. */
  readonly allowMs: number;
  /** After so many ms nothing runs that was cut. */
  readonly runMs: number;
}

/** Denials that only say that the guard does not know enough. */
const NOT_KNOWING = new Set(["status_unknown", "store_unavailable"]);

export class Truth {
  readonly made: Made[] = [];
  readonly violations: Violation[] = [];
  readonly #bounds: Bounds;
  #newGeneration = false;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  fail(fault: Violation["fault"], what: string): void {
    this.violations.push({ fault, what });
  }

  /** Entries that cover a chain now, lifted suspensions left out. */
  covering(chain: VerifiedChain): Made[] {
    return this.made.filter((made) => this.#covers(made, chain) && !this.#isLifted(made));
  }

  /** Those that the store of this chain made: one that continues nothing knows no others. */
  #binding(chain: VerifiedChain): Made[] {
    return this.covering(chain).filter(({ generation }) => generation === chain.generation);
  }

  /** Judges a decision that was made at `at`, about a call that began at `began`. */
  judge(decision: Decision, chain: VerifiedChain, at: number, replacedAt: number | undefined) {
    if (decision.effect === "allow") this.#judgeAllow(decision.position, chain, at, replacedAt);
    else if (decision.effect === "deny") this.#judgeDeny(decision.code, chain, replacedAt);
  }

  /** Calls that were cut so long ago that they must have been stopped. */
  judgeRunning({ running, name }: Watcher, at: number): void {
    for (const { allowed } of running) {
      if (allowed.signal.aborted) continue;
      const late = this.#binding(allowed.chain).find((made) => made.at < at - this.#bounds.runMs);
      if (late !== undefined)
        this.fail("ran_on", `${name} runs on, ${at - late.at} ms after ${told(late)}`);
    }
  }

  /** A guard that says that it is live was told of all up to its position. */
  judgeLive(watcher: Watcher): void {
    const { feed, position } = watcher.guard.status();
    if (feed !== "live") return;
    const { generation, position: from } = watcher.base;
    for (const { entry, generation: its } of this.made) {
      if (its !== generation || entry.position <= from || entry.position > position) continue;
      if (watcher.told.get(its)?.has(entry.position) === true) continue;
      this.fail(
        "incomplete_yet_live",
        `${watcher.name} is live at ${position} without ${entry.position}`,
      );
    }
  }

  #judgeAllow(position: number, chain: VerifiedChain, at: number, replacedAt: number | undefined) {
    for (const made of this.#binding(chain)) {
      if (made.at < at - this.#bounds.allowMs) {
        this.fail("allowed_after_cut", `${at - made.at} ms after ${told(made)}`);
      } else if (made.entry.position <= position) {
        this.fail("allowed_though_known", `at position ${position}, after ${told(made)}`);
      }
    }
    if (replacedAt !== undefined && replacedAt < at - this.#bounds.allowMs) {
      this.fail("allowed_of_ended_store", `${at - replacedAt} ms after it was replaced`);
    }
  }

  #judgeDeny(code: string, chain: VerifiedChain, replacedAt: number | undefined): void {
    if (NOT_KNOWING.has(code)) return;
    if (code === "delegation_revoked" || code === "delegation_suspended") {
      // A suspension that was lifted may still be known alone.
      if (!this.made.some((made) => this.#covers(made, chain))) {
        this.fail("denied_beside_cut", `${code} though nothing covers it`);
      }
      return;
    }
    const wasReplaced = replacedAt !== undefined || this.#newGeneration;
    if (code === "generation_unknown" && wasReplaced) return;
    if (code === "hop_not_found" && wasReplaced) return;
    if (code === "hop_unregistered" && wasReplaced) return;
    if (code === "budget_exhausted" && chain.grant.limits?.calls !== undefined) return;
    this.fail("odd_denial", code);
  }

  /** From now on guards may be behind by a generation. */
  replaced(): void {
    this.#newGeneration = true;
  }

  #isLifted({ entry, generation }: Made): boolean {
    if (entry.kind !== "suspend") return false;
    return this.made.some(
      (other) =>
        other.entry.kind === "lift" &&
        other.entry.id === entry.id &&
        other.generation === generation,
    );
  }

  #covers({ entry, generation }: Made, chain: VerifiedChain): boolean {
    const { hops, tree } = chain;
    const ids = hops.map(({ id }) => id);
    if (entry.kind === "lift") return false;
    if (entry.kind === "suspend") return entry.tree === tree && ids.includes(entry.hop);
    const { boundary, position } = entry;
    const isSoFar = generation === chain.generation && position > chain.position;
    switch (boundary.kind) {
      case "hop":
        return boundary.tree === tree && ids.includes(boundary.hop);
      case "below":
        return boundary.tree === tree && ids.slice(0, -1).includes(boundary.hop);
      case "tree":
        return boundary.tree === tree;
      case "agent":
        return isSoFar && hops.some(({ agent }) => agent === boundary.agent);
      case "principal":
        return isSoFar && chain.principal.subject === boundary.subject;
      case "epoch":
        return isSoFar;
      case "key":
        return chain.keys.has(boundary.thumbprint);
      case "ban":
        return hops.some(({ agent }) => agent === boundary.agent);
      default:
        return boundary satisfies never;
    }
  }
}

function told({ entry }: Made): string {
  return entry.kind === "cut" ? `a cut of ${entry.boundary.kind}` : `a ${entry.kind}`;
}
