/** Looking a transition up in a plain table. Loads no xstate: hot paths and scripts depend on this alone. @module */
import { DelegationError } from "../base/error.js";

/** What a machine says, as plain data. What `rows` does not hold is refused. */
export interface TableData<State extends string, Event extends string> {
  /** The machine that it is derived from. */
  readonly name: string;
  readonly initial: State;
  readonly states: readonly State[];
  readonly events: readonly Event[];
  /** States without a way out. */
  readonly final: readonly State[];
  /** State, then event, to the next state; a row that leads to itself permits and changes nothing. */
  readonly rows: Readonly<Record<State, { readonly [event in Event]?: State }>>;
}

/** A table with the SHA-256 (hex) of its {@link encodeTable} form, by which two versions tell each other apart. */
export interface Table<State extends string, Event extends string> extends TableData<State, Event> {
  readonly digest: string;
}

/**
 * The state after `event`.
 *
 * @throws {DelegationError} `illegal_transition`, with the rule `state>event`, for whatever the table does not know, unknown
 *   states and events included.
 */
export function next<State extends string, Event extends string>(
  table: TableData<State, Event>,
  state: State,
  event: Event,
): State {
  const to = find(table, state, event);
  if (to !== undefined) return to;
  throw new DelegationError("illegal_transition", `the ${table.name} does not permit this event`, {
    rule: `${shown(state)}>${shown(event)}`,
  });
}

/** Whether {@link next} would answer; `false` for unknown states and events. */
export function permits<State extends string, Event extends string>(
  table: TableData<State, Event>,
  state: State,
  event: Event,
): boolean {
  return find(table, state, event) !== undefined;
}

/**
 * The compact form for scripts: `;state>event=next` for every row, closed by `;`.
 *
 * No name holds a separator, so a plain (not a pattern) search for `;state>event=` finds exactly one row or none.
 */
export function encodeTable<State extends string, Event extends string>(
  table: TableData<State, Event>,
): string {
  const rows = table.states.flatMap((from) =>
    Object.entries(table.rows[from]).map(([event, to]) => `;${from}>${event}=${to}`),
  );
  return `${rows.join("")};`;
}

/** Only own properties count: `constructor` and its like are no states. */
function find<State extends string, Event extends string>(
  table: TableData<State, Event>,
  state: State,
  event: Event,
): State | undefined {
  if (!Object.hasOwn(table.rows, state)) return undefined;
  const row = table.rows[state];
  return Object.hasOwn(row, event) ? row[event] : undefined;
}

/** A name may be shown; anything else that came in its place may not. */
function shown(name: string): string {
  return /^[a-z_]{1,32}$/i.test(name) ? name : "?";
}
