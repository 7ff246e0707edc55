/** An approval that waits: silence until the deadline is no, and a yes that nobody uses does not keep. @module */
import { approvalMachine } from "./approval-machine.js";
import { run } from "./run.js";
import type { ApprovalEvent, ApprovalState } from "./state.js";
import { APPROVAL_TABLE } from "./table.js";
import { finiteMs, steadyNow, type Timers } from "./timers.js";

/** How to start an approval. Times are epoch milliseconds. */
export interface ApprovalOptions {
  /** When silence becomes no. */
  readonly decideByMs: number;
  /** When a granted approval that was not used lapses; `decideByMs` if left out. */
  readonly useByMs?: number | undefined;
  readonly clock: Timers;
  /** Hears of each change, at the latest when the alarm rings; must not throw. Not called for the first state. */
  readonly onChange?: ((state: ApprovalState) => void) | undefined;
}

/** A running approval. */
export interface Approval {
  /**
   * Reports a vote, the decision or the use.
   *
   * @throws {DelegationError} `illegal_transition`; an approval that is due is lapsed and takes nothing.
   */
  send(event: Exclude<ApprovalEvent, "lapse">): void;
  /** The state by the clock, right even when the alarm is late. */
  state(): ApprovalState;
  /** Stops the alarm; the approval still lapses by the clock. */
  stop(): void;
}

/**
 * Starts an approval as `asked`.
 *
 * @throws {DelegationError} `config_invalid` for a time that is not finite.
 */
export function startApproval(options: ApprovalOptions): Approval {
  const { clock, onChange } = options;
  const useByMs = finiteMs("useByMs", options.useByMs ?? options.decideByMs);
  const now = steadyNow(clock);
  let dueMs = finiteMs("decideByMs", options.decideByMs);
  return run<ApprovalState, ApprovalEvent>({
    machine: approvalMachine,
    table: APPROVAL_TABLE,
    clock,
    onChange,
    alarms: [["lapse", () => dueMs - now()]],
    note(event) {
      if (event === "grant") dueMs = useByMs;
    },
  });
}
