/** Budgets: what a hop's subtree has used up, and whether it may use more. Money is exact, never a float. @module */
import {
  addDecimal,
  compareDecimal,
  type Decimal,
  formatDecimal,
  parseDecimal,
  ZERO,
} from "../base/decimal.js";
import { DelegationError } from "../base/error.js";
import type { Limits } from "../wire/grant.js";
import type { Counters } from "../wire/record.js";
import type { Hop, Tally } from "./model.js";

/** Currency and amount, parsed. */
export type Spend = readonly (readonly [currency: string, amount: Decimal])[];

/** One that a use is charged to. */
export interface Account {
  readonly hop: string;
  readonly limits: Pick<Limits, "calls" | "spend">;
  readonly tally: Tally | undefined;
}

export function emptyTally(): Tally {
  return { calls: 0, spend: undefined, children: 0, descendants: 0 };
}

export function tallyOf(hop: Hop): Tally {
  hop.tally ??= emptyTally();
  return hop.tally;
}

/** The counters as others see them. */
export function countersOf(tally: Tally | undefined): Counters {
  if (tally === undefined) return { calls: 0, spend: {}, children: 0, descendants: 0 };
  const { calls, children, descendants } = tally;
  return { calls, spend: spendAs(tally.spend), children, descendants };
}

function spendAs(spend: Tally["spend"]): Counters["spend"] {
  if (spend === undefined) return {};
  return Object.fromEntries([...spend].map(([name, sum]) => [name, formatDecimal(sum)]));
}

/** @throws {DelegationError} `malformed` for what is no amount. */
export function spendOf(spend: Readonly<Record<string, string>>): Spend {
  const entries = Object.entries(spend);
  if (entries.length === 0) return NOTHING;
  return entries.map(([currency, amount]) => [currency, parseDecimal(amount)]);
}

const NOTHING: Spend = [];

/** Whether a use is counted here. */
export function statesBudget(limits: Pick<Limits, "calls" | "spend">): boolean {
  return limits.calls !== undefined || limits.spend !== undefined;
}

/**
 * Checks that one more call of this cost fits. A currency that a spend limit does not name has no budget.
 *
 * @throws {DelegationError} `budget_exhausted`, naming hop and rule.
 */
export function checkBudget({ hop, limits, tally }: Account, spend: Spend): void {
  if (limits.calls !== undefined && (tally?.calls ?? 0) + 1 > limits.calls) {
    throw exhausted(hop, "limits.calls");
  }
  for (const [currency, amount] of spend) {
    // Added up even where nothing bounds it: a sum with too many digits must refuse before anything is counted.
    const sum = addDecimal(tally?.spend?.get(currency) ?? ZERO, amount);
    if (limits.spend === undefined) continue;
    const named = Object.hasOwn(limits.spend, currency) ? limits.spend[currency] : undefined;
    const ceiling = named === undefined ? ZERO : parseDecimal(named);
    if (compareDecimal(sum, ceiling) > 0) throw exhausted(hop, `limits.spend.${currency}`);
  }
}

/** Counts one call and its cost. */
export function charge(tally: Tally, spend: Spend): void {
  tally.calls += 1;
  for (const [currency, amount] of spend) {
    tally.spend ??= new Map();
    tally.spend.set(currency, addDecimal(tally.spend.get(currency) ?? ZERO, amount));
  }
}

/**
 * Checks that one more hop fits under `parent` and all above it.
 *
 * @throws {DelegationError} `children_exhausted`, `descendants_exhausted`, naming the hop that states the limit.
 */
export function checkRoom(parent: Hop): void {
  const { children } = parent.kept.authority.limits;
  if (children !== undefined && (parent.tally?.children ?? 0) + 1 > children) {
    throw new DelegationError("children_exhausted", "no child is left", {
      hop: parent.id,
      rule: "limits.children",
    });
  }
  for (let hop: Hop | undefined = parent; hop !== undefined; hop = hop.parent) {
    const { descendants } = hop.kept.authority.limits;
    if (descendants === undefined || (hop.tally?.descendants ?? 0) + 1 <= descendants) continue;
    throw new DelegationError("descendants_exhausted", "no descendant is left", {
      hop: hop.id,
      rule: "limits.descendants",
    });
  }
}

/** Counts one more hop (or, with −1, takes back the one that was counted last). */
export function countHop(parent: Hop, step: 1 | -1): void {
  tallyOf(parent).children += step;
  for (let hop: Hop | undefined = parent; hop !== undefined; hop = hop.parent) {
    tallyOf(hop).descendants += step;
  }
}

function exhausted(hop: string, rule: string): DelegationError {
  return new DelegationError("budget_exhausted", "budget is used up", { hop, rule });
}
