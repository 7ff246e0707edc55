/** Calls that run while their authority ends. @module */
import { describe, expect, test } from "vitest";
import { Guard } from "../../src/guard/guard.js";
import { runAllowed } from "../../src/guard/run.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { MemoryReplayStore } from "../../src/memory/replay.js";
import { type FaultyFeed, faultyFeed } from "./faulty-feed.js";
import { AUDIENCE, allows, NARROW, read, reader, rig, START, settled } from "./rig.js";

async function scene() {
  const r = await rig();
  const guard = await r.watch({ name: "files" });
  const root = await r.root();
  const child = await reader(root);
  const cut = (hop: EmbeddedHop = child) => r.revoke({ kind: "hop", tree: hop.tree, hop: hop.id });
  return { ...r, guard, root, child, cut };
}

/** A handler that ends when it is told to, and notes when its signal fires. */
function work() {
  let finish = (_value: string): void => {};
  const done = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const fired: unknown[] = [];
  return {
    fired,
    finish: (value: string) => finish(value),
    handler: ({ signal }: { signal: AbortSignal }) => {
      signal.addEventListener("abort", () => fired.push(signal.reason));
      return done;
    },
  };
}

describe("a running call", () => {
  test("R12 is aborted by a cut, its result dropped, and what had happened is on record", async () => {
    const s = await scene();
    const job = work();
    const run = s.guard.run(read(s.child), job.handler);
    const ended = expect(run).rejects.toMatchObject({
      code: "aborted",
      hop: s.child.id,
      rule: "hop",
      cause: { code: "delegation_revoked" },
    });
    await s.pass(300);
    expect(s.guard.status().callsInFlight).toBe(1);
    await s.cut();
    expect(job.fired).toEqual([expect.objectContaining({ code: "delegation_revoked" })]);
    expect(s.guard.status().callsInFlight).toBe(0);
    job.finish("too late");
    await ended;
    await s.guard.flush();
    const lines = await s.lines(s.root.tree);
    expect(lines.map(({ event }) => event.kind)).toEqual([
      "hop.opened",
      "hop.created",
      "calls",
      "cut",
      "call.aborted",
    ]);
    expect(lines.at(-1)?.event).toMatchObject({
      hop: s.child.id,
      agent: "reader",
      tool: "files.read",
      code: "delegation_revoked",
      rule: "hop",
      guard: "files",
      sequence: 2,
      seen: 1,
      data: { begunAt: START, ranMs: 300 },
    });
    await s.close();
  });

  test("R12 whose result was there when the cut came is dropped all the same", async () => {
    const s = await scene();
    const run = s.guard.run(read(s.child), async () => {
      await s.cut();
      return "secret";
    });
    await expect(run).rejects.toMatchObject({ code: "aborted" });
    await s.close();
  });

  test("is aborted for the cut, not for the error that its handler stops with", async () => {
    const s = await scene();
    const run = s.guard.run(
      read(s.child),
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("socket closed")));
        }),
    );
    await settled();
    const ended = expect(run).rejects.toMatchObject({ code: "aborted" });
    await s.cut();
    await ended;
    await s.close();
  });

  test("goes on when a sibling is cut, and when another tree is", async () => {
    const s = await scene();
    const sibling = await reader(s.root, { agent: "sibling" });
    const job = work();
    const run = s.guard.run(read(s.child), job.handler);
    await s.cut(sibling);
    await s.revoke({ kind: "tree", tree: "another" });
    job.finish("done");
    expect(await run).toBe("done");
    expect(job.fired).toEqual([]);
    expect(s.guard.status().callsInFlight).toBe(0);
    await s.close();
  });

  test.each(["suspend", "complete", "expire"] as const)(
    "is aborted when its hop comes to %s",
    async (how) => {
      const s = await scene();
      const hop = await reader(s.root, {
        grant: { ...NARROW, expiresAt: START / 1_000 + 10 },
      });
      const allowed = await allows(s.guard, read(hop));
      if (how === "suspend") await s.coordinator.suspend({ operator: "op" }, { hop: hop.id });
      else if (how === "complete") await hop.complete();
      else await s.pass(10_000);
      expect(allowed.signal.aborted).toBe(true);
      const codes = {
        suspend: "delegation_suspended",
        complete: "delegation_revoked",
        expire: "token_expired",
      };
      expect(allowed.signal.reason).toMatchObject({ code: codes[how] });
      await s.close();
    },
  );

  test("that nobody listened to is aborted as well", async () => {
    const s = await scene();
    const allowed = await allows(s.guard, read(s.child));
    await s.cut();
    expect(allowed.signal.aborted).toBe(true);
    await s.close();
  });

  test("R12 that was cut between the decision and its handler is never begun", async () => {
    const s = await scene();
    const decision = await allows(s.guard, read(s.child));
    await s.cut();
    let begun = false;
    const run = runAllowed(decision, () => {
      begun = true;
    });
    await expect(run).rejects.toMatchObject({ code: "aborted", hop: s.child.id, rule: "hop" });
    expect(begun).toBe(false);
    await s.close();
  });

  test("that has ended is aborted by nothing", async () => {
    const s = await scene();
    const allowed = await allows(s.guard, read(s.child));
    allowed.end();
    await s.cut();
    expect(allowed.signal.aborted).toBe(false);
    await s.close();
  });

  test("whose handler throws passes that on, and is over", async () => {
    const s = await scene();
    const boom = new Error("disk full");
    const throws = () => {
      throw boom;
    };
    await expect(s.guard.run(read(s.child), throws)).rejects.toBe(boom);
    await expect(s.guard.run(read(s.child), () => Promise.reject(boom))).rejects.toBe(boom);
    expect(s.guard.status().callsInFlight).toBe(0);
    await s.close();
  });

  test("is shown by a preview of the cut that would stop it", async () => {
    const s = await scene();
    await allows(s.guard, read(s.child));
    await allows(s.guard, read(s.root));
    await s.pass(300);
    expect(await s.preview({ kind: "hop", tree: s.child.tree, hop: s.child.id })).toMatchObject({
      hops: 1,
      callsInFlight: 1,
    });
    expect(await s.preview({ kind: "tree", tree: s.child.tree })).toMatchObject({
      hops: 2,
      callsInFlight: 2,
    });
    await s.close();
  });

  test("is aborted when its guard is closed", async () => {
    const s = await scene();
    const allowed = await allows(s.guard, read(s.child));
    await s.guard.close();
    expect(allowed.signal.reason).toMatchObject({ code: "status_unknown" });
    expect((await s.lines()).at(-1)?.event).toMatchObject({ kind: "call.aborted" });
    await s.close();
  });
});

