/** The stage on the embedded store, with a journal. @module */
import type { TreeNode } from "../../coordinator/store.js";
import { openEmbedded } from "../../memory/embedded.js";
import { ISSUER, type Stage, TOOL_SERVER } from "./stage.js";

/** Nodes of the story's tree are few: one page holds them. */
const NODES_MAX = 100;

/** @throws {DelegationError} as `openEmbedded` */
export async function openStage(journal: string): Promise<Stage> {
  const engine = await openEmbedded({ issuer: ISSUER, journal });
  const guard = await engine.guard({ name: "tools", audience: TOOL_SERVER });
  const nodes = async (tree: string): Promise<readonly TreeNode[]> =>
    (await engine.store.page(engine.tenant, tree, { limit: NODES_MAX })).nodes;
  return {
    open: (root) => engine.open(root),
    run: (call, tool) => guard.run(call, tool),
    preview: (boundary) => engine.preview(boundary),
    revoke: (boundary, why) => engine.revoke(boundary, why),
    nodes,
    close: () => engine.close(),
  };
}
