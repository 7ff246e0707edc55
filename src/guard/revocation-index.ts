/** What a guard knows of cuts: a local, grow-only index that tells whether a chain is covered. @module */
import type { Code } from "../base/codes.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Boundary, CutEntry, Position } from "../wire/cut.js";

/** Why a chain is not alive. */
export interface Coverage {
  readonly code: Extract<Code, "delegation_revoked" | "delegation_suspended">;
  /** The hop of the chain that the cut hits; the root for cuts that name none. */
  readonly hop: string;
  readonly rule: Boundary["kind"] | "suspension";
}

/** Local copy of the log of cuts. */
export interface RevocationIndex {
  /** Takes in one entry; a repeated one does no harm. */
  apply(entry: CutEntry): void;
  /** The first entry that covers `chain`, or undefined. O(hops), one look-up when nothing in the tenant was cut. */
  covering(chain: VerifiedChain): Coverage | undefined;
  /** Forgets what can cover no living token any more. */
  prune(now: number): void;
  /** Forgets what is judged by position: the log that counted them is not continued. */
  forgetPositions(): void;
  /** Entries held. */
  size(): number;
}

interface TreeCuts {
  /** The tree itself is cut. */
  whole: boolean;
  readonly hops: Set<string>;
  readonly below: Set<string>;
  /** Hop to the ids of its suspensions, lifted ones included. */
  readonly suspensions: Map<string, Set<string>>;
  readonly lifted: Set<string>;
  /** Newest `until` of its entries. */
  until: number;
}

/** A cut of what was minted so far. */
interface SoFar {
  /** The newest one's. */
  position: Position;
  until: number;
}

interface TenantCuts {
  readonly trees: Map<string, TreeCuts>;
  readonly agents: Map<string, SoFar>;
  /** By issuer, then subject. */
  readonly principals: Map<string, Map<string, SoFar>>;
  readonly keys: Set<string>;
  readonly bans: Set<string>;
  epoch: Position;
}

/** Makes an empty index. INVARIANT: an applied entry is never taken back; only `until` lets go of it. */
export function createRevocationIndex(): RevocationIndex {
  const tenants = new Map<string, TenantCuts>();

  const tenantOf = (name: string): TenantCuts => {
    const known = tenants.get(name);
    if (known !== undefined) return known;
    const cuts = emptyCuts();
    tenants.set(name, cuts);
    return cuts;
  };

  return {
    apply(entry) {
      const cuts = tenantOf(entry.tenant);
      if (entry.kind === "cut") applyCut(cuts, entry.boundary, entry.position, entry.until);
      else {
        const tree = treeOf(cuts, entry.tree, entry.until ?? Number.POSITIVE_INFINITY);
        applySuspension(tree, entry.kind, entry.hop, entry.id);
      }
    },
    covering(chain) {
      const cuts = tenants.get(chain.tenant);
      return cuts === undefined ? undefined : coverageIn(cuts, chain);
    },
    prune(now) {
      for (const cuts of tenants.values()) {
        for (const [tree, { until }] of cuts.trees) if (until < now) cuts.trees.delete(tree);
        for (const kept of [cuts.agents, ...cuts.principals.values()]) {
          for (const [name, { until }] of kept) if (until < now) kept.delete(name);
        }
        for (const [name, left] of cuts.principals)
          if (left.size === 0) cuts.principals.delete(name);
      }
    },
    forgetPositions() {
      for (const cuts of tenants.values()) {
        cuts.agents.clear();
        cuts.principals.clear();
        cuts.epoch = 0;
      }
    },
    size: () => [...tenants.values()].reduce((sum, cuts) => sum + sizeOf(cuts), 0),
  };
}

function emptyCuts(): TenantCuts {
  const [agents, principals, trees] = [new Map(), new Map(), new Map()];
  return { agents, principals, trees, keys: new Set(), bans: new Set(), epoch: 0 };
}

function treeOf(cuts: TenantCuts, tree: string, until: number): TreeCuts {
  let entry = cuts.trees.get(tree);
  if (entry === undefined) {
    entry = {
      whole: false,
      hops: new Set(),
      below: new Set(),
      suspensions: new Map(),
      lifted: new Set(),
      until,
    };
    cuts.trees.set(tree, entry);
  }
  entry.until = Math.max(entry.until, until);
  return entry;
}

