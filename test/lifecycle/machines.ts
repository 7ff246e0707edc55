/** All four machines with their committed tables, for tests that hold for each. @module */
import type { AnyStateMachine } from "xstate";
import { approvalMachine } from "../../src/lifecycle/approval-machine.js";
import { feedMachine } from "../../src/lifecycle/feed-machine.js";
import { hopMachine } from "../../src/lifecycle/hop-machine.js";
import { leaseMachine } from "../../src/lifecycle/lease-machine.js";
import {
  APPROVAL_TABLE,
  FEED_TABLE,
  HOP_TABLE,
  LEASE_TABLE,
  type Table,
} from "../../src/lifecycle/table.js";

/** One machine and its table, in words wide enough for all. */
export interface Pair {
  readonly name: string;
  readonly machine: AnyStateMachine;
  readonly table: Table<string, string>;
}

export const PAIRS: readonly Pair[] = [
  { name: "hop", machine: hopMachine, table: HOP_TABLE },
  { name: "approval", machine: approvalMachine, table: APPROVAL_TABLE },
  { name: "lease", machine: leaseMachine, table: LEASE_TABLE },
  { name: "feed", machine: feedMachine, table: FEED_TABLE },
];

/** Every state of one table with every event that any table knows: most cells are refusals. */
export const CELLS = PAIRS.flatMap((pair) => {
  const events = [...new Set(PAIRS.flatMap(({ table }) => table.events))];
  return pair.table.states.flatMap((state) => events.map((event) => ({ ...pair, state, event })));
});
