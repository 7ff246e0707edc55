/** Approval tickets: asked, decided, looked at. @module */
import { canonicalize } from "../base/canonical.js";
import { DelegationError } from "../base/error.js";
import type { DelegationStore } from "../coordinator/store.js";
import type { AuditDraft } from "../wire/event.js";
import type { TicketRecord } from "../wire/record.js";
import { eventText } from "./draft.js";
import { treeWith } from "./find.js";
import type { Ground } from "./ground.js";
import { type Reply, unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import { listAt, textAt } from "./shown.js";

export async function ask(
  ground: Ground,
  ticket: TicketRecord,
  event: AuditDraft,
): Promise<TicketRecord> {
  const { tenant, tree, id, shown, state, approvals, ...seed } = ticket;
  const { hop, kind, deadline, askedAt } = seed;
  const args = [
    ...[tenant, tree, hop, id, kind],
    state === "asked" && approvals.length === 0 ? "1" : "",
    deadline,
    canonicalize({ ...seed, id }),
    shown === undefined ? "" : `=${shown}`,
    eventText(event, { tenant, tree, hop, ticket: id }),
  ];
  await ground.move(ground.partitionOf(tree), SCRIPTS.ask, askedAt, args);
  return { ...ticket, approvals: [] };
}

export async function decide(
  ground: Ground,
  move: Parameters<DelegationStore["decide"]>[0],
): Promise<TicketRecord> {
  const { tenant, ticket, approver, verdict, event, now } = move;
  const tree = move.tree ?? (await treeWith(ground, "ticket", tenant, ticket));
  if (tree === undefined) throw new DelegationError("ticket_not_found", "no such ticket");
  const told = eventText(event, { tenant, tree, ticket, by: approver });
  const args = [tenant, tree, ticket, approver, verdict, told];
  const reply = await ground.move(ground.partitionOf(tree), SCRIPTS.decide, now, args);
  return readTicket(tenant, tree, reply);
}

/** All of a tree, in order of asking. */
export async function ticketsOf(
  ground: Ground,
  tenant: string,
  tree: string,
): Promise<readonly TicketRecord[]> {
  const tickets: TicketRecord[] = [];
  for (let more = true; more; ) {
    const args = [tenant, tree, "", tickets.length];
    const reply = await ground.look(ground.partitionOf(tree), SCRIPTS.lookTickets, args);
    const found = reply.slice(1).map((_, index) => listAt(reply, index + 1));
    tickets.push(...found.map((shown) => readTicket(tenant, tree, shown)));
    more = textAt(reply, 0) === "more" && found.length > 0;
  }
  return tickets;
}

export async function ticketOf(
  ground: Ground,
  tenant: string,
  id: string,
  tree?: string,
): Promise<TicketRecord | undefined> {
  const place = tree ?? (await treeWith(ground, "ticket", tenant, id));
  if (place === undefined) return undefined;
  const args = [tenant, place, `=${id}`, 0];
  const reply = await ground.look(ground.partitionOf(place), SCRIPTS.lookTickets, args);
  return reply.length < 2 ? undefined : readTicket(tenant, place, listAt(reply, 1));
}

/** State, what was asked, what is shown, approvals: see `lua/lib/tickets.lua`. */
function readTicket(tenant: string, tree: string, reply: readonly Reply[]): TicketRecord {
  const state = textAt(reply, 0);
  const seed = JSON.parse(textAt(reply, 1)) as Omit<TicketRecord, "tenant" | "tree">;
  const shown = textAt(reply, 2);
  const approvals = reply.slice(3).map((_, index) => textAt(reply, index + 3));
  const record = { ...seed, tenant, tree, state: readState(state), approvals };
  return shown === "" ? record : { ...record, shown: shown.slice(1) };
}

const STATES = ["asked", "granted", "denied", "lapsed", "used"] as const;

function readState(text: string): TicketRecord["state"] {
  const state = STATES.find((one) => one === text);
  if (state === undefined) throw unavailable("REPLY");
  return state;
}
