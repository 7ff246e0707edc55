/** The same moves on memory, one Redis and a Cluster: the same results, the same refusals, the same trees. @module */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryStore } from "../../src/memory/store.js";
import type { Boundary } from "../../src/wire/cut.js";
import { START_MS, Stage, TOLERANCE_MS } from "../contract/stage.js";
import { FIRST, type Move, model, move, real } from "../model/moves.js";
import { PlainStore } from "../model/plain-store.js";
import { common, looksOf } from "../model/same-looks.js";
import { CLUSTER, type Deployment, deploymentOf, SINGLE, SINGLE_OF_FOUR } from "./deployments.js";
import { binaries } from "./servers.js";

const TREES = ["r0", "r1"];
const BOUNDARIES: readonly Boundary[] = [
  { kind: "hop", tree: "r0", hop: "h0" },
  { kind: "below", tree: "r0", hop: "r0" },
  { kind: "tree", tree: "r0" },
  { kind: "tree", tree: "r1" },
];
const RUNS = 25;

/**
 * Ids are unique by themselves, and a store of several partitions does not look through all of them to find out: moves that would use
 * one name in two trees are left out. Positions of several logs have nothing to do with each other, so neither has a lag.
 */
function isComparable(plain: PlainStore, one: Move, partitions: number): boolean {
  const treeOf = (id: string) => plain.find(id)?.tree;
  const target = (id: string) => treeOf(id) ?? "r0";
  const free = (id: string, tree: string) =>
    [undefined, tree].includes(treeOf(id)) && (!TREES.includes(id) || id === tree);
  const lag = "lag" in one ? one.lag : 0;
  if (lag > 0 && partitions > 1) return false;
  switch (one.op) {
    case "open":
      return free(one.id, one.id);
    case "create":
      return free(one.id, target(one.parent));
    case "narrow":
      return free(one.id, target(one.predecessor));
    case "register":
      return (
        one.links.every(({ id, lag: late }) => {
          return (partitions === 1 || late === 0) && !TREES.includes(id) && treeOf(id) !== "r1";
        }) && one.links.every(({ parent }) => target(parent) === "r0")
      );
    case "suspend":
    case "resume": {
      const known = plain.suspensions.find(({ id }) => id === one.id);
      return known === undefined || target(known.hop) === target(one.hop);
    }
    case "ask": {
      const known = plain.tickets.find(({ id }) => id === one.id);
      return known === undefined || known.tree === target(one.hop);
    }
    default:
      return true;
  }
}

describe.each(binaries())("memory and $name", ({ path: binary }) => {
  describe.each([SINGLE, SINGLE_OF_FOUR, CLUSTER])("on %s", (name) => {
    let deployment: Deployment;
    beforeAll(async () => {
      deployment = await deploymentOf(name, binary);
    });
    afterAll(() => deployment.stop());

    async function play(moves: readonly Move[]): Promise<void> {
      const { partitions } = deployment;
      const counted = partitions === 1;
      const memory = await Stage.of((clock) => {
        return createMemoryStore({ clock, tolerance: TOLERANCE_MS });
      });
      const redis = await Stage.of(deployment.make);
      const plain = new PlainStore(START_MS);
      for (const [index, one] of [...FIRST, ...moves].entries()) {
        if (!isComparable(plain, one, partitions)) continue;
        const wanted = common(await real(memory, plain, one), counted);
        const got = common(await real(redis, plain, one), counted);
        expect(got, `move ${index}: ${JSON.stringify(one)}`).toEqual(wanted);
        model(plain, one);
      }
      const looks = await looksOf(redis, TREES, BOUNDARIES, counted);
      expect(looks).toEqual(await looksOf(memory, TREES, BOUNDARIES, counted));
    }

    test("they agree on every move and on all that they show", async () => {
      const some = fc.array(move, { minLength: 20, maxLength: 60, size: "max" });
      const agree = fc.asyncProperty(some, (moves) =>
        play(moves).finally(() => deployment.closeStores()),
      );
      await fc.assert(agree, { numRuns: RUNS, endOnFailure: true });
    });
  });
});
