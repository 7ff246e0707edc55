/** A preview of one tree is one look at some nodes, and the counts that are kept of the rest. @module */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRedisStore } from "../../src/redis/store.js";
import { Stage } from "../contract/stage.js";
import { PATIENT } from "../patience.js";
import { RedisServer } from "./servers.js";

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const calls = async () => {
  const told = (await server.info("commandstats")).get("cmdstat_evalsha") ?? "";
  return Number(/calls=(\d+)/.exec(told)?.[1] ?? 0);
};

test("is exact for what one look brings, and beyond it an estimate at the same price", async () => {
  const store = await createRedisStore({
    url: server.url,
    partitions: 1,
    heartbeats: false,
    // Suites share a machine with other suites.
    patience: PATIENT,
  });
  const stage = await Stage.of(() => store);
  stage.clock.advance(Date.now() - stage.now);
  await stage.open("root");
  await stage.create("root", "first");
  const prices: number[] = [];
  const preview = async (hop: string) => {
    const before = await calls();
    const told = await store.preview("acme", { kind: "hop", tree: "root", hop });
    prices.push((await calls()) - before);
    return told;
  };
  const grow = async (from: number, to: number) => {
    const ids = Array.from({ length: to - from }, (_, n) => `h-${from + n}`);
    const moves = await Promise.all(ids.map((id) => stage.move(id, "first", "root")));
    await Promise.all(moves.map((move) => store.create(move)));
  };
  await grow(0, 200);
  expect(await preview("first")).toMatchObject({ hops: 201, estimate: false });
  await grow(200, 1_000);
  expect(await preview("first")).toMatchObject({ hops: 1_001, estimate: true });
  expect(await preview("h-700")).toMatchObject({ hops: 1, estimate: false });
  for (let n = 0; n < 100; n++) await stage.cutHop(`h-${n}`, "root");
  const { hops, estimate } = await preview("first");
  expect(estimate).toBe(true);
  expect(hops).toBeGreaterThan(400);
  expect(hops).toBeLessThan(1_001);
  expect(new Set(prices.slice(1))).toEqual(new Set([prices[1]]));
  await store.close();
});
