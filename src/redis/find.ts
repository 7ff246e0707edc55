/** Finds the tree of a hop or a ticket whose caller does not know it: asks every partition. Always right, never quick. @module */
import type { Ground } from "./ground.js";
import { SCRIPTS } from "./scripts.generated.js";
import { textAt } from "./shown.js";

const LETTERS = { hop: "i", ticket: "q" } as const;

/** The tenant's tree that has it; undefined for none. */
export async function treeWith(
  ground: Ground,
  kind: keyof typeof LETTERS,
  tenant: string,
  id: string,
): Promise<string | undefined> {
  let found: string | undefined;
  await ground.everywhere(async (partition) => {
    for (let from = "+inf"; found === undefined; ) {
      const args = [tenant, LETTERS[kind], id, from];
      const reply = await ground.look(partition, SCRIPTS.find, args);
      const outcome = textAt(reply, 0);
      if (outcome === "found") found = textAt(reply, 1);
      if (outcome !== "more") return;
      from = `(${textAt(reply, 1)}`;
    }
  });
  return found;
}
