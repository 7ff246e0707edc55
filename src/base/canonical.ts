/** Canonical JSON (RFC 8785): one text for one value, so that a digest names the value. @module */
import { sha256Base64url } from "./digest.js";
import { DelegationError } from "./error.js";
import { JSON_DEPTH_MAX } from "./limits.js";
import { isWellFormed } from "./unicode.js";

/**
 * The canonical text of `value`: no white space, members in ascending order of their names' UTF-16 code units, numbers
 * and strings as ECMAScript writes them (RFC 8785 §3.2).
 *
 * Takes what JSON can say: `null`, booleans, finite numbers, well-formed strings, dense arrays and plain objects (with
 * or without prototype). A member that is `undefined` is refused, not left out. Native serialization does the work when
 * the members are in order already. O(n), and O(m log m) per object of m members out of order.
 *
 * @throws {DelegationError} `non_finite` for NaN and infinities; `malformed` for all else that JSON cannot say, and for
 *   nesting beyond `JSON_DEPTH_MAX` (so for cycles too).
 */
export function canonicalize(value: unknown): string {
  const inOrder = check(value, JSON_DEPTH_MAX);
  return inOrder ? JSON.stringify(value) : write(value as Checked);
}

/** SHA-256 of the canonical text, in base64url. Throws as {@link canonicalize} does. */
export function canonicalDigest(value: unknown): string {
  return sha256Base64url(canonicalize(value));
}

/** A value that {@link check} has passed. */
type Checked = null | boolean | number | string | readonly Checked[] | Members;
type Members = { readonly [name: string]: Checked };

/** Refuses what JSON cannot say; answers whether native serialization would write all members in order. */
function check(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
      if (!isWellFormed(value)) throw refusal("a lone surrogate");
      return true;
    case "number":
      if (!Number.isFinite(value)) throw new DelegationError("non_finite", "number is not finite");
      return true;
    case "boolean":
      return true;
    case "object":
      return value === null || checkContainer(value, depth);
    default:
      throw refusal(`a value of type ${typeof value}`);
  }
}

function checkContainer(value: object, depth: number): boolean {
  if (depth === 0) throw refusal("nesting beyond the ceiling");
  // Native serialization would call it, even where it is inherited or not enumerable.
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") throw refusal("an own toJSON");
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    if (prototype !== Array.prototype) throw refusal("an array of another class");
    return checkItems(value, depth - 1);
  }
  if (prototype !== Object.prototype && prototype !== null) throw refusal("an object of a class");
  return checkMembers(value as Readonly<Record<string, unknown>>, depth - 1);
}

/** A hole reads as `undefined` and is refused as such. */
function checkItems(items: readonly unknown[], depth: number): boolean {
  let inOrder = true;
  for (let i = 0; i < items.length; i++) inOrder = check(items[i], depth) && inOrder;
  return inOrder;
}

function checkMembers(members: Readonly<Record<string, unknown>>, depth: number): boolean {
  const names = Object.keys(members);
  let inOrder = true;
  let before: string | undefined;
  for (const name of names) {
    if (!isWellFormed(name)) throw refusal("a lone surrogate in a member's name");
    if (before !== undefined && before > name) inOrder = false;
    before = name;
    inOrder = check(members[name], depth) && inOrder;
  }
  return inOrder;
}

/** Writes by hand. An object cannot be put in order instead: array-like names ("10") always come first, by number. */
function write(value: Checked): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(write).join(",")}]`;
  // The default order of sort() is that of UTF-16 code units.
  const names = Object.keys(value).sort();
  let text = "";
  for (const name of names) {
    const comma = text === "" ? "" : ",";
    text += `${comma}${JSON.stringify(name)}:${write(value[name] ?? null)}`;
  }
  return `{${text}}`;
}

function isArray(value: readonly Checked[] | Members): value is readonly Checked[] {
  return Array.isArray(value);
}

function refusal(what: string): DelegationError {
  return new DelegationError("malformed", `json cannot say ${what}`);
}
