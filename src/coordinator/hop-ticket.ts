/** Asking people whether a hop may become active. @module */
import { canonicalDigest } from "../base/canonical.js";
import { opaqueId } from "../base/id.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { HopRecord, TicketRecord } from "../wire/record.js";
import { excludedBy } from "./approvers.js";
import type { Context } from "./context.js";
import { hopEvent } from "./event.js";

/**
 * Keeps the ticket that a pending hop waits for, and returns its id. Asked once: a repeated request finds the first ticket.
 *
 * @throws {DelegationError} `quota_exceeded`, and as `store.create` when an ancestor is not active
 */
export async function askForHop(
  ctx: Context,
  chain: VerifiedChain,
  hop: HopRecord,
  approval: { readonly approvers: number; readonly from?: readonly string[] | undefined },
  now: number,
): Promise<string> {
  const waiting = await ctx.store.tickets(hop.tenant, hop.tree);
  const known = waiting.find((ticket) => ticket.kind === "hop" && ticket.hop === hop.id);
  if (known !== undefined) return known.id;
  const { approvers, from } = approval;
  const id = opaqueId("apr", ctx.random);
  const ticket: TicketRecord = {
    tenant: hop.tenant,
    tree: hop.tree,
    id,
    kind: "hop",
    hop: hop.id,
    binding: canonicalDigest([hop.id, hop.holder, hop.authority, hop.expiresAt, id]),
    policyVersion: "",
    state: "asked",
    need: approvers,
    ...(from === undefined ? {} : { from: [...from] }),
    excluded: excludedBy(ctx, [...chain.hops, hop], chain.principal),
    approvals: [],
    askedAt: now,
    deadline: Math.min(now + ctx.config.ticketMs, hop.expiresAt),
  };
  const event = hopEvent("ticket.asked", hop, { principal: chain.principal, ticket: id });
  return (await ctx.store.ask(ticket, event)).id;
}
