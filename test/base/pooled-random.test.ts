import { describe, expect, test } from "vitest";
import { pooled, seededRandom, systemRandom } from "../../src/base/random.js";

describe("pooled randomness", () => {
  test("gives the bytes of its source, each once, and asks for them in portions", () => {
    let draws = 0;
    const source = seededRandom(7);
    const random = pooled((n) => {
      draws += 1;
      return source(n);
    });
    const given = Array.from({ length: 400 }, () => [...random(10)]).flat();
    expect(given).toEqual([...seededRandom(7)(4_096)].slice(0, 4_000));
    expect(draws).toBe(1);
  });

  test("never gives the same bytes twice, nor bytes that it has wiped", () => {
    const random = pooled(systemRandom);
    const seen = new Set<string>();
    const kept = Array.from({ length: 2_000 }, () => random(16));
    for (const bytes of kept) seen.add(Buffer.from(bytes).toString("hex"));
    expect(seen.size).toBe(2_000);
  });

  test("hands large wishes on", () => {
    expect(pooled(systemRandom)(10_000)).toHaveLength(10_000);
  });
});
