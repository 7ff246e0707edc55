/** What a cut would stop: counted by walking up to a ceiling, estimated beyond. Never in the way of the cut itself. @module */
import { PREVIEW_WALK_MAX } from "../base/limits.js";
import type { Preview } from "../coordinator/store.js";
import { type HopState, isFinal } from "../lifecycle/state.js";
import type { Boundary } from "../wire/cut.js";
import { hopIn } from "./cuts.js";
import { effectiveState } from "./judge.js";
import type { Hop, Tenant } from "./model.js";
import { following } from "./pages.js";

/** Hops that a cut would newly stop: what has ended already is not counted. */
export function previewOf(
  tenant: Tenant | undefined,
  boundary: Boundary,
  at: number,
  walkMax = PREVIEW_WALK_MAX,
): Preview {
  const byState: Partial<Record<HopState, number>> = {};
  const agents = new Set<string>();
  const tools = new Set<string>();
  const principals = new Set<object>();
  let walked = 0;
  let hops = 0;
  for (const hop of candidates(tenant, boundary)) {
    if (walked === walkMax) {
      const kept = Math.max(hops, keptCount(tenant, boundary));
      return preview(kept, byState, agents, tools, principals.size, true);
    }
    walked += 1;
    if (!covers(boundary, hop)) continue;
    const state = effectiveState(hop, at);
    if (isFinal(state)) continue;
    hops += 1;
    byState[state] = (byState[state] ?? 0) + 1;
    agents.add(hop.agent.name);
    principals.add(hop.tree.principal);
    for (const tool of Object.keys(hop.kept.authority.tools)) tools.add(tool);
  }
  return preview(hops, byState, agents, tools, principals.size, false);
}

function preview(
  hops: number,
  byState: Preview["byState"],
  agents: Set<string>,
  tools: Set<string>,
  principals: number,
  estimate: boolean,
): Preview {
  return {
    hops,
    byState,
    agents: [...agents].sort(),
    tools: [...tools].sort(),
    principals,
    estimate,
  };
}

/** The hops among which the covered ones are. */
function* candidates(tenant: Tenant | undefined, boundary: Boundary): Generator<Hop> {
  if (tenant === undefined) return;
  switch (boundary.kind) {
    case "hop":
    case "below":
      for (const top of withSuccessors(hopIn(tenant, boundary.tree, boundary.hop))) {
        yield* subtree(top);
      }
      return;
    case "tree":
      for (let top = tenant.trees.get(boundary.tree)?.first; top; top = top.nextSibling) {
        yield* subtree(top);
      }
      return;
    default:
      yield* tenant.hops.values();
  }
}

function* subtree(from: Hop): Generator<Hop> {
  const frame = { tree: from.tree, from, deepest: Number.POSITIVE_INFINITY };
  for (let hop: Hop | undefined = from; hop !== undefined; hop = following(frame, hop)) yield hop;
}

function withSuccessors(hop: Hop | undefined): Hop[] {
  const found = hop === undefined ? [] : [hop];
  for (const one of found) found.push(...(one.extra?.successors ?? []));
  return found;
}

function covers(boundary: Boundary, hop: Hop): boolean {
  switch (boundary.kind) {
    case "below":
      return isBelow(boundary.hop, hop);
    case "agent":
    case "ban":
      return inChain(hop, (one) => one.agent.name === boundary.agent);
    case "key":
      return inChain(hop, (one) => one.holder === boundary.thumbprint);
    case "principal": {
      const { issuer, subject } = hop.tree.principal;
      return issuer === boundary.issuer && subject === boundary.subject;
    }
    default:
      return true;
  }
}

/** The hop that the cut names lives on, and so does the successor that stands in its place. */
function isBelow(id: string, hop: Hop): boolean {
  let place: Hop | undefined = hop;
  while (place !== undefined) {
    if (place.id === id) return false;
    place = place.predecessor;
  }
  return true;
}

function inChain(hop: Hop, meets: (one: Hop) => boolean): boolean {
  for (let one: Hop | undefined = hop; one !== undefined; one = one.parent) {
    if (meets(one)) return true;
  }
  return false;
}

/** From the counts that are kept of every subtree, agent and tenant. */
function keptCount(tenant: Tenant | undefined, boundary: Boundary): number {
  if (tenant === undefined) return 0;
  switch (boundary.kind) {
    case "hop":
    case "below": {
      const hop = hopIn(tenant, boundary.tree, boundary.hop);
      return (hop?.descendants ?? 0) + (boundary.kind === "hop" ? 1 : 0);
    }
    case "tree":
      return tenant.trees.get(boundary.tree)?.hops ?? 0;
    case "agent":
    case "ban":
      return tenant.agents.get(boundary.agent)?.hops ?? 0;
    case "epoch":
      return tenant.hops.size;
    default:
      return 0;
  }
}
