/** What one admitted call uses up. @module */
import { charge, emptyTally, spendOf, statesBudget, tallyOf } from "./counters.js";
import type { Deed } from "./deed.js";
import type { Hop, Tree } from "./model.js";
import { applyUse } from "./tickets.js";

/** The deed of an admission. */
export type AdmitDeed = Extract<Deed, { op: "admit" }>;

/** Charges every hop that states a budget, consumes tickets and the single use. */
export function applyAdmit(tree: Tree, leaf: Hop | undefined, deed: AdmitDeed): void {
  const spend = deed.spend === undefined ? NONE : spendOf(deed.spend);
  for (let hop = leaf; hop !== undefined; hop = hop.parent) {
    if (statesBudget(hop.kept.authority.limits)) charge(tallyOf(hop), spend);
  }
  for (const link of deed.links ?? []) {
    tree.offline ??= new Map();
    const tally = tree.offline.get(link) ?? emptyTally();
    tree.offline.set(link, tally);
    charge(tally, spend);
  }
  for (const id of deed.tickets ?? []) {
    const ticket = tree.tenant.tickets.get(id);
    if (ticket !== undefined) applyUse(ticket);
  }
  if (deed.once === undefined) return;
  tree.once ??= new Set();
  tree.once.add(deed.once);
}

const NONE: readonly never[] = [];
