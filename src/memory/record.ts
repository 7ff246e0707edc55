/** What others see of a hop and a tree: plain records, made anew for each look. @module */
import type { TreeNode } from "../coordinator/store.js";
import type { HopRecord, TreeRecord } from "../wire/record.js";
import { countersOf } from "./counters.js";
import { effectiveState, hasLapsed, ownState } from "./judge.js";
import type { Hop, Tree } from "./model.js";

export function hopRecord(hop: Hop, at: number): HopRecord {
  const { parent, predecessor } = hop;
  const record: HopRecord = {
    tenant: hop.tree.tenant.name,
    tree: hop.tree.id,
    id: hop.id,
    depth: hop.depth,
    agent: hop.agent.name,
    identity: hop.identity,
    holder: hop.holder,
    authority: hop.kept.digest,
    state: ownState(hop, at),
    createdAt: hop.createdAt,
    expiresAt: hop.expiresAt,
    origin: hop.origin,
    bearer: hop.bearer,
    position: hop.position,
    counters: countersOf(hop.tally),
  };
  // Added rather than spread: a record is made for each hop, and spreading costs as much as all the rest.
  if (parent !== undefined) record.parent = parent.id;
  if (predecessor !== undefined) record.predecessor = predecessor.id;
  return record;
}

export function treeRecord(tree: Tree, at: number): TreeRecord {
  const { lease } = tree;
  return {
    tenant: tree.tenant.name,
    id: tree.id,
    principal: { issuer: tree.principal.issuer, subject: tree.principal.subject },
    trigger: tree.trigger,
    createdAt: tree.createdAt,
    expiresAt: tree.expiresAt,
    ...(lease === undefined
      ? {}
      : { lease: { until: lease.until, state: hasLapsed(tree, at) ? "lapsed" : lease.state } }),
  };
}

export function treeNode(hop: Hop, at: number): TreeNode {
  return {
    hop: hopRecord(hop, at),
    effective: effectiveState(hop, at),
    children: hop.children,
    descendants: hop.descendants,
    authority: hop.kept.authority,
  };
}
