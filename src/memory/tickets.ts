/** Approval tickets: asked, decided by people, used once. Silence until the deadline is no. @module */
import { DelegationError } from "../base/error.js";
import { TICKETS_PER_TREE_MAX } from "../base/limits.js";
import type { TicketUse } from "../guard/admission.js";
import type { ApprovalState } from "../lifecycle/state.js";
import { APPROVAL_TABLE, next } from "../lifecycle/table.js";
import type { TicketRecord } from "../wire/record.js";
import { hopIn } from "./cuts.js";
import type { TicketSeed } from "./deed.js";
import { requireActive, requireOpen } from "./judge.js";
import { unknown } from "./make.js";
import type { Hop, Ticket, Tree, World } from "./model.js";

/** The ticket's state by now: one that nobody decided or used until its deadline has lapsed. */
function ticketState(ticket: Ticket, at: number): ApprovalState {
  const open = ticket.state === "asked" || ticket.state === "granted";
  return open && ticket.deadline <= at ? "lapsed" : ticket.state;
}

/** The ticket as others see it. `shown`: what its approver is shown; gone once there is nothing to decide. */
export function ticketRecord(ticket: Ticket, at: number, shown: string | undefined): TicketRecord {
  const state = ticketState(ticket, at);
  const record = { ...ticket, approvals: [...ticket.approvals], state };
  return state === "asked" && shown !== undefined ? { ...record, shown } : record;
}

/** Judges `ask`. @throws {DelegationError} see `DelegationStore.ask`; `id_taken`; `invalid_request` for a deadline that is past. */
export function planAsk(world: World, ticket: TicketRecord, at: number): TicketSeed {
  const tenant = world.tenants.get(ticket.tenant);
  const hop = hopIn(tenant, ticket.tree, ticket.hop);
  if (tenant === undefined || hop === undefined) throw unknown(ticket.hop);
  if (ticket.kind === "hop") requireOpen(hop, at);
  else requireActive(hop, at);
  if (tenant.tickets.has(ticket.id)) {
    throw new DelegationError("id_taken", "id is taken", { hop: ticket.hop });
  }
  const fresh = ticket.state === "asked" && ticket.approvals.length === 0;
  if (!fresh || ticket.deadline <= at) {
    throw new DelegationError("invalid_request", "a ticket starts undecided", { rule: "ticket" });
  }
  if (hop.tree.waiting >= TICKETS_PER_TREE_MAX) {
    throw new DelegationError("quota_exceeded", "too many tickets wait in this tree", {
      hop: ticket.hop,
      rule: "TICKETS_PER_TREE_MAX",
    });
  }
  const { tenant: _t, tree: _r, hop: _h, shown: _s, state: _a, approvals: _v, ...seed } = ticket;
  return seed;
}

/** What the approver is shown is no part of the seed, nor of the world: see `shown.ts`. */
export function applyAsk(world: World, hop: Hop, seed: TicketSeed): void {
  const { tree } = hop;
  const ticket: Ticket = {
    ...seed,
    tenant: tree.tenant.name,
    tree: tree.id,
    hop: hop.id,
    state: "asked",
    approvals: [],
  };
  tree.tenant.tickets.set(ticket.id, ticket);
  tree.tickets ??= [];
  tree.tickets.push(ticket);
  tree.waiting += 1;
  world.waiting.add(ticket);
}

/** Judges `decide`. Answers `undefined` when this approver said yes before: they count once. */
export function planDecide(
  world: World,
  move: {
    tenant: string;
    tree?: string;
    ticket: string;
    approver: string;
    verdict: "approve" | "deny";
  },
  at: number,
): Ticket | undefined {
  const tenant = world.tenants.get(move.tenant);
  const named = tenant?.tickets.get(move.ticket);
  const ticket = named?.tree === (move.tree ?? named?.tree) ? named : undefined;
  const hop = ticket === undefined ? undefined : tenant?.hops.get(ticket.hop);
  if (ticket === undefined || hop === undefined) {
    throw new DelegationError("ticket_not_found", "no such ticket");
  }
  const state = ticketState(ticket, at);
  if (state === "lapsed") throw refusal("approval_lapsed", "ticket has lapsed", ticket);
  if (state === "used") throw refusal("approval_used", "ticket is used", ticket);
  const outside = ticket.from !== undefined && !ticket.from.includes(move.approver);
  if (outside || ticket.excluded.includes(move.approver)) {
    throw refusal("approver_not_allowed", "approver may not decide this ticket", ticket);
  }
  next(APPROVAL_TABLE, state, eventOf(ticket, move));
  if (move.verdict === "deny") return ticket;
  if (ticket.kind === "hop") requireOpen(hop, at);
  else requireActive(hop, at);
  return ticket.approvals.includes(move.approver) ? undefined : ticket;
}

