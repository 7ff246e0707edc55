/** Single values of claims: each read strictly, nothing coerced. @module */
import { DelegationError } from "../base/error.js";
import type { Json, JsonObject } from "../base/json-value.js";
import { NAME_CHARS_MAX } from "../base/limits.js";

export function text(claims: JsonObject, claim: string): string {
  const value = claims[claim];
  if (isText(value)) return value;
  throw malformed(claim);
}

export function optionalText(claims: JsonObject, claim: string): string | undefined {
  return claims[claim] === undefined ? undefined : text(claims, claim);
}

export function optionalString(claims: JsonObject, claim: string): string | undefined {
  const value = claims[claim];
  if (value === undefined || typeof value === "string") return value;
  throw malformed(claim);
}

export function name(claims: JsonObject, claim: string): string {
  const value = claims[claim];
  if (isName(value)) return value;
  throw malformed(claim);
}

export function whole(claims: JsonObject, claim: string): number {
  const value = claims[claim];
  if (isWhole(value)) return value;
  throw malformed(claim);
}

/** NumericDate (RFC 7519 §2) in whole seconds; milliseconds beyond 2^53 − 1 are as far away as any. */
export function seconds(claims: JsonObject, claim: string): number {
  return Math.min(whole(claims, claim) * 1_000, Number.MAX_SAFE_INTEGER);
}

/** Present and `true`, or absent: `false` would be a second spelling of absent. */
export function flag(claims: JsonObject, claim: string): boolean {
  const value = claims[claim];
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

/** SHA-256 in base64url: 43 characters, the last of which holds four bits. */
const DIGEST = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

export function isDigest(value: Json | undefined): value is string {
  return typeof value === "string" && value.length === 43 && DIGEST.test(value);
}

export function malformed(claim: string): DelegationError {
  return new DelegationError("malformed", "claim is missing, or not what it has to be", {
    rule: claim,
  });
}
