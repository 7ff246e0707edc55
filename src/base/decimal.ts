/** Exact decimal amounts of money: strings on the outside, whole numbers of small units inside, never floats. @module */
import { DelegationError } from "./error.js";
import { DECIMAL_DIGITS_MAX } from "./limits.js";

/** A non-negative decimal, `units` × 10^-`scale`: 200.00 is 20000 units of scale 2. Made by {@link parseDecimal}. */
export interface Decimal {
  readonly units: bigint;
  /** Digits after the point, 0 to 18. */
  readonly scale: number;
}

/** Zero, written `0`. */
export const ZERO: Decimal = { units: 0n, scale: 0 };

const DECIMAL = /^(0|[1-9][0-9]*)(?:\.([0-9]{1,18}))?$/;

/**
 * Parses an amount such as `0`, `200` or `200.00`. Trailing zeros are kept.
 *
 * @throws {DelegationError} `malformed` for signs, exponents, leading zeros, a bare point, white space, more than 18
 *   digits after the point, or more than `DECIMAL_DIGITS_MAX` digits in all.
 */
export function parseDecimal(text: string): Decimal {
  // The point is the one character that is no digit; the length is bounded before the expression runs.
  const parts = text.length <= DECIMAL_DIGITS_MAX + 1 ? DECIMAL.exec(text) : null;
  const [, whole = "", fraction = ""] = parts ?? [];
  if (parts === null || whole.length + fraction.length > DECIMAL_DIGITS_MAX) {
    throw new DelegationError("malformed", "not a decimal amount");
  }
  return { units: BigInt(whole + fraction), scale: fraction.length };
}

/**
 * The exact sum, at the larger of the two scales.
 *
 * @throws {DelegationError} `ceiling_exceeded` when the sum needs more than `DECIMAL_DIGITS_MAX` digits.
 */
export function addDecimal(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  const units = unitsAt(a, scale) + unitsAt(b, scale);
  if (units < UNITS_END) return { units, scale };
  throw new DelegationError("ceiling_exceeded", "sum of amounts has too many digits", {
    rule: "decimal",
  });
}

/** −1, 0 or 1 as `a` is less than, equal to or more than `b`; 1.0 equals 1.00. */
export function compareDecimal(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const scale = Math.max(a.scale, b.scale);
  const left = unitsAt(a, scale);
  const right = unitsAt(b, scale);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** The amount as {@link parseDecimal} reads it, with all digits of its scale. */
export function formatDecimal({ units, scale }: Decimal): string {
  const digits = units.toString().padStart(scale + 1, "0");
  if (scale === 0) return digits;
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

const UNITS_END = 10n ** BigInt(DECIMAL_DIGITS_MAX);

/** The units of `amount` at a scale that is not smaller than its own. */
function unitsAt(amount: Decimal, scale: number): bigint {
  return amount.units * 10n ** BigInt(scale - amount.scale);
}
