/** What a guard's knowledge is worth: never a silent allow. @module */
import { describe, expect, test } from "vitest";
import { Guard, type GuardOptions } from "../../src/guard/guard.js";
import { MemoryReplayStore } from "../../src/memory/replay.js";
import type { ManualTimers } from "../lifecycle/manual-timers.js";
import { faultyFeed } from "./faulty-feed.js";
import { AUDIENCE, allows, denies, read, reader, rig, START, settled } from "./rig.js";

/** A guard at the far end of a wire that can fail. */
async function scene(
  options: Partial<GuardOptions> | ((timers: ManualTimers) => Partial<GuardOptions>) = {},
) {
  const r = await rig();
  const wire = faultyFeed(r.store);
  const guard = new Guard({
    name: "far",
    audience: [AUDIENCE],
    trust: r.trust,
    feed: wire,
    admission: r.store,
    replay: new MemoryReplayStore(),
    timers: r.timers,
    clock: r.timers,
    ...(typeof options === "function" ? options(r.timers) : options),
  });
  await guard.start();
  const root = await r.root();
  const child = await reader(root);
  const cut = () => r.revoke({ kind: "hop", tree: child.tree, hop: child.id });
  return { ...r, wire, guard, root, child, cut };
}

describe("a guard", () => {
  test("denies everything before it has started", async () => {
    const r = await rig();
    const guard = new Guard({
      name: "new",
      audience: [AUDIENCE],
      trust: r.trust,
      feed: r.store,
      admission: r.store,
      replay: new MemoryReplayStore(),
      timers: r.timers,
      clock: r.timers,
    });
    const root = await r.root();
    await denies(guard, read(root), "status_unknown", { rule: "maxStalenessMs", retry: true });
    expect(guard.status()).toMatchObject({ feed: "connecting", ageMs: Number.POSITIVE_INFINITY });
    await guard.start();
    await allows(guard, read(root));
    await r.close();
  });

  test("stands for at least one audience", () => {
    expect(() => new Guard({ audience: [] } as never)).toThrow(
      expect.objectContaining({ code: "config_invalid" }),
    );
  });

  test("knows what was cut before it started", async () => {
    const s = await scene();
    await s.cut();
    const late = await s.watch();
    await denies(late, read(s.child), "delegation_revoked");
    await allows(late, read(s.root));
    await s.close();
  });

  test("stays live on heartbeats alone and asks nobody", async () => {
    const s = await scene();
    await s.pass(5_000);
    await allows(s.guard, read(s.child));
    expect(s.wire.asked).toEqual({ snapshot: 1, confirm: 0 });
    await s.close();
  });

  test("R17 that hears nothing asks the store itself, and denies what it learns", async () => {
    const s = await scene();
    s.wire.faults.entry = () => undefined;
    await s.cut();
    s.timers.jump(1_000);
    await denies(s.guard, read(s.child), "delegation_revoked");
    expect(s.wire.asked.confirm).toBe(1);
    await s.close();
  });

  test.each([
    ["one millisecond below its bound", 999, undefined],
    ["R17 at its bound", 1_000, "status_unknown"],
    ["R17 when it is blind", 4_000, "status_unknown"],
  ] as const)("that cannot ask, %s", async (_what, age, code) => {
    const s = await scene();
    s.wire.faults.down = true;
    s.timers.jump(age);
    if (code === undefined) await allows(s.guard, read(s.child));
    else await denies(s.guard, read(s.child), code);
    expect(s.guard.status().ageMs).toBe(age);
    s.wire.faults.down = false;
    await allows(s.guard, read(s.child));
    await s.close();
  });

  test("R17 whose event loop was blocked does not trust what it knew before", async () => {
    const s = await scene();
    s.timers.jump(60_000);
    s.wire.faults.down = true;
    await denies(s.guard, read(s.root), "status_unknown");
    await s.close();
  });

  test("is told the bound that it was given", async () => {
    const s = await scene({ maxStalenessMs: 200 });
    s.wire.faults.down = true;
    s.timers.jump(200);
    await denies(s.guard, read(s.child), "status_unknown");
    expect(s.guard.status().maxStalenessMs).toBe(200);
    await s.close();
  });

  test("R27 that missed an entry reads the whole log again when the next one comes", async () => {
    const s = await scene();
    s.wire.faults.entry = ({ position, ...entry }) =>
      position === 1 ? undefined : ({ ...entry, position } as never);
    await s.cut();
    await allows(s.guard, read(s.child));
    await s.revoke({ kind: "ban", agent: "nobody" });
    await denies(s.guard, read(s.child), "delegation_revoked");
    expect(s.guard.status()).toMatchObject({ feed: "live", position: 2 });
    await s.close();
  });

  test("that missed an entry learns of it by the next heartbeat", async () => {
    const s = await scene();
    s.wire.faults.entry = () => undefined;
    await s.cut();
    await s.pass(300);
    await denies(s.guard, read(s.child), "delegation_revoked");
    expect(s.wire.asked).toEqual({ snapshot: 2, confirm: 0 });
    await s.close();
  });

  test("takes entries in any order, and any number of times", async () => {
    const s = await scene();
    const held: Parameters<NonNullable<typeof s.wire.faults.entry>>[0][] = [];
    s.wire.faults.entry = (entry) => void held.push(entry);
    const other = await reader(s.root, { agent: "other" });
    await s.cut();
    await s.revoke({ kind: "hop", tree: other.tree, hop: other.id });
    s.wire.faults = {};
    expect(held).toHaveLength(2);
    await s.revoke({ kind: "ban", agent: "nobody" });
    await settled();
    await denies(s.guard, read(s.child), "delegation_revoked");
    await denies(s.guard, read(other), "delegation_revoked");
    expect(s.guard.status().position).toBe(3);
    await s.close();
  });

  test("R16 keeps what it knows when an older log comes back", async () => {
    const s = await scene();
    await s.cut();
    await denies(s.guard, read(s.child), "delegation_revoked");
    s.wire.faults = {
      heartbeat: (beat) => ({ ...beat, position: 0 }),
      snapshot: (it) => ({ ...it, heartbeat: { ...it.heartbeat, position: 0 }, entries: [] }),
    };
    await s.pass(500);
    expect(s.guard.status()).toMatchObject({ position: 0, cutsKnown: 1 });
    await denies(s.guard, read(s.child), "delegation_revoked");
    await allows(s.guard, read(s.root));
    await s.close();
  });

  test("does not take a heartbeat that a cut has overtaken for a log that lost it", async () => {
    const s = await scene();
    s.wire.faults.heartbeat = (beat) => ({ ...beat, position: 0 });
    await s.cut();
    await s.store.confirm();
    await settled();
    expect(s.wire.asked.snapshot).toBe(1);
    expect(s.guard.status()).toMatchObject({ feed: "live", position: 1 });
    s.timers.jump(1);
    await s.store.confirm();
    await settled();
    expect(s.wire.asked.snapshot).toBe(2);
    await s.close();
  });

  test("R08 forgets a cut once no token that it could cover is alive", async () => {
    const s = await scene();
    await s.cut();
    await s.revoke({ kind: "ban", agent: "mallory" });
    expect(s.guard.status().cutsKnown).toBe(2);
    s.timers.jump(340_000);
    await s.pass(300);
    expect(s.guard.status()).toMatchObject({ feed: "live", cutsKnown: 1 });
    await s.close();
  });

  test("that could not read again does so at the next heartbeat", async () => {
    const s = await scene();
    s.wire.faults.down = true;
    s.wire.drop();
    await settled();
    expect(s.guard.status().feed).toBe("syncing");
    s.wire.faults.down = false;
    await s.pass(300);
    expect(s.guard.status().feed).toBe("live");
    await s.close();
  });

  test("R19 D-empty-restart refuses the anchors of a generation that its store does not continue", async () => {
    const s = await scene();
    const generation = "a store that started empty";
    s.wire.faults = {
      heartbeat: (beat) => ({ ...beat, generation, position: 0 }),
      snapshot: (it) => ({
        heartbeat: { ...it.heartbeat, generation, position: 0 },
        generations: [generation],
        entries: [],
      }),
    };
    await s.pass(300);
    await denies(s.guard, read(s.root), "generation_unknown", { hop: s.root.id, rule: "gen" });
    await s.close();
  });

  test("judges by position only in the log that counted it", async () => {
    const r = await rig();
    const wire = faultyFeed(r.store);
    const next = await rig();
    const options = {
      name: "moved",
      audience: [AUDIENCE],
      trust: next.trust,
      admission: next.store,
      replay: new MemoryReplayStore(),
      timers: r.timers,
      clock: r.timers,
    };
    await r.revoke({ kind: "epoch" });
    await r.revoke({ kind: "ban", agent: "mallory" });
    const guard = new Guard({ ...options, feed: wire });
    await guard.start();
    // The same guard, led to another store.
    wire.faults.snapshot = () => emptySnapshot;
    const emptySnapshot = await next.store.snapshot();
    wire.faults.heartbeat = (beat) => ({ ...emptySnapshot.heartbeat, at: beat.at });
    await r.pass(300);
    await allows(guard, read(await next.root()));
    await denies(guard, read(await next.root({ agent: "mallory" })), "delegation_revoked", {
      rule: "ban",
    });
    await r.close();
    await next.close();
  });

  test("that lost its connection reads again, and hears what comes later", async () => {
    const s = await scene();
    s.wire.drop();
    await settled();
    expect(s.guard.status().feed).toBe("live");
    expect(s.wire.asked.snapshot).toBe(2);
    await s.cut();
    await denies(s.guard, read(s.child), "delegation_revoked");
    expect(s.wire.asked.confirm).toBe(0);
    await s.close();
  });

  test("that lost its connection and cannot read again denies", async () => {
    const s = await scene();
    s.wire.faults.down = true;
    s.wire.drop();
    await settled();
    await denies(s.guard, read(s.root), "status_unknown");
    s.wire.faults.down = false;
    await allows(s.guard, read(s.root));
    await s.close();
  });

  test("asked to be strict asks the store on each call", async () => {
    const s = await scene({ strict: true });
    s.wire.faults.entry = () => undefined;
    await allows(s.guard, read(s.child));
    await s.cut();
    await denies(s.guard, read(s.child), "delegation_revoked");
    expect(s.wire.asked.confirm).toBe(2);
    s.wire.faults.down = true;
    await denies(s.guard, read(s.root), "status_unknown");
    await s.close();
  });

  test("asked to be strict writes its allows through the store, each before its call", async () => {
    const s = await scene({ strict: true });
    await allows(s.guard, read(s.child));
    const kinds = (await s.lines(s.root.tree)).map(({ event }) => event.kind);
    expect(kinds).toEqual(["hop.opened", "hop.created", "call"]);
    await s.close();
  });

  test("never has a clock behind the last heartbeat's", async () => {
    const s = await scene((timers) => ({ clock: { now: () => timers.now() - 20_000 } }));
    const short = await reader(s.root, {
      grant: { tools: { "web.search": {} }, expiresAt: START / 1_000 + 10 },
    });
    await s.pass(10_000);
    await denies(s.guard, short.call("web.search", {}), "token_expired");
    await s.close();
  });

  test("does not believe a heartbeat from further ahead than clocks may differ", async () => {
    const s = await scene();
    s.wire.faults.heartbeat = (beat) => ({ ...beat, at: beat.at + 3_600_000 });
    await s.pass(900);
    await allows(s.guard, read(s.child));
    await s.pass(200);
    await denies(s.guard, read(s.child), "status_unknown");
    s.wire.faults = {};
    await allows(s.guard, read(s.child));
    await s.close();
  });

  test("whose clock gives no time denies", async () => {
    let broken = false;
    const clock = { now: () => (broken ? Number.NaN : START) };
    const s = await scene({ clock });
    await allows(s.guard, read(s.child));
    broken = true;
    await denies(s.guard, read(s.child), "clock_skewed");
    broken = false;
    await s.close();
  });

  test("that was closed denies at once", async () => {
    const s = await scene();
    await allows(s.guard, read(s.child));
    await s.guard.close();
    await denies(s.guard, read(s.child), "status_unknown");
    await s.close();
  });

  test("reports how far it has read, so that whoever cuts can tell who has it", async () => {
    const s = await scene();
    const { barrier } = await s.cut();
    expect(barrier).toEqual({ seen: 1, guards: 1, has: ["far"], behind: [] });
    s.wire.faults.down = true;
    const again = await s.revoke({ kind: "ban", agent: "x" });
    expect(again.barrier).toEqual({ seen: 0, guards: 1, has: [], behind: ["far"] });
    await s.guard.close();
    const closed = await s.revoke({ kind: "ban", agent: "y" });
    expect(closed.barrier).toEqual({ seen: 1, guards: 1, has: ["far"], behind: [] });
    await s.close();
  });
});
