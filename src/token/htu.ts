/** `htu`: the one spelling of a request's URL (RFC 9449 §4.3, RFC 3986 §6.2.2 and §6.2.3). @module */
import { proofInvalid } from "./proof-fault.js";

const ESCAPE = /%[0-9a-fA-F]{2}/g;
const UNRESERVED = /^[A-Za-z0-9._~-]$/;

/**
 * The URL without query and fragment, normalised: scheme and host in lower case, no default port, no dot segments,
 * escapes in upper case and none that is not needed. The path's case counts.
 *
 * @throws {DelegationError} `proof_invalid` for anything but an absolute http(s) URL without credentials.
 */
export function normalizeHtu(text: string): string {
  const url = parse(text);
  const web = url.protocol === "https:" || url.protocol === "http:";
  if (!web || url.username !== "" || url.password !== "") {
    throw proofInvalid("url is not one of http without credentials", "htu");
  }
  return url.origin + url.pathname.replace(ESCAPE, normalizeEscape);
}

function parse(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw proofInvalid("url is not absolute", "htu", cause);
  }
}

function normalizeEscape(escaped: string): string {
  const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  return UNRESERVED.test(character) ? character : escaped.toUpperCase();
}
