/** Runs a machine as an actor whose state is told by the clock first and by its alarms second. @module */
import { type AnyStateMachine, createActor } from "xstate";
import { DelegationError } from "../base/error.js";
import { next, permits, type Table } from "./lookup.js";
import type { Timers } from "./timers.js";

/** A machine that runs: what its table does not know is refused and changes nothing. */
export interface Running<State extends string, Event extends string> {
  /**
   * Does what is due by now, then `event`.
   *
   * @throws {DelegationError} `illegal_transition`; after `stop` for every event.
   */
  send(event: Event): void;
  /** The state by the clock: what is due by now counts, whether or not its alarm has rung. */
  state(): State;
  /** Ends the actor and its alarms; `state` goes on to age. */
  stop(): void;
}

/** How to run one machine. */
export interface RunOptions<State extends string, Event extends string> {
  readonly machine: AnyStateMachine;
  readonly table: Table<State, Event>;
  readonly clock: Timers;
  /** Events that time sends, in the order in which they fall due, and how far off each is; 0 or less is due. */
  readonly alarms: readonly (readonly [event: Event, leftMs: () => number])[];
  /** Notes facts of a permitted event before the machine takes it, so that the delays it sets can use them. */
  readonly note: (event: Event) => void;
  /** Hears of each change, after the machine has come to rest. */
  readonly onChange: ((state: State) => void) | undefined;
}

/**
 * Starts `machine` in its initial state.
 *
 * A blocked event loop rings late; therefore neither `state` nor `send` waits for an alarm.
 */
export function run<State extends string, Event extends string>(
  options: RunOptions<State, Event>,
): Running<State, Event> {
  const { machine, table, clock, alarms, note } = options;
  let state = table.initial;
  let stopped = false;
  const changes: State[] = [];
  const tell = (): void => {
    for (let change = changes.shift(); change !== undefined; change = changes.shift()) {
      options.onChange?.(change);
    }
  };
  const delays = alarms.map(([event, leftMs]) => [event, () => Math.max(0, leftMs())]);
  const actor = createActor(machine.provide({ delays: Object.fromEntries(delays) }), {
    clock: {
      setTimeout: (ring: () => void, delayMs) =>
        clock.setTimeout(() => {
          ring();
          tell();
        }, delayMs),
      clearTimeout: (handle: unknown) => clock.clearTimeout(handle),
    },
  });
  actor.subscribe((snapshot) => {
    if (snapshot.value === state) return;
    state = snapshot.value;
    changes.push(state);
  });
  actor.start();

  const due = (): Event[] => {
    let at = state;
    const events: Event[] = [];
    for (const [event, leftMs] of alarms) {
      if (!permits(table, at, event) || leftMs() > 0) continue;
      events.push(event);
      at = next(table, at, event);
    }
    return events;
  };
  return {
    send(event) {
      if (stopped) {
        throw new DelegationError("illegal_transition", `the ${table.name} has been stopped`);
      }
      for (const type of due()) actor.send({ type });
      try {
        next(table, state, event);
        note(event);
        actor.send({ type: event });
      } finally {
        tell();
      }
    },
    state: () => due().reduce((at, event) => next(table, at, event), state),
    stop() {
      stopped = true;
      actor.stop();
    },
  };
}
