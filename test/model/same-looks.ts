/** What two stores are compared by: everything that they show, in words that do not depend on how many logs they keep. @module */
import type { Boundary } from "../../src/wire/cut.js";
import type { Stage } from "../contract/stage.js";

const AUDIT = 10_000;

/**
 * Takes away what is each store's own: random ids of cuts, promises, numbers of lines. `counted`: positions stay, because
 * both stores count them alike.
 */
export function common(value: unknown, counted: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => common(one, counted));
  if (typeof value !== "object" || value === null) return value;
  const own = new Set(["durable", "positions", "line"]);
  if (!counted) own.add("position");
  if ("kind" in value && value.kind === "cut" && "boundary" in value) own.add("id");
  const members = Object.entries(value)
    .filter(([name, member]) => !own.has(name) && member !== undefined)
    .map(([name, member]): [string, unknown] => [name, common(member, counted)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members);
}

/** Everything that a store shows of these trees. */
export async function looksOf(
  stage: Stage,
  trees: readonly string[],
  boundaries: readonly Boundary[],
  counted: boolean,
): Promise<unknown> {
  const { store } = stage;
  // Entries that can cover no living token may stay until they are swept.
  await store.sweep(stage.now, 100);
  const found = [];
  for (const id of trees) {
    const tree = await store.tree("acme", id);
    if (tree === undefined) continue;
    const page = await store.page("acme", id, { limit: 500 });
    const chains = [];
    for (const { hop } of page.nodes) {
      chains.push(await store.chain("acme", hop.id, id), await store.counters("acme", hop.id));
    }
    const lines = await store.audit({ tenant: "acme", tree: id, limit: AUDIT });
    const audit = lines.map(({ at, event, n }) => ({ at, event, n }));
    const tickets = await store.tickets("acme", id);
    found.push({ tree, page, chains, audit, tickets: sorted(tickets) });
  }
  const previews = [];
  for (const boundary of boundaries) {
    const { agents, tools, ...counts } = await store.preview("acme", boundary);
    previews.push({ ...counts, agents: [...agents].sort(), tools: [...tools].sort() });
  }
  const { hops, trees: many } = await store.status();
  const listed = (await store.trees("acme", { limit: 100 })).trees;
  const cuts = await stage.entries(...trees);
  return common(
    {
      found,
      previews,
      hops,
      many,
      listed: sorted(listed),
      cuts: counted ? cuts : sorted(cuts),
    },
    counted,
  );
}

function sorted<T>(values: readonly T[]): T[] {
  const text = (value: T) => JSON.stringify(common(value, false));
  return [...values].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}
