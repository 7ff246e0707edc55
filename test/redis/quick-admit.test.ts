/** Admission in the plain case writes, to the byte, what the whole move writes. @module */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ManualClock } from "../../src/base/clock.js";
import { createRedisStore } from "../../src/redis/store.js";
import { START_MS, Stage } from "../contract/stage.js";
import { dumpOf } from "./dump.js";
import { RedisServer } from "./servers.js";

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

/** Some calls, admitted and refused; the same each time. */
async function played(prefix: string, isPlain: boolean): Promise<unknown[]> {
  const stage = await Stage.of(async (clock: ManualClock) =>
    createRedisStore({
      url: server.url,
      prefix,
      partitions: 1,
      testClock: clock,
      tolerance: 1_000,
      generation: "same",
      heartbeats: false,
    }),
  );
  expect(stage.now).toBe(START_MS);
  await stage.open("root", { limits: { calls: 9 }, lease: stage.now + 50_000 });
  await stage.create("root", "a", { limits: { calls: 3, spend: { EUR: "1" } } });
  await stage.create("a", "b\u00e9", { agent: 'agent "b"\u00e9' });
  await stage.create("root", "c", { expiresAt: stage.now + 40_000 });
  // Limits that are stated for a hop with a record count nothing, but are not plain.
  const words = isPlain ? {} : { stated: [{ hop: "root", calls: 1 }] };
  const said: unknown[] = [];
  const admit = async (...hops: string[]) => {
    stage.clock.advance(1);
    const told = stage.admit("root", hops, words);
    said.push(await told.catch(({ code, hop, rule, message }) => [code, hop, rule, message]));
  };
  for (const hops of [["root"], ["root", "a"], ["root", "a", "b\u00e9"], ["root", "c"]]) {
    await admit(...hops);
    await admit(...hops);
  }
  await admit("root", "b\u00e9");
  await admit("a");
  await stage.suspend("root", "a", "s");
  await admit("root", "a");
  await stage.resume("root", "a", "s");
  await admit("root", "a");
  await stage.cutHop("b\u00e9", "root");
  await admit("root", "a", "b\u00e9");
  stage.clock.advance(45_000);
  await admit("root", "c");
  await admit("root");
  await stage.revoke({ kind: "agent", agent: "nobody" });
  await admit("root");
  stage.clock.advance(10_000);
  await admit("root");
  said.push(await dumpOf(server, prefix));
  await stage.store.close();
  return said;
}

test("whatever is admitted and refused", async () => {
  const plain = await played("plain", true);
  expect(plain).toEqual(await played("whole", false));
  const admitted = plain.filter((one) => typeof one === "object" && one !== null && "line" in one);
  expect(admitted.length).toBeGreaterThan(7);
});
