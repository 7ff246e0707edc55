/** Clocks that are handed in. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ManualClock, monotonic, systemClock } from "../../src/base/clock.js";

describe("systemClock", () => {
  test("gives whole milliseconds", () => {
    expect(Number.isSafeInteger(systemClock.now())).toBe(true);
  });
});

describe("ManualClock", () => {
  test("stands still until it is moved, either way", () => {
    const clock = new ManualClock(1_000);
    expect([clock.now(), clock.now()]).toEqual([1_000, 1_000]);
    expect([clock.advance(5), clock.now()]).toEqual([1_005, 1_005]);
    expect([clock.set(7), clock.now()]).toEqual([7, 7]);
  });

  test.each([Number.NaN, 0.5, Number.POSITIVE_INFINITY])("refuses to start at %d", (ms) => {
    expect(() => new ManualClock(ms)).toThrow(expect.objectContaining({ code: "clock_skewed" }));
  });
});

describe("monotonic", () => {
  test("gives the largest time it has read or heard of", () => {
    const step = fc.record({ heard: fc.boolean(), ms: fc.integer({ min: 0, max: 100 }) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const source = new ManualClock(50);
        const clock = monotonic(source);
        let largest = clock.now();
        for (const { heard, ms } of steps) {
          if (!heard) source.set(ms);
          largest = Math.max(largest, ms);
          expect(heard ? clock.atLeast(ms) : clock.now()).toBe(largest);
        }
      }),
    );
  });

  test("refuses a clock that gives no number, for no expiry would ever be reached", () => {
    const clock = monotonic({ now: () => Number.NaN });
    expect(() => clock.now()).toThrow(expect.objectContaining({ code: "clock_skewed" }));
  });

  test("refuses a heartbeat that names no time, and stays where it was", () => {
    const clock = monotonic(new ManualClock(5));
    expect(() => clock.atLeast(Number.POSITIVE_INFINITY)).toThrow(
      expect.objectContaining({ code: "clock_skewed" }),
    );
    expect(clock.now()).toBe(5);
  });
});
