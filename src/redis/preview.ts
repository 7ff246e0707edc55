/**
 * What a cut would stop: counted by looking at some nodes, estimated from the counts kept of every subtree beyond. A tree is looked at
 * once, whatever its size.
 * @module
 */
import { DelegationError } from "../base/error.js";
import type { Preview } from "../coordinator/store.js";
import { type HopState, isFinal } from "../lifecycle/state.js";
import type { Boundary, NamedBoundary } from "../wire/cut.js";
import type { TreeRecord } from "../wire/record.js";
import { treeCount, treeOf, treesIn } from "./forest.js";
import type { Ground } from "./ground.js";
import { candidateCount, candidatesIn } from "./named-trees.js";
import { chainOf, type FoundNode, stepOf } from "./nodes.js";

/** Nodes that one look brings. */
const STEP = 256;
/** A preview looks at most so often. */
const STEPS_MAX = 8;
/** A cut of one tree looks at its hop once, and once at each that took its place. */
const STEPS_IN_TREE = 1;

type Wide = Exclude<Boundary, { tree: string }>;
type Covers = (node: FoundNode) => boolean;

/** Hops that a cut would newly stop: what has ended already is not counted. */
export async function previewOf(
  ground: Ground,
  tenant: string,
  boundary: Boundary,
): Promise<Preview> {
  const count = new Count(ground, tenant, "tree" in boundary ? STEPS_IN_TREE : STEPS_MAX);
  if ("tree" in boundary) await countTree(count, boundary);
  else await countTenant(count, boundary);
  return count.preview();
}

async function countTree(
  count: Count,
  boundary: Extract<Boundary, { tree: string }>,
): Promise<void> {
  const tree = await treeOf(count.ground, count.tenant, boundary.tree);
  if (tree === undefined) return;
  if (boundary.kind === "tree") return count.walk(tree, undefined, () => true);
  // The hop that a `below` names lives on, and so does the successor that stands in its place.
  const places = new Set<string>();
  for (let hop = boundary.hop; hop !== "" && !places.has(hop); ) {
    const place = await nodeAt(count, tree.id, hop);
    if (place === undefined) return;
    places.add(hop);
    await count.walk(tree, hop, ({ hop: { id } }) => boundary.kind === "hop" || !places.has(id));
    hop = place.successor;
  }
}

async function nodeAt({ ground, tenant }: Count, tree: string, hop: string) {
  try {
    return (await chainOf(ground, { tenant, tree, hop })).at(-1);
  } catch (thrown) {
    if (thrown instanceof DelegationError && thrown.code === "hop_not_found") return undefined;
    throw thrown;
  }
}

async function countTenant(count: Count, boundary: Wide): Promise<void> {
  const { ground, tenant } = count;
  const named = namedBy(boundary);
  let trees = 0;
  for (let partition = 0; partition < ground.topology.partitions; partition++) {
    const among =
      named === undefined
        ? treesIn(ground, partition, tenant)
        : candidatesIn(ground, { partition, tenant, named });
    for await (const tree of among) {
      if (count.isFull) return count.guess(trees, named);
      trees += 1;
      if (isOf(boundary, tree)) await count.walk(tree, undefined, covering(boundary));
    }
  }
}

/** The name under which the index has all that is meant. */
function namedBy(boundary: Wide): NamedBoundary | undefined {
  switch (boundary.kind) {
    case "agent":
    case "ban":
      return { kind: "agent", agent: boundary.agent };
    case "principal":
      return boundary;
    default:
      return undefined;
  }
}

function isOf(boundary: Wide, { principal }: TreeRecord): boolean {
  if (boundary.kind !== "principal") return true;
  return principal.issuer === boundary.issuer && principal.subject === boundary.subject;
}

/** Tells of nodes in depth-first order whether they, or any above them, are meant. */
function covering(boundary: Wide): Covers {
  const above: boolean[] = [];
  return ({ hop }) => {
    const isMeant = meets(boundary, hop) || (above[hop.depth - 1] ?? false);
    above.length = hop.depth;
    above[hop.depth] = isMeant;
    return isMeant;
  };
}

function meets(boundary: Wide, hop: FoundNode["hop"]): boolean {
  switch (boundary.kind) {
    case "agent":
    case "ban":
      return hop.agent === boundary.agent;
    case "key":
      return hop.holder === boundary.thumbprint;
    default:
      return true;
  }
}

/** What was counted so far. */
class Count {
  readonly ground: Ground;
  readonly tenant: string;
  readonly #stepsInWalk: number;
  readonly #byState: Partial<Record<HopState, number>> = {};
  readonly #agents = new Set<string>();
  readonly #tools = new Set<string>();
  readonly #principals = new Set<string>();
  #hops = 0;
  #walked = 0;
  #steps = 0;
  /** Nodes that were not looked at. */
  #left = 0;

  constructor(ground: Ground, tenant: string, stepsInWalk: number) {
    this.ground = ground;
    this.tenant = tenant;
    this.#stepsInWalk = stepsInWalk;
  }

  get isFull(): boolean {
    return this.#steps >= STEPS_MAX;
  }

  async walk(tree: TreeRecord, from: string | undefined, covers: Covers): Promise<void> {
    let seen = 0;
    for (let cursor = "", steps = 1; ; steps++) {
      const limit = this.isFull ? 1 : STEP;
      const options = { limit, cursor, ...(from === undefined ? {} : { from }) };
      const step = await stepOf(this.ground, this.tenant, tree.id, options);
      if (this.isFull) {
        this.#left += step.total - seen;
        return;
      }
      this.#steps += 1;
      for (const node of step.nodes) this.#look(tree, node, covers);
      seen += step.nodes.length;
      const last = step.nodes.at(-1);
      if (!step.more || last === undefined) return;
      if (this.isFull || steps === this.#stepsInWalk) {
        this.#left += step.total - seen;
        return;
      }
      cursor = `=${last.hop.id}`;
    }
  }

  /** Takes the trees that were not looked at to be as large as the ones that were. */
  async guess(trees: number, named: NamedBoundary | undefined): Promise<void> {
    const { ground, tenant } = this;
    const counts = await ground.everywhere((partition) =>
      named === undefined
        ? treeCount(ground, partition, tenant)
        : candidateCount(ground, { partition, tenant, named }),
    );
    const all = counts.reduce((sum, one) => sum + one, 0);
    this.#left += Math.max(1, Math.round((this.#walked / trees) * (all - trees)));
  }

  preview(): Preview {
    // Nodes that were not looked at are taken to be as the ones that were.
    const share = this.#walked === 0 ? 1 : this.#hops / this.#walked;
    return {
      hops: this.#hops + Math.round(share * this.#left),
      byState: this.#byState,
      agents: [...this.#agents].sort(),
      tools: [...this.#tools].sort(),
      principals: this.#principals.size,
      estimate: this.#left > 0,
    };
  }

  #look({ principal }: TreeRecord, node: FoundNode, covers: Covers): void {
    this.#walked += 1;
    if (!covers(node) || isFinal(node.effective)) return;
    this.#hops += 1;
    this.#byState[node.effective] = (this.#byState[node.effective] ?? 0) + 1;
    this.#agents.add(node.hop.agent);
    this.#principals.add(JSON.stringify([principal.issuer, principal.subject]));
    for (const tool of Object.keys(node.authority.tools)) this.#tools.add(tool);
  }
}
