/** Contract: admission. @module */
import { beforeEach, describe, expect, test } from "vitest";
import { type MakeStore, Stage } from "./stage.js";

export function admissionContract(make: MakeStore): void {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.of(make);
    await stage.open("root", { limits: { calls: 5, spend: { EUR: "1.00", USD: "2" } } });
    await stage.create("root", "a", { limits: { calls: 3 } });
    await stage.create("root", "b");
  });
  const refused = (promise: Promise<unknown>, code: string, more: object = {}) =>
    expect(promise).rejects.toMatchObject({ code, ...more });
  const eur = (amount: string) => ({ charge: { spend: { EUR: amount } } });

  describe("admission", () => {
    test("answers position and line, and the line says what was let in", async () => {
      const { position, line } = await stage.admit("root", ["root", "a"]);
      expect(position).toBe(0);
      const [last] = await stage.store.audit({ from: line, limit: 1 });
      expect(last?.event).toMatchObject({ kind: "call", tree: "root", hop: "a", agent: "agent-a" });
    });

    test("charges every hop that states a budget, all or none", async () => {
      for (let i = 0; i < 3; i++) await stage.admit("root", ["root", "a"], eur("0.10"));
      await refused(stage.admit("root", ["root", "a"]), "budget_exhausted", {
        hop: "a",
        rule: "limits.calls",
      });
      expect((await stage.hop("root")).counters).toMatchObject({
        calls: 3,
        spend: { EUR: "0.30" },
      });
      await refused(stage.admit("root", ["root", "b"], eur("0.71")), "budget_exhausted", {
        hop: "root",
        rule: "limits.spend.EUR",
      });
      expect((await stage.hop("root")).counters.calls).toBe(3);
      await stage.admit("root", ["root", "b"], eur("0.70"));
    });

    test("adds money exactly", async () => {
      for (const amount of ["0.1", "0.2", "0.7"]) {
        await stage.admit("root", ["root", "b"], eur(amount));
      }
      expect((await stage.hop("root")).counters.spend).toEqual({ EUR: "1.0" });
      await refused(
        stage.admit("root", ["root", "b"], eur("0.000000000000000001")),
        "budget_exhausted",
      );
    });

    test("A32 has no budget in a currency that the limit does not name", async () => {
      await refused(
        stage.admit("root", ["root", "b"], { charge: { spend: { GBP: "0.01" } } }),
        "budget_exhausted",
        { rule: "limits.spend.GBP" },
      );
    });

    test.each(["-1", "1e3", "1.", "abc", "NaN", ""])("refuses the amount %j", async (amount) => {
      await refused(stage.admit("root", ["root", "b"], eur(amount)), "malformed");
      expect((await stage.hop("root")).counters.calls).toBe(0);
    });

    test("R32 children that drain a shared budget at once never exceed it", async () => {
      const calls = Array.from({ length: 50 }, (_, i) =>
        stage.admit("root", ["root", i % 2 === 0 ? "a" : "b"]),
      );
      const all = await Promise.allSettled(calls);
      expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
      expect((await stage.hop("root")).counters.calls).toBe(5);
      expect((await stage.hop("a")).counters.calls).toBeLessThanOrEqual(3);
    });

    test("C20 refuses a chain that no record is kept of", async () => {
      await refused(stage.admit("root", ["strange"], { offline: ["strange"] }), "hop_unregistered");
      await refused(stage.admit("nope", ["nope"], { offline: ["nope"] }), "hop_unregistered");
    });

    test("refuses an unknown hop that is not said to be offline", async () => {
      await refused(stage.admit("root", ["root", "a", "link"]), "hop_unregistered", {
        hop: "link",
      });
    });

    test.each([
      ["a hop left out", ["a"]],
      ["a sibling in between", ["root", "b", "a"]],
      ["the wrong order", ["a", "root"]],
      ["a hop twice", ["root", "a", "a"]],
      ["nothing", []],
    ])("refuses a chain with %s", async (_what, hops) => {
      await refused(stage.admit("root", hops), "hop_unregistered");
    });

    test("R34 answers for another tenant's hops as for unknown ones", async () => {
      await refused(stage.admit("root", ["root", "a"], { tenant: "evil" }), "hop_unregistered");
    });

    test("counts what links state, and goes on counting when the link is registered", async () => {
      const limits = { calls: 2, spend: { EUR: "0.50" } };
      const words = { offline: ["link"], stated: [{ hop: "link", ...limits }], ...eur("0.25") };
      await stage.admit("root", ["root", "b", "link"], words);
      await refused(
        stage.admit("root", ["root", "b", "link"], { ...words, ...eur("0.26") }),
        "budget_exhausted",
        { hop: "link", rule: "limits.spend.EUR" },
      );
      const [hop] = await stage.store.register([await stage.move("link", "b", "root", { limits })]);
      expect(hop?.counters).toMatchObject({ calls: 1, spend: { EUR: "0.25" } });
      await stage.admit("root", ["root", "b", "link"], eur("0.25"));
      await refused(stage.admit("root", ["root", "b", "link"]), "budget_exhausted", {
        hop: "link",
      });
    });

    test("does not charge a registered hop by what is stated for it", async () => {
      const words = { stated: [{ hop: "a", calls: 1_000 }] };
      for (let i = 0; i < 3; i++) await stage.admit("root", ["root", "a"], words);
      await refused(stage.admit("root", ["root", "a"], words), "budget_exhausted", { hop: "a" });
    });

    test("refuses limits of a hop that is not in the chain, and limits stated twice", async () => {
      await refused(
        stage.admit("root", ["root"], { stated: [{ hop: "b", calls: 1 }] }),
        "invalid_request",
      );
      const twice = [
        { hop: "link", calls: 1 },
        { hop: "link", calls: 1 },
      ];
      await refused(
        stage.admit("root", ["root", "link"], { offline: ["link"], stated: twice }),
        "invalid_request",
      );
    });

    test("P08 of fifty parallel uses of one single-use token exactly one passes", async () => {
      const calls = Array.from({ length: 50 }, () =>
        stage.admit("root", ["root", "b"], { once: "digest" }),
      );
      const all = await Promise.allSettled(calls);
      expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const codes = all.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
      expect(new Set(codes)).toEqual(new Set(["proof_replayed"]));
    });

    test("refuses a caller whose clock is off", async () => {
      await refused(stage.admit("root", ["root"], { now: stage.now + 5_000 }), "clock_skewed");
    });

    test("writes local decisions in order, and marks hops that no record is kept of", async () => {
      const call = (hop: string, sequence: number) => ({
        kind: "call",
        tenant: "acme",
        tree: "root",
        hop,
        guard: "g1",
        sequence,
        seen: 0,
        decision: "allow" as const,
      });
      await stage.store.record([call("a", 1), call("link", 2)], stage.now);
      const lines = await stage.store.audit({ tenant: "acme", tree: "root", limit: 100 });
      expect(lines.slice(-2).map(({ event }) => [event.hop, event.sequence, event.data])).toEqual([
        ["a", 1, undefined],
        ["link", 2, { unregistered: true }],
      ]);
    });

    test("marks, in a batch of one line, the hops that no record is kept of", async () => {
      const calls = ["a", "link", "link"].map((hop) => ({ hop, decision: "allow" }));
      const event = { kind: "calls", tenant: "acme", tree: "root", data: { calls } };
      await stage.store.record([event], stage.now);
      const [last] = (await stage.store.audit({ limit: 1_000 })).slice(-1);
      expect(last?.event.data).toEqual({ calls, unregistered: ["link"] });
    });

    test("K02 keeps nothing in the audit that is no member of an event", async () => {
      const event = { kind: "call", tenant: "acme", token: "eyJhbGciOi" } as never;
      await stage.store.record([event], stage.now);
      const lines = await stage.store.audit({ limit: 1_000 });
      expect(JSON.stringify(lines)).not.toContain("eyJhbGciOi");
    });
  });
}
