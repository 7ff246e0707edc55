/**
 * What each constraint means, written as plainly as possible. Shares no code with the engine, so that a mistake in one is
 * not a mistake in both.
 *
 * @module
 */
import { isIPv4, isIPv6 } from "node:net";
import type { Json } from "../../src/base/json-value.js";
import type { Constraint } from "../../src/wire/constraint.js";

export function plainMeets(constraint: Constraint, value: Json): boolean {
  const text = JSON.stringify(value);
  switch (constraint.constraint_type) {
    case "wildcard":
      return true;
    case "exact":
      return JSON.stringify(constraint.value) === text;
    case "one_of":
      return constraint.values.some((one) => JSON.stringify(one) === text);
    case "not_one_of":
      if (text.startsWith("[") || text.startsWith("{")) return false;
      return !constraint.excluded.some((one) => JSON.stringify(one) === text);
    case "range":
      return plainRange(constraint, value);
    case "contains":
      if (!Array.isArray(value)) return false;
      return constraint.required.every((one) => has(value, one));
    case "subset":
      if (!Array.isArray(value)) return false;
      return value.every((member) => has(constraint.allowed, member));
    case "all":
      return constraint.constraints.every((clause) => plainMeets(clause, value));
    case "any":
      return constraint.constraints.some((clause) => plainMeets(clause, value));
    case "prefix":
      return (
        typeof value === "string" && value.slice(0, constraint.value.length) === constraint.value
      );
    case "path":
      return typeof value === "string" && plainPath(constraint.under, value);
    case "pattern":
      return typeof value === "string" && plainGlob(constraint, value);
    case "cidr":
      return typeof value === "string" && plainCidr(constraint.network, value);
    case "host":
      return typeof value === "string" && plainHost(constraint, value);
    case "time_window":
      return plainWindow(constraint, value);
    case "length":
      return plainLength(constraint, value);
  }
}

type Of<T> = Extract<Constraint, { constraint_type: T }>;

function has(list: readonly Json[], member: Json): boolean {
  return list.some((one) => JSON.stringify(one) === JSON.stringify(member));
}

function plainRange(range: Of<"range">, value: Json): boolean {
  if (typeof value !== "number" || Number.isNaN(value)) return false;
  if (range.min !== undefined) {
    if (value < range.min) return false;
    if (value === range.min && range.min_inclusive === false) return false;
  }
  if (range.max !== undefined) {
    if (value > range.max) return false;
    if (value === range.max && range.max_inclusive === false) return false;
  }
  return true;
}

function plainPath(under: string, value: string): boolean {
  const compatible = value.normalize("NFKC");
  if (
    value.normalize("NFC") !== value ||
    compatible.split("/").length !== value.split("/").length
  ) {
    return false;
  }
  const segments = plainSegments(value);
  if (segments === undefined || plainSegments(compatible) === undefined) return false;
  const wanted = plainSegments(under) ?? ["never"];
  return wanted.every((segment, i) => segments[i] === segment);
}

function plainSegments(path: string): string[] | undefined {
  if (path === "/") return [];
  const [first, ...segments] = path.split("/");
  if (first !== "" || segments.length === 0) return undefined;
  for (const segment of segments) {
    if (segment === "" || segment === "." || segment === "..") return undefined;
    for (const char of segment) {
      if (char === "\\" || char === "%" || char < " " || char === "\x7f") return undefined;
    }
  }
  return segments;
}

/** Tries every way to match; slow, and right for short texts. */
function plainGlob({ value: glob, separator = "/" }: Of<"pattern">, text: string): boolean {
  const matches = (g: string[], t: string[]): boolean => {
    const [head, ...rest] = g;
    const [char, ...later] = t;
    if (head === undefined) return char === undefined;
    if (head === "*" && rest[0] === "*") {
      return matches(rest.slice(1), t) || (char !== undefined && matches(g, later));
    }
    if (head === "*") {
      return matches(rest, t) || (char !== undefined && char !== separator && matches(g, later));
    }
    if (char === undefined) return false;
    if (head === "?") return char !== separator && matches(rest, later);
    if (head === "\\") return rest[0] === char && matches(rest.slice(1), later);
    return head === char && matches(rest, later);
  };
  return matches([...glob], [...text]);
}

/** An address as a family and one big number; mapped IPv6 is IPv4. */
function plainAddress(text: string): { bits: 32 | 128; number: bigint } | undefined {
  if (isIPv4(text)) {
    return {
      bits: 32,
      number: text.split(".").reduce((sum, octet) => sum * 256n + BigInt(octet), 0n),
    };
  }
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const number = plainIpv6(text);
  return number >> 32n === 0xffffn
    ? { bits: 32, number: number & 0xffffffffn }
    : { bits: 128, number };
}

