/** Host names, and the one way of writing a URL that every URL parser reads alike. @module */
import { parseAddress } from "./ip.js";

/** Schemes that a `host` constraint knows, with the port that each means when none is written. */
export const SCHEME_PORTS: Readonly<Record<Scheme, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
};
export type Scheme = "http" | "https" | "ws" | "wss";

/** Where an argument points: a bare host has no scheme. */
export interface Target {
  readonly scheme: Scheme | undefined;
  readonly host: string;
  readonly port: number | undefined;
}

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
/** WHATWG URL reads a host whose last label is such a number as an IPv4 address. */
const NUMBER = /^(?:[0-9]+|0x[0-9a-f]*)$/;
const TARGET = /^(?:(https?|wss?):\/\/)?([a-z0-9.-]{1,253})(?::([1-9][0-9]{0,4}))?(\/[!-[\]-~]*)?$/;

/** Lower-case DNS name (LDH labels, no trailing dot), or an IPv4 address in plain dotted decimal. */
export function isHost(text: string): boolean {
  if (isName(text)) return true;
  return text.length <= 253 && NAME.test(text) && parseAddress(text) !== undefined;
}

/** A host that no reader takes for an address. */
function isName(text: string): boolean {
  if (text.length > 253 || !NAME.test(text)) return false;
  return !NUMBER.test(text.slice(text.lastIndexOf(".") + 1));
}

/** A host, or `*.` before a name: every name below it, not the name itself. */
export function isHostPattern(text: string): boolean {
  if (!text.startsWith("*.")) return isHost(text);
  return isName(text.slice(2));
}

/**
 * Reads `host`, `host:port` or `scheme://host[:port][/…]`, or refuses with undefined.
 *
 * Refused, not repaired: upper case, user info, IPv6 literals, numeric IPv4 other than dotted decimal, a trailing dot,
 * anything but printable ASCII, back-slashes, a query or fragment without a path before it.
 */
export function parseTarget(text: string): Target | undefined {
  if (text.length > 8_192) return undefined;
  const match = TARGET.exec(text);
  if (match === null) return undefined;
  const [, scheme, host = "", port, rest] = match;
  if (!isHost(host) || (scheme === undefined && rest !== undefined)) return undefined;
  if (port !== undefined && Number(port) > 65_535) return undefined;
  return {
    scheme: scheme as Scheme | undefined,
    host,
    port: port === undefined ? undefined : Number(port),
  };
}
