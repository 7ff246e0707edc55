/** Where things lie: partitions, prefixes, and what scripts derive keys from. @module */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HOPS_MAX, LIFETIME_MS_MAX } from "../../src/base/limits.js";
import { HOP_STATES } from "../../src/lifecycle/state.js";
import {
  baseKey,
  checkPartitions,
  checkPrefix,
  HOPS_PER_BUCKET,
  PARTITIONS_DEFAULT,
  PARTITIONS_MAX,
  partitionOf,
} from "../../src/redis/layout.js";
import { slotOf } from "../../src/redis/slot.js";

const lua = (name: string) =>
  readFileSync(new URL(`../../src/redis/lua/lib/${name}.lua`, import.meta.url), "utf8");

describe("partitions", () => {
  test.each([1, 2, 64, 1_024])("may be %i", (count) => {
    expect(checkPartitions(count)).toBe(count);
  });

  test.each([0, -1, 3, 1.5, 2_048, Number.NaN, 2 ** 32])("may not be %d", (count) => {
    expect(() => checkPartitions(count)).toThrow(
      expect.objectContaining({ code: "config_invalid", rule: "partitions" }),
    );
  });

  test("of a tree are the same for ever: the first 32 bits of its SHA-256", () => {
    expect(partitionOf("abc", PARTITIONS_MAX)).toBe(0xba7816bf % PARTITIONS_MAX);
    expect(partitionOf("abc", 1)).toBe(0);
  });

  test("get about the same number of trees each", () => {
    const counts = new Map<number, number>();
    for (let i = 0; i < 64_000; i++) {
      const partition = partitionOf(`tree-${i}`, PARTITIONS_DEFAULT);
      counts.set(partition, (counts.get(partition) ?? 0) + 1);
    }
    expect(counts.size).toBe(PARTITIONS_DEFAULT);
    expect(Math.min(...counts.values())).toBeGreaterThan(800);
    expect(Math.max(...counts.values())).toBeLessThan(1_200);
  });
});

describe("keys", () => {
  test.each(["", "a b", "a{b", "}", "a:b", "é", "x".repeat(65)])("take no prefix %j", (prefix) => {
    expect(() => checkPrefix(prefix)).toThrow(
      expect.objectContaining({ code: "config_invalid", rule: "prefix" }),
    );
  });

  test("of one partition lie in one slot, whatever stands behind its base", () => {
    const base = baseKey(checkPrefix("legate.test_1-x"), 17);
    fc.assert(
      fc.property(fc.string(), (rest) => {
        expect(slotOf(`${base}${rest}`)).toBe(slotOf(base));
      }),
      { numRuns: 30 },
    );
  });
});

describe("what scripts know by themselves", () => {
  test("is what the rest of the house knows", () => {
    expect(lua("tree")).toContain(`local BUCKET = ${HOPS_PER_BUCKET}\n`);
    expect(lua("make")).toContain(`local HOPS = ${HOPS_MAX} `);
    expect(lua("feed")).toContain(`local LIFETIME = ${LIFETIME_MS_MAX} `);
    const ranks = /RANK = \{([^}]*)\}/.exec(lua("judge"))?.[1] ?? "";
    const order = [...ranks.matchAll(/(\w+) = (\d+)/g)].map(([, state, rank]) => [state, rank]);
    expect(order).toEqual(HOP_STATES.map((state, index) => [state, String(index + 1)]));
    expect(lua("judge")).toContain(`RANK[state] > ${HOP_STATES.indexOf("completed")}`);
  });
});
