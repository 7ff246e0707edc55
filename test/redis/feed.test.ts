/** The feed on real servers: what the doorbell brings, what the stream knows, and what is lost. @module */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { PATIENCE_MS } from "../patience.js";
import { RedisServer } from "./servers.js";
import { listenTo, openStage, type Stage } from "./stage.js";
import { waitFor } from "./wait.js";

let server: RedisServer;
let open: Stage[] = [];
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const stage of open) stage.close();
  open = [];
  await server.ask("FLUSHALL");
});

async function stage(): Promise<Stage> {
  const one = await openStage(server.url);
  open.push(one);
  return one;
}

const treeIn = (s: Stage, partition: number, n = 0) => {
  for (let i = n * 1000; ; i++)
    if (s.feed.partitionOf(`tree-${i}`) === partition) return `tree-${i}`;
};

describe("the feed", () => {
  test("tells entries in order, without gaps, and only those of its partition", async () => {
    const s = await stage();
    const heard = listenTo(s, 0);
    await s.feed.feed(0).snapshot();
    for (let n = 0; n < 20; n++) {
      await s.cut({ kind: "tree", tree: treeIn(s, 0, n) });
      await s.cut({ kind: "tree", tree: treeIn(s, 1, n) });
    }
    await waitFor("all entries", PATIENCE_MS, () => heard.positions.length === 20 || undefined);
    expect(heard.positions).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(heard.lost).toEqual([]);
  });

  test("gives a snapshot of what lives, and the tail after it", async () => {
    const s = await stage();
    for (let n = 0; n < 5; n++) await s.cut({ kind: "tree", tree: treeIn(s, 0, n) });
    await s.cut({ kind: "agent", agent: "a" });
    await s.cut({ kind: "agent", agent: "a" });
    const heard = listenTo(s, 0);
    const { entries, heartbeat, generations } = await s.feed.feed(0).snapshot();
    // The newer cut of the agent stands for the older.
    expect(entries.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 7]);
    expect(heartbeat).toMatchObject({ position: 7, at: 0, generation: s.generations[0] });
    expect(generations).toEqual([s.generations[0]]);
    await s.cut({ kind: "tree", tree: treeIn(s, 0, 9) });
    await waitFor("the tail", PATIENCE_MS, () => heard.positions.length > 0 || undefined);
    expect(heard.positions).toEqual([8]);
  });

  test("confirms only after everything up to the position was told, and tells nobody anything newer than a quorum has", async () => {
    const s = await stage();
    const heard = listenTo(s, 0);
    await s.feed.feed(0).snapshot();
    await s.cut({ kind: "tree", tree: treeIn(s, 0) });
    const { position, at, generation } = await s.feed.feed(0).confirm();
    expect(heard.positions).toEqual([1]);
    expect({ position, generation }).toEqual({ position: 1, generation: s.generations[0] });
    expect(Math.abs(at - Date.now())).toBeLessThan(5_000);
  });

  test("reads from the stream what the doorbell lost", async () => {
    const s = await stage();
    s.keep("c");
    const heard = listenTo(s, 0);
    await s.feed.feed(0).snapshot();
    // The entry as the script writes it, without the doorbell.
    const json = `{"kind":"cut","id":"cut-1","tenant":"t","position":1,"boundary":{"kind":"epoch"},"at":1}`;
    await server.ask("XADD", `${s.base(0)}feed`, "1-1", "e", `abc ${json}`);
    await server.ask("HSET", `${s.base(0)}m`, "position", 1, "chain", "abc");
    await waitFor("the entry", PATIENCE_MS, () => heard.positions.length > 0 || undefined);
    expect(heard).toMatchObject({ positions: [1], lost: [] });
  });

  test("keeps on through killed connections", async () => {
    const s = await stage();
    s.keep("c");
    const heard = listenTo(s, 0);
    await s.feed.feed(0).snapshot();
    let made = 0;
    for (let n = 0; n < 60; n++) {
      if (n % 20 === 10) await server.ask("CLIENT", "KILL", "TYPE", "pubsub");
      await s.cut({ kind: "tree", tree: treeIn(s, 0, n) }).then(
        () => {
          made += 1;
        },
        () => undefined,
      );
    }
    await waitFor("all that were made", PATIENCE_MS, async () => {
      if (heard.positions.length < made) return undefined;
      return true;
    });
    expect(new Set(heard.positions).size).toBe(heard.positions.length);
    expect(heard.positions).toEqual([...heard.positions].sort((a, b) => a - b));
    expect(heard.lost).toEqual([]);
  });

  test.each([
    ["a log that is shorter than it was", { position: 2, chain: "x" }],
    ["another last entry", { chain: "x" }],
    ["another generation", { generation: "other" }],
    ["another life of the owner", { epoch: 9 }],
  ])("is lost at %s", async (_, fields) => {
    const s = await stage();
    const heard = listenTo(s, 0);
    await s.feed.feed(0).snapshot();
    for (let n = 0; n < 3; n++) await s.cut({ kind: "tree", tree: treeIn(s, 0, n) });
    await waitFor("the entries", PATIENCE_MS, () => heard.positions.length === 3 || undefined);
    expect(heard.lost).toEqual([]);
    await server.ask("HSET", `${s.base(0)}m`, ...Object.entries(fields).flat());
    await waitFor("the loss", PATIENCE_MS, () => heard.lost.length > 0 || undefined);
    expect(heard.lost).toEqual([_]);
  });

  test("keeps what guards report where every coordinator sees it", async () => {
    const { readReports } = await import("../../src/redis/reports.js");
    const s = await stage();
    const calls = [{ tenant: "t", tree: "x", hops: ["h"], tool: "files.read" }];
    s.feed.feed(1).report("g1", 7, calls);
    s.feed.feed(0).report("g1", 3, []);
    const other = await stage();
    const all = () => readReports(other.topology, [0, 1], () => "");
    const reports = await waitFor("both", PATIENCE_MS, async () => {
      const found = await all();
      return found.length === 2 ? found : undefined;
    });
    expect(reports).toMatchObject([
      { guard: "g1", partition: 0, position: 3, callsInFlight: [] },
      { guard: "g1", partition: 1, position: 7, callsInFlight: calls },
    ]);
  });
});
