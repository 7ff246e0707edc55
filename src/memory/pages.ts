/** Trees in pages: depth-first, stable while hops are added, at a cost that does not grow with the tree. @module */
import { decodeBase64url, encodeBase64url } from "../base/base64url.js";
import { DelegationError } from "../base/error.js";
import { decodeUtf8 } from "../base/json.js";
import { PAGE_MAX } from "../base/limits.js";
import type { TreeNode, TreePage } from "../coordinator/store.js";
import type { NamedBoundary } from "../wire/cut.js";
import type { TreeRecord } from "../wire/record.js";
import { hopIn } from "./cuts.js";
import { unknown } from "./make.js";
import type { Hop, Tenant, Tree } from "./model.js";
import { treeNode, treeRecord } from "./record.js";

/** Part of a tree that a page may show. */
interface Frame {
  readonly tree: Tree;
  /** Absent: the whole tree, with the successors of its root. */
  readonly from: Hop | undefined;
  /** Deepest level that is shown. */
  readonly deepest: number;
}

export interface PageOptions {
  readonly from?: string;
  readonly cursor?: string;
  readonly limit: number;
  readonly depth?: number;
}

/** @throws {DelegationError} `hop_not_found`; `invalid_request` for a limit or cursor that is none. */
export function pageOf(
  tenant: Tenant | undefined,
  id: string,
  options: PageOptions,
  at: number,
): TreePage {
  const tree = tenant?.trees.get(id);
  const from = options.from === undefined ? undefined : hopIn(tenant, id, options.from);
  if (tree === undefined || (options.from !== undefined && from === undefined)) {
    throw unknown(options.from ?? id);
  }
  const limit = limitOf(options.limit);
  const levels = options.depth ?? Number.POSITIVE_INFINITY;
  const frame: Frame = { tree, from, deepest: (from?.depth ?? 0) + levels };
  const nodes: TreeNode[] = [];
  let hop = options.cursor === undefined ? (from ?? tree.first) : after(frame, options.cursor);
  let last: Hop | undefined;
  for (; hop !== undefined && nodes.length < limit; hop = following(frame, hop)) {
    nodes.push(treeNode(hop, at));
    last = hop;
  }
  const total = from === undefined ? tree.hops : from.descendants + 1;
  if (hop === undefined || last === undefined) return { nodes, total };
  return { nodes, next: encodeBase64url(Buffer.from(last.id)), total };
}

/** Root first. @throws {DelegationError} `hop_not_found` */
export function chainOf(leaf: Hop, at: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let hop: Hop | undefined = leaf; hop !== undefined; hop = hop.parent) {
    nodes.push(treeNode(hop, at));
  }
  return nodes.reverse();
}

/** Roots, newest first. @throws {DelegationError} `invalid_request` */
export function treesOf(
  tenant: Tenant | undefined,
  options: { readonly cursor?: string; readonly limit: number; readonly of?: NamedBoundary },
  at: number,
): { trees: readonly TreeRecord[]; next?: string } {
  const limit = limitOf(options.limit);
  const opened = tenant?.opened ?? [];
  const before = options.cursor === undefined ? opened.length : indexOf(options.cursor);
  const trees: TreeRecord[] = [];
  for (let index = Math.min(before, opened.length) - 1; index >= 0; index--) {
    const tree = opened[index];
    if (tree === undefined || !isOf(tree, options.of)) continue;
    if (trees.length === limit) return { trees, next: String(index + 1) };
    trees.push(treeRecord(tree, at));
  }
  return { trees };
}

function isOf(tree: Tree, named: NamedBoundary | undefined): boolean {
  if (named === undefined) return true;
  if (named.kind === "principal") {
    const { issuer, subject } = tree.principal;
    return issuer === named.issuer && subject === named.subject;
  }
  for (let top = tree.first; top !== undefined; top = top.nextSibling) {
    const frame = { tree, from: top, deepest: Number.POSITIVE_INFINITY };
    for (let hop: Hop | undefined = top; hop !== undefined; hop = following(frame, hop)) {
      if (hop.agent.name === named.agent) return true;
    }
  }
  return false;
}

/** The hop that comes next in depth-first order, siblings in order of making. */
export function following({ from, deepest }: Frame, hop: Hop): Hop | undefined {
  if (hop.depth < deepest && hop.firstChild !== undefined) return hop.firstChild;
  for (let up: Hop | undefined = hop; up !== undefined && up !== from; up = up.parent) {
    if (up.nextSibling !== undefined) return up.nextSibling;
  }
  return undefined;
}

/** Where a page goes on that ended with the hop that the cursor names. */
function after(frame: Frame, cursor: string): Hop | undefined {
  const last = hopIn(frame.tree.tenant, frame.tree.id, nameIn(cursor));
  if (last === undefined || !isInside(frame, last)) throw badCursor();
  return following(frame, last);
}

function isInside({ from, deepest }: Frame, hop: Hop): boolean {
  if (hop.depth > deepest) return false;
  if (from === undefined) return true;
  for (let up: Hop | undefined = hop; up !== undefined; up = up.parent)
    if (up === from) return true;
  return false;
}

function nameIn(cursor: string): string {
  try {
    return decodeUtf8(decodeBase64url(cursor));
  } catch {
    throw badCursor();
  }
}

function indexOf(cursor: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(cursor)) return Number(cursor);
  throw badCursor();
}

function limitOf(limit: number): number {
  if (Number.isInteger(limit) && limit > 0) return Math.min(limit, PAGE_MAX);
  throw new DelegationError("invalid_request", "limit is no positive whole number", {
    rule: "limit",
  });
}

function badCursor(): DelegationError {
  return new DelegationError("invalid_request", "cursor is none of ours", { rule: "cursor" });
}
