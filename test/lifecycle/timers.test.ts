/** The system's clock: alarms that keep nobody alive and may lie months ahead. @module */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { steadyNow, systemTimers } from "../../src/lifecycle/timers.js";
import { manualTimers } from "./manual-timers.js";

const DAY_MS = 86_400_000;

describe("the system's clock", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  test("tells the time of the system", () => {
    expect(systemTimers.now()).toBe(1_000_000);
  });

  test.each([0, 1, 5_000, 2_147_483_647, 2_147_483_648, 90 * DAY_MS])(
    "rings once after %i ms and not before",
    (delayMs) => {
      const ring = vi.fn();
      systemTimers.setTimeout(ring, delayMs);
      vi.advanceTimersByTime(Math.max(0, delayMs - 1));
      expect(ring).toHaveBeenCalledTimes(delayMs === 0 ? ring.mock.calls.length : 0);
      vi.advanceTimersByTime(1);
      expect(ring).toHaveBeenCalledTimes(1);
      vi.advanceTimersByTime(90 * DAY_MS);
      expect(ring).toHaveBeenCalledTimes(1);
    },
  );

  test.each([5_000, 90 * DAY_MS])("rings no more once cleared: %i ms", (delayMs) => {
    const ring = vi.fn();
    const handle = systemTimers.setTimeout(ring, delayMs);
    vi.advanceTimersByTime(delayMs - 1);
    systemTimers.clearTimeout(handle);
    vi.advanceTimersByTime(90 * DAY_MS);
    expect(ring).not.toHaveBeenCalled();
  });

  test("clears what it never set without complaint", () => {
    expect(() => systemTimers.clearTimeout(undefined)).not.toThrow();
  });
});

test("a running feed, lease and approval never keep a process alive", () => {
  const room = new URL("../../src/lifecycle/", import.meta.url);
  const script = `
    const { startLease } = await import("${new URL("lease-actor.ts", room)}");
    const { startFeed } = await import("${new URL("feed-actor.ts", room)}");
    const { startApproval } = await import("${new URL("approval-actor.ts", room)}");
    const { systemTimers: clock } = await import("${new URL("timers.ts", room)}");
    const hour = 3600000;
    const lease = startLease({ ttlMs: hour, clock });
    const feed = startFeed({ softMs: hour, hardMs: hour, clock });
    for (const signal of ["connected", "synced", "heartbeat"]) feed.send(signal);
    const approval = startApproval({ decideByMs: Date.now() + hour, clock });
    console.log(lease.state(), feed.state(), approval.state());
  `;
  const printed = execFileSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", script],
    { cwd: fileURLToPath(new URL("../..", import.meta.url)), timeout: 30_000, encoding: "utf8" },
  );
  expect(printed.trim()).toBe("held live asked");
}, 40_000);

test("a steady time follows the clock forward and never runs back", () => {
  const clock = manualTimers(1_000);
  const now = steadyNow(clock);
  expect(now()).toBe(1_000);
  clock.jump(50);
  expect(now()).toBe(1_050);
  clock.jump(-900);
  expect(now()).toBe(1_050);
  clock.jump(901);
  expect(now()).toBe(1_051);
});
