/** A clock that moves when the test says so, and whose alarms can be held up as by a blocked event loop. @module */
import type { Timers } from "../../src/lifecycle/timers.js";

interface Alarm {
  readonly dueMs: number;
  readonly ring: () => void;
}

/** A fake clock with alarms. */
export interface ManualTimers extends Timers {
  /** Moves on, ringing each alarm at its time. */
  advance(ms: number): void;
  /** Moves the clock, back too, and rings nothing: the event loop is blocked, or somebody set the clock. */
  jump(ms: number): void;
  /** Alarms that have not rung. */
  pending(): number;
}

export function manualTimers(startMs = 1_000_000): ManualTimers {
  let nowMs = startMs;
  const alarms = new Map<number, Alarm>();
  let handles = 0;
  const first = (untilMs: number): [number, Alarm] | undefined =>
    [...alarms]
      .filter(([, alarm]) => alarm.dueMs <= untilMs)
      .sort(([, a], [, b]) => a.dueMs - b.dueMs)[0];
  return {
    now: () => nowMs,
    setTimeout(ring, delayMs) {
      handles += 1;
      alarms.set(handles, { dueMs: nowMs + delayMs, ring });
      return handles;
    },
    clearTimeout(handle) {
      if (typeof handle === "number") alarms.delete(handle);
    },
    advance(ms) {
      const untilMs = nowMs + ms;
      for (let found = first(untilMs); found !== undefined; found = first(untilMs)) {
        const [handle, alarm] = found;
        alarms.delete(handle);
        nowMs = Math.max(nowMs, alarm.dueMs);
        alarm.ring();
      }
      nowMs = untilMs;
    },
    jump(ms) {
      nowMs += ms;
    },
    pending: () => alarms.size,
  };
}
