/** How far the audit log was archived: lines up to there are not on the servers any more. @module */
import type { Ground } from "./ground.js";
import { HOME } from "./log-parts.js";
import { SCRIPTS } from "./scripts.generated.js";
import { wholeAt } from "./shown.js";

/** The last line that is gone, and the last of each partition. */
export async function archivedOf(
  ground: Ground,
): Promise<{ last: number; tips: readonly (readonly [partition: number, seq: number])[] }> {
  const reply = await ground.look(HOME, SCRIPTS.lookArchived, []);
  const tips: [number, number][] = [];
  for (let at = 1; at < reply.length; at += 2)
    tips.push([wholeAt(reply, at), wholeAt(reply, at + 1)]);
  return { last: wholeAt(reply, 0), tips };
}
