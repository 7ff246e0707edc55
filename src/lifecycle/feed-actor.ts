/** A feed that runs: how fresh a guard's copy of the log of cuts is, told from evidence and the clock. @module */
import { DelegationError } from "../base/error.js";
import { feedMachine } from "./feed-machine.js";
import { run } from "./run.js";
import type { FeedEvent, FeedState } from "./state.js";
import { FEED_TABLE } from "./table.js";
import { finiteMs, steadyNow, type Timers } from "./timers.js";

/** What a follower reports; the rest of {@link FeedEvent} is told by the clock. */
export type FeedSignal = Exclude<FeedEvent, "late_heartbeat" | "soft_timeout" | "hard_timeout">;

/** How to start a feed. */
export interface FeedOptions {
  /** Age of the last heartbeat from which the copy is `stale`. */
  readonly softMs: number;
  /** Age from which it is `blind`; not below `softMs`. */
  readonly hardMs: number;
  readonly clock: Timers;
  /** Hears of each change, at the latest when an alarm rings; must not throw. Not called for the first state. */
  readonly onChange?: ((state: FeedState) => void) | undefined;
}

/** A running feed. */
export interface Feed {
  /**
   * Reports a signal.
   *
   * @param atMs For `heartbeat`: when the store confirmed it (its own time, not its arrival), now if left out. One from the future
   *   counts as from now; one older than `hardMs` is no evidence and changes nothing.
   * @throws {DelegationError} `illegal_transition`; nothing has changed then.
   */
  send(signal: FeedSignal, atMs?: number): void;
  /** The state by the clock, right even when the event loop was blocked and no alarm has rung. */
  state(): FeedState;
  /** Stops the alarms; the state goes on to age, and nothing can be sent any more. */
  stop(): void;
}

/**
 * Starts a feed in `connecting`.
 *
 * INVARIANT: `state()` is `live` only if the copy was completed since the last loss, and a heartbeat that was sent after that
 * is younger than `softMs`.
 *
 * @throws {DelegationError} `config_invalid` unless 0 < `softMs` <= `hardMs`.
 */
export function startFeed(options: FeedOptions): Feed {
  const { softMs, hardMs, clock, onChange } = options;
  if (!(softMs > 0 && softMs <= finiteMs("hardMs", hardMs))) {
    throw new DelegationError("config_invalid", "softMs must lie above 0 and not above hardMs", {
      rule: "softMs",
    });
  }
  const now = steadyNow(clock);
  let arrivedMs = Number.NEGATIVE_INFINITY;
  /** When the copy was completed, or the last heartbeat since (`proven`): only `stale`, never `live`, is counted from the first. */
  let evidenceMs = Number.NEGATIVE_INFINITY;
  let proven = false;
  const running = run<FeedState, FeedEvent>({
    machine: feedMachine,
    table: FEED_TABLE,
    clock,
    onChange,
    alarms: [
      ["soft_timeout", () => evidenceMs + softMs - now()],
      ["hard_timeout", () => evidenceMs + hardMs - now()],
    ],
    note(event) {
      if (event === "synced") {
        evidenceMs = now();
        proven = false;
      } else if (event.endsWith("heartbeat")) {
        evidenceMs = proven ? Math.max(evidenceMs, arrivedMs) : arrivedMs;
        proven = true;
      }
    },
  });
  return {
    state: running.state,
    stop: running.stop,
    send(signal, atMs = now()) {
      if (signal !== "heartbeat") return running.send(signal);
      const nowMs = now();
      const heardMs = Math.min(atMs, nowMs);
      if (!(nowMs - heardMs < hardMs)) return;
      arrivedMs = heardMs;
      running.send(nowMs - heardMs < softMs ? "heartbeat" : "late_heartbeat");
    },
  };
}
