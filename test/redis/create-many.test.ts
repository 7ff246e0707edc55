/** Hops made together, or alone in the plain case, are to the byte what the whole move makes of them one after the other. @module */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ManualClock } from "../../src/base/clock.js";
import type { CreateMove } from "../../src/coordinator/store.js";
import { baseKey } from "../../src/redis/layout.js";
import { createRedisStore } from "../../src/redis/store.js";
import { Stage } from "../contract/stage.js";
import { PATIENT } from "../patience.js";
import { dumpOf } from "./dump.js";
import { RedisServer } from "./servers.js";

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

type Way = "whole" | "alone" | "together";

/** Some hops, made and refused; the same each time. Gives what was said of each, and what is kept at the end. */
async function played(way: Way): Promise<unknown[]> {
  const stage = await Stage.of(async (clock: ManualClock) =>
    createRedisStore({
      url: server.url,
      prefix: way,
      partitions: 1,
      testClock: clock,
      tolerance: 1_000,
      generation: "same",
      heartbeats: false,
      patience: PATIENT,
    }),
  );
  // A mark that covers nobody is looked at all the same, and only by the whole move.
  const meta = `${baseKey(way, 0)}m`;
  const marks = `${baseKey(way, 0)}Sacme`;
  if (way === "whole") {
    await server.ask("HDEL", meta, "unmarked");
    await server.ask("HSET", marks, "bnobody", 1);
  }
  const said: unknown[] = [];
  const make = (move: CreateMove) =>
    stage.store.create(move).catch(({ code, hop, rule, message }) => [code, hop, rule, message]);
  const all = async (moves: readonly CreateMove[]) => {
    if (way === "together") said.push(...(await Promise.all(moves.map(make))));
    else for (const move of moves) said.push(await make(move));
  };
  const at = (parent: string, id: string, words = {}, tree = "root") =>
    stage.move(id, parent, tree, words);

  await stage.open("root", { limits: { children: 70 }, lease: stage.now + 50_000 });
  await stage.open("other");
  for (const tree of ["root", "other"]) {
    // What every tree has from then on, and authorities that were told.
    await stage.create(tree, `${tree}-0`, { key: "first" });
    await stage.create(tree, `${tree}-1`, { limits: { children: 2, spend: { EUR: "1" } } });
    await stage.create(tree, `${tree}-2`, { limits: { descendants: 2, calls: 3 } });
  }
  const wide = Array.from({ length: 66 }, (_, n) => at("root", `h-${n}`, { key: `k-${n}` }));
  await all(await Promise.all(wide));
  stage.clock.advance(7);
  await all([
    await at("root", "one", { limits: { children: 2, spend: { EUR: "1" } } }),
    await at("one", "under-one", { agent: "\u00e9" }),
    await at("under-one", "under-both", { expiresAt: stage.now + 60_000 }),
    await at("other", "in-other", { key: "mine", request: "same" }, "other"),
    await at("one", "second-of-one"),
    await at("one", "third-of-one"),
    await at("root", "h-5"),
    await at("nobody", "orphan"),
    await at("root", "again", { key: "k-3", request: "another" }),
    await at("other", "again-other", { key: "mine", request: "same" }, "other"),
    await at("in-other", "below-other", { seen: 99 }, "other"),
    await at("in-other", "late", { expiresAt: stage.now }, "other"),
    await at("other-2", "last-but-one", {}, "other"),
    await at("last-but-one", "last", {}, "other"),
    await at("last", "too-many", {}, "other"),
    await at("root", "no-room-1"),
    await at("root", "no-room-2"),
  ]);
  await stage.suspend("root", "one", "s");
  await all([
    await at("one", "held"),
    await at("under-one", "held-below"),
    await at("h-1", "free"),
  ]);
  stage.clock.advance(55_000);
  await all([await at("h-1", "lapsed"), await at("other", "goes-on", {}, "other")]);
  if (way === "whole") await server.ask("HSET", meta, "unmarked", 1);
  await server.ask("DEL", marks);
  said.push(await dumpOf(server, way));
  await stage.store.close();
  return said;
}

test("whatever is made and refused", async () => {
  const whole = await played("whole");
  expect(await played("alone")).toEqual(whole);
  expect(await played("together")).toEqual(whole);
  const made = whole.filter((one) => typeof one === "object" && one !== null && "hop" in one);
  expect(made.length).toBeGreaterThan(70);
  expect(whole.length - made.length).toBeGreaterThan(9);
});

test("hops that share a turn share a script", async () => {
  const calls = async () => {
    const told = (await server.info("commandstats")).get("cmdstat_evalsha") ?? "";
    return Number(/calls=(\d+)/.exec(told)?.[1] ?? 0);
  };
  const store = await createRedisStore({
    url: server.url,
    prefix: "shared",
    partitions: 1,
    heartbeats: false,
    patience: PATIENT,
  });
  const stage = await Stage.of(() => store);
  stage.clock.advance(Date.now() - stage.now);
  await stage.open("root");
  await stage.create("root", "first");
  const moves = await Promise.all(
    Array.from({ length: 64 }, (_, n) => stage.move(`m-${n}`, "root", "root")),
  );
  await Promise.all(moves.slice(0, 2).map((move) => store.create(move)));
  const before = await calls();
  const made = await Promise.all(moves.slice(2).map((move) => store.create(move)));
  expect(made.map(({ outcome }) => outcome)).toEqual(made.map(() => "created"));
  expect((await calls()) - before).toBe(2);
  await store.close();
});

test("a partition that lost what it was told is told again", async () => {
  const store = await createRedisStore({
    url: server.url,
    prefix: "lost",
    partitions: 1,
    heartbeats: false,
    patience: PATIENT,
  });
  const stage = await Stage.of(() => store);
  stage.clock.advance(Date.now() - stage.now);
  await stage.open("root");
  await stage.create("root", "first");
  await server.ask("DEL", `${baseKey("lost", 0)}g`);
  expect(await stage.create("root", "second")).toMatchObject({ outcome: "created" });
  await store.close();
});
