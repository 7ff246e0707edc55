/** A running lease. @module */
import { describe, expect, test } from "vitest";
import { type Lease, startLease } from "../../src/lifecycle/lease-actor.js";
import type { LeaseState } from "../../src/lifecycle/state.js";
import { type ManualTimers, manualTimers } from "./manual-timers.js";

const TTL_MS = 10_000;

function held(): { lease: Lease; clock: ManualTimers; heard: LeaseState[] } {
  const clock = manualTimers();
  const heard: LeaseState[] = [];
  const onChange = (state: LeaseState): void => void heard.push(state);
  return { clock, heard, lease: startLease({ ttlMs: TTL_MS, clock, onChange }) };
}

describe("D-lapsed-lease a lease", () => {
  test("lapses by silence, to the millisecond", () => {
    const { lease, clock, heard } = held();
    expect(lease.dueMs()).toBe(clock.now() + TTL_MS);
    clock.advance(TTL_MS - 1);
    expect(lease.state()).toBe("held");
    expect(heard).toEqual([]);
    clock.advance(1);
    expect(lease.state()).toBe("lapsed");
    expect(heard).toEqual(["lapsed"]);
  });

  test("lasts while it is renewed", () => {
    const { lease, clock, heard } = held();
    for (let turn = 0; turn < 10; turn += 1) {
      clock.advance(TTL_MS - 1);
      lease.send("renew");
      expect(lease.dueMs()).toBe(clock.now() + TTL_MS);
      expect(clock.pending()).toBe(1);
    }
    expect(lease.state()).toBe("held");
    expect(heard).toEqual([]);
    clock.advance(TTL_MS);
    expect(lease.state()).toBe("lapsed");
  });

  test("cannot be renewed once it is due, even before the alarm rings", () => {
    const { lease, clock, heard } = held();
    clock.jump(TTL_MS);
    expect(lease.state()).toBe("lapsed");
    expect(() => lease.send("renew")).toThrow(
      expect.objectContaining({ code: "illegal_transition", rule: "lapsed>renew" }),
    );
    expect(heard).toEqual(["lapsed"]);
    clock.advance(0);
    expect(heard).toEqual(["lapsed"]);
    expect(lease.dueMs()).toBe(clock.now());
  });

  test("ends by release, and stays so", () => {
    const { lease, clock, heard } = held();
    const dueMs = lease.dueMs();
    clock.advance(1);
    lease.send("release");
    expect(lease.dueMs()).toBe(dueMs);
    expect(clock.pending()).toBe(0);
    clock.advance(2 * TTL_MS);
    expect(lease.state()).toBe("released");
    expect(heard).toEqual(["released"]);
    expect(() => lease.send("renew")).toThrow(
      expect.objectContaining({ code: "illegal_transition", rule: "released>renew" }),
    );
  });

  test("read back from a store is due when it was", () => {
    const clock = manualTimers();
    const lease = startLease({ ttlMs: TTL_MS, dueMs: clock.now() + 5, clock });
    clock.advance(4);
    expect(lease.state()).toBe("held");
    clock.advance(1);
    expect(lease.state()).toBe("lapsed");
    const late = startLease({ ttlMs: TTL_MS, dueMs: clock.now() - 5, clock });
    expect(late.state()).toBe("lapsed");
    expect(() => late.send("renew")).toThrow(
      expect.objectContaining({ code: "illegal_transition", rule: "lapsed>renew" }),
    );
  });

  test("after stop takes nothing and still lapses by the clock", () => {
    const { lease, clock, heard } = held();
    lease.stop();
    expect(clock.pending()).toBe(0);
    expect(() => lease.send("renew")).toThrow(
      expect.objectContaining({
        code: "illegal_transition",
        message: "the lease has been stopped",
      }),
    );
    clock.advance(TTL_MS);
    expect(lease.state()).toBe("lapsed");
    expect(heard).toEqual([]);
  });

  test.each([
    [0, undefined, "ttlMs", "ttlMs must lie above 0"],
    [-1, undefined, "ttlMs", "ttlMs must lie above 0"],
    [Number.NaN, undefined, "ttlMs", "a time must be a finite number"],
    [Number.POSITIVE_INFINITY, undefined, "ttlMs", "a time must be a finite number"],
    [1, Number.NaN, "dueMs", "a time must be a finite number"],
  ])("refuses to last %d ms, first due at %s", (ttlMs, dueMs, rule, message) => {
    expect(() => startLease({ ttlMs, dueMs, clock: manualTimers() })).toThrow(
      expect.objectContaining({ code: "config_invalid", rule, message }),
    );
  });
});
