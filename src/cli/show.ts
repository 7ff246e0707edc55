/** `legate show`: one hop: where it stands, how it came to be, and what it may do beside its parent. @module */
import type { TreeNode } from "../coordinator/store.js";
import type { TreeRecord } from "../wire/record.js";
import { terse } from "./constraint-words.js";
import { EXIT, type ExitCode } from "./exit.js";
import { diffGrants, type GrantDiff, limitLines } from "./grant-diff.js";
import { lineageOf, type Opened } from "./state.js";
import type { Terminal } from "./terminal.js";
import { expiry, instant, signs, span, stateWord } from "./wording.js";

/** Prints the hop. @throws {CommandError} `notFound` */
export async function show(terminal: Terminal, opened: Opened, id: string): Promise<ExitCode> {
  const { tree, nodes, leaf } = await lineageOf(opened, id);
  const parent = nodes.at(-2);
  const diff = parent === undefined ? undefined : diffGrants(parent.authority, leaf.authority);
  if (terminal.json) terminal.record(recordOf(tree, nodes, leaf, diff));
  else
    for (const line of linesOf(terminal, opened.now, { tree, nodes, leaf, diff }))
      terminal.out(line);
  return EXIT.ok;
}

interface Shown {
  readonly tree: TreeRecord;
  readonly nodes: readonly TreeNode[];
  readonly leaf: TreeNode;
  readonly diff: GrantDiff | undefined;
}

function linesOf(terminal: Terminal, now: number, shown: Shown): string[] {
  const { tree, nodes, leaf, diff } = shown;
  return [
    ...factLines(terminal, now, leaf, nodes, tree),
    "",
    terminal.tone("heading", "chain"),
    ...chainLines(terminal, tree, nodes),
    "",
    terminal.tone("heading", "grant"),
    ...grantLines(leaf),
    ...(diff === undefined
      ? []
      : ["", terminal.tone("heading", "beside its parent"), ...diffLines(terminal, diff)]),
  ];
}

function factLines(
  terminal: Terminal,
  now: number,
  leaf: TreeNode,
  nodes: readonly TreeNode[],
  tree: TreeRecord,
): string[] {
  const { hop } = leaf;
  const cause =
    nodes.find(({ hop: above }) => above.state === leaf.effective) ??
    nodes.find(({ hop: above }) => above.state !== "active");
  const inherited =
    leaf.effective === hop.state || cause === undefined
      ? ""
      : ` (${cause.hop.agent} above is ${cause.hop.state})`;
  const facts: (readonly [string, string])[] = [
    ["hop", hop.id],
    ["tree", hop.tree],
    ["agent", `${hop.agent} (${hop.identity})`],
    ["state", `${stateWord(terminal, leaf.effective)}${inherited}`],
    ["asked by", `${tree.principal.subject} (${tree.principal.issuer}): ${tree.trigger}`],
    [
      "made",
      `${instant(hop.createdAt)}, ${span(now - hop.createdAt)} ago, ${hop.origin === "link" ? "offline, by its parent" : "by the coordinator"}`,
    ],
    ["ends", `${instant(hop.expiresAt)}, ${expiry(hop.expiresAt, now)}`],
    ["holder", `key with thumbprint ${hop.holder}${hop.bearer ? ", bearer" : ""}`],
    ["used", usedLine(leaf)],
    ...(hop.predecessor === undefined ? [] : [["replaces", hop.predecessor] as const]),
  ];
  return facts.map(([name, value]) => `${name.padEnd(9)} ${value}`);
}

function usedLine({ hop, authority, children, descendants }: TreeNode): string {
  const { limits } = authority;
  const of = (limit: number | undefined) => (limit === undefined ? "" : ` of ${limit}`);
  const spent = Object.entries(hop.counters.spend).map(
    ([currency, amount]) =>
      `${amount}${limits.spend?.[currency] === undefined ? "" : ` of ${limits.spend[currency]}`} ${currency}`,
  );
  return [
    `${hop.counters.calls}${of(limits.calls)} calls`,
    `${children}${of(limits.children)} children`,
    `${descendants}${of(limits.descendants)} below`,
    ...spent,
  ].join(", ");
}

function chainLines(terminal: Terminal, tree: TreeRecord, nodes: readonly TreeNode[]): string[] {
  const arm = terminal.unicode ? "└─ " : "`- ";
  return [
    `${tree.principal.subject}`,
    ...nodes.map(
      ({ hop, effective }, depth) =>
        `${"   ".repeat(depth)}${arm}${terminal.tone("strong", hop.agent)}  ${stateWord(terminal, effective)}  ${terminal.tone("faint", hop.id)}`,
    ),
  ];
}

function grantLines({ authority }: TreeNode): string[] {
  const tools = Object.entries(authority.tools).flatMap(([tool, args]) => {
    const constraints = Object.entries(args);
    if (constraints.length === 0) return [`  ${tool}  any arguments`];
    return constraints.map(([name, constraint]) => `  ${tool}  ${name}: ${terse(constraint)}`);
  });
  return [
    ...tools,
    ...authority.scopes.map((scope) => `  scope ${scope}`),
    ...(authority.audience.length === 0 ? [] : [`  at ${authority.audience.join(", ")}`]),
    ...limitLines(authority.limits).map(([name, value]) => `  limit ${name}: ${value}`),
  ];
}

function diffLines(terminal: Terminal, { kept, dropped, narrowed }: GrantDiff): string[] {
  const sign = signs(terminal);
  const lines = [
    ...kept.map((name) => `  ${sign.kept} ${name}`),
    ...narrowed.map(
      ({ what, from, to }) =>
        `  ${terminal.tone("warn", sign.narrower)} ${what}: ${from} ${sign.to} ${to}`,
    ),
    ...dropped.map((name) => `  ${terminal.tone("bad", sign.lost)} ${name}`),
  ];
  return lines.length === 0 ? ["  the same"] : lines;
}

function recordOf(
  tree: TreeRecord,
  nodes: readonly TreeNode[],
  leaf: TreeNode,
  diff: GrantDiff | undefined,
): object {
  const { hop, effective, authority, children, descendants } = leaf;
  return {
    hop: hop.id,
    tree: hop.tree,
    parent: hop.parent,
    agent: hop.agent,
    identity: hop.identity,
    state: hop.state,
    effective,
    principal: tree.principal,
    trigger: tree.trigger,
    origin: hop.origin,
    holder: hop.holder,
    createdAt: instant(hop.createdAt),
    expiresAt: instant(hop.expiresAt),
    counters: hop.counters,
    children,
    descendants,
    chain: nodes.map((node) => ({
      hop: node.hop.id,
      agent: node.hop.agent,
      effective: node.effective,
    })),
    grant: authority,
    diff,
  };
}
