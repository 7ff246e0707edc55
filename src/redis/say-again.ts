/** Saying to a partition what an outbox holds of it: as often as it is asked to, to the same end. @module */
import type { JsonObject } from "../base/json-value.js";
import type { RevokeMove } from "../coordinator/store.js";
import type { Ground } from "./ground.js";
import { restoreSuspension, revokeIn, type SuspensionMove } from "./moves.js";
import type { Outgoing } from "./outbox-item.js";
import { restoreUse, type Use } from "./uses.js";

/** What an outbox holds: one of these, without its time, which is long past when it is said again. */
export type Kept =
  /** `after`: the cut came with something else, so that any which stands is enough. */
  | ({ readonly after?: boolean } & Omit<RevokeMove, "now">)
  | ({ readonly kind: "suspend" | "lift" } & Omit<SuspensionMove, "now">)
  | { readonly use: Use };

/** As it stands in the outbox: it is made of JSON. */
export function jsonOf(kept: Kept): JsonObject {
  return kept as unknown as JsonObject;
}

/** Whether it is something that was used up. */
export function isUse({ what }: Outgoing): boolean {
  return "use" in what;
}

/** The thing that the outbox holds, said to one partition now. Throws as the store does. */
export async function sayAgain(
  ground: Ground,
  { id, what }: Outgoing,
  partition: number,
  now: number,
): Promise<void> {
  const kept = what as unknown as Kept;
  if ("use" in kept) await restoreUse(ground, partition, id, kept.use, now);
  else if ("boundary" in kept) {
    await revokeIn(ground, partition, { ...kept, now }, id, kept.after === true);
  } else {
    await restoreSuspension(ground, { ...kept, now });
  }
}