function plainIpv6(text: string): bigint {
  const written = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const [head = "", tail] = written.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros =
    tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].reduce(
    (sum, group) => sum * 65_536n + BigInt(`0x${group}`),
    0n,
  );
}

function plainCidr(network: string, value: string): boolean {
  const [base = "", size = ""] = network.split("/");
  const inside = plainAddress(value);
  const around = plainAddress(base);
  if (inside === undefined || around === undefined) return false;
  const mapped = base.includes(":") && around.bits === 32;
  // A mapped network that is wider than the mapped block is a plain IPv6 network.
  if (mapped && Number(size) < 96) return inside.bits === 128 && Number(size) === 0;
  if (inside.bits !== around.bits) return false;
  const length = mapped ? Number(size) - 96 : Number(size);
  const rest = BigInt(around.bits - length);
  return inside.number >> rest === around.number >> rest;
}

/** Second opinion from the platform's own URL parser: what it would change is refused. */
function plainHost({ hosts, schemes, ports }: Of<"host">, value: string): boolean {
  for (const char of value) if (char <= " " || char > "~" || char === "\\") return false;
  const bare = !value.includes("://");
  if (bare && value.includes("/")) return false;
  const [scheme = "", ...after] = (bare ? `https://${value}` : value).split("://");
  const [authority = ""] = after.join("://").split("/");
  const [name = "", port, ...more] = authority.split(":");
  if (more.length > 0) return false;
  let url: URL;
  try {
    url = new URL(`${scheme}://${authority}/`);
  } catch {
    return false;
  }
  if (url.protocol !== `${scheme}:` || url.hostname !== name) return false;
  if (port !== undefined && String(Number(port)) !== port) return false;
  if (port === "0" || Number(port ?? 1) > 65_535) return false;
  for (const label of name.split(".")) {
    if (label === "" || label.length > 63 || label.startsWith("-") || label.endsWith("-"))
      return false;
    for (const char of label)
      if (!"abcdefghijklmnopqrstuvwxyz0123456789-".includes(char)) return false;
  }
  const named = hosts.some((host) =>
    host.startsWith("*.") ? name.endsWith(host.slice(1)) : host === name,
  );
  if (!named) return false;
  if (bare) {
    if (schemes !== undefined) return false;
    return ports === undefined ? port === undefined : ports.some((one) => String(one) === port);
  }
  if (!(schemes ?? ["https"]).some((one) => one === scheme)) return false;
  const usual = scheme === "http" || scheme === "ws" ? 80 : 443;
  return (ports ?? [usual]).includes(port === undefined ? usual : Number(port));
}

/** Seconds and millionths apart, so that nothing is rounded. */
function plainInstant(value: Json): { seconds: number; millionths: number } | undefined {
  if (typeof value === "number") {
    return Number.isInteger(value) && Math.abs(value) < 9e9
      ? { seconds: value, millionths: 0 }
      : undefined;
  }
  if (typeof value !== "string") return undefined;
  const match = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d)(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/.exec(value);
  if (match === null) return undefined;
  const [, day = "", time = "", fraction = ".0", zone = ""] = match;
  const ms = Date.parse(`${day}${time}${zone}`);
  const local = Date.parse(`${day}${time}Z`);
  if (Number.isNaN(ms) || new Date(local).toISOString() !== `${day}${time}.000Z`) return undefined;
  if (ms / 1_000 > 9e9) return undefined;
  return { seconds: ms / 1_000, millionths: Number(fraction.slice(1).padEnd(6, "0")) };
}

function plainWindow({ from, until }: Of<"time_window">, value: Json): boolean {
  const at = plainInstant(value);
  if (at === undefined) return false;
  const isAfter = (a: typeof at, b: typeof at): boolean =>
    a.seconds > b.seconds || (a.seconds === b.seconds && a.millionths > b.millionths);
  const start = from === undefined ? undefined : plainInstant(from);
  const end = until === undefined ? undefined : plainInstant(until);
  if (start !== undefined && isAfter(start, at)) return false;
  return end === undefined || !isAfter(at, end);
}

function plainLength({ min, max }: Of<"length">, value: Json): boolean {
  if (typeof value !== "string" && !Array.isArray(value)) return false;
  const size = Array.from(value).length;
  return (min === undefined || size >= min) && (max === undefined || size <= max);
}
