/** Looks: what the store answers without changing anything. @module */
import { DelegationError } from "../base/error.js";
import type { StoreLooks, StoreStatus } from "../coordinator/store.js";
import type { HopRecord } from "../wire/record.js";
import { treeWith } from "./find.js";
import { treeOf } from "./forest.js";
import type { Ground } from "./ground.js";
import { auditOf } from "./lines.js";
import { chainOf, pageOf, readAuthority } from "./nodes.js";
import { previewOf } from "./preview.js";
import type { Reply } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import { readHop, textAt, wholeAt } from "./shown.js";
import { ticketOf, ticketsOf } from "./tickets.js";
import { treesOf } from "./tree-pages.js";

export function looksOf(ground: Ground): StoreLooks {
  return {
    status: statusWith(ground),
    tree: (tenant, tree) => treeOf(ground, tenant, tree),
    hop: (tenant, hop, tree) => hopOf(ground, tenant, hop, tree),
    authority: async ({ tenant, tree, id }) => {
      const args = [tenant, tree, id];
      const reply = await ground.look(ground.partitionOf(tree), SCRIPTS.lookAuthority, args);
      return readAuthority(textAt(reply, 0));
    },
    ticket: (tenant, ticket, tree) => ticketOf(ground, tenant, ticket, tree),
    tickets: (tenant, tree) => ticketsOf(ground, tenant, tree),
    chain: async (tenant, hop, tree) => {
      const place = tree ?? (await treeWith(ground, "hop", tenant, hop));
      if (place === undefined) throw unknown(hop);
      const nodes = await chainOf(ground, { tenant, tree: place, hop });
      return nodes.map(({ successor: _, ...node }) => node);
    },
    page: (tenant, tree, options) => pageOf(ground, tenant, tree, options),
    trees: (tenant, options) => treesOf(ground, tenant, options),
    counters: async (tenant, id, tree) => {
      const hop = await hopOf(ground, tenant, id, tree);
      if (hop === undefined) throw unknown(id);
      return hop.counters;
    },
    preview: (tenant, boundary) => previewOf(ground, tenant, boundary),
    audit: (range) => auditOf(ground, range),
  };
}

async function hopOf(
  ground: Ground,
  tenant: string,
  id: string,
  tree?: string,
): Promise<HopRecord | undefined> {
  const place = tree ?? (await treeWith(ground, "hop", tenant, id));
  if (place === undefined) return undefined;
  const reply = await ground.look(ground.partitionOf(place), SCRIPTS.lookHop, [tenant, place, id]);
  return reply.length === 0 ? undefined : readHop(tenant, place, reply);
}

/** Counts of all partitions are taken anew for whoever asks about no tree, and otherwise when they are older than this. */
const COUNTS_MS = 1_000;

type Counts = Pick<StoreStatus, "hops" | "trees" | "cuts">;

/** Generation and position of the tree's partition, or of the first; the rest of all together. */
function statusWith(ground: Ground): (tree?: string) => Promise<StoreStatus> {
  let known: { readonly counts: Counts; readonly at: number } | undefined;
  const placeIn = (partition: number) => ground.look(partition, SCRIPTS.lookPartition, []);
  const named = (place: readonly Reply[]) => ({
    generation: textAt(place, 0),
    position: wholeAt(place, 1),
  });
  return async (tree) => {
    const asked = tree === undefined ? 0 : ground.partitionOf(tree);
    if (tree !== undefined && known !== undefined && performance.now() - known.at < COUNTS_MS) {
      return { ...named(await placeIn(asked)), ...known.counts };
    }
    const all = await ground.everywhere(placeIn);
    const sum = (index: number) => all.reduce((total, one) => total + wholeAt(one, index), 0);
    const counts = { hops: sum(2), trees: sum(3), cuts: sum(4) };
    known = { counts, at: performance.now() };
    return { ...named(all[asked] ?? []), ...counts };
  };
}

function unknown(hop: string): DelegationError {
  return new DelegationError("hop_not_found", "no such hop", { hop });
}
