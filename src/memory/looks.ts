/** Looks: what the store answers without changing anything. @module */
import { setImmediate } from "node:timers/promises";
import { DelegationError } from "../base/error.js";
import { AUDIT_PAGE_MAX } from "../base/limits.js";
import type { StoreLooks } from "../coordinator/store.js";
import type { AuditLine } from "../wire/event.js";
import type { TicketRecord } from "../wire/record.js";
import type { Core } from "./core.js";
import { countersOf } from "./counters.js";
import { unknown } from "./make.js";
import type { Hop } from "./model.js";
import { chainOf, pageOf, treesOf } from "./pages.js";
import { previewOf } from "./preview.js";
import { hopRecord, treeRecord } from "./record.js";
import { ticketRecord } from "./tickets.js";

export function looksOf(core: Core): StoreLooks {
  const look = async <T>(run: (at: number) => T): Promise<T> => {
    core.checkOpen();
    return run(core.now());
  };
  const hopOf = (tenant: string, id: string, tree?: string) =>
    within(tree, core.tenant(tenant)?.hops.get(id));
  return {
    status: () => look((at) => statusOf(core, at)),
    tree: (tenant, id) =>
      look((at) => {
        const tree = core.tenant(tenant)?.trees.get(id);
        return tree === undefined ? undefined : treeRecord(tree, at);
      }),
    hop: (tenant, id, tree) =>
      look((at) => {
        const hop = hopOf(tenant, id, tree);
        return hop === undefined ? undefined : hopRecord(hop, at);
      }),
    authority: ({ tenant, id }) => look(() => known(hopOf(tenant, id), id).kept.authority),
    ticket: (tenant, id, tree) =>
      look((at) => {
        const ticket = core.tenant(tenant)?.tickets.get(id);
        return ticket === undefined || (tree !== undefined && ticket.tree !== tree)
          ? undefined
          : ticketRecord(ticket, at, core.shown.get(ticket));
      }),
    tickets: (tenant, tree) =>
      look((at) => {
        const list = core.tenant(tenant)?.trees.get(tree)?.tickets ?? [];
        return list.map((ticket) => ticketRecord(ticket, at, core.shown.get(ticket)));
      }),
    chain: (tenant, id, tree) => look((at) => chainOf(known(hopOf(tenant, id, tree), id), at)),
    page: (tenant, tree, page) => look((at) => pageOf(core.tenant(tenant), tree, page, at)),
    trees: (tenant, page) => look((at) => treesOf(core.tenant(tenant), page, at)),
    counters: (tenant, id, tree) =>
      look(() => countersOf(known(hopOf(tenant, id, tree), id).tally)),
    preview: (tenant, boundary) => look((at) => previewOf(core.tenant(tenant), boundary, at)),
    audit: async (range) => {
      core.checkOpen();
      const wanted = wantedOf(core, range);
      await core.settled();
      return linesOf(core, wanted);
    },
  };
}

/** The hop, unless its tree is another one than the caller named. */
function within(tree: string | undefined, hop: Hop | undefined): Hop | undefined {
  return tree === undefined || hop?.tree.id === tree ? hop : undefined;
}

function known(hop: Hop | undefined, id: string): Hop {
  if (hop === undefined) throw unknown(id);
  return hop;
}

function statusOf({ world }: Core, at: number) {
  const { generation, position, hops, trees } = world;
  let cuts = 0;
  for (const { until } of world.cuts.values()) if (until === undefined || until > at) cuts += 1;
  return { generation, position, hops, trees, cuts };
}

export function ticketOf(core: Core, tenant: string, id: string, at: number): TicketRecord {
  const ticket = core.tenant(tenant)?.tickets.get(id);
  if (ticket === undefined) throw new DelegationError("ticket_not_found", "no such ticket");
  return ticketRecord(ticket, at, core.shown.get(ticket));
}

/** Lines that were asked for: which ones may be among them, whose, and how many. */
interface Wanted {
  readonly numbers: Iterable<number>;
  readonly tenant: string | undefined;
  readonly limit: number;
}

/** Settled at once; the lines are read when they are on disk. */
function wantedOf(
  core: Core,
  range: { tenant?: string; tree?: string; from?: number; limit: number },
): Wanted {
  const { tenant, tree, from = 1 } = range;
  if (!Number.isInteger(range.limit) || range.limit < 1 || !Number.isInteger(from) || from < 1) {
    throw new DelegationError("invalid_request", "limit and from are positive whole numbers");
  }
  const limit = Math.min(range.limit, AUDIT_PAGE_MAX);
  if (tree === undefined) return { numbers: upTo(core.log.length, from), tenant, limit };
  const trail = tenant === undefined ? undefined : core.trailOf({ tenant, tree });
  return { numbers: trail?.lines.slice(from - 1, from - 1 + limit) ?? [], tenant, limit };
}

function* upTo(end: number, from: number): Generator<number> {
  for (let seq = from; seq <= end; seq++) yield seq;
}

/** Others get their turn after so many lines: those of one tenant may be few in a long log. */
const READ_TOGETHER = 256;

async function linesOf(core: Core, { numbers, tenant, limit }: Wanted): Promise<AuditLine[]> {
  const lines: AuditLine[] = [];
  let read = 0;
  for (const seq of numbers) {
    const waits = core.log.ready(seq);
    if (waits !== undefined) await waits;
    core.checkOpen();
    const line = core.log.read(seq);
    if (tenant === undefined || line.event.tenant === tenant) lines.push(line);
    if (lines.length === limit) break;
    read += 1;
    if (read % READ_TOGETHER === 0) await setImmediate();
  }
  return lines;
}
