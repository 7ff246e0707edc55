/** Everything that a store shows, in one value, so that two stores can be compared. @module */
import type { Store } from "../contract/stage.js";

const TENANTS = ["acme", "evil"];

export async function looksAt(store: Store): Promise<unknown> {
  if ("partitionOf" in store) throw new Error("not made for a store of several logs");
  const trees = [];
  for (const tenant of TENANTS) {
    for (const tree of (await store.trees(tenant, { limit: 500 })).trees) {
      const { nodes, total } = await store.page(tenant, tree.id, { limit: 500 });
      trees.push({ tree, nodes, total, tickets: await store.tickets(tenant, tree.id) });
    }
  }
  return {
    trees,
    status: await store.status(),
    snapshot: await store.snapshot(),
    audit: await store.audit({ limit: 10_000 }),
  };
}
