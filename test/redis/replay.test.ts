/** Proofs are good once in the whole deployment: what one guard's process has seen, another refuses. @module */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../src/base/clock.js";
import { DelegationError } from "../../src/base/error.js";
import { PROOF_KEPT_MS } from "../../src/base/limits.js";
import { openRedisGuards, type RedisGuards } from "../../src/redis/engine.js";
import type { RedisStoreOptions } from "../../src/redis/options.js";
import { CONCESSIONS } from "../../src/redis/settings.js";
import { createRedisStore, type RedisStore } from "../../src/redis/store.js";
import { AUDIENCE, allows, denies, read } from "../guard/rig.js";
import { PATIENCE_MS, PATIENT, patiently } from "../patience.js";
import { type House, openHouse } from "./house.js";
import { binaries, RedisServer, type ServerOptions } from "./servers.js";
import { addUsers, userOf } from "./users.js";
import { waitForGood } from "./wait.js";

const NOW = 1_800_000_000_000;
/** How young a proof has to be that another life of an owner takes when it begins. */
const FENCED_MS = 2_000;

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

describe("another life of the owner", () => {
  const open: RedisStore[] = [];
  const servers: RedisServer[] = [];
  let clock: ManualClock;
  beforeEach(() => {
    clock = new ManualClock(NOW);
  });
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
    for (const server of servers.splice(0)) await server.stop();
  });

  async function serve(options: ServerOptions): Promise<RedisServer> {
    const server = await RedisServer.start(options);
    servers.push(server);
    return server;
  }

  /** A process: what it remembers by itself is its own. */
  async function process(url: string, options: Partial<RedisStoreOptions> = {}) {
    const store = await createRedisStore({
      url,
      partitions: 1,
      accept: CONCESSIONS,
      patience: PATIENT,
      testClock: clock,
      heartbeats: false,
      ...options,
    });
    open.push(store);
    return store;
  }

  /** A proof of this name, made so many ms from now, is shown to it. */
  async function shown(store: RedisStore, name: string, aheadMs = 0): Promise<boolean | string> {
    const now = clock.now();
    try {
      return await store.replay.claim(name, now + aheadMs + PROOF_KEPT_MS, now);
    } catch (thrown) {
      return thrown instanceof DelegationError ? thrown.code : String(thrown);
    }
  }

  /** As soon as there is an owner again. One whose answer was lost may have been taken, so each time it is another. */
  const shownAgain = (store: RedisStore, name: string, aheadMs = 0) => {
    let tries = 0;
    return patiently(async () => {
      tries += 1;
      const told = await shown(store, tries === 1 ? name : `${name} ${tries}`, aheadMs);
      if (told === "store_unavailable") throw new Error(told);
      return told;
    });
  };

  test("takes nothing that may have been shown before it, and what is made in it", async () => {
    const server = await serve({ appendfsync: "everysec" });
    const [one, two] = [await process(server.url), await process(server.url)];
    const mark = await server.writtenBytes();
    expect(await shown(one, "a")).toBe(true);
    expect(await shown(two, "a")).toBe(false);
    await server.kill();
    server.cutAppendOnlyFile(mark);
    await server.launch();
    expect(await shownAgain(two, "a")).toBe("proof_expired");
    clock.advance(FENCED_MS);
    expect(await shownAgain(two, "b", 0)).toBe("proof_expired");
    await shownAgain(one, "d", 1);
    expect(await shown(two, "c", 1)).toBe(true);
    expect(await shown(one, "c", 1)).toBe(false);
  });

  test.each(["was there", "came later"])(
    "that began empty takes nothing of before either, from who %s",
    async (who) => {
      const server = await serve({});
      const one = await process(server.url, { heartbeats: true, partitions: 2 });
      expect(await shown(one, "a")).toBe(true);
      clock.advance(100);
      const [key = ""] = (await server.ask("KEYS", "*:z*")) as string[];
      const tag = key.slice(0, key.indexOf("z"));
      await server.ask("DEL", ...((await server.ask("KEYS", `${tag}*`)) as string[]));
      const there = async () => (await server.ask("EXISTS", `${tag}m`)) === 1;
      await waitForGood("it is started again", PATIENCE_MS, there);
      const store = who === "was there" ? one : await process(server.url, { partitions: 2 });
      expect(await shownAgain(store, "a", -100)).toBe("proof_expired");
    },
  );

  test("would take for new what was made far ahead of its time: a quorum has that before it counts", async () => {
    const master = await serve({});
    const replica = await serve({ replicaOf: master });
    const linked = async () => (await master.ask("WAIT", 1, 100)) === 1;
    await waitForGood("the replica", PATIENCE_MS, linked);
    const near = await process(master.url, { replicas: 1, durableMs: PATIENCE_MS });
    const hasty = await process(master.url, { replicas: 1, durableMs: 300 });
    expect(await shown(near, "a", 1_001)).toBe(true);
    replica.pause();
    expect(await shown(hasty, "b", 1_001)).toBe("not_durable");
    expect(await shown(hasty, "c", 1_000)).toBe(true);
  });
});
