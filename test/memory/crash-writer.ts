/** Writes to a journal without pause and says what was acknowledged, until it is killed. Arguments: journal, seed, operations. @module */
import { writeSync } from "node:fs";
import { seededRandom } from "../../src/base/random.js";
import { createMemoryStore } from "../../src/memory/store.js";
import { START_MS, Stage } from "../contract/stage.js";

const IN_FLIGHT = 64;
const [, , journal = "", seed = "0", operations = "0"] = process.argv;
const random = seededRandom(Number(seed));
const below = (n: number) => new DataView(random(4).buffer).getUint32(0) % n;
const tell = (fact: object) => writeSync(1, `${JSON.stringify(fact)}\n`);

const stage = await Stage.of((clock) => createMemoryStore({ clock, journal }));
stage.clock.set(START_MS);
const run = `run${seed}`;
const root = `${run}-root`;
await stage.open(root, { limits: { calls: 1_000_000 } });
tell({ op: "open", id: root });

const hops = [root];
let next = 0;

async function operate(): Promise<void> {
  next += 1;
  const id = `${run}-${next}`;
  const parent = hops[below(hops.length)] ?? root;
  switch (below(10)) {
    case 0: {
      const moves = [
        await stage.move(`${id}x`, root, root),
        await stage.move(`${id}y`, `${id}x`, root),
      ];
      await stage.store.register(moves);
      tell({ op: "register", ids: [`${id}x`, `${id}y`] });
      return;
    }
    case 1:
      await stage.cutHop(id, root);
      tell({ op: "unseen", id });
      return;
    case 2:
      if (parent === root) return;
      hops.splice(hops.indexOf(parent), 1);
      await stage.cutHop(parent, root);
      tell({ op: "cut", id: parent });
      return;
    case 3:
    case 4:
    case 5:
      await stage.admit(root, [root], { charge: { spend: {} } });
      tell({ op: "admit" });
      return;
    default:
      await stage.create(root, id);
      hops.push(id);
      tell({ op: "make", id });
  }
}

const lane = async () => {
  while (next < Number(operations)) await operate();
};
await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
tell({ op: "done" });
await stage.store.close();
