/** A guard that follows several logs of cuts: each judges its own trees, and no other's. @module */
import { describe, expect, test } from "vitest";
import type { Position } from "../../src/wire/cut.js";
import { AUDIENCE, allows, denies, READ, read, reader, settled } from "./rig.js";
import { type Partition, type TwoLogs, twoLogs } from "./two-logs.js";

/** A guard that knows both logs, and a tree in each. */
async function scene(options: Parameters<TwoLogs["make"]>[0] = {}) {
  const s = await twoLogs();
  const guard = s.make(options);
  await guard.start();
  const roots = [await s.root(0), await s.root(1)] as const;
  return { ...s, guard, roots };
}

describe("a guard of several logs", () => {
  test("denies in the trees of a log that it has not read, and allows in the others", async () => {
    const s = await twoLogs();
    const roots = [await s.root(0), await s.root(1)] as const;
    s.wires[1].faults.down = true;
    const guard = s.make();
    await expect(guard.start()).rejects.toThrow("no route to host");
    await allows(guard, read(roots[0]));
    await denies(guard, read(roots[1]), "status_unknown", { rule: "maxStalenessMs", partition: 1 });
    expect(guard.status()).toMatchObject({
      feed: "syncing",
      ageMs: Number.POSITIVE_INFINITY,
      logs: [{ feed: "live" }, { feed: "syncing" }],
    });
    s.wires[1].faults.down = false;
    await s.pass(300);
    await allows(guard, read(roots[1]));
    expect(s.wires[1].asked).toMatchObject({ confirm: 0 });
    expect(guard.status().feed).toBe("live");
    await s.close();
  });

  test("reads many logs a few at a time, each once", async () => {
    const s = await twoLogs();
    let reading = 0;
    let most = 0;
    let reads = 0;
    const feed = {
      ...s.wires[0],
      snapshot: async () => {
        reads += 1;
        reading += 1;
        most = Math.max(most, reading);
        await settled();
        reading -= 1;
        return s.wires[0].snapshot();
      },
    };
    const partitioned = { partitions: 64, partitionOf: () => 63, feed: () => feed };
    const guard = s.make({ feed: partitioned });
    await guard.start();
    expect(reads).toBe(64);
    expect(most).toBe(16);
    expect(guard.status()).toMatchObject({ feed: "live" });
    expect(guard.status().logs.map(({ partition }) => partition)).toEqual(
      Array.from({ length: 64 }, (_, partition) => partition),
    );
    expect(await allows(guard, read(await s.root(0)))).toMatchObject({ partition: 63 });
    await s.close();
  });

  test.each([0, -1, 1.5, Number.NaN])("follows at least one log, not %d", async (partitions) => {
    const s = await twoLogs();
    expect(() => s.make({ feed: { ...s.feed, partitions } })).toThrow(
      expect.objectContaining({ code: "config_invalid", rule: "feed" }),
    );
    await s.close();
  });

  test("denies in a tree whose log it does not follow", async () => {
    const s = await scene();
    s.place(s.roots[0].tree, 2);
    await denies(s.guard, read(s.roots[0]), "status_unknown", { rule: "partition" });
    await allows(s.guard, read(s.roots[1]));
    await s.close();
  });

  test("tells with each decision in which log it was made, and how far that was known", async () => {
    const s = await scene();
    for (let n = 0; n < 3; n++) await s.cut({ kind: "tree", tree: `gone-${n}` });
    expect(await allows(s.guard, read(s.roots[0]))).toMatchObject({ partition: 0, position: 3 });
    expect(await allows(s.guard, read(s.roots[1]))).toMatchObject({ partition: 1, position: 0 });
    await s.cut({ kind: "tree", tree: s.roots[1].tree });
    const denied = await denies(s.guard, read(s.roots[1]), "delegation_revoked");
    expect(denied).toMatchObject({ partition: 1, position: 1 });
    await s.guard.flush();
    const [line] = (await s.engines[1].store.audit({ limit: 10 })).filter(
      ({ event }) => event.kind === "calls",
    );
    expect(line?.event.data).toMatchObject({
      calls: [
        { decision: "allow", seen: 0 },
        { decision: "deny", seen: 1 },
      ],
    });
    await s.close();
  });

  test("names no log where no verified chain stands behind a call", async () => {
    const s = await scene();
    const denied = await denies(s.guard, { ...read(s.roots[0]), tokens: ["no"] }, "malformed");
    expect(denied).not.toHaveProperty("position");
    expect(denied).not.toHaveProperty("partition");
    await s.close();
  });

  test("cuts a tree in its own log, and leaves the trees of both logs beside it alone", async () => {
    const s = await scene();
    const siblings = [await s.root(0), await s.root(1)] as const;
    const child = await reader(s.roots[1]);
    await s.cut({ kind: "hop", tree: child.tree, hop: child.id });
    await denies(s.guard, read(child), "delegation_revoked", { hop: child.id, rule: "hop" });
    for (const lives of [...s.roots, ...siblings]) await allows(s.guard, read(lives));
    expect(s.guard.status()).toMatchObject({
      position: 0,
      cutsKnown: 1,
      logs: [
        { position: 0, cutsKnown: 0 },
        { position: 1, cutsKnown: 1 },
      ],
    });
    await s.close();
  });

  test("R16 judges what was minted so far by the positions of its own log alone", async () => {
    const s = await scene();
    for (let n = 0; n < 3; n++) await s.cut({ kind: "tree", tree: `gone-${n}` });
    // Minted at position 3 of one log, and at position 0 of the other.
    const late = [await s.root(0), await s.root(1)] as const;
    const { positions } = await s.cut({ kind: "agent", agent: "planner" });
    expect(positions).toEqual([4, 1]);
    for (const hop of [...s.roots, ...late]) {
      await denies(s.guard, read(hop), "delegation_revoked", { rule: "agent" });
    }
    // Position 1 of the second log is enough there; position 4 of the first has nothing to say about it.
    const next = [await s.root(0), await s.root(1)] as const;
    expect(next.map(({ holder }) => holder.chain.position)).toEqual([4, 1]);
    for (const hop of next) await allows(s.guard, read(hop));
    await s.close();
  });

  test("R19 refuses an anchor of the other log's generation", async () => {
    const s = await scene();
    s.place(s.roots[0].tree, 1);
    await denies(s.guard, read(s.roots[0]), "generation_unknown", { rule: "gen" });
    await allows(s.guard, read(s.roots[1]));
    await s.close();
  });

  test("forgets positions only of the log that is not continued", async () => {
    const s = await scene();
    await s.cut({ kind: "epoch" });
    const generation = "a partition that started empty";
    s.wires[1].faults = {
      heartbeat: (beat) => ({ ...beat, generation, position: 0 }),
      snapshot: (it) => ({
        heartbeat: { ...it.heartbeat, generation, position: 0 },
        generations: [generation],
        entries: [],
      }),
    };
    await s.pass(300);
    expect(s.guard.status().logs).toMatchObject([{ cutsKnown: 1 }, { cutsKnown: 0 }]);
    await denies(s.guard, read(s.roots[0]), "delegation_revoked", { rule: "epoch" });
    await s.close();
  });
});

