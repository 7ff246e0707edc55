/** `approve`: one person's yes to a call or a hop. @module */
import type { TicketRecord } from "../wire/record.js";
import type { Context } from "./context.js";
import { type Approver, decide } from "./decide.js";

/**
 * Counts one person's yes, once, however often it is said. The last one that is needed grants the ticket; a granted call still
 * has to be made, once, with the arguments that were shown.
 *
 * @throws {DelegationError} as `decide`
 */
export function approve(ctx: Context, who: Approver, input: unknown): Promise<TicketRecord> {
  return decide(ctx, who, "approve", input);
}
