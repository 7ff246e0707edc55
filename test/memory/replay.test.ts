import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryReplayStore } from "../../src/memory/replay.js";

const full = expect.objectContaining({ code: "replay_store_full" });

describe("the replay store in memory", () => {
  test("P07 claims a key once", () => {
    const store = new MemoryReplayStore();
    expect(store.claim("a", 2_000, 1_000)).toBe(true);
    expect(store.claim("a", 2_000, 1_000)).toBe(false);
    expect(store.claim("b", 2_000, 1_000)).toBe(true);
  });

  test("P08 gives fifty callers of one key one yes", async () => {
    const store = new MemoryReplayStore();
    const claims = Array.from({ length: 50 }, async () => store.claim("a", 2_000, 1_000));
    expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
  });

  test("P16 a clock that jumped ahead and back lets nothing in again", () => {
    const store = new MemoryReplayStore();
    expect(store.claim("a", 60_000, 1_000)).toBe(true);
    expect(store.claim("b", 700_000, 600_000)).toBe(true);
    expect(store.claim("a", 60_000, 1_000)).toBe(false);
    expect(store.claim("c", 600_001, 1_000)).toBe(true);
  });

  test.each([
    ["at its end", 1_000, 1_000],
    ["after its end", 999, 1_000],
    ["with an end that is no time", Number.NaN, 1_000],
    ["at a time that is none", 2_000, Number.NaN],
  ])("P17 a key %s is refused", (_when, expiresAt, now) => {
    expect(new MemoryReplayStore().claim("a", expiresAt, now)).toBe(false);
  });

  test("refuses when it is full, drops no live key, and makes room when keys end", () => {
    const store = new MemoryReplayStore(2);
    store.claim("a", 5_000, 1_000);
    store.claim("b", 9_000, 1_000);
    expect(() => store.claim("c", 9_000, 1_000)).toThrow(full);
    expect(store.claim("a", 5_000, 1_000)).toBe(false);
    expect(store.claim("c", 9_000, 6_000)).toBe(true);
    expect(store.claim("b", 9_000, 6_000)).toBe(false);
    expect(store.size).toBe(2);
  });

  test("remembers exactly what a list of all claims would, by any clock", () => {
    const step = fc.record({
      key: fc.constantFrom("a", "b", "c", "d"),
      life: fc.integer({ min: -500, max: 5_000 }),
      tick: fc.oneof(fc.integer({ min: -3_000, max: 3_000 }), fc.constant(10_000_000)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = new MemoryReplayStore();
        const claimed: { key: string; until: number }[] = [];
        let [now, latest] = [1_000_000, 0];
        for (const { key, life, tick } of steps) {
          now += tick;
          latest = Math.max(latest, now);
          const until = now + life;
          const live = claimed.some((one) => one.key === key && one.until > latest);
          const known = claimed.some((one) => one.key === key);
          const answer = store.claim(key, until, now);
          if (live || until <= latest) expect(answer).toBe(false);
          if (!known && until > latest) expect(answer).toBe(true);
          if (answer) claimed.push({ key, until });
        }
      }),
    );
  });
});
