/** Contract: making hops. @module */
import { beforeEach, describe, expect, test } from "vitest";
import { HOPS_MAX } from "../../src/base/limits.js";
import { type MakeStore, Stage, TOLERANCE_MS } from "./stage.js";

export function makingContract(make: MakeStore): void {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.of(make);
  });
  const refused = (promise: Promise<unknown>, code: string, more: object = {}) =>
    expect(promise).rejects.toMatchObject({ code, ...more });

  describe("making hops", () => {
    test("gives back what was made, with state, counters and position", async () => {
      const { hop, outcome } = await stage.open("root");
      expect(outcome).toBe("created");
      expect(hop).toMatchObject({
        id: "root",
        tree: "root",
        depth: 0,
        state: "active",
        position: 0,
      });
      expect(hop.counters).toEqual({ calls: 0, spend: {}, children: 0, descendants: 0 });
      await stage.create("root", "a");
      await stage.create("a", "b");
      expect((await stage.hop("root")).counters).toMatchObject({ children: 1, descendants: 2 });
      expect(await stage.hop("b")).toMatchObject({ parent: "a", depth: 2, agent: "agent-b" });
    });

    test("C21 refuses an id that is taken, of a tree and of a hop", async () => {
      await stage.open("root");
      await stage.create("root", "a");
      await refused(stage.open("root"), "id_taken");
      await refused(stage.create("root", "a"), "id_taken", { hop: "a" });
    });

    test("C26 answers a parent of another tenant like one that does not exist", async () => {
      await stage.open("root");
      await stage.open("theirs", { tenant: "evil" });
      await refused(stage.create("root", "x", { tenant: "evil" }), "hop_not_found", {
        hop: "root",
      });
      await refused(stage.create("none", "x", { tenant: "evil" }), "hop_not_found", {
        hop: "none",
      });
    });

    test("refuses a depth that is not the parent's plus one", async () => {
      await stage.open("root");
      const move = await stage.move("a", "root", "root");
      await refused(
        stage.store.create({ ...move, hop: { ...move.hop, depth: 2 } }),
        "depth_invalid",
      );
    });

    test("C15 refuses a hop beyond the deepest level", async () => {
      await stage.open("h0");
      for (let i = 1; i < HOPS_MAX; i++) await stage.create(`h${i - 1}`, `h${i}`);
      await refused(stage.create(`h${HOPS_MAX - 1}`, "h64"), "depth_exhausted");
    });

    test.each([
      ["ahead", TOLERANCE_MS + 1],
      ["behind", -TOLERANCE_MS - 1],
      ["no number", Number.NaN],
    ])("P17 refuses a caller whose clock is too far %s", async (_how, off) => {
      await refused(stage.open("root", { now: stage.now + off }), "clock_skewed");
    });

    test.each([TOLERANCE_MS, -TOLERANCE_MS])("P17 bears a clock that is %i ms off", async (off) => {
      await expect(stage.open("root", { now: stage.now + off })).resolves.toBeDefined();
    });

    test("R33 gives exactly ten hops to a hundred parallel delegations at a limit of ten", async () => {
      await stage.open("root", { limits: { children: 10 } });
      const moves = await Promise.all(
        Array.from({ length: 100 }, (_, i) => stage.move(`c${i}`, "root", "root")),
      );
      const all = await Promise.allSettled(moves.map((move) => stage.store.create(move)));
      expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
      const refusals = all.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
      expect(new Set(refusals)).toEqual(new Set(["children_exhausted"]));
      expect((await stage.hop("root")).counters.children).toBe(10);
    });

    test("counts descendants on every ancestor that states them, and names the one that refuses", async () => {
      await stage.open("root", { limits: { descendants: 3 } });
      await stage.create("root", "a");
      await stage.create("a", "b");
      await stage.create("b", "c");
      await refused(stage.create("c", "d"), "descendants_exhausted", { hop: "root" });
      await refused(stage.create("root", "e"), "descendants_exhausted", { hop: "root" });
    });
  });

  describe("idempotency", () => {
    beforeEach(async () => {
      await stage.open("root", { limits: { children: 1 } });
    });

    test("gives the same hop to the same request", async () => {
      await stage.create("root", "a", { key: "k", holder: "h" });
      const again = await stage.create("root", "other id", { key: "k", holder: "h" });
      expect(again).toMatchObject({ outcome: "existing", hop: { id: "a" } });
    });

    test("refuses the key for another request", async () => {
      await stage.create("root", "a", { key: "k" });
      await refused(
        stage.create("root", "b", { key: "k", request: "another" }),
        "idempotency_conflict",
      );
    });

    test("D-new-key-retry cuts the first hop and takes its slot, budget and fate in one step", async () => {
      await stage.create("root", "a", { key: "k", holder: "h1", limits: { calls: 2 } });
      await stage.admit("root", ["root", "a"]);
      const again = await stage.create("root", "b", {
        key: "k",
        holder: "h2",
        limits: { calls: 2 },
      });
      expect(again).toMatchObject({ outcome: "replaced", hop: { id: "b", predecessor: "a" } });
      expect(again.hop.counters.calls).toBe(1);
      expect((await stage.hop("root")).counters).toMatchObject({ children: 1, descendants: 1 });
      expect(await stage.effective("a")).toBe("revoked");
      const { entries } = await stage.feed().snapshot();
      expect(entries).toMatchObject([{ boundary: { kind: "hop", hop: "a" } }]);
      await stage.cutHop("a", "root");
      expect(await stage.effective("b")).toBe("revoked");
    });

    test("D-new-key-retry does not bring back a hop that was cut, suspended or completed", async () => {
      const end = {
        delegation_revoked: () => stage.cutHop("a", "root"),
        delegation_suspended: () => stage.suspend("root", "a", "s1"),
      };
      await stage.create("root", "a", { key: "k", holder: "h1" });
      await end.delegation_suspended();
      await refused(stage.create("root", "b", { key: "k", holder: "h2" }), "delegation_suspended");
      await end.delegation_revoked();
      await refused(stage.create("root", "b", { key: "k", holder: "h2" }), "delegation_revoked");
      await refused(stage.create("root", "b", { key: "k", holder: "h1" }), "delegation_revoked");
    });

    test("keeps keys of different parents apart", async () => {
      await stage.open("root2");
      await stage.create("root", "a", { key: "k" });
      const other = await stage.create("root2", "b", { key: "k", request: "another" });
      expect(other.outcome).toBe("created");
    });

    test("serves a root again by its key", async () => {
      await stage.open("r3", { key: "open", holder: "h" });
      expect(await stage.open("r4", { key: "open", holder: "h" })).toMatchObject({
        outcome: "existing",
        hop: { id: "r3" },
      });
    });
  });

  describe("registering links", () => {
    beforeEach(async () => {
      await stage.open("root", { limits: { descendants: 3 } });
    });

    test("makes all links, root-most first, and leaves known ones alone", async () => {
      const moves = [await stage.move("l1", "root", "root"), await stage.move("l2", "l1", "root")];
      expect((await stage.store.register(moves)).map(({ id }) => id)).toEqual(["l1", "l2"]);
      const more = [...moves, await stage.move("l3", "l2", "root")];
      expect((await stage.store.register(more)).map(({ id }) => id)).toEqual(["l1", "l2", "l3"]);
      expect((await stage.hop("root")).counters).toMatchObject({ children: 1, descendants: 3 });
    });

    test("makes none when one is refused, and charges nothing", async () => {
      await stage.create("root", "a");
      const moves = [
        await stage.move("l1", "a", "root"),
        await stage.move("l2", "l1", "root"),
        await stage.move("l3", "l2", "root"),
      ];
      const lines = await stage.store.audit({ limit: 1_000 });
      await refused(stage.store.register(moves), "descendants_exhausted", { hop: "root" });
      expect(await stage.store.hop("acme", "l1")).toBeUndefined();
      expect((await stage.hop("root")).counters.descendants).toBe(1);
      expect((await stage.store.page("acme", "root", { limit: 10 })).total).toBe(2);
      expect(await stage.store.audit({ limit: 1_000 })).toEqual(lines);
      await stage.create("a", "b");
      expect(
        (await stage.store.page("acme", "root", { limit: 10 })).nodes.map((n) => n.hop.id),
      ).toEqual(["root", "a", "b"]);
    });

    test("refuses links of different trees", async () => {
      await stage.open("other");
      const moves = [
        await stage.move("l1", "root", "root"),
        await stage.move("l2", "other", "other"),
      ];
      await refused(stage.store.register(moves), "invalid_request");
      expect(await stage.store.hop("acme", "l1")).toBeUndefined();
    });

    test("refuses a link that is known elsewhere or with another key", async () => {
      await stage.store.register([await stage.move("l1", "root", "root")]);
      const other = await stage.move("l1", "root", "root", { holder: "another key" });
      await refused(stage.store.register([other]), "id_taken");
    });

    test("R11 refuses a link below a revoked hop", async () => {
      await stage.create("root", "a");
      await stage.cutHop("a", "root");
      await refused(
        stage.store.register([await stage.move("l1", "a", "root")]),
        "delegation_revoked",
        { hop: "a" },
      );
    });
  });
}
