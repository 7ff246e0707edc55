/** What a guard writes down by itself: in order, bounded, and before anything happens that it could not write. @module */
import { describe, expect, test } from "vitest";
import type { Admission } from "../../src/guard/admission.js";
import { Guard } from "../../src/guard/guard.js";
import { MemoryReplayStore } from "../../src/memory/replay.js";
import type { PolicyEngine } from "../../src/policy/engine.js";
import { AUDIENCE, allows, denies, NARROW, read, reader, rig } from "./rig.js";

/** A guard whose store can be kept from writing. */
async function scene(auditBufferMax = 10) {
  const r = await rig();
  const pen = { dry: false, batches: 0 };
  const admission: Admission = {
    admit: (move) => r.store.admit(move),
    record: async (events, now) => {
      pen.batches += 1;
      if (pen.dry) throw new Error("no space left on device");
      await r.store.record(events, now);
    },
  };
  const guard = new Guard({
    name: "files",
    audience: [AUDIENCE],
    trust: r.trust,
    feed: r.store,
    admission,
    replay: new MemoryReplayStore(),
    timers: r.timers,
    clock: r.timers,
    auditBufferMax,
  });
  await guard.start();
  const root = await r.root();
  const child = await reader(root);
  const calls = async () => {
    const lines = await r.lines(root.tree);
    return lines.flatMap(({ event }) => (event.data?.calls ?? []) as unknown as Entry[]);
  };
  return { ...r, guard, root, child, pen, calls };
}

interface Entry {
  readonly sequence: number;
  readonly decision: string;
  readonly code?: string;
  readonly arguments: string;
}

describe("decisions of a guard", () => {
  test("are written in batches, one line for each tree, in the guard's own sequence", async () => {
    const s = await scene();
    await allows(s.guard, read(s.child));
    await denies(s.guard, s.child.call("mail.send", {}), "tool_not_granted");
    await allows(s.guard, read(s.root));
    expect(await s.calls()).toEqual([]);
    await s.pass(100);
    expect(s.pen.batches).toBe(1);
    const [line] = (await s.lines(s.root.tree)).slice(-1);
    expect(line?.event).toMatchObject({
      kind: "calls",
      requester: "https://id.example.com ana",
      guard: "files",
      sequence: 1,
    });
    expect(await s.calls()).toMatchObject([
      {
        sequence: 1,
        decision: "allow",
        hop: s.child.id,
        agent: "reader",
        tool: "files.read",
        seen: 0,
      },
      { sequence: 2, decision: "deny", code: "tool_not_granted", rule: "mail.send" },
      { sequence: 3, decision: "allow", hop: s.root.id, agent: "planner" },
    ]);
    expect(s.guard.status().auditWaiting).toBe(0);
    await s.close();
  });

  test("are written at once when a whole batch waits", async () => {
    const s = await scene(10_000);
    for (let call = 0; call < 256; call += 1) await allows(s.guard, read(s.child));
    await s.guard.flush();
    expect((await s.calls()).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 256 }, (_, at) => at + 1),
    );
    expect(s.pen.batches).toBe(1);
    await s.close();
  });

  test("that cannot be written are not made: a full buffer denies", async () => {
    const s = await scene(3);
    s.pen.dry = true;
    for (let call = 0; call < 3; call += 1) await allows(s.guard, read(s.child));
    await denies(s.guard, read(s.child), "audit_buffer_full", { retry: true });
    await expect(s.guard.flush()).rejects.toThrow("no space");
    expect(s.guard.status()).toMatchObject({ auditWaiting: 3, callsInFlight: 3 });
    s.pen.dry = false;
    await s.pass(100);
    await allows(s.guard, read(s.child));
    await s.guard.flush();
    expect((await s.calls()).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 5]);
    await s.close();
  });

  test("that refuse leave room for those that allow, and a gap where they were not noted", async () => {
    const s = await scene(4);
    s.pen.dry = true;
    for (let call = 0; call < 6; call += 1) {
      await denies(s.guard, s.child.call("mail.send", {}), "tool_not_granted");
    }
    await allows(s.guard, read(s.child));
    await allows(s.guard, read(s.child));
    await denies(s.guard, read(s.child), "audit_buffer_full");
    s.pen.dry = false;
    await s.guard.flush();
    expect((await s.calls()).map(({ sequence }) => sequence)).toEqual([1, 2, 7, 8]);
    await s.close();
  });

  test("are written in order after the store was down for longer than clocks may differ", async () => {
    const s = await scene();
    s.pen.dry = true;
    await allows(s.guard, read(s.child));
    await s.pass(60_000);
    await allows(s.guard, read(s.child));
    s.pen.dry = false;
    await s.pass(100);
    expect((await s.calls()).map(({ sequence }) => sequence)).toEqual([1, 2]);
    await s.close();
  });

  test("whose names are long take more lines, and hold up nobody's", async () => {
    const s = await scene(400);
    // Escaped in JSON, each of these characters is six: 256 decisions would be more than a line holds.
    const long = s.root.link({ agent: "\u0001".repeat(512), grant: NARROW });
    const decisions = Array.from({ length: 300 }, () => s.guard.authorize(read(long)));
    expect(new Set((await Promise.all(decisions)).map(({ effect }) => effect))).toEqual(
      new Set(["allow"]),
    );
    await s.guard.flush();
    expect(s.guard.status().auditWaiting).toBe(0);
    expect((await s.calls()).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 300 }, (_, at) => at + 1),
    );
    await s.close();
  });

  test("whose rule is too long for a line are written with less of it", async () => {
    const s = await scene();
    const version = "1";
    const rules = [`${"x".repeat(1_023)}\u{1f600}`];
    const policy = { version, decide: () => ({ effect: "deny", rules, code: "policy_denied" }) };
    const guard = await s.watch({ name: "strict", policy: policy as unknown as PolicyEngine });
    await denies(guard, read(s.child), "policy_denied");
    await guard.flush();
    expect(guard.status().auditWaiting).toBe(0);
    await s.close();
  });

  test("are not kept of strangers: a call without a verified chain leaves no line", async () => {
    const s = await scene();
    await denies(s.guard, { ...read(s.child), tokens: ["x"] }, "malformed");
    expect(s.guard.status().auditWaiting).toBe(0);
    await s.close();
  });

  test("K02 hold neither token nor argument, and the same arguments under another guard's key differ", async () => {
    const s = await scene();
    const other = await s.watch({ name: "other" });
    await allows(s.guard, read(s.child));
    await allows(other, read(s.child));
    await allows(s.guard, read(s.child));
    await s.guard.flush();
    await other.flush();
    const entries = await s.calls();
    expect(new Set(entries.map((entry) => entry.arguments)).size).toBe(2);
    const log = JSON.stringify(await s.lines());
    expect(log).not.toContain("/reports/q3/a.csv");
    for (const token of s.child.holder.tokens) expect(log).not.toContain(token.slice(0, 60));
    await s.close();
  });

  test("that wait are written when the guard is closed", async () => {
    const s = await scene();
    const allowed = await allows(s.guard, read(s.child));
    allowed.end();
    await s.guard.close();
    expect(await s.calls()).toHaveLength(1);
    await s.close();
  });
});
