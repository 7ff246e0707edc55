/** The name of an authority: its digest, under which a store keeps it once for all hops that share it. @module */
import { canonicalizeWith } from "../base/canonical.js";
import { sha256Base64url } from "../base/digest.js";
import type { Authority } from "../wire/grant.js";
import { isSharedToolMap, sharedTextOf } from "../wire/shared-tool-map.js";

/**
 * SHA-256 of the canonical text. With tools that are shared and no limits but counts, it is known when the last authority
 * with the very same tools said the same: those are handed on again and again.
 */
export function digestOfAuthority(authority: Authority): string {
  const { tools } = authority;
  const last = LAST.get(tools);
  if (last !== undefined && saysTheSame(last, authority)) return last.digest;
  const digest = sha256Base64url(canonicalizeWith(authority, toolsTextOf(tools)));
  if (isSharedToolMap(tools) && saysTheSame(authority, authority)) {
    const { audience, limits } = authority;
    LAST.set(tools, { audience: [...audience], limits: { ...limits }, digest });
  }
  return digest;
}

interface Remembered extends Pick<Authority, "audience" | "limits"> {
  readonly digest: string;
}

const LAST = new WeakMap<object, Remembered>();

/** Whether `authority` has that audience and those limits, all of them counts, and neither scopes nor ceilings. */
function saysTheSame(
  { audience, limits }: Pick<Authority, "audience" | "limits">,
  authority: Authority,
): boolean {
  if (authority.scopes.length > 0 || authority.ceilings.length > 0) return false;
  if (audience.length !== authority.audience.length) return false;
  for (let at = 0; at < audience.length; at++) {
    if (audience[at] !== authority.audience[at]) return false;
  }
  return haveSameCounts(limits, authority.limits);
}

function haveSameCounts(some: object, others: object): boolean {
  const names = Object.keys(some);
  if (names.length !== Object.keys(others).length) return false;
  for (const name of names) {
    const count = (some as Readonly<Record<string, unknown>>)[name];
    if (typeof count !== "number") return false;
    if (count !== (others as Readonly<Record<string, unknown>>)[name]) return false;
  }
  return true;
}

/** The text of tools where it is known, by the name that they have in a grant. */
export function toolsTextOf(tools: Authority["tools"]): ReadonlyMap<string, string> {
  const text = sharedTextOf(tools);
  return text === undefined ? NO_TEXTS : new Map([["tools", text]]);
}

const NO_TEXTS: ReadonlyMap<string, string> = new Map();
