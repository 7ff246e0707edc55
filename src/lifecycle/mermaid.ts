/** Draws a transition table as a mermaid `stateDiagram-v2`, so that pictures cannot drift from the machines. @module */
import type { TableData } from "./lookup.js";

/** The diagram, without a fence: one arrow for each pair of states, labelled with its events in alphabetical order. */
export function toMermaid<State extends string, Event extends string>(
  table: TableData<State, Event>,
): string {
  const lines = ["stateDiagram-v2", `  [*] --> ${table.initial}`];
  for (const from of table.states) {
    const labels = new Map<State, string[]>();
    for (const event of table.events) {
      const to = table.rows[from][event];
      if (to !== undefined) labels.set(to, [...(labels.get(to) ?? []), event]);
    }
    for (const [to, events] of labels) lines.push(`  ${from} --> ${to}: ${events.join(", ")}`);
  }
  for (const state of table.final) lines.push(`  ${state} --> [*]`);
  return lines.join("\n");
}