function applyCut(
  cuts: TenantCuts,
  boundary: Boundary,
  position: Position,
  until = Number.POSITIVE_INFINITY,
): void {
  switch (boundary.kind) {
    case "hop":
      treeOf(cuts, boundary.tree, until).hops.add(boundary.hop);
      return;
    case "below":
      treeOf(cuts, boundary.tree, until).below.add(boundary.hop);
      return;
    case "tree":
      treeOf(cuts, boundary.tree, until).whole = true;
      return;
    case "agent":
      raise(cuts.agents, boundary.agent, position, until);
      return;
    case "principal":
      raise(subjectsOf(cuts, boundary.issuer), boundary.subject, position, until);
      return;
    case "epoch":
      cuts.epoch = Math.max(cuts.epoch, position);
      return;
    case "key":
      cuts.keys.add(boundary.thumbprint);
      return;
    case "ban":
      cuts.bans.add(boundary.agent);
      return;
    default:
      boundary satisfies never;
  }
}

function applySuspension(tree: TreeCuts, kind: "suspend" | "lift", hop: string, id: string): void {
  if (kind === "lift") {
    tree.lifted.add(id);
    return;
  }
  const ids = tree.suspensions.get(hop);
  if (ids === undefined) tree.suspensions.set(hop, new Set([id]));
  else ids.add(id);
}

function coverageIn(cuts: TenantCuts, chain: VerifiedChain): Coverage | undefined {
  const { hops, position } = chain;
  const root = hops[0]?.id ?? chain.tree;
  if (cuts.epoch > position) return revoked(root, "epoch");
  const { issuer, subject } = chain.principal;
  if ((cuts.principals.get(issuer)?.get(subject)?.position ?? 0) > position) {
    return revoked(root, "principal");
  }
  if (cuts.keys.size > 0) {
    for (const key of chain.keys)
      if (cuts.keys.has(key)) return revoked(ownerOf(chain, key) ?? root, "key");
  }
  if (cuts.agents.size > 0 || cuts.bans.size > 0) {
    for (const hop of hops) {
      if (cuts.bans.size > 0 && cuts.bans.has(hop.agent)) return revoked(hop.id, "ban");
      if ((cuts.agents.get(hop.agent)?.position ?? 0) > position) return revoked(hop.id, "agent");
    }
  }
  const tree = cuts.trees.get(chain.tree);
  return tree === undefined ? undefined : coverageInTree(tree, chain, root);
}

/** A cut anywhere in the chain outranks a suspension anywhere: it is the stronger no. */
function coverageInTree(tree: TreeCuts, chain: VerifiedChain, root: string): Coverage | undefined {
  if (tree.whole) return revoked(root, "tree");
  const { hops } = chain;
  const last = hops.length - 1;
  for (let i = 0; i <= last; i++) {
    const hop = hops[i];
    if (hop === undefined) continue;
    if (tree.hops.has(hop.id)) return revoked(hop.id, "hop");
    if (i < last && tree.below.has(hop.id)) return revoked(hop.id, "below");
  }
  if (tree.suspensions.size === 0) return undefined;
  for (const hop of hops) {
    const ids = tree.suspensions.get(hop.id);
    if (ids === undefined) continue;
    for (const id of ids) {
      if (!tree.lifted.has(id))
        return { code: "delegation_suspended", hop: hop.id, rule: "suspension" };
    }
  }
  return undefined;
}

function revoked(hop: string, rule: Boundary["kind"]): Coverage {
  return { code: "delegation_revoked", hop, rule };
}

function ownerOf(chain: VerifiedChain, thumbprint: string): string | undefined {
  return chain.hops.find(({ holder }) => holder === thumbprint)?.id;
}

function raise(cuts: Map<string, SoFar>, key: string, position: Position, until: number): void {
  const known = cuts.get(key);
  if (known === undefined) {
    cuts.set(key, { position, until });
    return;
  }
  known.position = Math.max(known.position, position);
  known.until = Math.max(known.until, until);
}

function subjectsOf({ principals }: TenantCuts, issuer: string): Map<string, SoFar> {
  const known = principals.get(issuer);
  if (known !== undefined) return known;
  const subjects = new Map<string, SoFar>();
  principals.set(issuer, subjects);
  return subjects;
}

function sizeOf({ trees, agents, principals, keys, bans, epoch }: TenantCuts): number {
  let size = agents.size + keys.size + bans.size + Number(epoch > 0);
  for (const subjects of principals.values()) size += subjects.size;
  for (const tree of trees.values()) {
    size += tree.hops.size + tree.below.size + tree.suspensions.size + Number(tree.whole);
  }
  return size;
}