describe("a position that a caller demands", () => {
  type Made = (cut: { entry: { position: Position }; positions?: readonly Position[] }) => unknown;

  test.each([
    ["of the tree's log", { kind: "tree", tree: "gone" }, ({ entry }) => entry.position, 0],
    ["of every log", { kind: "ban", agent: "mallory" }, ({ positions }) => positions, 0],
    ["of every log", { kind: "ban", agent: "mallory" }, ({ positions }) => positions, 1],
  ] as [string, Parameters<TwoLogs["cut"]>[0], Made, Partition][])(
    "as revoke returned it, %s, is reached by asking the store",
    async (_which, boundary, made, partition) => {
      const s = await scene();
      const wire = s.wires[partition];
      wire.faults.entry = () => undefined;
      const minPosition = made(await s.cut(boundary)) as Position;
      const other = s.wires[1 - partition];
      const call = { ...read(s.roots[partition]), minPosition };
      expect(await allows(s.guard, call)).toMatchObject({ partition, position: 1 });
      expect(wire.asked.confirm).toBe(1);
      expect(other?.asked.confirm).toBe(0);
      await s.close();
    },
  );

  test("is held against the log of the chain's tree, whatever the other log has reached", async () => {
    const s = await scene();
    for (let n = 0; n < 3; n++) await s.cut({ kind: "tree", tree: `gone-${n}` });
    await allows(s.guard, { ...read(s.roots[0]), minPosition: 3 });
    await allows(s.guard, { ...read(s.roots[1]), minPosition: [3, 0] });
    await denies(s.guard, { ...read(s.roots[1]), minPosition: 3 }, "status_unknown", {
      rule: "minPosition",
    });
    await denies(s.guard, { ...read(s.roots[0]), minPosition: [4, 0] }, "status_unknown", {
      rule: "minPosition",
    });
    await s.close();
  });

  test.each([
    ["of too few logs", [0]],
    ["that is no number", [0, Number.NaN]],
  ])("%s refuses", async (_what, minPosition) => {
    const s = await scene();
    await denies(s.guard, { ...read(s.roots[1]), minPosition }, "status_unknown", {
      rule: "minPosition",
    });
    await allows(s.guard, { ...read(s.roots[0]), minPosition });
    await s.close();
  });
});

