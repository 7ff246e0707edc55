/**
 * Single values of claims: each read strictly, nothing coerced. A value is handed over with the claim's name: looking it up by
 * the name in here would be a look-up in objects of every kind.
 *
 * @module
 */
import { isBase64urlOf32 } from "../base/base64url.js";
import { DelegationError } from "../base/error.js";
import type { Json, JsonObject } from "../base/json-value.js";
import { NAME_CHARS_MAX } from "../base/limits.js";

export function text(value: Json | undefined, claim: string): string {
  if (isText(value)) return value;
  throw malformed(claim);
}

export function optionalText(value: Json | undefined, claim: string): string | undefined {
  return value === undefined ? undefined : text(value, claim);
}

export function optionalString(value: Json | undefined, claim: string): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw malformed(claim);
}

export function name(value: Json | undefined, claim: string): string {
  if (isName(value)) return value;
  throw malformed(claim);
}

export function whole(value: Json | undefined, claim: string): number {
  if (isWhole(value)) return value;
  throw malformed(claim);
}

/** NumericDate (RFC 7519 §2) in whole seconds; milliseconds beyond 2^53 − 1 are as far away as any. */
export function seconds(value: Json | undefined, claim: string): number {
  return Math.min(whole(value, claim) * 1_000, Number.MAX_SAFE_INTEGER);
}

/** NumericDate as RFC 7519 §2 has it: any number, so also before the epoch and between two seconds. */
export function instant(value: Json | undefined, claim: string): number {
  if (typeof value !== "number") throw malformed(claim);
  const ms = Math.floor(value * 1_000);
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(ms, Number.MAX_SAFE_INTEGER));
}

/** Present and `true`, or absent: `false` would be a second spelling of absent. */
export function flag(value: Json | undefined, claim: string): boolean {
  if (value === undefined || value === true) return value === true;
  throw malformed(claim);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isText(value: Json | undefined): value is string {
  return typeof value === "string" && value !== "";
}

export function isName(value: Json | undefined): value is string {
  return isText(value) && value.length <= NAME_CHARS_MAX;
}

export function isWhole(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** SHA-256 in base64url. */
export function isDigest(value: Json | undefined): value is string {
  return typeof value === "string" && isBase64urlOf32(value);
}

export function malformed(claim: string): DelegationError {
  return new DelegationError("malformed", "claim is missing, or not what it has to be", {
    rule: claim,
  });
}
