/** What a call costs: the guard's own configuration, never the request. @module */
import { compareDecimal, parseDecimal, ZERO } from "../base/decimal.js";
import { DelegationError } from "../base/error.js";
import type { Json } from "../base/json.js";
import type { Limits } from "../wire/grant.js";
import type { Invocation } from "../wire/invocation.js";

/** Currency to decimal string. Undefined: this guard has no price for the call. */
export type CostOf = (
  tool: string,
  args: Readonly<Record<string, Json>>,
) => Readonly<Record<string, string>> | undefined;

/**
 * Prices a call under `limits`.
 *
 * @throws {DelegationError} `spend_unpriced` when spend is limited and the call has no price, or one that is no decimal;
 *   `budget_exhausted` for a currency that the limit does not name.
 */
export function priceOf(
  limits: Limits,
  invocation: Invocation,
  costOf: CostOf | undefined,
  hop: string,
): Readonly<Record<string, string>> {
  const { spend } = limits;
  if (spend === undefined) return {};
  const price = costOf?.(invocation.tool, invocation.arguments);
  if (price === undefined) throw unpriced(hop, undefined);
  for (const [currency, amount] of Object.entries(price)) {
    if (!isPositive(amount, hop) || Object.hasOwn(spend, currency)) continue;
    throw new DelegationError("budget_exhausted", "spend is not granted in this currency", {
      hop,
      rule: `limits.spend.${currency}`,
    });
  }
  return price;
}

function isPositive(amount: string, hop: string): boolean {
  try {
    return compareDecimal(parseDecimal(amount), ZERO) > 0;
  } catch (cause) {
    throw unpriced(hop, cause);
  }
}

function unpriced(hop: string, cause: unknown): DelegationError {
  return new DelegationError("spend_unpriced", "spend is limited and the call has no price", {
    hop,
    rule: "limits.spend",
    cause,
  });
}
