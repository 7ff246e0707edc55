/** `deny`: one person's no to a call or a hop. @module */
import type { TicketRecord } from "../wire/record.js";
import type { Context } from "./context.js";
import { type Approver, decide } from "./decide.js";

/**
 * One no is enough, whoever else had agreed.
 *
 * @throws {DelegationError} as `decide`
 */
export function deny(ctx: Context, who: Approver, input: unknown): Promise<TicketRecord> {
  return decide(ctx, who, "deny", input);
}
