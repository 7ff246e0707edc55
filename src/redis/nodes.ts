/** Chains and pages of trees. A page is put together from steps that never hold the server up. @module */
import { decodeBase64url, encodeBase64url } from "../base/base64url.js";
import { decodeUtf8, parseJson } from "../base/json.js";
import { PAGE_MAX } from "../base/limits.js";
import type { TreeNode, TreePage } from "../coordinator/store.js";
import { type Authority, parseAuthority } from "../wire/grant.js";
import type { HopRecord } from "../wire/record.js";
import type { Ground } from "./ground.js";
import { type Reply, unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import { HOP_TEXTS, listAt, readHop, readState, textAt, wholeAt } from "./shown.js";

/** A node, and the hop that took its place. */
export interface FoundNode extends TreeNode {
  readonly successor: string;
}

/** Some nodes, and whether others follow. */
export interface Step {
  readonly nodes: readonly FoundNode[];
  readonly total: number;
  readonly more: boolean;
}

export interface PageOptions {
  readonly from?: string;
  readonly cursor?: string;
  readonly limit: number;
  readonly depth?: number;
}

/** Root first. */
export async function chainOf(
  ground: Ground,
  { tenant, tree, hop }: { tenant: string; tree: string; hop: string },
): Promise<readonly FoundNode[]> {
  const args = [tenant, tree, hop];
  const reply = await ground.look(ground.partitionOf(tree), SCRIPTS.lookChain, args);
  return nodesOf(tenant, tree, reply, 0);
}

export async function pageOf(
  ground: Ground,
  tenant: string,
  tree: string,
  options: PageOptions,
): Promise<TreePage> {
  const isLimit = Number.isInteger(options.limit) && options.limit > 0;
  const limit = isLimit ? Math.min(options.limit, PAGE_MAX) : 0;
  const nodes: TreeNode[] = [];
  for (let cursor = cursorIn(options.cursor); ; ) {
    const wanted = isLimit ? limit - nodes.length : 0;
    const step = await stepOf(ground, tenant, tree, { ...options, cursor, limit: wanted });
    nodes.push(...step.nodes.map(bare));
    const last = step.nodes.at(-1);
    if (!step.more || last === undefined) return { nodes, total: step.total };
    if (nodes.length >= limit) {
      const next = encodeBase64url(Buffer.from(last.hop.id));
      return { nodes, next, total: step.total };
    }
    cursor = `=${last.hop.id}`;
  }
}

/** `cursor`: empty, or `=` and the hop that the last step ended with. */
export async function stepOf(
  ground: Ground,
  tenant: string,
  tree: string,
  options: PageOptions & { readonly cursor: string },
): Promise<Step> {
  const { from = "", cursor, limit, depth = "" } = options;
  const args = [tenant, tree, from, cursor, limit, depth];
  const reply = await ground.look(ground.partitionOf(tree), SCRIPTS.lookPage, args);
  const nodes = nodesOf(tenant, tree, reply, 2);
  return { nodes, total: wholeAt(reply, 0), more: textAt(reply, 1) === "more" };
}

/** Authorities at `from`, and behind them one list for each node. */
function nodesOf(tenant: string, tree: string, reply: readonly Reply[], from: number): FoundNode[] {
  const told = listAt(reply, from);
  const authorities = new Map<string, Authority>();
  for (let at = 0; at < told.length; at += 2) {
    authorities.set(textAt(told, at), readAuthority(textAt(told, at + 1)));
  }
  return reply.slice(from + 1).map((_, index) => {
    const node = listAt(reply, from + 1 + index);
    const hop = readHop(tenant, tree, node);
    return {
      hop,
      effective: readState(textAt(node, HOP_TEXTS)),
      children: wholeAt(node, HOP_TEXTS + 1),
      descendants: wholeAt(node, HOP_TEXTS + 2),
      authority: authorityIn(authorities, hop),
      successor: textAt(node, HOP_TEXTS + 3),
    };
  });
}

/** From the JSON that a store keeps. */
export function readAuthority(text: string): Authority {
  return parseAuthority(parseJson(text));
}

function authorityIn(authorities: ReadonlyMap<string, Authority>, hop: HopRecord): Authority {
  const authority = authorities.get(hop.authority);
  if (authority === undefined) throw unavailable("REPLY");
  return authority;
}

function bare({ successor: _, ...node }: FoundNode): TreeNode {
  return node;
}

/** A cursor that is none of ours is told so by the script, which looks at the tree first. */
function cursorIn(cursor: string | undefined): string {
  if (cursor === undefined) return "";
  try {
    return `=${decodeUtf8(decodeBase64url(cursor))}`;
  } catch {
    return "!";
  }
}
