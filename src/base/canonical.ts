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
 * or without prototype). A member that is `undefined` is refused, not left out. Native serialization does the work, on a
 * copy in order where the members are not. O(n), and O(m log m) per object of m members out of order.
 *
 * @throws {DelegationError} `non_finite` for NaN and infinities; `malformed` for all else that JSON cannot say, and for
 *   nesting beyond `JSON_DEPTH_MAX` (so for cycles too).
 */
export function canonicalize(value: unknown): string {
  return textOf(value, JSON_DEPTH_MAX);
}

function textOf(value: unknown, depth: number): string {
  switch (check(value, depth)) {
    case IN_ORDER:
      return JSON.stringify(value);
    case SORTABLE:
      return JSON.stringify(sorted(value as Checked));
    default:
      return write(value as Checked);
  }
}

/**
 * The same text of an object some of whose members' texts are known: those are not looked at again.
 *
 * @param known Canonical texts by name; a name that is no member adds nothing. Throws as {@link canonicalize} does.
 */
export function canonicalizeWith(members: object, known: ReadonlyMap<string, string>): string {
  requirePlain(members);
  let text = "";
  for (const name of inOrder(Object.keys(members))) {
    const value: unknown = (members as Readonly<Record<string, unknown>>)[name];
    const comma = text === "" ? "" : ",";
    text += `${comma}${quoted(name)}:${known.get(name) ?? memberText(value)}`;
  }
  return `{${text}}`;
}

/**
 * Native text of what {@link canonicalize} takes, its members as they stand: one value can have several, one text is of one
 * value only. Throws as {@link canonicalize} does.
 */
export function nativeText(value: unknown): string {
  check(value, JSON_DEPTH_MAX);
  return JSON.stringify(value);
}

/** SHA-256 of the canonical text, in base64url. Throws as {@link canonicalize} does. */
export function canonicalDigest(value: unknown): string {
  return sha256Base64url(canonicalize(value));
}

/** A value that {@link check} has passed. */
type Checked = null | boolean | number | string | readonly Checked[] | Members;
type Members = { readonly [name: string]: Checked };

/** How the members of a value stand: of two parts the larger number is the whole's. */
const IN_ORDER = 0;
/** Not in order, but a copy can be. */
const SORTABLE = 1;
/** A copy cannot either: array-like names ("10") always come first, by number, and `__proto__` is no member of one. */
const BY_HAND = 2;
type Order = typeof IN_ORDER | typeof SORTABLE | typeof BY_HAND;

/** Refuses what JSON cannot say; answers how native serialization can write all members in order. */
function check(value: unknown, depth: number): Order {
  switch (typeof value) {
    case "string":
      if (!isWellFormed(value)) throw refusal("a lone surrogate");
      return IN_ORDER;
    case "number":
      if (!Number.isFinite(value)) throw new DelegationError("non_finite", "number is not finite");
      return IN_ORDER;
    case "boolean":
      return IN_ORDER;
    case "object":
      return value === null ? IN_ORDER : checkContainer(value, depth);
    default:
      throw refusal(`a value of type ${typeof value}`);
  }
}

function checkContainer(value: object, depth: number): Order {
  if (depth === 0) throw refusal("nesting beyond the ceiling");
  if (Array.isArray(value)) {
    requireNoToJson(value);
    if (Object.getPrototypeOf(value) !== Array.prototype)
      throw refusal("an array of another class");
    return checkItems(value, depth - 1);
  }
  requirePlain(value);
  return checkMembers(value as Readonly<Record<string, unknown>>, depth - 1);
}

function requirePlain(value: object): void {
  requireNoToJson(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refusal("an object of a class");
}

/** Native serialization would call it, even where it is inherited or not enumerable. */
function requireNoToJson(value: object): void {
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") throw refusal("an own toJSON");
}

/** A hole reads as `undefined` and is refused as such. */
function checkItems(items: readonly unknown[], depth: number): Order {
  let order: Order = IN_ORDER;
  for (let i = 0; i < items.length; i++) order = worse(order, check(items[i], depth));
  return order;
}

function checkMembers(members: Readonly<Record<string, unknown>>, depth: number): Order {
  const names = Object.keys(members);
  let order: Order = IN_ORDER;
  let before: string | undefined;
  for (const name of names) {
    if (!isWellFormed(name)) throw refusal("a lone surrogate in a member's name");
    if (name === "__proto__") order = BY_HAND;
    if (before !== undefined && before > name) order = worse(order, SORTABLE);
    before = name;
    order = worse(order, check(members[name], depth));
  }
  return order === SORTABLE && names.some(isArrayLike) ? BY_HAND : order;
}

function worse(a: Order, b: Order): Order {
  return a > b ? a : b;
}

/** Roughly: whether a name might stand first in any object. */
function isArrayLike(name: string): boolean {
  return /^[0-9]/.test(name);
}

/** The same value with all members in order. */
function sorted(value: Checked): Checked {
  if (typeof value !== "object" || value === null) return value;
  if (isArray(value)) return value.map(sorted);
  const copy: Record<string, Checked> = {};
  // The default order of sort() is that of UTF-16 code units.
  for (const name of Object.keys(value).sort()) copy[name] = sorted(value[name] ?? null);
  return copy;
}

/** Writes by hand, member by member. */
function write(value: Checked): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(write).join(",")}]`;
  const names = Object.keys(value).sort();
  let text = "";
  for (const name of names) {
    const comma = text === "" ? "" : ",";
    text += `${comma}${JSON.stringify(name)}:${write(value[name] ?? null)}`;
  }
  return `{${text}}`;
}

/** Texts that are written as they are. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A member's text; its object counts as one level of nesting. */
function memberText(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  // ECMAScript's own way to write a finite number is RFC 8785's.
  if (typeof value === "number" && Number.isFinite(value)) return `${value}`;
  return textOf(value, JSON_DEPTH_MAX - 1);
}

/** Canonical text of one string. @throws {DelegationError} `malformed` for a lone surrogate. */
export function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : textOf(text, 0);
}

/** The default order of sort() is that of UTF-16 code units. */
function inOrder(names: string[]): string[] {
  for (let i = 1; i < names.length; i++) {
    if ((names[i - 1] ?? "") > (names[i] ?? "")) return names.sort();
  }
  return names;
}

function isArray(value: readonly Checked[] | Members): value is readonly Checked[] {
  return Array.isArray(value);
}

function refusal(what: string): DelegationError {
  return new DelegationError("malformed", `json cannot say ${what}`);
}
