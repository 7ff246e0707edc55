/** How a grant differs from the one above it: what was kept, what was dropped, what became narrower. @module */
import { canonicalize } from "../base/canonical.js";
import type { Authority } from "../wire/grant.js";

/** Places in the words of the grant: tools by name, scopes as `scope:…`, limits as `limit:…`. */
export interface Difference {
  readonly kept: readonly string[];
  readonly dropped: readonly string[];
  readonly narrowed: readonly string[];
}

/** Compares a hop's authority with its parent's; at a root everything is kept. */
export function differenceOf(parent: Authority | undefined, own: Authority): Difference {
  const before = parent === undefined ? undefined : partsOf(parent);
  const after = partsOf(own);
  const kept: string[] = [];
  const narrowed: string[] = [];
  for (const [place, text] of after) {
    const same = before === undefined || before.get(place) === text;
    (same ? kept : narrowed).push(place);
  }
  const dropped = [...(before?.keys() ?? [])].filter(
    // A limit that is not stated is the parent's; everything else that is gone is gone.
    (place) => !after.has(place) && !place.startsWith("limit:"),
  );
  return { kept, dropped, narrowed };
}

function partsOf(authority: Authority): Map<string, string> {
  const parts = new Map<string, string>();
  for (const [tool, map] of Object.entries(authority.tools)) parts.set(tool, canonicalize(map));
  for (const scope of authority.scopes) parts.set(`scope:${scope}`, "");
  for (const [name, limit] of Object.entries(authority.limits)) {
    parts.set(`limit:${name}`, canonicalize(limit));
  }
  if (authority.audience.length > 0) {
    parts.set("audience", canonicalize([...authority.audience].sort()));
  }
  if (authority.ceilings.length > 0) parts.set("ceilings", canonicalize(authority.ceilings));
  return parts;
}