describe("a blind guard", () => {
  async function far() {
    const s = await scene();
    const wire = faultyFeed(s.store);
    const guard = new Guard({
      name: "far",
      audience: [AUDIENCE],
      trust: s.trust,
      feed: wire,
      admission: s.store,
      replay: new MemoryReplayStore(),
      timers: s.timers,
      clock: s.timers,
    });
    await guard.start();
    const allowed = await allows(guard, read(s.child));
    return { ...s, wire, guard, allowed };
  }

  test.each([
    ["the store does not answer either", () => undefined],
    ["the connection was lost and is not back in time", (wire: FaultyFeed) => wire.drop()],
  ])("aborts what runs when %s", async (_what, lose) => {
    const s = await far();
    s.wire.faults.down = true;
    lose(s.wire);
    await s.pass(3_900);
    expect(s.allowed.signal.aborted).toBe(false);
    await s.pass(200);
    expect(s.allowed.signal.reason).toMatchObject({
      code: "status_unknown",
      rule: "maxStalenessMs",
    });
    await s.close();
  });

  test("R19 aborts what runs when the store that is back continues nothing", async () => {
    const s = await far();
    const generation = "a store that started empty";
    s.wire.faults = {
      snapshot: (it) => ({
        heartbeat: { ...it.heartbeat, generation, position: 0 },
        generations: [generation],
        entries: [],
      }),
    };
    s.wire.drop();
    await s.pass(1);
    expect(s.allowed.signal.reason).toMatchObject({
      code: "generation_unknown",
      hop: s.child.id,
      rule: "gen",
    });
    await s.close();
  });

  test("lets what runs go on when a lost connection is back in time", async () => {
    const s = await far();
    s.wire.drop();
    await s.pass(5_000);
    expect(s.allowed.signal.aborted).toBe(false);
    await s.close();
  });

  test("lets what runs go on when the store answers", async () => {
    const s = await far();
    s.wire.faults.heartbeat = () => undefined;
    await s.pass(5_000);
    expect(s.allowed.signal.aborted).toBe(false);
    expect(s.wire.asked.confirm).toBeGreaterThan(0);
    await s.close();
  });
});
