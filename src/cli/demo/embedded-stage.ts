/** The stage on the embedded store, with a journal. @module */
import type { TreeNode } from "../../coordinator/store.js";
import type { Call } from "../../guard/decision.js";
import type { Guard } from "../../guard/guard.js";
import { openEmbedded } from "../../memory/embedded.js";
import { BrokenPromise } from "./narrator.js";
import { ISSUER, type Stage, TOOL_SERVER } from "./stage.js";
import type { Found, Tool } from "./tools.js";

/** Nodes of the story's tree are few: one page holds them. */
const NODES_MAX = 100;

/** @throws {DelegationError} as `openEmbedded` */
export async function openStage(
  journal: string,
  tools: Readonly<Record<string, Tool>>,
): Promise<Stage> {
  const engine = await openEmbedded({ issuer: ISSUER, journal });
  const guard = await engine.guard({ name: "tools", audience: TOOL_SERVER });
  const nodes = async (tree: string): Promise<readonly TreeNode[]> =>
    (await engine.store.page(engine.tenant, tree, { limit: NODES_MAX })).nodes;
  return {
    open: (root) => engine.open(root),
    run: (call) => runOn(guard, tools, call),
    preview: (boundary) => engine.preview(boundary),
    revoke: (boundary, why) => engine.revoke(boundary, why),
    nodes,
    close: () => engine.close(),
  };
}

/** Runs the tool that a call names, where the guard lets it. */
export function runOn(
  guard: Guard,
  tools: Readonly<Record<string, Tool>>,
  call: Call,
): Promise<Found> {
  return guard.run(call, (allowed) => {
    const tool = tools[call.tool];
    if (tool === undefined) throw new BrokenPromise(`no such tool: ${call.tool}`);
    return tool(allowed.arguments, allowed.signal);
  });
}