export function applyDecide(world: World, ticket: Ticket, by: string, v: "approve" | "deny"): void {
  ticket.state = next(APPROVAL_TABLE, ticket.state, eventOf(ticket, { approver: by, verdict: v }));
  if (v === "approve") ticket.approvals.push(by);
  if (ticket.state !== "asked") settle(world, ticket);
}

function eventOf(
  { approvals, need }: Ticket,
  { approver, verdict }: { approver: string; verdict: "approve" | "deny" },
): "vote" | "grant" | "deny" {
  if (verdict === "deny") return "deny";
  const count = new Set([...approvals, approver]).size;
  return count >= need ? "grant" : "vote";
}

/**
 * Judges the tickets of one call.
 *
 * @throws {DelegationError} `approval_required` for a ticket that is not of this chain, `approval_mismatch`,
 *   `approval_pending`, `approval_denied`, `approval_lapsed`, `approval_used`.
 */
export function checkTickets(
  tree: Tree,
  hops: readonly string[],
  uses: readonly TicketUse[],
  at: number,
): void {
  if (uses.length === 0) return;
  const seen = new Set<string>();
  for (const use of uses) {
    const ticket = tree.tenant.tickets.get(use.ticket);
    const fits = ticket?.tree === tree.id && ticket.kind === "call" && hops.includes(ticket.hop);
    if (ticket === undefined || !fits) {
      throw new DelegationError("approval_required", "no such ticket for this chain");
    }
    if (ticket.binding !== use.binding) {
      throw refusal("approval_mismatch", "ticket is for another call", ticket);
    }
    if (seen.has(ticket.id)) throw refusal("approval_used", "ticket is named twice", ticket);
    seen.add(ticket.id);
    checkGranted(ticket, at);
  }
}

function checkGranted(ticket: Ticket, at: number): void {
  switch (ticketState(ticket, at)) {
    case "granted":
      return;
    case "asked":
      throw refusal("approval_pending", "ticket is not decided", ticket);
    case "denied":
      throw refusal("approval_denied", "ticket was denied", ticket);
    case "lapsed":
      throw refusal("approval_lapsed", "ticket has lapsed", ticket);
    case "used":
      throw refusal("approval_used", "ticket is used", ticket);
  }
}

export function applyUse(ticket: Ticket): void {
  ticket.state = next(APPROVAL_TABLE, ticket.state, "use");
}

/** Stops counting the tickets that lapsed, and names them. Their state says so whether or not this has run. */
export function forgetLapsed(world: World, at: number): readonly Ticket[] {
  const lapsed: Ticket[] = [];
  for (const ticket of world.waiting) {
    if (ticketState(ticket, at) === "lapsed") lapsed.push(ticket);
  }
  for (const ticket of lapsed) settle(world, ticket);
  return lapsed;
}

function settle(world: World, ticket: Ticket): void {
  if (!world.waiting.delete(ticket)) return;
  const tree = world.tenants.get(ticket.tenant)?.trees.get(ticket.tree);
  if (tree !== undefined) tree.waiting -= 1;
}

function refusal(
  code: ConstructorParameters<typeof DelegationError>[0],
  message: string,
  { hop, tool }: Ticket,
): DelegationError {
  return new DelegationError(code, message, {
    hop,
    ...(tool === undefined ? {} : { rule: `limits.approval.${tool}` }),
  });
}
