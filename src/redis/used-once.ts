/** Calls that use up what there is only once: let in when a quorum knows that it is used. @module */
import type { AdmitMove, Admitted } from "../guard/admission.js";
import { admit } from "./admission.js";
import type { Durability } from "./durability.js";
import type { Ground } from "./ground.js";

/**
 * Admits a call. Approvals, single use and money are durable before the answer: a fail-over could bring them back. Counted calls are
 * not waited for, and those in flight may be lost with their owner.
 *
 * @throws {DelegationError} as `admit` does; `not_durable`, and then it is used up all the same
 */
export async function admitDurably(
  ground: Ground,
  durability: Durability,
  move: AdmitMove,
): Promise<Admitted> {
  const { once, tickets, charge } = move;
  const isUsedUp = once !== undefined || tickets.length > 0 || Object.keys(charge.spend).length > 0;
  if (!isUsedUp) return admit(ground, move);
  const sent = durability.sending(ground.partitionOf(move.tree));
  const admitted = await admit(ground, move);
  await durability.durable(sent);
  return admitted;
}
