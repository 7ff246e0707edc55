/** What the whole store promises of a replica: what is cut, ended or used once is told as kept only when a quorum has it. @module */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CONCESSIONS } from "../../src/redis/settings.js";
import { createRedisStore } from "../../src/redis/store.js";
import { Stage, TOLERANCE_MS } from "../contract/stage.js";
import { PATIENCE_MS, PATIENT, patiently } from "../patience.js";
import { RedisServer } from "./servers.js";
import { waitFor } from "./wait.js";

let master: RedisServer;
let replica: RedisServer;
let stage: Stage;
let runs = 0;
/** Where nothing can come in time. */
const SHORT_MS = 400;
const SPENT = { charge: { spend: { EUR: "1" } } };
beforeAll(async () => {
  master = await RedisServer.start();
  replica = await RedisServer.start({ replicaOf: master });
  await linked();
});
afterAll(() => Promise.all([master.stop(), replica.stop()]));
afterEach(async () => {
  replica.resume();
  await linked();
  await stage.store.close();
});

/** A tree on a store that waits so long for its replica. */
async function open(durableMs: number): Promise<void> {
  runs += 1;
  stage = await Stage.of((clock) =>
    createRedisStore({
      url: master.url,
      prefix: `promises-${runs}`,
      partitions: 2,
      tolerance: TOLERANCE_MS,
      testClock: clock,
      heartbeats: false,
      replicas: 1,
      durableMs,
      accept: CONCESSIONS,
      patience: PATIENT,
    }),
  );
  await stage.open("root", { limits: { calls: 9, spend: { EUR: "9" } } });
  await stage.create("root", "a");
}

const linked = () =>
  waitFor(
    "the replica",
    PATIENCE_MS,
    async () => (await master.ask("WAIT", 1, 100)) === 1 || undefined,
  );

describe("with a replica", () => {
  beforeEach(() => open(PATIENCE_MS));

  test("cuts, suspensions and ends of tasks are in force at once, and durable soon after", async () => {
    const suspended = await stage.suspend("root", "a", "s");
    const completed = await stage.complete("root", "a");
    const cut = await stage.cutHop("root", "root");
    const wide = await stage.revoke({ kind: "agent", agent: "x" });
    for (const { durable } of [suspended, completed, cut, wide]) expect(await durable).toBe(1);
    expect(wide.positions).toHaveLength(2);
  });

  test("what is used up is let in", async () => {
    await stage.admit("root", ["root", "a"], SPENT);
    await stage.admit("root", ["root", "a"], { once: "digest" });
    await stage.admit("root", ["root", "a"]);
    expect((await stage.hop("root")).counters).toMatchObject({ calls: 3, spend: { EUR: "1" } });
  });
});

describe("while the replica stands still", () => {
  beforeEach(async () => {
    await open(SHORT_MS);
    replica.pause();
  });

  test("a cut is in force, and says that it may be lost", async () => {
    const { durable } = await stage.cutHop("a", "root");
    await expect(durable).rejects.toMatchObject({ code: "not_durable" });
    expect(await stage.effective("a")).toBe("revoked");
    replica.resume();
    await linked();
    const again = async () => (await stage.cutHop("a", "root")).durable;
    expect(await patiently(again)).toBe(1);
  });

  test.each([
    ["money", SPENT],
    ["a single-use token", { once: "digest" }],
  ])("a call that uses up %s does not begin", async (_, words) => {
    const refused = stage.admit("root", ["root", "a"], words);
    await expect(refused).rejects.toMatchObject({ code: "not_durable" });
    // It is used up all the same.
    const { calls } = (await stage.hop("root")).counters;
    expect(calls).toBe(1);
  });

  test("a call that is only counted begins", async () => {
    await stage.admit("root", ["root", "a"]);
  });
});

describe("a coordinator", () => {
  beforeEach(() => open(PATIENCE_MS));

  test("sees who reported how far, by the log that a tree is cut in", async () => {
    const { store } = stage;
    if (!("reports" in store && "partitionOf" in store)) throw new Error("not this store");
    const reports = store.reports as (tree?: string) => Promise<readonly object[]>;
    for (const partition of [0, 1]) store.feed(partition).report("g", 7 + partition, []);
    const all = await waitFor("both", PATIENCE_MS, async () => {
      const found = await reports();
      return found.length === 2 ? found : undefined;
    });
    expect(all).toMatchObject([{ position: 7 }, { position: 8 }]);
    const partition = store.partitionOf("root");
    expect(await reports("root")).toMatchObject([{ guard: "g", partition }]);
  });
});
