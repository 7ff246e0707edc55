/** Exact money: a table for the grammar, whole numbers as the model for sums. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addDecimal,
  compareDecimal,
  formatDecimal,
  parseDecimal,
  ZERO,
} from "../../src/base/decimal.js";
import { DECIMAL_DIGITS_MAX } from "../../src/base/limits.js";

describe("parseDecimal", () => {
  test.each<[string, bigint, number]>([
    ["0", 0n, 0],
    ["0.00", 0n, 2],
    ["200", 200n, 0],
    ["200.00", 20_000n, 2],
    ["0.000000000000000001", 1n, 18],
    ["9".repeat(36), 10n ** 36n - 1n, 0],
    [`${"9".repeat(18)}.${"9".repeat(18)}`, 10n ** 36n - 1n, 18],
  ])("reads %s exactly", (text, units, scale) => {
    expect(parseDecimal(text)).toEqual({ units, scale });
  });

  test.each([
    ["nothing", ""],
    ["a minus", "-1"],
    ["a plus", "+1"],
    ["an exponent", "1e3"],
    ["a leading zero", "01"],
    ["a bare point", "1."],
    ["a point first", ".5"],
    ["two points", "1.2.3"],
    ["a comma", "1,00"],
    ["a space", " 1"],
    ["a line end", "1\n"],
    ["a hexadecimal number", "0x1"],
    ["NaN", "NaN"],
    ["other digits", "١"],
    ["19 digits after the point", "0.0000000000000000001"],
    ["37 digits", "9".repeat(37)],
    ["37 digits with a point", `${"9".repeat(19)}.${"9".repeat(18)}`],
    ["a very long amount", "9".repeat(1_000_000)],
  ])("refuses %s", (_what, text) => {
    expect(() => parseDecimal(text)).toThrow(expect.objectContaining({ code: "malformed" }));
  });
});

describe("arithmetic", () => {
  const amount = fc
    .record({
      units: fc.bigInt({ min: 0n, max: 10n ** 17n }),
      scale: fc.integer({ min: 0, max: 18 }),
    })
    .filter(({ units, scale }) => Math.max(units.toString().length, scale + 1) <= 36);
  /** Everything in units of 10^-18: whole numbers, which cannot round. */
  const model = ({ units, scale }: { units: bigint; scale: number }) =>
    units * 10n ** BigInt(18 - scale);

  test("prints what parses to the same amount", () => {
    fc.assert(
      fc.property(amount, (decimal) => {
        expect(parseDecimal(formatDecimal(decimal))).toEqual(decimal);
      }),
    );
  });

  test("adds and compares like whole numbers of the smallest unit", () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const sum = addDecimal(a, b);
        expect(model(sum)).toBe(model(a) + model(b));
        expect(sum.scale).toBe(Math.max(a.scale, b.scale));
        const difference = model(a) - model(b);
        expect(compareDecimal(a, b)).toBe(difference === 0n ? 0 : difference < 0n ? -1 : 1);
        expect(compareDecimal(sum, a)).toBe(b.units === 0n ? 0 : 1);
      }),
    );
  });

  test("adds ten dimes to one, which floats do not", () => {
    let sum = ZERO;
    for (let i = 0; i < 10; i++) sum = addDecimal(sum, parseDecimal("0.10"));
    expect(formatDecimal(sum)).toBe("1.00");
    expect(compareDecimal(sum, parseDecimal("1"))).toBe(0);
  });

  test("refuses a sum that could not be read again", () => {
    const largest = parseDecimal("9".repeat(DECIMAL_DIGITS_MAX));
    expect(addDecimal(largest, ZERO)).toEqual(largest);
    expect(() => addDecimal(largest, parseDecimal("1"))).toThrow(
      expect.objectContaining({ code: "ceiling_exceeded" }),
    );
  });
});
