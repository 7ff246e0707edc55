/** Derives a plain transition table from a machine by walking its states; runs when tables are generated, never later. @module */
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { sha256 } from "../base/digest.js";
import { encodeTable, type Table } from "./lookup.js";

/**
 * The table of `machine`: every state in the order of the definition, every event in alphabetical order.
 *
 * Refuses what a flat table cannot say (nested states, guards, transitions without an event, wildcards, several targets), so that nothing
 * of a machine is lost in silence. A delayed transition counts as the event that its delay is named after.
 *
 * @throws {TypeError} For such a machine: a mistake of the programmer, found when tables are generated.
 */
export function deriveTable(machine: AnyStateMachine): Table<string, string> {
  const nodes = Object.values(machine.root.states);
  const rows = Object.fromEntries(nodes.map((node) => [node.key, rowsOf(node)]));
  const initial = machine.root.initial.target?.[0]?.key;
  if (initial === undefined) throw new TypeError(`${machine.id} has no initial state`);
  const table = {
    name: machine.id,
    initial,
    states: nodes.map((node) => node.key),
    events: [...new Set(Object.values(rows).flatMap((row) => Object.keys(row)))].sort(),
    final: nodes.filter((node) => node.type === "final").map((node) => node.key),
    rows,
  };
  const digest = Buffer.from(sha256(encodeTable(table))).toString("hex");
  return { ...table, digest };
}

function rowsOf(node: AnyStateNode): Record<string, string> {
  if (node.type !== "atomic" && node.type !== "final") {
    throw new TypeError(`${node.id} is not a flat state`);
  }
  if (node.always?.length) throw new TypeError(`${node.id} has a transition without an event`);
  const row = new Map<string, string>();
  for (const [type, [transition, ...others]] of node.transitions) {
    const [target, ...more] = transition?.target ?? [];
    if (!target || target.parent !== node.parent || others.length + more.length > 0) {
      throw new TypeError(`${node.id} on ${type} must have exactly one target beside it`);
    }
    if (transition?.guard !== undefined || transition?.actions.length !== 0) {
      throw new TypeError(`${node.id} on ${type} has a guard or an action`);
    }
    const event = eventOf(type, node);
    const known = row.get(event);
    if (known !== undefined && known !== target.key) {
      throw new TypeError(`${node.id}: the delay ${event} and the event ${event} disagree`);
    }
    row.set(event, target.key);
  }
  return Object.fromEntries([...row].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const DELAYED = "xstate.after.";

function eventOf(type: string, node: AnyStateNode): string {
  const event = type.startsWith(DELAYED) ? type.slice(DELAYED.length, -node.id.length - 1) : type;
  if (!/^[a-z][a-z_]*$/.test(event)) throw new TypeError(`${node.id}: ${type} is no plain event`);
  return event;
}
