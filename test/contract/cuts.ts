/** Contract: cuts and the feed that tells of them. @module */
import { beforeEach, describe, expect, test } from "vitest";
import { LIFETIME_MS_MAX } from "../../src/base/limits.js";
import type { Boundary, CutEntry } from "../../src/wire/cut.js";
import { HOUR_MS, type MakeStore, Stage, TOLERANCE_MS } from "./stage.js";

export function cutContract(make: MakeStore): void {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.of(make);
    await stage.open("root");
    await stage.create("root", "a");
    await stage.create("a", "b");
    await stage.create("b", "leaf");
    await stage.create("root", "sibling");
  });
  const refused = (promise: Promise<unknown>, code: string, more: object = {}) =>
    expect(promise).rejects.toMatchObject({ code, ...more });
  const states = async (...ids: string[]) =>
    Promise.all(ids.map(async (id) => `${id} ${await stage.effective(id)}`));

  describe("cuts of one tree", () => {
    test("R01 a cut of the root stops the leaf", async () => {
      await stage.cutHop("root", "root");
      await refused(stage.admit("root", ["root", "a", "b", "leaf"]), "delegation_revoked");
    });

    test("R02 a cut in the middle stops that branch; parent and siblings live", async () => {
      await stage.cutHop("a", "root");
      expect(await states("root", "a", "b", "leaf", "sibling")).toEqual([
        "root active",
        "a revoked",
        "b revoked",
        "leaf revoked",
        "sibling active",
      ]);
      await refused(stage.create("leaf", "x"), "delegation_revoked", { hop: "a" });
      await stage.admit("root", ["root", "sibling"]);
    });

    test("R03 R06 a cut of a leaf leaves its parent alive", async () => {
      await stage.cutHop("leaf", "root");
      await refused(stage.admit("root", ["root", "a", "b", "leaf"]), "delegation_revoked");
      await stage.admit("root", ["root", "a", "b"]);
    });

    test("R04 a cut above ten thousand descendants is one entry", async () => {
      for (let i = 0; i < 100; i++) {
        const moves = [];
        for (let k = 0; k < 100; k++) {
          moves.push(await stage.move(`n${i}-${k}`, "a", "root", { seen: 0 }));
        }
        await Promise.all(moves.map((move) => stage.store.create(move)));
      }
      const before = (await stage.store.audit({ tenant: "acme", tree: "root", limit: 10_000 }))
        .length;
      await stage.cutHop("a", "root");
      expect((await stage.feed().snapshot()).entries).toHaveLength(1);
      const lines = await stage.store.audit({
        tenant: "acme",
        tree: "root",
        from: before,
        limit: 10_000,
      });
      expect(lines.length).toBeLessThan(10);
      expect(await states("n0-0", "n99-99")).toEqual(["n0-0 revoked", "n99-99 revoked"]);
    });

    test("R14 a cut of the root reaches living hops below an expired one", async () => {
      await stage.create("root", "old", { expiresAt: stage.now + 5 });
      await stage.create("old", "young");
      stage.clock.advance(5);
      expect(await stage.effective("young")).toBe("expired");
      await stage.cutHop("root", "root");
      expect(await stage.effective("young")).toBe("revoked");
    });

    test("below stops what is and what would be below; the hop itself lives", async () => {
      await stage.revoke({ kind: "below", tree: "root", hop: "a" });
      expect(await states("a", "b", "leaf")).toEqual(["a active", "b revoked", "leaf revoked"]);
      await stage.admit("root", ["root", "a"]);
      await refused(stage.create("a", "new"), "delegation_revoked", { hop: "a" });
      await refused(
        stage.admit("root", ["root", "a", "link"], { offline: ["link"] }),
        "delegation_revoked",
      );
    });

    test("tree stops everything under the root, for good", async () => {
      await stage.revoke({ kind: "tree", tree: "root" });
      expect(await states("root", "leaf")).toEqual(["root revoked", "leaf revoked"]);
      await refused(stage.create("root", "x"), "delegation_revoked");
    });

    test("R07 the same cut twice is one, and nothing is written the second time", async () => {
      const boundaries: Boundary[] = [
        { kind: "hop", tree: "root", hop: "a" },
        { kind: "below", tree: "root", hop: "a" },
        { kind: "tree", tree: "root" },
        { kind: "key", thumbprint: "key-a" },
        { kind: "ban", agent: "agent-a" },
      ];
      for (const boundary of boundaries) {
        const first = await stage.revoke(boundary);
        const lines = (await stage.store.audit({ limit: 1_000 })).length;
        const { entry, fresh } = await stage.revoke(boundary);
        expect({ entry, fresh }).toEqual({ entry: first.entry, fresh: false });
        expect((await stage.store.audit({ limit: 1_000 })).length).toBe(lines);
      }
    });

    test("cuts that name the same things in other places are different cuts", async () => {
      await stage.open("r2");
      await stage.cutHop("r2", "root");
      await stage.revoke({ kind: "principal", issuer: "x", subject: "y" });
      expect((await stage.cutHop("root", "r2")).fresh).toBe(true);
      await stage.revoke({ kind: "principal", issuer: "y", subject: "x" });
      expect(await stage.entries("root", "r2")).toHaveLength(4);
    });

    test("R07 another tenant's hop and an unknown one are answered alike", async () => {
      const strip = ({
        entry: { id: _, position: _p, ...rest },
        fresh,
      }: {
        entry: CutEntry;
        fresh: boolean;
      }) => ({
        rest,
        fresh,
      });
      const theirs = strip(await stage.revoke({ kind: "hop", tree: "root", hop: "a" }, "evil"));
      const none = strip(await stage.revoke({ kind: "hop", tree: "nope", hop: "a" }, "evil"));
      expect({ ...theirs, rest: { ...theirs.rest, boundary: 0 } }).toEqual({
        ...none,
        rest: { ...none.rest, boundary: 0 },
      });
      expect(await stage.effective("a")).toBe("active");
    });

    test("R21 nothing is un-revoked: no move brings a cut hop back", async () => {
      await stage.suspend("root", "a", "s1");
      await stage.cutHop("a", "root");
      await refused(stage.resume("root", "a", "s1"), "illegal_transition");
      await refused(stage.settle("root", "a", "approve"), "illegal_transition");
      await refused(stage.narrow("a", "a2"), "illegal_transition");
      await refused(stage.create("root", "a"), "id_taken");
      expect(await stage.effective("a")).toBe("revoked");
    });

    test("logs a cut whatever state the hop is in, and a cut outweighs its end", async () => {
      await stage.complete("root", "b");
      const { fresh } = await stage.cutHop("b", "root");
      expect(fresh).toBe(true);
      expect((await stage.hop("b")).state).toBe("completed");
      expect(await stage.effective("leaf")).toBe("revoked");
    });

    test("D-cut-pending a cut of a pending hop holds when its approval comes", async () => {
      await stage.create("root", "w", { initial: "pending_approval" });
      await stage.cutHop("w", "root");
      await refused(stage.settle("root", "w", "approve"), "illegal_transition");
      expect((await stage.hop("w")).state).toBe("revoked");
    });

    test("D-cut-unseen R09 a cut of a hop never seen holds when it is seen", async () => {
      await stage.cutHop("later", "root");
      await stage.revoke({ kind: "below", tree: "root", hop: "later2" });
      await refused(stage.create("a", "later"), "delegation_revoked", { hop: "later" });
      await refused(
        stage.store.register([await stage.move("later", "a", "root")]),
        "delegation_revoked",
      );
      await stage.create("a", "later2");
      await refused(stage.create("later2", "x"), "delegation_revoked");
    });

    test("D-cut-unseen a cut of a tree never seen holds when it is opened", async () => {
      await stage.revoke({ kind: "tree", tree: "r9" });
      await stage.cutHop("r8", "r8");
      await refused(stage.open("r9"), "delegation_revoked");
      await refused(stage.open("r8"), "delegation_revoked");
      await stage.open("r9", { tenant: "other" });
    });

    test("D-cut-unseen a link that was cut does not pass, nor anything below it", async () => {
      await stage.cutHop("link", "root");
      const words = { offline: ["link", "link2"] };
      await refused(stage.admit("root", ["root", "a", "link"], words), "delegation_revoked");
      await refused(
        stage.admit("root", ["root", "a", "link", "link2"], words),
        "delegation_revoked",
        { hop: "link" },
      );
    });

    test.each([
      { kind: "agent", agent: "" },
      { kind: "agent", agent: "*" },
      { kind: "hop", tree: "root", hop: "" },
      { kind: "principal", issuer: "*", subject: "ada" },
    ] as Boundary[])("R26 refuses an empty or wildcard selector %j", async (boundary) => {
      await refused(stage.revoke(boundary), "invalid_request");
      expect((await stage.store.status()).position).toBe(0);
    });
  });

  describe("cuts beyond one tree", () => {
    test("agent stops what it acted in so far, in any tree, and all below; later hops live", async () => {
      await stage.open("r2");
      await stage.create("r2", "a2", { agent: "agent-a" });
      await stage.revoke({ kind: "agent", agent: "agent-a" });
      expect(await states("a", "leaf", "a2", "sibling", "r2")).toEqual([
        "a revoked",
        "leaf revoked",
        "a2 revoked",
        "sibling active",
        "r2 active",
      ]);
      await stage.create("r2", "a3", { agent: "agent-a" });
      expect(await stage.effective("a3")).toBe("active");
      expect((await stage.revoke({ kind: "agent", agent: "agent-a" })).fresh).toBe(true);
      expect(await stage.effective("a3")).toBe("revoked");
    });

    test("principal stops every tree of this person opened so far", async () => {
      await stage.open("bobs", { subject: "bob" });
      await stage.revoke({ kind: "principal", issuer: "https://idp.example", subject: "ada" });
      await refused(stage.create("sibling", "x"), "delegation_revoked", { hop: "root" });
      await stage.create("bobs", "y");
      await stage.open("again");
      expect(await stage.effective("again")).toBe("active");
    });

    test("epoch stops everything of one tenant so far", async () => {
      await stage.open("theirs", { tenant: "other" });
      await stage.revoke({ kind: "epoch" });
      expect(await states("root", "leaf")).toEqual(["root revoked", "leaf revoked"]);
      expect(await stage.effective("theirs", "other")).toBe("active");
      await stage.open("new");
      await stage.create("new", "n1");
    });

    test("key stands against past and future hops confirmed to it", async () => {
      await stage.revoke({ kind: "key", thumbprint: "key-b" });
      expect(await states("a", "b", "leaf")).toEqual(["a active", "b revoked", "leaf revoked"]);
      await refused(stage.create("root", "x", { holder: "key-b" }), "delegation_revoked");
      await refused(stage.open("r2", { holder: "key-b" }), "delegation_revoked");
    });

    test("R23 a banned agent gets no further hop", async () => {
      await stage.revoke({ kind: "ban", agent: "agent-b" });
      expect(await states("a", "b", "leaf")).toEqual(["a active", "b revoked", "leaf revoked"]);
      await refused(stage.create("root", "x", { agent: "agent-b" }), "delegation_revoked");
      await refused(stage.open("r2", { agent: "agent-b" }), "delegation_revoked");
    });

    test.each([
      ["agent of the new hop", { kind: "agent", agent: "new agent" }],
      ["epoch", { kind: "epoch" }],
      ["principal", { kind: "principal", issuer: "https://idp.example", subject: "ada" }],
    ] as [string, Boundary][])(
      "refuses to open what a newer cut would cover: %s",
      async (_what, boundary) => {
        await stage.revoke(boundary);
        await refused(stage.open("r2", { agent: "new agent", seen: 0 }), "position_behind");
        await stage.open("r2", { agent: "new agent", seen: 1 });
      },
    );

    test("refuses a hop whose minter had not seen the cut of an agent in its lineage", async () => {
      await stage.revoke({ kind: "agent", agent: "fresh" });
      await stage.create("root", "f", { agent: "fresh", seen: 1 });
      await refused(stage.create("f", "x", { seen: 0 }), "position_behind");
      await stage.create("f", "x", { seen: 1 });
    });

    test("does not mind a newer cut that covers something else", async () => {
      await stage.revoke({ kind: "agent", agent: "someone else" });
      await stage.create("a", "x", { seen: 0 });
    });

    test("refuses a caller who has seen more than the store has", async () => {
      await refused(stage.create("a", "x", { seen: 1 }), "position_behind");
      await refused(stage.admit("root", ["root"], { seen: 1 }), "store_unavailable");
    });
  });

  describe("feed", () => {
    const follow = () => {
      const told: CutEntry[] = [];
      const stop = stage.feed().subscribe({
        entry: (entry) => told.push(entry),
        heartbeat: () => {},
        lost: () => {},
      });
      return { told, stop };
    };

    test("R27 tells every entry once, in order, without gaps", async () => {
      const { told, stop } = follow();
      await stage.cutHop("leaf", "root");
      await stage.feed().confirm();
      expect(told).toHaveLength(1);
      await Promise.all([
        stage.suspend("root", "a", "s"),
        stage.revoke({ kind: "epoch" }, "other"),
        stage.complete("root", "sibling"),
      ]);
      await stage.feed().confirm();
      expect(told.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
      stop();
      await stage.cutHop("root", "root");
      await stage.feed().confirm();
      expect(told).toHaveLength(4);
    });

    test("a snapshot and what follows it miss nothing", async () => {
      await stage.cutHop("leaf", "root");
      const { told } = follow();
      const [, { heartbeat, entries, generations }] = await Promise.all([
        stage.cutHop("b", "root"),
        stage.feed().snapshot(),
        stage.cutHop("a", "root"),
      ]);
      await stage.feed().confirm();
      const known = new Set([...entries, ...told].map(({ position }) => position));
      expect(known).toEqual(new Set([1, 2, 3]));
      expect(entries.every(({ position }) => position <= heartbeat.position)).toBe(true);
      expect(generations).toContain(heartbeat.generation);
    });

    test("confirms position and time by the store's own clock", async () => {
      await stage.cutHop("leaf", "root");
      stage.clock.advance(7);
      const { generation } = await stage.store.status("root");
      expect(await stage.feed().confirm()).toEqual({ generation, position: 1, at: stage.now });
    });

    test("keeps a cut until all that it could cover has expired, and the tolerance", async () => {
      await stage.cutHop("a", "root");
      await stage.revoke({ kind: "agent", agent: "agent-a" });
      await stage.revoke({ kind: "ban", agent: "agent-a" });
      stage.clock.advance(HOUR_MS + TOLERANCE_MS);
      const kinds = async () => {
        await stage.store.sweep(stage.now, 10);
        const { entries } = await stage.feed().snapshot();
        return entries.map((e) => e.kind === "cut" && e.boundary.kind);
      };
      expect(await kinds()).toEqual(["hop", "agent", "ban"]);
      stage.clock.advance(1);
      expect(await kinds()).toEqual(["agent", "ban"]);
      expect((await stage.hop("a")).state).toBe("revoked");
      stage.clock.advance(LIFETIME_MS_MAX);
      expect(await kinds()).toEqual(["ban"]);
      expect((await stage.store.status()).cuts).toBe(stage.logs);
    });

    test("R08 repeated cuts of an agent do not make the snapshot grow", async () => {
      for (let i = 0; i < 50; i++) await stage.revoke({ kind: "agent", agent: "agent-a" });
      const { entries } = await stage.feed().snapshot();
      expect(entries.map(({ position }) => position)).toEqual([50]);
    });

    test("drops a listener that throws, telling it that it is lost", async () => {
      let lost = 0;
      stage.feed().subscribe({
        entry: () => {
          throw new Error("listener");
        },
        heartbeat: () => {},
        lost: () => {
          lost += 1;
        },
      });
      const { told } = follow();
      await stage.cutHop("leaf", "root");
      await stage.cutHop("b", "root");
      await stage.feed().confirm();
      expect(lost).toBe(1);
      expect(told).toHaveLength(2);
    });
  });
}