describe("a log that is silent", () => {
  test("R17 denies calls in its trees, and no others; what runs elsewhere goes on", async () => {
    const s = await scene();
    const running = [
      await allows(s.guard, read(s.roots[0])),
      await allows(s.guard, read(s.roots[1])),
    ] as const;
    s.wires[1].faults.down = true;
    await s.pass(1_000);
    await denies(s.guard, read(s.roots[1]), "status_unknown", { rule: "maxStalenessMs" });
    await allows(s.guard, read(s.roots[0]));
    expect(running.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    expect(s.guard.status()).toMatchObject({ feed: "stale", callsInFlight: 3 });
    await s.pass(3_100);
    expect(running.map(({ signal }) => signal.aborted)).toEqual([false, true]);
    expect(running[1].signal.reason).toMatchObject({ code: "status_unknown" });
    await allows(s.guard, read(s.roots[0]));
    expect(s.guard.status().logs).toMatchObject([
      { feed: "live", callsInFlight: 3 },
      { feed: "blind", callsInFlight: 0 },
    ]);
    expect(s.guard.status()).toMatchObject({
      feed: "blind",
      ageMs: s.timers.now() - 1_800_000_000_000,
    });
    s.wires[1].faults.down = false;
    await allows(s.guard, read(s.roots[1]));
    await s.close();
  });

  test("that comes in the middle of a decision denies it: the last look is at the same log", async () => {
    const policy = {
      version: "1",
      decide: async () => {
        s.wires[1].faults.down = true;
        s.timers.jump(1_000);
        return { effect: "allow", rules: [], obligations: [] } as const;
      },
    };
    const s = await scene({ policy });
    await denies(s.guard, read(s.roots[1]), "status_unknown", { rule: "maxStalenessMs" });
    await s.close();
  });

  test("asked to be strict asks only the log of the tree", async () => {
    const s = await scene({ strict: true });
    s.wires[0].faults.down = true;
    await allows(s.guard, read(s.roots[1]));
    await denies(s.guard, read(s.roots[0]), "status_unknown");
    expect(s.wires[1].asked.confirm).toBe(1);
    await s.close();
  });
});

describe("a running call", () => {
  test("R12 is aborted by a cut in its own log, and by one beyond trees in whichever it is", async () => {
    const s = await scene();
    const first = await allows(s.guard, read(s.roots[0]));
    const second = await allows(s.guard, read(s.roots[1]));
    await s.cut({ kind: "tree", tree: s.roots[1].tree });
    expect([first.signal.aborted, second.signal.aborted]).toEqual([false, true]);
    await s.cut({ kind: "principal", issuer: "https://id.example.com", subject: "ana" });
    expect(first.signal.reason).toMatchObject({ code: "delegation_revoked", rule: "principal" });
    await s.guard.flush();
    const aborted = await Promise.all(
      s.engines.map(async ({ store }) =>
        (await store.audit({ limit: 20 })).filter(({ event }) => event.kind === "call.aborted"),
      ),
    );
    expect(aborted.map((lines) => lines.map(({ event }) => event.seen))).toEqual([[1], [1]]);
    await s.close();
  });

  test("is reported to its own log, which learns how far the guard has read in it", async () => {
    const s = await scene();
    const call = s.roots[1].call("files.read", READ, { audience: AUDIENCE });
    await allows(s.guard, call);
    await s.cut({ kind: "tree", tree: "gone" });
    await s.pass(300);
    const reports = s.engines.map(({ store }) => store.guards());
    expect(reports).toMatchObject([
      [{ guard: "g", position: 1, callsInFlight: [] }],
      [{ guard: "g", position: 0, callsInFlight: [{ tree: s.roots[1].tree }] }],
    ]);
    await s.guard.close();
    for (const { store } of s.engines) {
      expect(store.guards()).toMatchObject([
        { position: Number.MAX_SAFE_INTEGER, callsInFlight: [] },
      ]);
    }
    await denies(s.guard, read(s.roots[0]), "status_unknown");
    await denies(s.guard, read(s.roots[1]), "status_unknown");
    await s.close();
  });
});
