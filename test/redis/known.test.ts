/** What never changes about a chain is told once: later moves name it, and only to the life and generation that told it. @module */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { baseKey } from "../../src/redis/layout.js";
import { createRedisStore } from "../../src/redis/store.js";
import { Stage } from "../contract/stage.js";
import { PATIENT } from "../patience.js";
import { RedisServer } from "./servers.js";

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

let stage: Stage;
let made = 0;
let base: string;
beforeEach(async () => {
  const prefix = `known-${made++}`;
  base = baseKey(prefix, 0);
  stage = await Stage.of(async (clock) =>
    createRedisStore({
      url: server.url,
      prefix,
      partitions: 1,
      testClock: clock,
      heartbeats: false,
      patience: PATIENT,
    }),
  );
  await stage.open("root");
  await stage.create("root", "first");
  await stage.create("root", "second");
});

/** How often scripts gave a command while `run` ran. */
async function given(command: string, run: () => Promise<unknown>): Promise<number> {
  const calls = async () => {
    const told = (await server.info("commandstats")).get(`cmdstat_${command}`) ?? "";
    return Number(/calls=(\d+)/.exec(told)?.[1] ?? 0);
  };
  const before = await calls();
  await run();
  return (await calls()) - before;
}

test("neither a parent's chain nor a new hop's is looked up twice", async () => {
  const hop = async (parent: string, id: string) => {
    expect(await stage.create(parent, id)).toMatchObject({ outcome: "created" });
  };
  expect(await given("hsetnx", () => hop("root", "third"))).toBe(1);
  expect(await given("hsetnx", () => hop("third", "fourth"))).toBe(1);
  expect(await given("hget", () => hop("fourth", "fifth"))).toBe(1);
  const chain = await stage.store.chain("acme", "fifth", "root");
  expect(chain.map(({ hop: { id, depth } }) => [id, depth])).toEqual([
    ["root", 0],
    ["third", 1],
    ["fourth", 2],
    ["fifth", 3],
  ]);
});

test("a chain that calls are made by is looked up once", async () => {
  const admit = () => stage.admit("root", ["root", "first"]);
  expect(await given("hget", admit)).toBe(2);
  expect(await given("hget", admit)).toBe(1);
  expect(await given("hget", admit)).toBe(1);
});

test("a chain that only ends like a known one is judged as what it is", async () => {
  await stage.admit("root", ["root", "first"]);
  await expect(stage.admit("root", ["second", "first"])).rejects.toMatchObject({
    code: "hop_unregistered",
  });
});

test.each([
  ["the hop is cut", () => stage.cutHop("first", "root"), "delegation_revoked"],
  ["a hop above is cut", () => stage.cutHop("root", "root"), "delegation_revoked"],
  ["its tree is cut", () => stage.revoke({ kind: "tree", tree: "root" }), "delegation_revoked"],
  ["the hop is suspended", () => stage.suspend("root", "first", "s"), "delegation_suspended"],
  ["a hop above has ended", () => stage.complete("root", "root"), "hop_not_active"],
] as const)("once %s, a chain and a parent that are known serve no more", async (_, stop, code) => {
  await stage.admit("root", ["root", "first"]);
  await stage.create("first", "below");
  await stop();
  const refused = { code };
  await expect(stage.admit("root", ["root", "first"])).rejects.toMatchObject(refused);
  await expect(stage.create("first", "another")).rejects.toMatchObject(refused);
});

test("a token for a single use is used up by a chain that is known, once", async () => {
  await stage.admit("root", ["root", "first"]);
  const once = () => stage.admit("root", ["root", "first"], { once: "digest" });
  await once();
  await expect(once()).rejects.toMatchObject({ code: "proof_replayed" });
});

test("what another generation told counts for nothing, and is learnt anew", async () => {
  await stage.admit("root", ["root", "first"]);
  await server.ask("HSET", `${base}m`, "generation", "another");
  const hop = (id: string) => stage.create("root", id);
  expect(await given("hsetnx", () => hop("third"))).toBe(0);
  expect(await given("hsetnx", () => hop("fourth"))).toBe(1);
  const admit = () => stage.admit("root", ["root", "first"]);
  expect(await given("hget", admit)).toBe(2);
  expect(await given("hget", admit)).toBe(1);
});

test("an id that is taken is refused below a parent that is known, and nothing is written", async () => {
  const log = () => server.ask("XLEN", `${base}log`);
  const before = await log();
  await expect(stage.create("root", "second")).rejects.toMatchObject({ code: "id_taken" });
  expect(await log()).toEqual(before);
});

test("marks of a tenant are looked for from the first cut beyond one tree on", async () => {
  const admit = () => stage.admit("root", ["root", "first"]);
  await admit();
  const exists = () => given("exists", admit);
  expect(await exists()).toBe(0);
  await stage.revoke({ kind: "agent", agent: "nobody" });
  await server.ask("DEL", `${base}Sacme`);
  expect(await exists()).toBe(1);
  await stage.revoke({ kind: "epoch" });
  await expect(admit()).rejects.toMatchObject({ code: "delegation_revoked" });
});
