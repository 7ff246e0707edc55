/** A running feed: freshness is positive evidence, and silence never is. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Feed, type FeedSignal, startFeed } from "../../src/lifecycle/feed-actor.js";
import type { FeedState } from "../../src/lifecycle/state.js";
import { type ManualTimers, manualTimers } from "./manual-timers.js";

const SOFT_MS = 500;
const HARD_MS = 1_000;

interface Rig {
  readonly feed: Feed;
  readonly clock: ManualTimers;
  readonly heard: FeedState[];
}

function connecting(): Rig {
  const clock = manualTimers();
  const heard: FeedState[] = [];
  const onChange = (state: FeedState): void => void heard.push(state);
  return {
    clock,
    heard,
    feed: startFeed({ softMs: SOFT_MS, hardMs: HARD_MS, clock, onChange }),
  };
}

function live(): Rig {
  const rig = connecting();
  rig.feed.send("connected");
  rig.feed.send("synced");
  rig.feed.send("heartbeat");
  expect(rig.feed.state()).toBe("live");
  return rig;
}

describe("R17 a feed", () => {
  test("is live only after line, copy and heartbeat, in this order", () => {
    const { feed, heard } = connecting();
    expect(feed.state()).toBe("connecting");
    feed.send("heartbeat");
    expect(feed.state()).toBe("connecting");
    feed.send("connected");
    feed.send("heartbeat");
    expect(feed.state()).toBe("syncing");
    feed.send("synced");
    expect(feed.state()).toBe("stale");
    feed.send("heartbeat");
    expect(feed.state()).toBe("live");
    expect(heard).toEqual(["syncing", "stale", "live"]);
  });

  test("turns stale at the soft bound and blind at the hard bound, to the millisecond", () => {
    const { feed, clock, heard } = live();
    clock.advance(SOFT_MS - 1);
    expect(feed.state()).toBe("live");
    clock.advance(1);
    expect(feed.state()).toBe("stale");
    clock.advance(HARD_MS - SOFT_MS - 1);
    expect(feed.state()).toBe("stale");
    expect(heard).toEqual(["syncing", "stale", "live", "stale"]);
    clock.advance(1);
    expect(feed.state()).toBe("blind");
    expect(heard).toEqual(["syncing", "stale", "live", "stale", "blind"]);
    clock.advance(1_000_000);
    expect(feed.state()).toBe("blind");
    expect(clock.pending()).toBe(0);
  });

  test("stays live while heartbeats come, and each starts the bounds anew", () => {
    const { feed, clock, heard } = live();
    for (let beat = 0; beat < 20; beat += 1) {
      clock.advance(SOFT_MS - 1);
      feed.send("heartbeat");
      expect(clock.pending()).toBe(1);
    }
    expect(feed.state()).toBe("live");
    expect(heard.at(-1)).toBe("live");
    expect(heard).toHaveLength(3);
  });

  test.each([
    [SOFT_MS - 1, "live"],
    [SOFT_MS, "stale"],
    [HARD_MS - 1, "stale"],
    [HARD_MS, "blind"],
  ])(
    "R17 in a blocked event loop answers by the clock: after %i ms %s, though no alarm has rung",
    (ms, state) => {
      const { feed, clock, heard } = live();
      clock.jump(ms);
      expect(feed.state()).toBe(state);
      expect(heard).toEqual(["syncing", "stale", "live"]);
    },
  );

  test("tells each change that was due before it takes the next signal", () => {
    const { feed, clock, heard } = live();
    heard.length = 0;
    clock.jump(HARD_MS);
    feed.send("heartbeat");
    expect(heard).toEqual(["stale", "blind", "live"]);
    clock.advance(0);
    expect(feed.state()).toBe("live");
  });

  test("counts a heartbeat from when it was confirmed, not from when it arrived", () => {
    const { feed, clock } = live();
    clock.advance(400);
    feed.send("heartbeat", clock.now() - 300);
    clock.advance(199);
    expect(feed.state()).toBe("live");
    clock.advance(1);
    expect(feed.state()).toBe("stale");
    clock.advance(HARD_MS - SOFT_MS);
    expect(feed.state()).toBe("blind");
  });

  test.each([
    [SOFT_MS - 1, "live"],
    [SOFT_MS, "stale"],
    [HARD_MS - 1, "stale"],
    [HARD_MS, "blind"],
    [Number.NaN, "blind"],
  ])("is not made fresher by a heartbeat of %d ms ago than that age allows: %s", (ageMs, state) => {
    const { feed, clock, heard } = live();
    clock.advance(HARD_MS);
    expect(heard.splice(0).at(-1)).toBe("blind");
    feed.send("heartbeat", clock.now() - ageMs);
    expect(feed.state()).toBe(state);
    expect(heard).toEqual(state === "blind" ? [] : [state]);
  });

  test("takes a heartbeat from the future for one of now", () => {
    const { feed, clock } = live();
    feed.send("heartbeat", clock.now() + 3_600_000);
    clock.advance(SOFT_MS);
    expect(feed.state()).toBe("stale");
  });

  test("is not aged by an older heartbeat that arrives out of order", () => {
    const { feed, clock } = live();
    clock.advance(100);
    feed.send("heartbeat");
    feed.send("heartbeat", clock.now() - 450);
    feed.send("heartbeat", clock.now() - 700);
    clock.advance(SOFT_MS - 1);
    expect(feed.state()).toBe("live");
    clock.advance(1);
    expect(feed.state()).toBe("stale");
  });

  test("counts a first heartbeat by its own time, although the copy was completed later", () => {
    const { feed, clock } = connecting();
    feed.send("connected");
    feed.send("synced");
    feed.send("heartbeat", clock.now() - 400);
    expect(feed.state()).toBe("live");
    clock.advance(100);
    expect(feed.state()).toBe("stale");
  });

  test("a completed copy without any heartbeat goes blind at the hard bound", () => {
    const { feed, clock } = connecting();
    feed.send("connected");
    feed.send("synced");
    clock.advance(HARD_MS - 1);
    expect(feed.state()).toBe("stale");
    clock.advance(1);
    expect(feed.state()).toBe("blind");
  });

  test("a late heartbeat puts off the hard bound, its alarm included", () => {
    const { feed, clock, heard } = connecting();
    feed.send("connected");
    feed.send("synced");
    clock.advance(HARD_MS - 1);
    feed.send("heartbeat", clock.now() - SOFT_MS);
    clock.advance(SOFT_MS - 1);
    expect(feed.state()).toBe("stale");
    clock.advance(1);
    expect(feed.state()).toBe("blind");
    expect(heard).toEqual(["syncing", "stale", "blind"]);
  });

  test.each<[FeedSignal, FeedState]>([
    ["gap", "syncing"],
    ["regress", "syncing"],
    ["connected", "syncing"],
    ["disconnected", "connecting"],
  ])(
    "loses what it knew on %s, alarms included, and heartbeats alone do not bring it back",
    (signal, state) => {
      const { feed, clock } = live();
      feed.send(signal);
      expect(feed.state()).toBe(state);
      expect(clock.pending()).toBe(0);
      feed.send("heartbeat");
      expect(feed.state()).toBe(state);
      if (state === "connecting") feed.send("connected");
      feed.send("synced");
      expect(feed.state()).toBe("stale");
      feed.send("heartbeat");
      expect(feed.state()).toBe("live");
    },
  );

  test("is not made young by a clock that is set back", () => {
    const { feed, clock } = live();
    clock.jump(SOFT_MS);
    expect(feed.state()).toBe("stale");
    clock.jump(-10 * SOFT_MS);
    expect(feed.state()).toBe("stale");
  });

  test.each(["constructor", "", "soft", "granted"])(
    "R31 refuses the signal %j and keeps its state",
    (signal) => {
      const { feed, heard, clock } = live();
      expect(() => feed.send(signal as FeedSignal)).toThrow(
        expect.objectContaining({ code: "illegal_transition" }),
      );
      expect(feed.state()).toBe("live");
      expect(heard).toHaveLength(3);
      expect(clock.pending()).toBe(1);
    },
  );

  test("R31 refuses to have been synced without a line", () => {
    const { feed } = connecting();
    expect(() => feed.send("synced")).toThrow(
      expect.objectContaining({ code: "illegal_transition", rule: "connecting>synced" }),
    );
    expect(feed.state()).toBe("connecting");
  });

  test("after stop takes nothing, rings nothing, and still ages by the clock", () => {
    const { feed, clock, heard } = live();
    feed.stop();
    expect(clock.pending()).toBe(0);
    expect(() => feed.send("heartbeat")).toThrow(
      expect.objectContaining({
        code: "illegal_transition",
        message: "the feed has been stopped",
      }),
    );
    clock.advance(SOFT_MS);
    expect(feed.state()).toBe("stale");
    clock.advance(HARD_MS);
    expect(feed.state()).toBe("blind");
    expect(heard).toHaveLength(3);
  });

  test("lets its listener send, and tells changes in their order", () => {
    const clock = manualTimers();
    const heard: FeedState[] = [];
    const feed: Feed = startFeed({
      softMs: SOFT_MS,
      hardMs: HARD_MS,
      clock,
      onChange(state) {
        heard.push(state);
        if (state === "syncing") feed.send("synced");
        if (state === "stale" && heard.length === 2) feed.send("heartbeat");
      },
    });
    feed.send("connected");
    expect(heard).toEqual(["syncing", "stale", "live"]);
    clock.advance(HARD_MS);
    expect(heard).toEqual(["syncing", "stale", "live", "stale", "blind"]);
  });

  test("runs without a listener", () => {
    const clock = manualTimers();
    const feed = startFeed({ softMs: 1, hardMs: 1, clock });
    feed.send("connected");
    feed.send("synced");
    feed.send("heartbeat");
    expect(feed.state()).toBe("live");
    clock.advance(1);
    expect(feed.state()).toBe("blind");
  });

  test.each([
    [0, 1, "softMs", "softMs must lie above 0 and not above hardMs"],
    [-1, 1, "softMs", "softMs must lie above 0 and not above hardMs"],
    [Number.NaN, 1, "softMs", "softMs must lie above 0 and not above hardMs"],
    [2, 1, "softMs", "softMs must lie above 0 and not above hardMs"],
    [1, Number.NaN, "hardMs", "a time must be a finite number"],
    [1, Number.POSITIVE_INFINITY, "hardMs", "a time must be a finite number"],
  ])("refuses bounds that bound nothing: %d and %d", (softMs, hardMs, rule, message) => {
    expect(() => startFeed({ softMs, hardMs, clock: manualTimers() })).toThrow(
      expect.objectContaining({ code: "config_invalid", rule, message }),
    );
  });
});

describe("R17 whatever happens", () => {
  type Move =
    | { kind: "signal"; signal: FeedSignal; ageMs: number }
    | { kind: "advance" | "jump"; ms: number };
  const signal = fc.oneof(
    { weight: 6, arbitrary: fc.constant<FeedSignal>("heartbeat") },
    { weight: 3, arbitrary: fc.constant<FeedSignal>("synced") },
    { weight: 1, arbitrary: fc.constantFrom<FeedSignal>("connected", "gap", "regress") },
    { weight: 1, arbitrary: fc.constant<FeedSignal>("disconnected") },
  );
  const move: fc.Arbitrary<Move> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("signal" as const),
        signal,
        ageMs: fc.integer({ min: -200, max: 1_300 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom("advance" as const, "jump" as const),
        ms: fc.integer({ min: 0, max: 700 }),
      }),
    },
  );

  test("a feed is live exactly when a plain model says so, and alarms never add to what the clock says", () => {
    let livesSeen = 0;
    fc.assert(
      fc.property(fc.array(move, { minLength: 10, maxLength: 40 }), (moves) => {
        const { feed, clock } = connecting();
        feed.send("connected");
        let line = true;
        let complete = false;
        let beatMs: number | undefined;
        for (const step of moves) {
          if (step.kind !== "signal") clock[step.kind](step.ms);
          else {
            const atMs = clock.now() - step.ageMs;
            let refused = false;
            try {
              feed.send(step.signal, atMs);
            } catch {
              refused = true;
            }
            const legal =
              step.signal === "synced"
                ? line && !complete
                : line || !["gap", "regress"].includes(step.signal);
            expect(refused).toBe(!legal);
            if (!legal) continue;
            if (step.signal === "heartbeat") {
              const heardMs = Math.min(atMs, clock.now());
              if (complete && step.ageMs < HARD_MS) beatMs = Math.max(beatMs ?? heardMs, heardMs);
            } else {
              line = step.signal !== "disconnected";
              complete = step.signal === "synced";
              beatMs = undefined;
            }
          }
          const isLive = complete && beatMs !== undefined && clock.now() - beatMs < SOFT_MS;
          expect(feed.state() === "live").toBe(isLive);
          if (isLive) livesSeen += 1;
          const isBlind = complete && beatMs !== undefined && clock.now() - beatMs >= HARD_MS;
          if (beatMs !== undefined) expect(feed.state() === "blind").toBe(isBlind);
        }
      }),
      { numRuns: 200 },
    );
    expect(livesSeen).toBeGreaterThan(100);
  });
});
