/** Contract: what happens to a hop after it was made. @module */
import { beforeEach, describe, expect, test } from "vitest";
import { patiently } from "../patience.js";
import { type MakeStore, Stage } from "./stage.js";

export function lifeContract(make: MakeStore): void {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.of(make);
    await stage.open("root");
    await stage.create("root", "a");
    await stage.create("a", "b");
    await stage.create("root", "c");
  });
  const refused = (promise: Promise<unknown>, code: string, more: object = {}) =>
    expect(promise).rejects.toMatchObject({ code, ...more });

  describe("states", () => {
    test("completes a hop: it gives authority back, everything below is cut, siblings live", async () => {
      await stage.complete("root", "a");
      expect((await stage.hop("a")).state).toBe("completed");
      await refused(stage.create("b", "d"), "hop_not_active");
      await refused(stage.admit("root", ["root", "a", "b"]), "hop_not_active");
      await stage.create("c", "d");
      const { entries } = await stage.feed().snapshot();
      expect(entries).toMatchObject([{ kind: "cut", boundary: { kind: "hop", hop: "a" } }]);
    });

    test("treats a hop past its time as expired, swept or not", async () => {
      await stage.create("root", "short", { expiresAt: stage.now + 10 });
      await stage.create("short", "under");
      stage.clock.advance(9);
      expect(await stage.effective("under")).toBe("active");
      stage.clock.advance(1);
      expect((await stage.hop("short")).state).toBe("expired");
      expect(await stage.effective("under")).toBe("expired");
      await refused(stage.create("under", "x"), "hop_not_active", { hop: "short" });
    });

    test("R31 refuses transitions that the table does not know and changes nothing", async () => {
      await stage.create("root", "done");
      await stage.complete("root", "done");
      await stage.cutHop("c", "root");
      await stage.create("root", "old", { expiresAt: stage.now + 10 });
      stage.clock.advance(10);
      const before = await stage.store.audit({ limit: 1_000 });
      await refused(stage.settle("root", "done", "approve"), "illegal_transition");
      await refused(stage.settle("root", "c", "approve"), "illegal_transition");
      await refused(stage.suspend("root", "old", "s"), "illegal_transition");
      await refused(stage.complete("root", "done"), "illegal_transition");
      await refused(stage.complete("root", "c"), "illegal_transition");
      await refused(stage.resume("root", "a", "never made"), "illegal_transition");
      expect(await stage.store.audit({ limit: 1_000 })).toEqual(before);
      expect((await stage.hop("done")).state).toBe("completed");
      expect((await stage.hop("c")).state).toBe("revoked");
      expect((await stage.hop("old")).state).toBe("expired");
    });

    test("lets a hop that waits become active by approval, or denied for good", async () => {
      await stage.create("root", "w1", { initial: "pending_approval" });
      await stage.create("root", "w2", { initial: "pending_approval" });
      await refused(stage.create("w1", "x"), "hop_not_active");
      expect((await stage.settle("root", "w1", "approve")).state).toBe("active");
      await stage.create("w1", "x");
      expect((await stage.settle("root", "w2", "deny")).state).toBe("denied");
      await refused(stage.settle("root", "w2", "approve"), "illegal_transition");
    });

    test("R13 approve, complete and revoke that race end in one legal state", async () => {
      await stage.create("root", "w", { initial: "pending_approval" });
      const all = await Promise.allSettled([
        stage.settle("root", "w", "approve"),
        stage.complete("root", "w"),
        stage.cutHop("w", "root"),
        stage.settle("root", "w", "deny"),
      ]);
      expect(all.map(({ status }) => status)).toEqual([
        "fulfilled",
        "fulfilled",
        "fulfilled",
        "rejected",
      ]);
      expect((await stage.hop("w")).state).toBe("completed");
      expect(await stage.effective("w")).toBe("revoked");
    });

    test("refuses to approve below an ancestor that died meanwhile", async () => {
      await stage.create("a", "w", { initial: "pending_approval" });
      await stage.cutHop("a", "root");
      await refused(stage.settle("root", "w", "approve"), "delegation_revoked", { hop: "a" });
    });
  });

  describe("suspension", () => {
    test("R22 stops a hop and all below until it is resumed, and never outlives its expiry", async () => {
      await stage.suspend("root", "a", "s1");
      await refused(stage.admit("root", ["root", "a", "b"]), "delegation_suspended", { hop: "a" });
      await refused(stage.create("b", "x"), "delegation_suspended");
      await stage.admit("root", ["root", "c"]);
      await stage.resume("root", "a", "s1");
      await stage.admit("root", ["root", "a", "b"]);
      await stage.suspend("root", "a", "s2");
      stage.clock.advance(3_600_000);
      await refused(stage.resume("root", "a", "s2"), "illegal_transition");
    });

    test("R22 a suspended hop can be revoked and does not resume", async () => {
      await stage.suspend("root", "a", "s1");
      await stage.cutHop("a", "root");
      await refused(stage.resume("root", "a", "s1"), "illegal_transition");
      expect(await stage.effective("b")).toBe("revoked");
    });

    test("D-suspend-resume holds while any one suspension is not lifted", async () => {
      await stage.suspend("root", "a", "s1");
      await stage.suspend("root", "a", "s2");
      await stage.resume("root", "a", "s1");
      expect((await stage.hop("a")).state).toBe("suspended");
      await stage.resume("root", "a", "s2");
      expect((await stage.hop("a")).state).toBe("active");
    });

    test("D-suspend-resume a resume that races a new suspension does not lift it", async () => {
      await stage.suspend("root", "a", "s1");
      await Promise.all([stage.suspend("root", "a", "s2"), stage.resume("root", "a", "s1")]);
      expect((await stage.hop("a")).state).toBe("suspended");
      const { entries } = await stage.feed().snapshot();
      expect(entries.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
        "suspend s1",
        "suspend s2",
        "lift s1",
      ]);
    });

    test("D-suspend-resume repeats change nothing, and an id is never used again", async () => {
      const first = await stage.suspend("root", "a", "s1");
      expect(await stage.suspend("root", "a", "s1")).toEqual({ entry: first.entry, fresh: false });
      const lift = await stage.resume("root", "a", "s1");
      expect(await stage.resume("root", "a", "s1")).toEqual({ entry: lift.entry, fresh: false });
      await refused(stage.suspend("root", "a", "s1"), "id_taken");
      await refused(stage.suspend("root", "c", "s1"), "id_taken");
    });
  });

  describe("narrowing", () => {
    test("replaces a hop under the same parent and cuts what was below it", async () => {
      const { hop, cut, outcome } = await stage.narrow("a", "a2");
      expect(outcome).toBe("created");
      expect(hop).toMatchObject({ id: "a2", parent: "root", predecessor: "a", state: "active" });
      expect(cut).toMatchObject({ kind: "cut", boundary: { kind: "hop", hop: "a" } });
      expect((await stage.hop("a")).state).toBe("superseded");
      await refused(stage.admit("root", ["root", "a", "b"]), "hop_not_active");
      await stage.create("a2", "b2");
      expect((await stage.hop("root")).counters).toMatchObject({ children: 2, descendants: 4 });
    });

    test("D-narrow-budget the successor counts on where its predecessor stood", async () => {
      await stage.open("r", { limits: { descendants: 5 } });
      const limits = { calls: 2, children: 2, spend: { EUR: "10.00" } };
      await stage.create("r", "h", { limits });
      await stage.create("h", "k1");
      await stage.admit("r", ["r", "h"], { charge: { spend: { EUR: "9.50" } } });
      await stage.narrow("h", "h2", { limits });
      expect((await stage.hop("h2")).counters).toEqual({
        calls: 1,
        spend: { EUR: "9.50" },
        children: 1,
        descendants: 1,
      });
      expect((await stage.hop("r")).counters.descendants).toBe(2);
      await refused(
        stage.admit("r", ["r", "h2"], { charge: { spend: { EUR: "0.51" } } }),
        "budget_exhausted",
        { hop: "h2", rule: "limits.spend.EUR" },
      );
      await stage.admit("r", ["r", "h2"], { charge: { spend: { EUR: "0.50" } } });
      await refused(stage.admit("r", ["r", "h2"]), "budget_exhausted", { rule: "limits.calls" });
      await stage.create("h2", "k2");
      await refused(stage.create("h2", "k3"), "children_exhausted", { hop: "h2" });
    });

    test("D-narrow-escape a cut of the predecessor cuts all its successors in the same step", async () => {
      await stage.narrow("a", "a2");
      await stage.narrow("a2", "a3");
      const { entry, fresh } = await stage.cutHop("a", "root");
      expect(fresh).toBe(true);
      expect(await stage.effective("a3")).toBe("revoked");
      const { entries, heartbeat } = await stage.feed().snapshot();
      expect(entries.map((e) => e.kind === "cut" && "hop" in e.boundary && e.boundary.hop)).toEqual(
        ["a2", "a3", "a"],
      );
      expect(entry.position).toBe(heartbeat.position);
    });

    test("D-narrow-escape a successor stands under its predecessor's cut of everything below", async () => {
      await stage.revoke({ kind: "below", tree: "root", hop: "a" });
      await stage.narrow("a", "a2");
      await refused(stage.create("a2", "x"), "delegation_revoked", { hop: "a2" });
      await stage.create("root", "n");
      await stage.narrow("n", "n2");
      await stage.revoke({ kind: "below", tree: "root", hop: "n" });
      await refused(stage.create("n2", "x"), "delegation_revoked", { hop: "n2" });
    });

    test("narrows a root: its successor carries the tree on", async () => {
      await stage.narrow("root", "root2");
      await refused(stage.admit("root", ["root", "c"]), "hop_not_active");
      await stage.admit("root", ["root2"]);
      await stage.cutHop("root", "root");
      await refused(stage.admit("root", ["root2"]), "delegation_revoked");
    });

    test.each([
      ["suspended", "illegal_transition", () => stage.suspend("root", "a", "s")],
      ["revoked", "illegal_transition", () => stage.cutHop("a", "root")],
      ["completed", "illegal_transition", () => stage.complete("root", "a")],
      ["below a suspended one", "delegation_suspended", () => stage.suspend("root", "root", "s")],
    ])("does not narrow a hop that is %s", async (_what, code, spoil) => {
      await spoil();
      await refused(stage.narrow("a", "a2"), code);
      expect(await stage.store.hop("acme", "a2")).toBeUndefined();
    });
  });

  describe("leases", () => {
    beforeEach(async () => {
      await stage.open("leased", { lease: stage.now + 100 });
      await stage.create("leased", "l1");
    });

    test("D-lapsed-lease stops the tree at its instant, swept or not", async () => {
      stage.clock.advance(99);
      await stage.admit("leased", ["leased", "l1"]);
      stage.clock.advance(1);
      await refused(stage.admit("leased", ["leased", "l1"]), "lease_lapsed");
      await refused(stage.create("l1", "l2"), "lease_lapsed");
      expect(await stage.effective("l1")).toBe("revoked");
    });

    test("D-lapsed-lease cannot be renewed, and a renewed one goes on", async () => {
      expect((await stage.renew("leased", stage.now + 200)).lease?.until).toBe(stage.now + 200);
      stage.clock.advance(150);
      await stage.admit("leased", ["leased", "l1"]);
      stage.clock.advance(50);
      await refused(stage.renew("leased", stage.now + 200), "lease_lapsed");
      await stage.store.sweep(stage.now, 10);
      await refused(stage.renew("leased", stage.now + 200), "lease_lapsed");
    });

    test("D-lapsed-lease a heartbeat goes out only after the leases due by then are cut", async () => {
      const told: string[] = [];
      stage.feed("leased").subscribe({
        entry: (entry) => told.push(`entry ${entry.position}`),
        heartbeat: ({ position, at }) => told.push(`heartbeat ${position} at ${at - stage.now}`),
        lost: () => told.push("lost"),
      });
      stage.clock.advance(100);
      const { position } = await stage.feed("leased").confirm();
      expect(position).toBe(1);
      await patiently(() => expect(told).toEqual(["entry 1", "heartbeat 1 at 0"]));
      const { entries } = await stage.feed("leased").snapshot();
      expect(entries).toMatchObject([{ kind: "cut", boundary: { kind: "tree", tree: "leased" } }]);
    });

    test("sweeps at most as many as it was told and says how many remain", async () => {
      await stage.open("leased2", { lease: stage.now + 100 });
      stage.clock.advance(100);
      expect(await stage.store.sweep(stage.now, 1)).toEqual({ lapsed: 1, remaining: 1 });
      expect(await stage.store.sweep(stage.now, 1)).toEqual({ lapsed: 1, remaining: 0 });
      expect(await stage.store.sweep(stage.now, 1)).toEqual({ lapsed: 0, remaining: 0 });
    });

    test("a completed root has no lease left to lapse", async () => {
      await stage.complete("leased", "leased");
      stage.clock.advance(100);
      expect(await stage.store.sweep(stage.now, 10)).toEqual({ lapsed: 0, remaining: 0 });
      expect((await stage.store.tree("acme", "leased"))?.lease?.state).toBe("released");
    });
  });
}
