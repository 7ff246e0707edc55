/** A lease that runs: the authority of a root lasts while somebody keeps saying so. @module */
import { DelegationError } from "../base/error.js";
import { leaseMachine } from "./lease-machine.js";
import { run } from "./run.js";
import type { LeaseEvent, LeaseState } from "./state.js";
import { LEASE_TABLE } from "./table.js";
import { finiteMs, steadyNow, type Timers } from "./timers.js";

/** How to start a lease. */
export interface LeaseOptions {
  /** How long it lasts from each renewal. */
  readonly ttlMs: number;
  /** When it is first due (epoch milliseconds), for a lease read back from a store; `ttlMs` from now if left out. */
  readonly dueMs?: number | undefined;
  readonly clock: Timers;
  /** Hears of the end, at the latest when the alarm rings; must not throw. */
  readonly onChange?: ((state: LeaseState) => void) | undefined;
}

/** A running lease. */
export interface Lease {
  /**
   * Renews for `ttlMs` from now, or releases.
   *
   * @throws {DelegationError} `illegal_transition`; a lease that is due is lapsed and cannot be renewed.
   */
  send(event: Exclude<LeaseEvent, "lapse">): void;
  /** The state by the clock, right even when the alarm is late. */
  state(): LeaseState;
  /** When it lapses unless renewed, epoch milliseconds. */
  dueMs(): number;
  /** Stops the alarm; a held lease still lapses by the clock. */
  stop(): void;
}

/**
 * Starts a lease as `held`.
 *
 * @throws {DelegationError} `config_invalid` unless `ttlMs` is above 0 and all times are finite.
 */
export function startLease(options: LeaseOptions): Lease {
  const { clock, onChange } = options;
  const ttlMs = finiteMs("ttlMs", options.ttlMs);
  if (ttlMs <= 0) {
    throw new DelegationError("config_invalid", "ttlMs must lie above 0", { rule: "ttlMs" });
  }
  const now = steadyNow(clock);
  let dueMs = finiteMs("dueMs", options.dueMs ?? now() + ttlMs);
  const running = run<LeaseState, LeaseEvent>({
    machine: leaseMachine,
    table: LEASE_TABLE,
    clock,
    onChange,
    alarms: [["lapse", () => dueMs - now()]],
    note(event) {
      if (event === "renew") dueMs = now() + ttlMs;
    },
  });
  return { ...running, dueMs: () => dueMs };
}
