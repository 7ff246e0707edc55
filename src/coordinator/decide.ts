/** What `approve` and `deny` share: one person's word on a ticket, and what follows from it. @module */
import { DelegationError } from "../base/error.js";
import type { TicketRecord } from "../wire/record.js";
import { parseShape } from "../wire/shape.js";
import { decideRequestSchema } from "../wire/verb-request.js";
import type { Context } from "./context.js";
import { placeEvent } from "./event.js";

/** A person, as the caller has authenticated them. */
export interface Approver {
  readonly approver: string;
  readonly tenant?: string;
}

/**
 * Gives one person's word. When it settles a ticket that a hop waits for, the hop is settled as well; should the process die in
 * between, the same word again finishes the work.
 *
 * @throws {DelegationError} `ticket_not_found`; `approver_not_allowed`, `approval_lapsed`, `approval_used`, `illegal_transition`;
 *   for a hop's ticket as `store.settle`: an approval after a cut brings nothing to life
 */
export async function decide(
  ctx: Context,
  who: Approver,
  verdict: "approve" | "deny",
  input: unknown,
): Promise<TicketRecord> {
  const now = ctx.clock.now();
  const request = parseShape(decideRequestSchema, input, "invalid_request");
  const tenant = who.tenant ?? ctx.config.tenant;
  const ticket = await ctx.store.ticket(tenant, request.ticket);
  if (ticket === undefined) throw new DelegationError("ticket_not_found", "no such ticket");
  const decided = isSettled(ticket, who.approver, verdict)
    ? ticket
    : await ctx.store.decide({
        tenant,
        tree: ticket.tree,
        ticket: ticket.id,
        approver: who.approver,
        verdict,
        event: eventOf(ticket, who.approver, verdict, request.reason),
        now,
      });
  noteWait(ctx, decided, now);
  if (decided.kind === "hop") await settleHop(ctx, decided, who.approver, now);
  return decided;
}

function noteWait(ctx: Context, { state, askedAt }: TicketRecord, now: number): void {
  if (state === "asked") return;
  const waitedSeconds = (now - askedAt) / 1_000;
  ctx.telemetry.observe("legate_approval_wait_seconds", { result: state }, waitedSeconds);
}

/** The word was given before, and was enough: what may be left to do is the hop's part. */
function isSettled(ticket: TicketRecord, approver: string, verdict: "approve" | "deny"): boolean {
  if (ticket.kind !== "hop") return false;
  if (verdict === "deny") return ticket.state === "denied";
  return ticket.state === "granted" && ticket.approvals.includes(approver);
}

async function settleHop(
  ctx: Context,
  ticket: TicketRecord,
  approver: string,
  now: number,
): Promise<void> {
  if (ticket.state !== "granted" && ticket.state !== "denied") return;
  const verdict = ticket.state === "granted" ? "approve" : "deny";
  const place = { tenant: ticket.tenant, tree: ticket.tree, hop: ticket.hop };
  const kind = verdict === "approve" ? "hop.approved" : "hop.denied";
  const event = placeEvent(kind, place, { by: approver, ticket: ticket.id });
  await ctx.store.settle({ ...place, verdict, event, now });
}

function eventOf(
  ticket: TicketRecord,
  approver: string,
  verdict: "approve" | "deny",
  reason: string | undefined,
) {
  const { tenant, tree, hop, tool } = ticket;
  return {
    ...placeEvent(
      "ticket.decided",
      { tenant, tree, hop },
      { by: approver, ticket: ticket.id, reason },
    ),
    ...(tool === undefined ? {} : { tool }),
    decision: verdict === "approve" ? ("allow" as const) : ("deny" as const),
  };
}
