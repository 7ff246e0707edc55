/** `legate tree`: the trees of a tenant, or one of them from a hop downwards. @module */
import { PAGE_MAX } from "../base/limits.js";
import type { DelegationStore, TreeNode } from "../coordinator/store.js";
import type { NamedBoundary } from "../wire/cut.js";
import type { TreeRecord } from "../wire/record.js";
import { principalIn } from "./boundary.js";
import { CommandError, EXIT, type ExitCode } from "./exit.js";
import { drawTree } from "./forest.js";
import { diffGrants } from "./grant-diff.js";
import type { Opened } from "./state.js";
import type { Terminal } from "./terminal.js";
import { count, expiry, instant, signs, span, stateWord } from "./wording.js";

/** What the command was told. */
export interface TreeOptions {
  readonly depth?: number;
  readonly limit: number;
  readonly each: boolean;
  /** Lists those trees alone where this agent acts. */
  readonly agent?: string;
  /** Lists those trees alone that this person asked for: `ISSUER#SUBJECT`. */
  readonly principal?: string;
}

/** Prints one tree, or all of them when `id` is absent. */
export async function tree(
  terminal: Terminal,
  opened: Opened,
  id: string | undefined,
  options: TreeOptions,
): Promise<ExitCode> {
  if (id === undefined) await list(terminal, opened, options.limit, namedBy(options));
  else await one(terminal, opened, id, options);
  return EXIT.ok;
}

/** @throws {CommandError} `usage` */
function namedBy({ agent, principal }: TreeOptions): NamedBoundary | undefined {
  if (agent !== undefined && principal !== undefined) {
    throw new CommandError(EXIT.usage, "an agent's trees, or a person's: name one");
  }
  if (agent !== undefined) return { kind: "agent", agent };
  if (principal === undefined) return undefined;
  const [issuer, subject] = principalIn(principal);
  return { kind: "principal", issuer, subject };
}

async function list(
  terminal: Terminal,
  { store, tenant, now }: Opened,
  limit: number,
  of: NamedBoundary | undefined,
) {
  let shown = 0;
  let cursor: string | undefined;
  do {
    const page = await store.trees(tenant, {
      limit: Math.min(PAGE_MAX, limit - shown),
      ...(of === undefined ? {} : { of }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const record of page.trees) await listed(terminal, store, record, now);
    shown += page.trees.length;
    cursor = page.next;
  } while (cursor !== undefined && shown < limit);
  if (shown === 0) terminal.say("no trees");
  else if (cursor !== undefined) terminal.say(`${signs(terminal).more} more trees (--limit)`);
  else terminal.say(`${count(shown, "tree")}; legate tree ID shows one of them`);
}

async function listed(
  terminal: Terminal,
  store: DelegationStore,
  record: TreeRecord,
  now: number,
): Promise<void> {
  const { tenant, id, principal, trigger, createdAt, expiresAt } = record;
  const { nodes, total } = await store.page(tenant, id, { limit: 1 });
  const root = nodes[0];
  if (terminal.json) {
    terminal.record({
      tree: id,
      principal,
      trigger,
      agent: root?.hop.agent,
      effective: root?.effective,
      hops: total,
      createdAt: instant(createdAt),
      expiresAt: instant(expiresAt),
    });
    return;
  }
  const facts = [
    id,
    terminal.tone("strong", principal.subject),
    ...(root === undefined ? [] : [root.hop.agent, stateWord(terminal, root.effective)]),
    count(total, "hop"),
    `opened ${span(now - createdAt)} ago`,
    trigger,
  ];
  terminal.out(facts.join("  "));
}

async function one(
  terminal: Terminal,
  opened: Opened,
  id: string,
  { depth, limit, each }: TreeOptions,
): Promise<void> {
  const { store, tenant, now } = opened;
  const from = await store.hop(tenant, id);
  const record = from === undefined ? undefined : await store.tree(tenant, from.tree);
  if (from === undefined || record === undefined) {
    throw new CommandError(
      EXIT.notFound,
      `hop_not_found: no such tree or hop: ${id}`,
      "legate tree lists the trees",
    );
  }
  const { nodes, total } = await load(opened, record.id, {
    ...(id === record.id ? {} : { from: id }),
    limit,
    ...(depth === undefined ? {} : { depth }),
  });
  if (terminal.json) {
    const byId = new Map(nodes.map((node) => [node.hop.id, node]));
    for (const node of nodes) terminal.record(recordOf(node, byId.get(node.hop.parent ?? "")));
    return;
  }
  const { lost, narrower } = signs(terminal);
  terminal.out(
    `${terminal.tone("strong", record.principal.subject)} (${record.principal.issuer}) asks: ${record.trigger}`,
  );
  for (const line of drawTree(nodes, { terminal, now, each })) terminal.out(line);
  if (record.lease?.state === "held") terminal.say(`lease ${expiry(record.lease.until, now)}`);
  terminal.say(
    `${count(total, "hop")}; ${lost} not handed on, ${narrower} narrower than above; legate show HOP tells more`,
  );
}

/** Depth-first, up to `limit` nodes, page after page. */
async function load(
  { store, tenant }: Opened,
  tree: string,
  { from, depth, limit }: { from?: string; depth?: number; limit: number },
): Promise<{ nodes: TreeNode[]; total: number }> {
  const nodes: TreeNode[] = [];
  let cursor: string | undefined;
  let total = 0;
  do {
    const page = await store.page(tenant, tree, {
      ...(from === undefined ? {} : { from }),
      limit: Math.min(PAGE_MAX, limit - nodes.length),
      ...(depth === undefined ? {} : { depth }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    nodes.push(...page.nodes);
    total = page.total;
    cursor = page.next;
  } while (cursor !== undefined && nodes.length < limit);
  return { nodes, total };
}

/** A node for programs. `lost` and `narrowed` only where the parent is among the nodes. */
function recordOf(node: TreeNode, parent: TreeNode | undefined): object {
  const { hop, effective, authority, children, descendants } = node;
  const diff = parent === undefined ? undefined : diffGrants(parent.authority, authority);
  return {
    hop: hop.id,
    tree: hop.tree,
    parent: hop.parent,
    depth: hop.depth,
    agent: hop.agent,
    identity: hop.identity,
    state: hop.state,
    effective,
    tools: Object.keys(authority.tools),
    scopes: authority.scopes,
    lost: diff?.dropped,
    narrowed: diff?.narrowed.map(({ what }) => what),
    children,
    descendants,
    createdAt: instant(hop.createdAt),
    expiresAt: instant(hop.expiresAt),
  };
}
