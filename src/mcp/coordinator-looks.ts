/** The coordinator's tools and resources that only look: each at its caller's own subtree. @module */
import { MCP_AUDIT_LINES_MAX, MCP_PAGE_DEFAULT } from "../base/limits.js";
import type { InspectedNode } from "../coordinator/inspect.js";
import { gatesOf, refusalsOf } from "../grant/evaluate.js";
import { explain as explainGrants } from "../grant/explain.js";
import type { AuditLine } from "../wire/event.js";
import type { Grant } from "../wire/grant.js";
import { parseInvocation } from "../wire/invocation.js";
import type { ToolInput, ToolOutput } from "../wire/mcp-tools.js";
import { type Desk, hopNamed } from "./coordinator-desk.js";
import type { Caller } from "./coordinator-engine.js";

/** A page of the caller's subtree. */
export async function inspect(
  desk: Desk,
  caller: Caller,
  { hop: named, depth, limit = MCP_PAGE_DEFAULT, cursor }: ToolInput<"delegation_inspect_tree">,
): Promise<ToolOutput<"delegation_inspect_tree">> {
  const from = hopNamed(desk, caller, named);
  await caller.reach(from);
  const { tree } = caller.chain;
  const { nodes, total, next } = await desk.engine.coordinator.inspectTree(caller.asOperator, {
    tree,
    from,
    limit,
    ...(depth === undefined ? {} : { depth }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  return {
    tree,
    ancestors: [...caller.ancestors],
    nodes: nodes.map(shown),
    total,
    ...(next === undefined ? {} : { next }),
  };
}

function shown({ hop, effective, children, descendants, authority }: InspectedNode) {
  const { id, parent, agent, identity, state, expiresAt, counters } = hop;
  return {
    hop: id,
    ...(parent === undefined ? {} : { parent }),
    agent,
    identity,
    state,
    effective,
    children,
    descendants,
    expiresAt: Math.floor(expiresAt / 1_000),
    tools: Object.keys(authority.tools).sort(),
    scopes: [...authority.scopes].sort(),
    calls: counters.calls,
  };
}

/**
 * What the hops from the caller's own down to one say to a call. Grants above are no narrower, so they have nothing to add; their budgets
 * are used up by all that hangs below them, so what is left is the least over the whole path.
 */
export async function explain(
  desk: Desk,
  caller: Caller,
  { hop: named, tool, arguments: args = {}, audience: at }: ToolInput<"delegation_explain">,
): Promise<ToolOutput<"delegation_explain">> {
  const { above, below: nodes } = await caller.path(hopNamed(desk, caller, named));
  const leaf = nodes.at(-1) ?? nodes[0];
  const audience = at ?? leaf.authority.audience[0] ?? "";
  const invocation = parseInvocation({ tool, arguments: args, audience });
  const grants = nodes.map(grantOf);
  const hops = nodes.map(({ hop }) => hop.id);
  const refused = nodes.flatMap((node, index) =>
    refusalsOf(grantOf(node), invocation, index === nodes.length - 1).map(({ code, rule }) => ({
      hop: node.hop.id,
      code: `${code}`,
      rule,
    })),
  );
  const path = [...above, ...nodes];
  const reasons = [...refused, ...path.flatMap(spentBy)];
  const callsLeft = least(path.flatMap(callsLeftOf));
  const { effective } = leaf;
  if (effective !== "active") {
    reasons.push({ hop: leaf.hop.id, code: "hop_not_active", rule: effective });
  }
  const denied = reasons.length > 0;
  const approvals = denied ? 0 : gatesOf(grants, invocation).reduce(addApprovers, 0);
  return {
    hop: leaf.hop.id,
    effective,
    verdict: denied ? "deny" : approvals > 0 ? "ask" : "allow",
    reasons,
    wouldPass: [...(explainGrants(grants, hops, invocation)?.wouldPass ?? [])],
    approvals,
    ...(callsLeft === undefined ? {} : { callsLeft }),
  };
}

function addApprovers(sum: number, { gate }: ReturnType<typeof gatesOf>[number]): number {
  return sum + gate.approvers;
}

function grantOf({ hop, authority }: InspectedNode): Grant {
  return { ...authority, expiresAt: hop.expiresAt };
}

/** Calls that a hop's own budget leaves to it and all below it; none where it states none. */
function callsLeftOf({ hop, authority }: InspectedNode): number[] {
  const { calls } = authority.limits;
  return calls === undefined ? [] : [Math.max(0, calls - hop.counters.calls)];
}

function least(numbers: readonly number[]): number | undefined {
  return numbers.length === 0 ? undefined : Math.min(...numbers);
}

function spentBy(node: InspectedNode) {
  if (least(callsLeftOf(node)) !== 0) return [];
  return [{ hop: node.hop.id, code: "budget_exhausted", rule: "limits.calls" }];
}

/** Lines of the audit log about the caller's subtree, without what others have to say about it. */
export async function auditOf(
  { engine }: Desk,
  caller: Caller,
  from: number,
): Promise<{ readonly lines: readonly object[]; readonly next?: number }> {
  const { tenant, tree } = caller.chain;
  const page = await engine.store.audit({ tenant, tree, from, limit: MCP_AUDIT_LINES_MAX });
  const within = new Map<string, boolean>([[caller.own, true]]);
  const lines: object[] = [];
  for (const line of page) {
    const told = await about(line, (hop) => isWithin(caller, hop, within));
    if (told !== undefined) lines.push(told);
  }
  const last = page.at(-1);
  const more = page.length === MCP_AUDIT_LINES_MAX && last !== undefined;
  return more ? { lines, next: last.seq + 1 } : { lines };
}

async function isWithin(
  caller: Caller,
  hop: string,
  known: Map<string, boolean>,
): Promise<boolean> {
  const before = known.get(hop);
  if (before !== undefined) return before;
  const within = await caller.sees(hop);
  known.set(hop, within);
  return within;
}

async function about(
  { seq, at, event }: AuditLine,
  within: (hop: string) => Promise<boolean>,
): Promise<object | undefined> {
  const { kind, hop, agent, tool, decision, code, rule, by, ticket } = event;
  const line = { seq, at, kind };
  const calls = event.data?.calls;
  if (Array.isArray(calls)) {
    const ours: object[] = [];
    for (const call of calls) {
      const of = typeof call === "object" && call !== null && !Array.isArray(call) ? call.hop : "";
      if (typeof of === "string" && (await within(of))) ours.push(call as object);
    }
    return ours.length === 0 ? undefined : { ...line, calls: ours };
  }
  if (hop === undefined || !(await within(hop))) return undefined;
  const told = { hop, agent, tool, decision, code, rule, by, ticket };
  return {
    ...line,
    ...Object.fromEntries(Object.entries(told).filter(([, is]) => is !== undefined)),
  };
}
