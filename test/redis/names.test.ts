/** The index of agents and principals: what it answers is what looking at every tree answers, whatever became of it. @module */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { baseKey } from "../../src/redis/layout.js";
import { createRedisStore, type RedisStore } from "../../src/redis/store.js";
import type { NamedBoundary } from "../../src/wire/cut.js";
import { Stage, TOLERANCE_MS } from "../contract/stage.js";
import { binaries, RedisServer } from "./servers.js";

const PARTITIONS = 2;
const TREES = ["t0", "t1", "t2", "t3", "t4", "t5"];
const SCOUT: NamedBoundary = { kind: "agent", agent: "scout" };
const BEN: NamedBoundary = { kind: "principal", issuer: "https://idp.example", subject: "ben" };

describe.each(binaries())("the index of names on $name", ({ path: binary }) => {
  let server: RedisServer;
  let store: RedisStore;
  let stage: Stage;
  let runs = 0;
  beforeAll(async () => {
    server = await RedisServer.start({ binary });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    runs += 1;
    stage = await Stage.of(async (clock) => {
      store = await createRedisStore({
        url: server.url,
        prefix: `names-${runs}`,
        partitions: PARTITIONS,
        tolerance: TOLERANCE_MS,
        testClock: clock,
        heartbeats: false,
        patience: { connectMs: 10_000, commandMs: 60_000 },
      });
      return store;
    });
    for (const [n, id] of TREES.entries()) {
      await stage.open(id, { subject: n % 3 === 0 ? "ben" : "ada" });
      await stage.create(id, `${id}-a`);
      if (n % 2 === 0) await stage.create(`${id}-a`, `${id}-b`, { agent: "scout" });
    }
  });
  afterEach(() => store.close());
  const partitions = [0, 1];
  const key = (partition: number, name: string) => `${baseKey(`names-${runs}`, partition)}${name}`;
  const keysOf = async (pattern: string) => (await server.ask("KEYS", pattern)) as string[];
  const indexKeys = async () => {
    const found = partitions.map((one) => keysOf(`${key(one, "N")}*`));
    return (await Promise.all(found)).flat();
  };
  const seqs = () =>
    Promise.all(partitions.map((one) => server.ask("HGET", key(one, "names"), "seq")));
  const tips = () => Promise.all(partitions.map((one) => server.ask("HGET", key(one, "m"), "seq")));
  const lose = async () => {
    await server.ask("DEL", ...partitions.map((one) => key(one, "names")), ...(await indexKeys()));
  };
  const answers = async () => {
    const trees = async (of: NamedBoundary) =>
      (await store.trees("acme", { limit: 100, of })).trees.map(({ id }) => id);
    return {
      scout: await trees(SCOUT),
      ben: await trees(BEN),
      nobody: await trees({ kind: "agent", agent: "nobody" }),
      previews: [
        await store.preview("acme", SCOUT),
        await store.preview("acme", BEN),
        await store.preview("acme", { kind: "ban", agent: "scout" }),
      ],
    };
  };

  test("says which trees a name stands in, and what a cut there would stop", async () => {
    const told = await answers();
    expect(told).toMatchObject({ scout: ["t4", "t2", "t0"], ben: ["t3", "t0"], nobody: [] });
    expect(told.previews.map(({ hops, estimate }) => [hops, estimate])).toEqual([
      [3, false],
      [5, false],
      [3, false],
    ]);
    expect(await seqs()).toEqual(await tips());
    await stage.create("t1", "t1-late", { agent: "scout" });
    expect((await answers()).scout).toEqual(["t4", "t2", "t1", "t0"]);
  });

  test("gives the same answer when it was lost, and is there again", async () => {
    const told = await answers();
    const before = (await indexKeys()).sort();
    expect(before.length).toBeGreaterThan(3);
    await lose();
    expect(await answers()).toEqual(told);
    expect((await indexKeys()).sort()).toEqual(before);
  });

  test("gives the same answer when it was lost with the lines that it was made from", async () => {
    const told = await answers();
    await lose();
    for (const partition of partitions) {
      const seq = await server.ask("HGET", key(partition, "m"), "seq");
      await server.ask("HSET", key(0, "archived"), "n", 1, `p${partition}`, String(seq));
      await server.ask("XTRIM", key(partition, "log"), "MAXLEN", 0);
    }
    await stage.create("t1", "t1-late", { agent: "scout" });
    const after = await answers();
    expect(after.scout).toEqual(["t4", "t2", "t1", "t0"]);
    expect(after.ben).toEqual(told.ben);
    expect(after.previews[0]?.hops).toBe(4);
    expect(after.previews[1]).toEqual(told.previews[1]);
  });

  test("answers right while it is far behind, and catches up as it is asked", async () => {
    const lines = Array.from({ length: 9_000 }, (_, sequence) => ({
      ...{ kind: "call", tenant: "acme", tree: "t0", guard: "g", sequence },
    }));
    await store.record(lines, stage.now);
    await stage.create("t5", "t5-late", { agent: "scout" });
    await stage.create("t0", "t0-late", { agent: "late" });
    const late = { limit: 10, of: { kind: "agent", agent: "late" } } as const;
    const found = async () => (await store.trees("acme", late)).trees.map(({ id }) => id);
    expect(await found()).toEqual(["t0"]);
    expect(await seqs()).not.toEqual(await tips());
    for (let asked = 0; asked < 3; asked++) expect(await found()).toEqual(["t0"]);
    expect(await seqs()).toEqual(await tips());
  });

  test("is brought to the end of the log before lines of it are forgotten", async () => {
    const lines = Array.from({ length: 9_000 }, (_, sequence) => ({
      ...{ kind: "call", tenant: "acme", tree: "t0", guard: "g", sequence },
    }));
    await store.record(lines, stage.now);
    await store.audit({ limit: 1 });
    await store.archive.forget({ first: 1, last: PARTITIONS });
    expect(await seqs()).toEqual(await tips());
    const told = await answers();
    expect(told).toMatchObject({ scout: ["t4", "t2", "t0"], ben: ["t3", "t0"] });
    expect((await server.ask("HGET", key(0, "names"), "after")) ?? "0").toBe("0");
  });

  test("is the same for several who bring it up to date at once", async () => {
    const all = await Promise.all(Array.from({ length: 6 }, answers));
    for (const one of all) expect(one).toEqual(all[0]);
    expect(await seqs()).toEqual(await tips());
  });
});
