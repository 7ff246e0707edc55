/** Retention on a real server: which sealed lines may go, that they go, and that the log stays one log without them. @module */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sealLine } from "../../src/audit/chain.js";
import { verifyLog } from "../../src/audit/verify.js";
import type { ManualClock } from "../../src/base/clock.js";
import { baseKey, partitionOf } from "../../src/redis/layout.js";
import { createRedisStore, type RedisStore } from "../../src/redis/store.js";
import { START_MS, Stage, TOLERANCE_MS } from "../contract/stage.js";
import { binaries, RedisServer } from "./servers.js";

const PARTITIONS = 2;
const WHOLE = { limit: 10_000 };
const NEVER = Number.MAX_SAFE_INTEGER;

describe.each(binaries())("sealed lines on $name", ({ path: binary }) => {
  let server: RedisServer;
  let clock: ManualClock;
  let store: RedisStore;
  let stage: Stage;
  let runs = 0;
  beforeAll(async () => {
    server = await RedisServer.start({ binary });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    runs += 1;
    stage = await Stage.of(async (ownClock) => {
      clock = ownClock;
      store = await createRedisStore({
        url: server.url,
        prefix: `archive-${runs}`,
        partitions: PARTITIONS,
        tolerance: TOLERANCE_MS,
        testClock: clock,
        heartbeats: false,
        patience: { connectMs: 10_000, commandMs: 60_000 },
      });
      return store;
    });
  });
  afterEach(() => store.close());
  const key = (partition: number, name: string) =>
    `${baseKey(`archive-${runs}`, partition)}${name}`;
  /** As if a day had passed since its last token ended. */
  const letGo = (tree: string) =>
    server.ask("DEL", key(partitionOf(tree, PARTITIONS), `t4:acme:${tree}`));
  const kept = async () => {
    const logs = [0, 1].map((partition) => server.ask("XLEN", key(partition, "log")));
    return (await Promise.all(logs)).map(Number).reduce((sum, one) => sum + one, 0);
  };
  const texts = async () => (await store.audit(WHOLE)).map((line) => sealLine(line).text);

  /** Two trees in different partitions: one that ends, and one that lives on. */
  async function story() {
    await stage.open("old");
    await stage.create("old", "a");
    await stage.admit("old", ["old", "a"]);
    clock.advance(10);
    await stage.open("live-0");
    clock.advance(10);
    await stage.revoke({ kind: "agent", agent: "nobody" });
    expect(partitionOf("old", PARTITIONS)).not.toBe(partitionOf("live-0", PARTITIONS));
  }

  test("stay while their tree is kept, whatever their age", async () => {
    await story();
    // The two starts stand before it, and belong to no tree.
    expect(await store.archive.ready(NEVER)).toEqual({ first: 1, last: PARTITIONS });
    await letGo("old");
    expect(await store.archive.ready(NEVER)).toEqual({ first: 1, last: PARTITIONS + 3 });
    await letGo("live-0");
    const all = (await store.audit(WHOLE)).length;
    expect(await store.archive.ready(NEVER)).toEqual({ first: 1, last: all });
  });

  test("stay while they are younger than was asked for", async () => {
    await story();
    await letGo("old");
    await letGo("live-0");
    expect(await store.archive.ready(START_MS)).toEqual({ first: 1, last: 0 });
    expect(await store.archive.ready(START_MS + 1)).toEqual({ first: 1, last: PARTITIONS + 3 });
    expect(await store.archive.ready(START_MS + 11)).toEqual({ first: 1, last: PARTITIONS + 4 });
  });

  test("go once they were archived, and what comes later is chained to them", async () => {
    await story();
    await letGo("old");
    const before = await texts();
    const range = await store.archive.ready(NEVER);
    const size = await kept();
    expect(await store.archive.forget(range)).toBe(range.last);
    expect(await kept()).toBe(size - range.last);
    // What a live token could need is there: its tree, its trail, and calls that are admitted.
    await stage.admit("live-0", ["live-0"]);
    const trail = await store.audit({ tenant: "acme", tree: "live-0", ...WHOLE });
    expect(trail.map(({ n }) => n)).toEqual([1, 2]);
    const rest = await texts();
    expect(rest).toHaveLength(before.length - range.last + 1);
    const whole = [...before.slice(0, range.last), ...rest];
    expect(verifyLog(whole)).toMatchObject({ ok: true, lines: before.length + 1 });
    expect((await store.audit({ from: 1, limit: 1 }))[0]?.seq).toBe(range.last + 1);
    expect(await store.audit({ tenant: "acme", tree: "old", ...WHOLE })).toEqual([]);
    expect(await store.archive.ready(NEVER)).toEqual({ first: range.last + 1, last: range.last });
  });

  test("go with the next that are archived, where whoever noted them got no further", async () => {
    await story();
    await letGo("old");
    const range = await store.archive.ready(NEVER);
    const old = partitionOf("old", PARTITIONS);
    await server.ask("HSET", key(0, "archived"), "n", range.last, `p${old}`, 4);
    expect((await store.audit(WHOLE))[0]?.seq).toBe(range.last + 1);
    const size = await kept();
    await letGo("live-0");
    const next = await store.archive.ready(NEVER);
    expect(next.first).toBe(range.last + 1);
    await store.archive.forget(next);
    expect(await kept()).toBe(0);
    expect(size).toBe(next.last);
    await stage.open("new");
    expect((await store.audit(WHOLE)).map(({ seq }) => seq)).toEqual([next.last + 1]);
  });

  test("are counted once by two who archive at the same time", async () => {
    await story();
    await letGo("old");
    const range = await store.archive.ready(NEVER);
    const went = await Promise.all([store.archive.forget(range), store.archive.forget(range)]);
    expect(went.reduce((sum, one) => sum + one, 0)).toBe(range.last);
  });
});
