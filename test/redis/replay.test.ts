/** Proofs are good once in the whole deployment: what one guard's process has seen, another refuses. @module */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRedisGuards, type RedisGuards } from "../../src/redis/engine.js";
import { AUDIENCE, allows, denies, read } from "../guard/rig.js";
import { PATIENCE_MS } from "../patience.js";
import { type House, openHouse } from "./house.js";
import { binaries, RedisServer } from "./servers.js";
import { addUsers, userOf } from "./users.js";
import { waitForGood } from "./wait.js";

describe.each(binaries())("two guards' processes on $name", ({ path: binary }) => {
  const place = { prefix: "replay", partitions: 4 };
  let server: RedisServer;
  let house: House;
  let others: RedisGuards;
  beforeAll(async () => {
    server = await RedisServer.start({ binary });
    await addUsers([server], place);
    const shared = { ...place, url: server.url };
    const guard = userOf(place.prefix, "guard");
    house = await openHouse(shared, { guard });
    others = await openRedisGuards({ ...shared, ...guard, trust: house.engine.trust });
  });
  afterAll(async () => {
    await others.close();
    await house.close();
    await server.stop();
  });

  test("a proof that was shown to one is refused by the other", async () => {
    const one = await house.watch("one");
    const two = await others.guard({ name: "two", audience: AUDIENCE });
    await waitForGood("the other is live", PATIENCE_MS, async () => two.status().feed === "live");
    const root = await house.root();
    const call = read(root);
    await allows(one, call);
    await denies(two, call, "proof_replayed");
    await denies(one, call, "proof_replayed");
    await allows(two, read(root));
    // At the same instant, exactly one of them takes it.
    for (let n = 0; n < 20; n++) {
      const shown = read(root);
      const answers = await Promise.all([one.authorize(shown), two.authorize(shown)]);
      const told = answers.map((answer) =>
        answer.effect === "deny" ? answer.code : answer.effect,
      );
      expect(told.sort()).toEqual(["allow", "proof_replayed"]);
    }
  });
});
