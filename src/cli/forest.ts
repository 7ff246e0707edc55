/** Trees as lines of text: children under their parents, equal siblings together, what is left out counted. @module */
import type { TreeNode } from "../coordinator/store.js";
import { diffGrants, type Narrowing } from "./grant-diff.js";
import type { Terminal } from "./terminal.js";
import { count, expiry, signs, stateWord } from "./wording.js";

/** Siblings from this many on, childless and alike, become one line. */
const ALIKE_MIN = 3;
/** Lost and narrowed rights that one line names. */
const NAMED_MAX = 5;

/** How to draw. */
export interface Drawing {
  readonly terminal: Terminal;
  readonly now: number;
  /** Draws each sibling, however alike they are. */
  readonly each: boolean;
  /** Leaves out times and ids. */
  readonly brief?: boolean;
}

/** A node and those below it that are to be drawn. */
interface Branch {
  readonly node: TreeNode;
  readonly parent: TreeNode | undefined;
  readonly children: Branch[];
}

/** @param nodes Depth-first, as the store pages them. A root that was narrowed has its successor beside it. */
export function drawTree(nodes: readonly TreeNode[], drawing: Drawing): string[] {
  return topsOf(nodes).flatMap((top) => drawBranch(top, "", "", drawing));
}

function topsOf(nodes: readonly TreeNode[]): Branch[] {
  const byId = new Map<string, Branch>();
  const tops: Branch[] = [];
  for (const node of nodes) {
    const above = node.hop.parent === undefined ? undefined : byId.get(node.hop.parent);
    const branch: Branch = { node, parent: above?.node, children: [] };
    byId.set(node.hop.id, branch);
    (above?.children ?? tops).push(branch);
  }
  return tops;
}

function drawBranch(branch: Branch, first: string, rest: string, drawing: Drawing): string[] {
  const lines = [`${first}${nodeLine(branch, drawing)}`];
  const groups = grouped(branch.children, drawing.each);
  const hidden = branch.node.children - branch.children.length;
  const arms = armsOf(drawing.terminal);
  for (const [index, group] of groups.entries()) {
    const last = index === groups.length - 1 && hidden <= 0;
    const [one] = group;
    if (one === undefined) continue;
    const head = `${rest}${last ? arms.last : arms.next}`;
    if (group.length > 1) lines.push(`${head}${groupLine(group, one, drawing)}`);
    else lines.push(...drawBranch(one, head, `${rest}${last ? arms.gap : arms.down}`, drawing));
  }
  if (hidden > 0) {
    const more = `${signs(drawing.terminal).more} ${hidden.toLocaleString("en-US")} more (--limit, --depth, or legate tree ${branch.node.hop.id})`;
    lines.push(`${rest}${arms.last}${drawing.terminal.tone("faint", more)}`);
  }
  return lines;
}

function armsOf({ unicode }: Terminal) {
  return unicode
    ? { next: "├─ ", last: "└─ ", down: "│  ", gap: "   " }
    : { next: "|- ", last: "`- ", down: "|  ", gap: "   " };
}

/** In order of making; those alike stand where the first of them does. */
function grouped(children: readonly Branch[], each: boolean): Branch[][] {
  const groups = new Map<string, Branch[]>();
  for (const child of children) {
    const { hop, effective } = child.node;
    const alike = [hop.agent, hop.identity, effective, hop.authority, hop.bearer].join("\n");
    const key = each || child.node.children > 0 ? hop.id : alike;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [child]);
    else group.push(child);
  }
  return [...groups.values()].flatMap((group) =>
    group.length >= ALIKE_MIN ? [group] : group.map((one) => [one]),
  );
}

function nodeLine(branch: Branch, drawing: Drawing): string {
  const { node } = branch;
  const { terminal, now, brief } = drawing;
  const below = node.descendants > 0 ? [`${node.descendants.toLocaleString("en-US")} below`] : [];
  const facts = [...named(branch, terminal.tone("strong", node.hop.agent), terminal), ...below];
  if (brief === true) return facts.join("  ");
  if (node.effective === "active") facts.push(expiry(node.hop.expiresAt, now));
  return [...facts, terminal.tone("faint", node.hop.id)].join("  ");
}

function groupLine(group: readonly Branch[], one: Branch, { terminal }: Drawing): string {
  const { times } = signs(terminal);
  const name = `${terminal.tone("strong", one.node.hop.agent)} ${times} ${group.length.toLocaleString("en-US")}`;
  return [...named(one, name, terminal), terminal.tone("faint", "(--each shows every one)")].join(
    "  ",
  );
}

/** Who, in which state, with what, and what its parent had besides. */
function named({ node, parent }: Branch, name: string, terminal: Terminal): string[] {
  const { tools, scopes } = node.authority;
  const holds = [
    count(Object.keys(tools).length, "tool"),
    ...(scopes.length > 0 ? [count(scopes.length, "scope")] : []),
  ].join(", ");
  return [name, stateWord(terminal, node.effective), holds, ...changes(node, parent, terminal)];
}

function changes(node: TreeNode, parent: TreeNode | undefined, terminal: Terminal): string[] {
  if (parent === undefined) return [];
  const { dropped, narrowed } = diffGrants(parent.authority, node.authority);
  const { lost, narrower } = signs(terminal);
  return [
    ...few(
      dropped.map((name) => `${lost} ${name}`),
      terminal,
    ),
    ...few([...new Set(narrowed.map((change) => `${narrower} ${newForm(change)}`))], terminal),
  ];
}

function few(texts: readonly string[], terminal: Terminal): string[] {
  if (texts.length <= NAMED_MAX) return [...texts];
  const { more } = signs(terminal);
  return [...texts.slice(0, NAMED_MAX), `${more} ${texts.length - NAMED_MAX} more`];
}

/** Limits are short enough to be told whole. */
function newForm({ of, to }: Narrowing): string {
  return of.startsWith("limits.") && to.length < 12 ? `${of.slice("limits.".length)} ${to}` : of;
}
