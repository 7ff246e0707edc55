/** A waiting approval. @module */
import { describe, expect, test } from "vitest";
import { type Approval, startApproval } from "../../src/lifecycle/approval-actor.js";
import type { ApprovalState } from "../../src/lifecycle/state.js";
import { type ManualTimers, manualTimers } from "./manual-timers.js";

const DECIDE_MS = 60_000;
const USE_MS = 90_000;

function asked(): { approval: Approval; clock: ManualTimers; heard: ApprovalState[] } {
  const clock = manualTimers();
  const heard: ApprovalState[] = [];
  const approval = startApproval({
    decideByMs: clock.now() + DECIDE_MS,
    useByMs: clock.now() + USE_MS,
    clock,
    onChange: (state) => void heard.push(state),
  });
  return { approval, clock, heard };
}

describe("an approval", () => {
  test("lapses by silence: silence is no", () => {
    const { approval, clock, heard } = asked();
    clock.advance(DECIDE_MS - 1);
    expect(approval.state()).toBe("asked");
    clock.advance(1);
    expect(approval.state()).toBe("lapsed");
    expect(heard).toEqual(["lapsed"]);
  });

  test("cannot be granted once it is due, even before the alarm rings", () => {
    const { approval, clock, heard } = asked();
    clock.jump(DECIDE_MS);
    expect(approval.state()).toBe("lapsed");
    expect(() => approval.send("grant")).toThrow(
      expect.objectContaining({ code: "illegal_transition", rule: "lapsed>grant" }),
    );
    expect(heard).toEqual(["lapsed"]);
  });

  test("is not prolonged by votes", () => {
    const { approval, clock, heard } = asked();
    clock.advance(DECIDE_MS - 1);
    approval.send("vote");
    expect(approval.state()).toBe("asked");
    clock.jump(1);
    expect(approval.state()).toBe("lapsed");
    clock.advance(0);
    expect(heard).toEqual(["lapsed"]);
  });

  test("D-ticket-twice is used once", () => {
    const { approval, clock, heard } = asked();
    approval.send("vote");
    approval.send("grant");
    approval.send("use");
    expect(() => approval.send("use")).toThrow(
      expect.objectContaining({ code: "illegal_transition", rule: "used>use" }),
    );
    expect(heard).toEqual(["granted", "used"]);
    expect(clock.pending()).toBe(0);
  });

  test("that was granted lapses when nobody uses it in time", () => {
    const { approval, clock, heard } = asked();
    clock.advance(DECIDE_MS - 1);
    approval.send("grant");
    expect(clock.pending()).toBe(1);
    clock.advance(USE_MS - DECIDE_MS);
    expect(approval.state()).toBe("granted");
    clock.advance(1);
    expect(approval.state()).toBe("lapsed");
    expect(heard).toEqual(["granted", "lapsed"]);
    expect(() => approval.send("use")).toThrow(
      expect.objectContaining({ code: "illegal_transition", rule: "lapsed>use" }),
    );
  });

  test("that was granted must be used by the deadline for the decision when no other is given", () => {
    const clock = manualTimers();
    const approval = startApproval({ decideByMs: clock.now() + DECIDE_MS, clock });
    approval.send("grant");
    clock.jump(DECIDE_MS);
    expect(approval.state()).toBe("lapsed");
  });

  test("cannot be used before it is granted, nor granted after a no", () => {
    const { approval, heard } = asked();
    expect(() => approval.send("use")).toThrow(
      expect.objectContaining({ code: "illegal_transition", rule: "asked>use" }),
    );
    expect(approval.state()).toBe("asked");
    approval.send("deny");
    expect(() => approval.send("grant")).toThrow(
      expect.objectContaining({ code: "illegal_transition", rule: "denied>grant" }),
    );
    expect(heard).toEqual(["denied"]);
  });

  test("that could not be granted keeps its deadline", () => {
    const { approval, clock } = asked();
    approval.send("grant");
    expect(() => approval.send("grant")).toThrow(
      expect.objectContaining({ code: "illegal_transition", rule: "granted>grant" }),
    );
    clock.jump(USE_MS);
    expect(approval.state()).toBe("lapsed");
  });

  test("after stop takes nothing and still lapses by the clock", () => {
    const { approval, clock } = asked();
    approval.stop();
    expect(clock.pending()).toBe(0);
    expect(() => approval.send("grant")).toThrow(
      expect.objectContaining({
        code: "illegal_transition",
        message: "the approval has been stopped",
      }),
    );
    clock.advance(DECIDE_MS);
    expect(approval.state()).toBe("lapsed");
  });

  test.each([
    [Number.NaN, 1, "decideByMs"],
    [1, Number.POSITIVE_INFINITY, "useByMs"],
  ])("refuses deadlines that never come: %d and %d", (decideByMs, useByMs, rule) => {
    expect(() => startApproval({ decideByMs, useByMs, clock: manualTimers() })).toThrow(
      expect.objectContaining({
        code: "config_invalid",
        message: "a time must be a finite number",
        rule,
      }),
    );
  });
});
