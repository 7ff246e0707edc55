/** Durability on a master with a replica: what counts as kept, what never does. @module */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { PATIENCE_MS } from "../patience.js";
import { RedisServer } from "./servers.js";
import { openStage, type Stage, type StageOptions } from "./stage.js";
import { waitFor } from "./wait.js";

/** Where nothing can come in time. */
const SHORT_MS = 300;

let master: RedisServer;
let replica: RedisServer;
let open: Stage[] = [];
beforeAll(async () => {
  master = await RedisServer.start();
  replica = await RedisServer.start({ replicaOf: master });
  await linked();
});
afterAll(() => Promise.all([master.stop(), replica.stop()]));
afterEach(async () => {
  for (const stage of open) stage.close();
  open = [];
  replica.resume();
  await linked();
  await master.ask("FLUSHALL");
});

const linked = () =>
  waitFor(
    "the replica",
    PATIENCE_MS,
    async () => (await master.ask("WAIT", 1, 100)) === 1 || undefined,
  );

async function stage(options: StageOptions): Promise<Stage> {
  const one = await openStage(master.url, options);
  open.push(one);
  return one;
}

describe("a write is durable", () => {
  test("when the replica has it, together with all that wait", async () => {
    const s = await stage({ replicas: 1 });
    const marks = async () => Number(await master.ask("GET", `${s.base(0)}mark`));
    const cuts = Array.from({ length: 50 }, async (_, n) => {
      const partition = n % 2;
      const sent = s.durability.sending(partition);
      await s.cut({ kind: "hop", tree: `t${n}`, hop: "h" });
      return s.durability.durable(sent);
    });
    expect(new Set(await Promise.all(cuts))).toEqual(new Set([1]));
    // Far fewer waits than writes: they were waited for in groups.
    expect(await marks()).toBeLessThan(25);
    expect(await replica.ask("ZCARD", `${s.base(0)}cuts`)).toBe(
      await master.ask("ZCARD", `${s.base(0)}cuts`),
    );
  });

  test("at once where the server's own disk is the promise", async () => {
    const s = await stage({ replicas: 0 });
    expect(await s.durability.durable(s.durability.sending(0))).toBe(0);
    expect(await master.ask("EXISTS", `${s.base(0)}mark`)).toBe(0);
  });
});

describe("a write is not durable", () => {
  test("while the replica stands still, and is once it goes on", async () => {
    const s = await stage({ replicas: 1 });
    replica.pause();
    const sent = s.durability.sending(0);
    await s.cut({ kind: "epoch" });
    await expect(s.durability.durable(sent, { timeoutMs: SHORT_MS })).rejects.toMatchObject({
      code: "not_durable",
    });
    replica.resume();
    await linked();
    expect(await s.durability.durable(sent)).toBe(1);
  });

  test("when fewer replicas are there than were asked for", async () => {
    const s = await stage({ replicas: 2 });
    const waited = s.durability.durable(s.durability.sending(0), { timeoutMs: SHORT_MS });
    await expect(waited).rejects.toMatchObject({ code: "not_durable", rule: "replicas" });
    // One that wants less is not held to it.
    expect(await s.durability.durable(s.durability.sending(0), { replicas: 1 })).toBe(1);
  });

  test.each([0, 1])("when it was sent in another life, with %i replicas", async (replicas) => {
    const s = await stage({ replicas });
    const sent = { ...s.durability.sending(0), life: "another/life" };
    await expect(s.durability.durable(sent)).rejects.toMatchObject({ code: "not_durable" });
  });
});

describe("what can be said again", () => {
  test("is said to the life that is there now, and counts there", async () => {
    const s = await stage({ replicas: 1 });
    let said = 0;
    const sent = { ...s.durability.sending(0), life: "another/life" };
    const again = async () => {
      said += 1;
      await s.cut({ kind: "tree", tree: "x" }, "attempt");
    };
    expect(await s.durability.assured(sent, again)).toBe(1);
    expect(said).toBe(1);
  });

  test("is tried until the time is up", async () => {
    const s = await stage({ replicas: 1, timeoutMs: SHORT_MS });
    const sent = { ...s.durability.sending(0), life: "another/life" };
    const again = () => Promise.reject(new Error("no"));
    await expect(s.durability.assured(sent, again)).rejects.toMatchObject({ code: "not_durable" });
  });
});

describe("another life of the owner", () => {
  test("begins a new epoch, above every position that the last one can have given", async () => {
    const s = await stage({});
    const { entry } = await s.cut({ kind: "tree", tree: "x" });
    const partition = s.ground.partitionOf("x");
    await master.ask("HSET", `${s.base(partition)}m`, "life", "before/it");
    const again = await s.cut({ kind: "tree", tree: "x" }, "");
    // A standing cut is known; the epoch has changed all the same.
    expect(again).toMatchObject({ fresh: false, entry: { position: entry.position } });
    const next = await s.cut({ kind: "epoch" });
    expect(next.positions?.[partition]).toBe(entry.position + 16_777_216 + 1);
    expect(await master.ask("HGET", `${s.base(partition)}m`, "epoch")).toBe("2");
  });
});
