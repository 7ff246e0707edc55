/** Contract: approval tickets. @module */
import { beforeEach, describe, expect, test } from "vitest";
import { TICKETS_PER_TREE_MAX } from "../../src/base/limits.js";
import { type MakeStore, Stage } from "./stage.js";

export function ticketContract(make: MakeStore): void {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.of(make);
    await stage.open("root");
    await stage.create("root", "a");
  });
  const refused = (promise: Promise<unknown>, code: string, more: object = {}) =>
    expect(promise).rejects.toMatchObject({ code, ...more });
  const use = (ticket: string, binding = `binding of ${ticket}`) =>
    stage.admit("root", ["root", "a"], { tickets: [{ ticket, binding }] });

  describe("tickets", () => {
    test("H01 need all approvals asked for, then admit one call", async () => {
      await stage.ask("t", "root", "a", { need: 2 });
      await refused(use("t"), "approval_pending");
      expect((await stage.decide("t", "bob")).state).toBe("asked");
      await refused(use("t"), "approval_pending");
      expect((await stage.decide("t", "eve")).state).toBe("granted");
      await use("t");
      expect((await stage.store.ticket("acme", "t"))?.state).toBe("used");
    });

    test("H02 an approver counts once, however often they approve", async () => {
      await stage.ask("t", "root", "a", { need: 2 });
      await stage.decide("t", "bob");
      expect(await stage.decide("t", "bob")).toMatchObject({ state: "asked", approvals: ["bob"] });
    });

    test.each([
      ["an agent of the chain", "agent-root", {}],
      ["the principal", "https://idp.example ada", {}],
      ["someone outside the gate's list", "eve", { from: ["bob"] }],
    ])("H03 refuses a decision by %s", async (_who, approver, words) => {
      await stage.ask("t", "root", "a", words);
      await refused(stage.decide("t", approver), "approver_not_allowed");
      await refused(stage.decide("t", approver, "deny"), "approver_not_allowed");
      expect((await stage.store.ticket("acme", "t"))?.approvals).toEqual([]);
    });

    test("H03 refuses a ticket for another call", async () => {
      await stage.ask("t", "root", "a");
      await stage.decide("t", "bob");
      await refused(use("t", "another binding"), "approval_mismatch");
      await use("t");
    });

    test("H03 silence is no: a ticket lapses at its deadline, decided or not", async () => {
      await stage.ask("t1", "root", "a");
      await stage.ask("t2", "root", "a");
      await stage.decide("t2", "bob");
      stage.clock.advance(60_000);
      await refused(stage.decide("t1", "bob"), "approval_lapsed");
      await refused(use("t1"), "approval_lapsed");
      await refused(use("t2"), "approval_lapsed");
      expect(await stage.store.ticket("acme", "t1")).not.toHaveProperty("shown");
    });

    test("one denial denies for good", async () => {
      await stage.ask("t", "root", "a", { need: 2 });
      await stage.decide("t", "bob");
      expect((await stage.decide("t", "eve", "deny")).state).toBe("denied");
      await refused(stage.decide("t", "mallory"), "illegal_transition");
      await refused(use("t"), "approval_denied");
    });

    test("a decided ticket is not decided again", async () => {
      await stage.ask("t", "root", "a");
      await stage.decide("t", "bob");
      await refused(stage.decide("t", "eve"), "illegal_transition");
      await refused(stage.decide("t", "eve", "deny"), "illegal_transition");
      await use("t");
      await refused(stage.decide("t", "eve"), "approval_used");
    });

    test("D-ticket-twice of many calls that race for it exactly one gets it", async () => {
      await stage.ask("t", "root", "a");
      await stage.decide("t", "bob");
      const all = await Promise.allSettled(Array.from({ length: 20 }, () => use("t")));
      expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const codes = all.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
      expect(new Set(codes)).toEqual(new Set(["approval_used"]));
    });

    test("D-ticket-twice the same ticket named twice in one call is refused", async () => {
      await stage.ask("t", "root", "a");
      await stage.decide("t", "bob");
      const tickets = [
        { ticket: "t", binding: "binding of t" },
        { ticket: "t", binding: "binding of t" },
      ];
      await refused(stage.admit("root", ["root", "a"], { tickets }), "approval_used");
      await use("t");
    });

    test("a call that is refused for its budget does not use the ticket up", async () => {
      await stage.create("root", "poor", { limits: { calls: 0 } });
      await stage.ask("t", "root", "poor");
      await stage.decide("t", "bob");
      const tickets = [{ ticket: "t", binding: "binding of t" }];
      await refused(stage.admit("root", ["root", "poor"], { tickets }), "budget_exhausted");
      expect((await stage.store.ticket("acme", "t"))?.state).toBe("granted");
    });

    test("refuses a ticket of another hop, tree or tenant as one that is not there", async () => {
      await stage.create("root", "b");
      await stage.ask("t", "root", "b");
      await stage.decide("t", "bob");
      await refused(use("t"), "approval_required");
      await refused(use("never asked"), "approval_required");
      await refused(
        stage.store.decide({
          tenant: "evil",
          ticket: "t",
          approver: "x",
          verdict: "approve",
          event: { kind: "ticket.decided", tenant: "evil" },
          now: stage.now,
        }),
        "ticket_not_found",
      );
      await refused(stage.decide("never asked", "bob"), "ticket_not_found");
    });

    test("H05 bounds the tickets that wait in one tree", async () => {
      const ask = (i: number) => stage.ask(`t${i}`, "root", "a");
      await Promise.all(Array.from({ length: TICKETS_PER_TREE_MAX }, (_, i) => ask(i)));
      await refused(ask(TICKETS_PER_TREE_MAX), "quota_exceeded");
      await stage.decide("t0", "bob", "deny");
      await ask(TICKETS_PER_TREE_MAX);
      await refused(ask(TICKETS_PER_TREE_MAX + 1), "quota_exceeded");
      stage.clock.advance(60_000);
      await ask(TICKETS_PER_TREE_MAX + 2);
    });

    test("H06 refuses a ticket that does not start undecided", async () => {
      await refused(stage.ask("t", "root", "a", { state: "granted" }), "invalid_request");
      await refused(stage.ask("t", "root", "a", { approvals: ["bob"] }), "invalid_request");
      await refused(stage.ask("t", "root", "a", { deadline: stage.now }), "invalid_request");
      await stage.ask("t", "root", "a");
      await refused(stage.ask("t", "root", "a"), "id_taken");
    });

    test("H07 an approval after the hop's revocation is refused", async () => {
      await stage.ask("t", "root", "a");
      await stage.cutHop("a", "root");
      await refused(stage.decide("t", "bob"), "delegation_revoked");
      await refused(stage.ask("t2", "root", "a"), "delegation_revoked");
      expect((await stage.decide("t", "bob", "deny")).state).toBe("denied");
    });

    test("H08 an approval after the parent was suspended or narrowed does not let the call pass", async () => {
      await stage.create("root", "p");
      await stage.create("p", "q");
      await stage.ask("t", "root", "q");
      await stage.suspend("root", "p", "s");
      await refused(stage.decide("t", "bob"), "delegation_suspended", { hop: "p" });
      await stage.resume("root", "p", "s");
      await stage.decide("t", "bob");
      await stage.narrow("p", "p2");
      await refused(
        stage.admit("root", ["root", "p", "q"], {
          tickets: [{ ticket: "t", binding: "binding of t" }],
        }),
        "hop_not_active",
      );
    });

    test("shows the exact arguments until the decision, and to nobody in the log", async () => {
      await stage.ask("t", "root", "a");
      expect((await stage.store.tickets("acme", "root"))[0]?.shown).toBe('{"path":"/reports"}');
      await stage.decide("t", "bob");
      expect(await stage.store.ticket("acme", "t")).not.toHaveProperty("shown");
      expect(JSON.stringify(await stage.store.audit({ limit: 1_000 }))).not.toContain("/reports");
    });

    test("a ticket for a hop that waits is decided while it waits", async () => {
      await stage.create("root", "w", { initial: "pending_approval" });
      await refused(stage.ask("t0", "root", "w"), "hop_not_active");
      await stage.ask("t", "root", "w", { kind: "hop" });
      await stage.decide("t", "bob");
      await stage.settle("root", "w", "approve");
      await refused(
        stage.admit("root", ["root", "w"], {
          tickets: [{ ticket: "t", binding: "binding of t" }],
        }),
        "approval_required",
      );
    });
  });
}
