/** `inspect`: a node, a chain, or a page of a tree, with counts, effective state, and how each grant differs from the one above. @module */
import { DelegationError } from "../base/error.js";
import { PAGE_MAX } from "../base/limits.js";
import type { Authority } from "../wire/grant.js";
import type { TreeRecord } from "../wire/record.js";
import { parseShape } from "../wire/shape.js";
import { pageRequestSchema, treesRequestSchema } from "../wire/verb-request.js";
import type { Operator } from "./actor.js";
import type { Context } from "./context.js";
import { type Difference, differenceOf } from "./difference.js";
import type { TreeNode } from "./store.js";

/** A node as people look at it. */
export interface InspectedNode extends TreeNode {
  readonly difference: Difference;
}

/** A page of a tree, depth first. */
export interface InspectedPage {
  readonly tree: TreeRecord;
  readonly nodes: readonly InspectedNode[];
  /** Absent on the last page. */
  readonly next?: string;
  readonly total: number;
}

/** One hop. @throws {DelegationError} `hop_not_found`, alike for another tenant's */
export async function inspectNode(
  ctx: Context,
  who: Operator,
  hop: string,
): Promise<InspectedNode> {
  const leaf = (await inspectChain(ctx, who, hop)).at(-1);
  if (leaf === undefined) throw new DelegationError("hop_not_found", "no such hop");
  return leaf;
}

/** All hops from the root to one. @throws {DelegationError} `hop_not_found`, alike for another tenant's */
export async function inspectChain(
  ctx: Context,
  who: Operator,
  hop: string,
): Promise<readonly InspectedNode[]> {
  const nodes = await ctx.store.chain(tenantOf(ctx, who), hop);
  return nodes.map((node, index) => ({
    ...node,
    difference: differenceOf(nodes[index - 1]?.authority, node.authority),
  }));
}

/**
 * A page of a tree, or of what lies under one hop of it.
 *
 * @param input See `pageRequestSchema`.
 * @throws {DelegationError} `invalid_request`; `hop_not_found`, alike for another tenant's
 */
export async function inspectTree(
  ctx: Context,
  who: Operator,
  input: unknown,
): Promise<InspectedPage> {
  const {
    tree,
    from,
    cursor,
    limit = PAGE_MAX,
    depth,
  } = parseShape(pageRequestSchema, input, "invalid_request");
  const tenant = tenantOf(ctx, who);
  const record = await ctx.store.tree(tenant, tree);
  if (record === undefined) throw new DelegationError("hop_not_found", "no such tree");
  const page = await ctx.store.page(tenant, tree, {
    limit,
    ...(from === undefined ? {} : { from }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(depth === undefined ? {} : { depth }),
  });
  return { ...page, tree: record, nodes: await withDifferences(ctx, page.nodes) };
}

/** The trees of a tenant, newest first. */
export async function inspectTrees(
  ctx: Context,
  who: Operator,
  input: unknown = {},
): Promise<{ trees: readonly TreeRecord[]; next?: string }> {
  const { cursor, limit = PAGE_MAX } = parseShape(treesRequestSchema, input, "invalid_request");
  return ctx.store.trees(tenantOf(ctx, who), {
    limit,
    ...(cursor === undefined ? {} : { cursor }),
  });
}

/** Parents come before their children, mostly on the same page; the store is asked for the few that do not. */
async function withDifferences(
  ctx: Context,
  nodes: readonly TreeNode[],
): Promise<readonly InspectedNode[]> {
  const known = new Map<string, Authority | undefined>();
  const inspected: InspectedNode[] = [];
  for (const node of nodes) {
    known.set(node.hop.id, node.authority);
    const { parent, tenant, tree } = node.hop;
    if (parent !== undefined && !known.has(parent)) {
      const record = await ctx.store.hop(tenant, parent, tree);
      known.set(parent, record === undefined ? undefined : await ctx.store.authority(record));
    }
    const above = parent === undefined ? undefined : known.get(parent);
    inspected.push({ ...node, difference: differenceOf(above, node.authority) });
  }
  return inspected;
}

function tenantOf(ctx: Context, who: Operator): string {
  return who.tenant ?? ctx.config.tenant;
}
