/** The whole log: one order for the lines of all partitions, chained, whoever seals and wherever one stops. @module */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { verifyLog } from "../../src/audit/verify.js";
import { canonicalize } from "../../src/base/canonical.js";
import { ManualClock } from "../../src/base/clock.js";
import { baseKey, partitionOf } from "../../src/redis/layout.js";
import { createRedisStore, type RedisStore } from "../../src/redis/store.js";
import { START_MS } from "../contract/stage.js";
import { RedisServer } from "./servers.js";

const PARTITIONS = 4;
const WHOLE = { limit: 10_000 };
const TREES = ["a", "b", "c", "d", "e", "f", "g"];

let server: RedisServer;
let runs = 0;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

/** Lines that partitions begin with. */
const STARTED = PARTITIONS;

describe("the whole log", () => {
  const clock = new ManualClock(START_MS);
  const stores: RedisStore[] = [];
  let prefix: string;
  const open = async () => {
    const store = await createRedisStore({
      url: server.url,
      prefix,
      partitions: PARTITIONS,
      testClock: clock,
      heartbeats: false,
      // A busy machine is no fault here.
      patience: { connectMs: 10_000, commandMs: 60_000 },
    });
    stores.push(store);
    return store;
  };
  beforeEach(() => {
    runs += 1;
    prefix = `seal-${runs}`;
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  /** Lines without a record of theirs belong to no tree, but stand in its partition. */
  const write = (store: RedisStore, tree: string, count = 1) =>
    store.record(
      Array.from({ length: count }, (_, sequence) => ({
        kind: "call",
        tenant: "acme",
        tree,
        guard: "g",
        sequence,
      })),
      clock.now(),
    );
  const key = (partition: number, name: string) => `${baseKey(prefix, partition)}${name}`;
  const good = (lines: readonly object[]) => verifyLog(lines.map((line) => canonicalize(line)));

  test("spans partitions", () => {
    expect(new Set(TREES.map((tree) => partitionOf(tree, PARTITIONS))).size).toBe(PARTITIONS);
  });

  test("begins with each partition's start, again where one started empty", async () => {
    const store = await open();
    await write(store, "a");
    const started = async () =>
      (await store.audit(WHOLE)).flatMap(({ event: { kind, data } }) =>
        kind === "store.started" ? [data] : [],
      );
    const first = store.generations.map((generation, partition) => ({ generation, partition }));
    expect(await started()).toEqual(first);
    expect((await (await open()).audit(WHOLE)).length).toBe(STARTED + 1);
    const lost = partitionOf("b", PARTITIONS);
    await server.ask("DEL", key(lost, "m"), key(lost, "log"), key(lost, "number0"));
    const other = await open();
    const generation = other.generations[lost];
    expect(generation).not.toBe(store.generations[lost]);
    const name = `{${prefix}:p${lost}}:log`;
    const [[, [, line = ""] = []] = []] = (await server.ask("XRANGE", name, "-", "+")) as [
      string,
      string[],
    ][];
    expect(line).toContain(String(generation));
  });

  test("is one order that never changes again, by time across partitions", async () => {
    const store = await open();
    for (const tree of TREES) {
      clock.advance(1);
      await write(store, tree);
    }
    const first = await store.audit(WHOLE);
    expect(first.slice(STARTED).map(({ event }) => event.tree)).toEqual(TREES);
    for (const tree of TREES) await write(store, tree, 3);
    const all = await store.audit(WHOLE);
    expect(all.slice(0, first.length)).toEqual(first);
    expect(good(all)).toMatchObject({ ok: true, lines: STARTED + 4 * TREES.length });
    expect(await store.audit({ from: 5, limit: 3 })).toEqual(all.slice(4, 7));
  });

  test("is the same for all who seal it at once, and misses nothing that is written meanwhile", async () => {
    const some = await Promise.all([open(), open(), open()]);
    const work = TREES.flatMap((tree) =>
      some.flatMap((store) => [write(store, tree, 20), store.audit(WHOLE)]),
    );
    await Promise.all(work);
    const [one, two, three] = await Promise.all(some.map((store) => store.audit(WHOLE)));
    expect(two).toEqual(one);
    expect(three).toEqual(one);
    expect(good(one ?? [])).toMatchObject({ ok: true, lines: STARTED + 3 * 20 * TREES.length });
  });

  test("goes on over many steps", async () => {
    const store = await open();
    await write(store, "a", 1_500);
    await write(store, "b", 700);
    expect(good(await store.audit(WHOLE))).toMatchObject({ ok: true, lines: STARTED + 2_200 });
  });

  test("is finished by the next who comes, where one stopped before lines knew their number", async () => {
    const store = await open();
    for (const tree of TREES) await write(store, tree, 2);
    const before = await store.audit(WHOLE);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await server.ask("DEL", key(partition, "number0"));
    }
    await server.ask("HSET", key(0, "sealed"), "done", 0);
    await write(store, "a");
    const after = await store.audit(WHOLE);
    expect(after.slice(0, before.length)).toEqual(before);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const lines = Number(await server.ask("HGET", key(partition, "m"), "seq"));
      expect(await server.ask("STRLEN", key(partition, "number0"))).toBe(6 * lines);
    }
  });

  test("shows when a line was changed in the server", async () => {
    const store = await open();
    clock.advance(1);
    await write(store, "a", 5);
    await store.audit(WHOLE);
    const log = key(partitionOf("a", PARTITIONS), "log");
    const script =
      "local e = redis.call('XRANGE', KEYS[1], '-', '+') redis.call('DEL', KEYS[1]) " +
      "for n = 1, #e do local t = e[n][2][2] " +
      "if n == 1 + 3 then t = string.gsub(t, 'acme', 'evil') end " +
      "redis.call('XADD', KEYS[1], e[n][1], 'e', t) end";
    await server.ask("EVAL", script, 1, log);
    expect(good(await store.audit(WHOLE))).toMatchObject({
      ok: false,
      firstBad: { line: STARTED + 3, reason: "hash" },
    });
  });

  test("answers from a line on that an admission named", async () => {
    const store = await open();
    for (const tree of TREES) await write(store, tree, 3);
    const { made, line } = await admitted(store, clock, "tree");
    expect(made).toBe("created");
    const [first] = await store.audit({ from: line, limit: 1 });
    expect(first?.event).toMatchObject({ kind: "call", hop: "tree", agent: "agent" });
    expect(first?.seq).toBe((await store.audit(WHOLE)).length);
  });
});

/** A tree of one hop, and a call by it. */
async function admitted(store: RedisStore, clock: ManualClock, id: string) {
  const now = clock.now();
  const expiresAt = now + 60_000;
  const hop = {
    ...{ tenant: "acme", tree: id, id, depth: 0, agent: "agent", identity: "proven" as const },
    ...{ holder: "key", authority: "digest", createdAt: now, expiresAt, bearer: false },
    origin: "coordinator" as const,
  };
  const authority = { tools: {}, scopes: [], ceilings: [], audience: [], limits: {} };
  const principal = { issuer: "i", subject: "s" };
  const tree = { tenant: "acme", id, principal, trigger: "t", createdAt: now, expiresAt };
  const event = { kind: "hop.opened", tenant: "acme" };
  const move = { hop, authority, initial: "active" as const, seen: 0, event, now };
  const { outcome } = await store.open(tree, move);
  const { line } = await store.admit({
    ...{ tenant: "acme", tree: id, hops: [id], offline: [], charge: { spend: {} }, stated: [] },
    ...{ tickets: [], seen: 0, event: { kind: "call", tenant: "acme" }, now },
  });
  return { made: outcome, line };
}
