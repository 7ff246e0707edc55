/** Contract: what can be looked at. @module */
import { beforeEach, describe, expect, test } from "vitest";
import { verifyLog } from "../../src/audit/verify.js";
import { canonicalize } from "../../src/base/canonical.js";
import { PAGE_MAX } from "../../src/base/limits.js";
import type { NamedBoundary } from "../../src/wire/cut.js";
import { type MakeStore, Stage } from "./stage.js";

export function looksContract(make: MakeStore): void {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.of(make);
    await stage.open("root");
    await stage.create("root", "a");
    await stage.create("a", "a1");
    await stage.create("root", "b");
    await stage.create("a", "a2");
  });
  const refused = (promise: Promise<unknown>, code: string, more: object = {}) =>
    expect(promise).rejects.toMatchObject({ code, ...more });
  const ids = (page: { nodes: readonly { hop: { id: string } }[] }) =>
    page.nodes.map(({ hop }) => hop.id);

  describe("pages", () => {
    test("show a tree depth-first, siblings in order of making, with counts and authority", async () => {
      const page = await stage.store.page("acme", "root", { limit: 10 });
      expect(ids(page)).toEqual(["root", "a", "a1", "a2", "b"]);
      expect(page).toMatchObject({ total: 5 });
      expect(page).not.toHaveProperty("next");
      expect(page.nodes[1]).toMatchObject({ effective: "active", children: 2, descendants: 2 });
      expect(page.nodes[1]?.authority.tools).toEqual({ "files.read": {} });
    });

    test("R34 go on where they ended, stable while hops are added", async () => {
      const first = await stage.store.page("acme", "root", { limit: 2 });
      expect(ids(first)).toEqual(["root", "a"]);
      await stage.create("a1", "a11");
      await stage.create("b", "b1");
      const second = await stage.store.page("acme", "root", { limit: 2, cursor: first.next ?? "" });
      expect(ids(second)).toEqual(["a1", "a11"]);
      const third = await stage.store.page("acme", "root", { limit: 9, cursor: second.next ?? "" });
      expect(ids(third)).toEqual(["a2", "b", "b1"]);
      expect(third).not.toHaveProperty("next");
    });

    test("show a subtree, and levels of it", async () => {
      expect(ids(await stage.store.page("acme", "root", { from: "a", limit: 10 }))).toEqual([
        "a",
        "a1",
        "a2",
      ]);
      const levels = await stage.store.page("acme", "root", { limit: 10, depth: 1 });
      expect(ids(levels)).toEqual(["root", "a", "b"]);
    });

    test("are bounded, and refuse a limit or cursor that is none", async () => {
      for (let i = 0; i < PAGE_MAX; i++) await stage.create("b", `n${i}`, { seen: 0 });
      const page = await stage.store.page("acme", "root", { limit: 1_000_000 });
      expect(page.nodes).toHaveLength(PAGE_MAX);
      for (const limit of [0, -1, 1.5, Number.NaN]) {
        await refused(stage.store.page("acme", "root", { limit }), "invalid_request");
      }
      for (const cursor of ["", "%", "bm9uZQ"]) {
        await refused(stage.store.page("acme", "root", { limit: 1, cursor }), "invalid_request");
      }
      const { next = "" } = await stage.store.page("acme", "root", { limit: 5 });
      await refused(
        stage.store.page("acme", "root", { from: "a", limit: 1, cursor: next }),
        "invalid_request",
      );
    });

    test("R34 show nothing to another tenant, in the words for an unknown id", async () => {
      await stage.open("theirs", { tenant: "evil" });
      await refused(stage.store.page("evil", "root", { limit: 1 }), "hop_not_found", {
        hop: "root",
      });
      await refused(stage.store.page("evil", "none", { limit: 1 }), "hop_not_found", {
        hop: "none",
      });
      await refused(stage.store.chain("evil", "a"), "hop_not_found");
      await refused(stage.store.counters("evil", "a"), "hop_not_found");
      expect(await stage.store.hop("evil", "a")).toBeUndefined();
      expect(await stage.store.tree("evil", "root")).toBeUndefined();
      expect(await stage.store.tickets("evil", "root")).toEqual([]);
      expect(await stage.store.audit({ tenant: "evil", tree: "root", limit: 10 })).toEqual([]);
      expect(await stage.store.preview("evil", { kind: "tree", tree: "root" })).toMatchObject({
        hops: 0,
      });
    });

    test("R34 answer for a wide tree in bounded pages that together show each hop once", async () => {
      const moves = [];
      for (let i = 0; i < 2_000; i++)
        moves.push(await stage.move(`w${i}`, "b", "root", { seen: 0 }));
      await Promise.all(moves.map((move) => stage.store.create(move)));
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await stage.store.page("acme", "root", {
          limit: 300,
          ...(cursor === undefined ? {} : { cursor }),
        });
        seen.push(...ids(page));
        cursor = page.next;
      } while (cursor !== undefined);
      expect(seen).toHaveLength(2_005);
      expect(new Set(seen).size).toBe(2_005);
    });

    test("list a tenant's trees, newest first", async () => {
      for (const id of ["t1", "t2", "t3"]) await stage.open(id);
      const first = await stage.store.trees("acme", { limit: 3 });
      expect(first.trees.map(({ id }) => id)).toEqual(["t3", "t2", "t1"]);
      await stage.open("t4");
      const rest = await stage.store.trees("acme", { limit: 3, cursor: first.next ?? "" });
      expect(rest).toMatchObject({ trees: [{ id: "root" }] });
      expect(rest).not.toHaveProperty("next");
    });
  });

  describe("trees under a name", () => {
    const under = async (of: NamedBoundary, more: { cursor?: string; limit?: number } = {}) => {
      const found = await stage.store.trees("acme", { limit: 100, ...more, of });
      return { ...found, trees: found.trees.map(({ id }) => id) };
    };
    const agent = (name: string) => ({ kind: "agent", agent: name }) as const;

    test("are those where the agent acts, at whatever depth, registered offline or narrowed", async () => {
      for (const id of ["t1", "t2", "t3", "t4"]) await stage.open(id, { agent: `root of ${id}` });
      await stage.create("t1", "t1-a", { agent: "scout" });
      await stage.create("t1-a", "t1-b", { agent: "scout" });
      await stage.store.register([await stage.move("t3-a", "t3", "t3", { agent: "scout" })]);
      await stage.create("t4", "t4-a");
      await stage.narrow("t4-a", "t4-b", { agent: "scout" });
      expect(await under(agent("scout"))).toEqual({ trees: ["t4", "t3", "t1"] });
      expect(await under(agent("root of t2"))).toEqual({ trees: ["t2"] });
      expect(await under(agent("nobody"))).toEqual({ trees: [] });
      await stage.create("t2", "t2-a", { agent: "scout" });
      const first = await under(agent("scout"), { limit: 3 });
      expect(first.trees).toEqual(["t4", "t3", "t2"]);
      const rest = await under(agent("scout"), { limit: 3, cursor: first.next ?? "" });
      expect(rest).toEqual({ trees: ["t1"] });
    });

    test("are those that the principal asked for, and no other tenant's", async () => {
      await stage.open("t1", { subject: "ben" });
      await stage.open("t2", { subject: "eve" });
      await stage.open("t3", { subject: "ben", tenant: "evil" });
      const ben = { kind: "principal", issuer: "https://idp.example", subject: "ben" } as const;
      expect(await under(ben)).toEqual({ trees: ["t1"] });
      expect(await under({ ...ben, issuer: "ben", subject: ben.issuer })).toEqual({ trees: [] });
    });
  });

  describe("a hop or ticket whose tree the caller names", () => {
    test("is found in that tree", async () => {
      await stage.ask("t1", "root", "a");
      expect(await stage.store.hop("acme", "a1", "root")).toMatchObject({ id: "a1" });
      expect(await stage.store.ticket("acme", "t1", "root")).toMatchObject({ id: "t1" });
      expect(await stage.store.chain("acme", "a1", "root")).toHaveLength(3);
      expect(await stage.store.counters("acme", "a", "root")).toMatchObject({ children: 2 });
    });

    test("is not found in another one", async () => {
      await stage.open("other");
      await stage.ask("t1", "root", "a");
      expect(await stage.store.hop("acme", "a1", "other")).toBeUndefined();
      expect(await stage.store.ticket("acme", "t1", "other")).toBeUndefined();
      await refused(stage.store.chain("acme", "a1", "other"), "hop_not_found");
      await refused(stage.store.counters("acme", "a", "other"), "hop_not_found");
      const move = { tenant: "acme", tree: "other", ticket: "t1", approver: "bob" };
      const event = { kind: "ticket.decided", tenant: "acme" };
      const decided = stage.store.decide({ ...move, verdict: "approve", event, now: stage.now });
      await refused(decided, "ticket_not_found");
    });
  });

  describe("previews", () => {
    test("count what a cut would stop, and write nothing", async () => {
      await stage.suspend("root", "a2", "s");
      await stage.cutHop("a1", "root");
      const before = (await stage.store.status()).position;
      expect(await stage.store.preview("acme", { kind: "hop", tree: "root", hop: "a" })).toEqual({
        hops: 2,
        byState: { active: 1, suspended: 1 },
        agents: ["agent-a", "agent-a2"],
        tools: ["files.read"],
        principals: 1,
        estimate: false,
      });
      expect(
        await stage.store.preview("acme", { kind: "below", tree: "root", hop: "a" }),
      ).toMatchObject({ hops: 1 });
      expect(await stage.store.preview("acme", { kind: "tree", tree: "root" })).toMatchObject({
        hops: 4,
      });
      expect(await stage.store.preview("acme", { kind: "agent", agent: "agent-a" })).toMatchObject({
        hops: 2,
      });
      expect(await stage.store.preview("acme", { kind: "key", thumbprint: "key-b" })).toMatchObject(
        {
          hops: 1,
        },
      );
      expect(await stage.store.preview("acme", { kind: "epoch" })).toMatchObject({ hops: 4 });
      expect((await stage.store.status()).position).toBe(before);
    });
  });

  describe("audit", () => {
    test("tells every change in order, as a log that verifies", async () => {
      await stage.admit("root", ["root", "a", "a1"]);
      await stage.suspend("root", "b", "s");
      await stage.resume("root", "b", "s");
      await stage.narrow("a", "a3");
      await stage.cutHop("b", "root");
      await stage.revoke({ kind: "agent", agent: "agent-x" });
      const all = await stage.store.audit({ limit: 1_000 });
      expect(all.map(({ seq }) => seq)).toEqual(all.map((_, i) => i + 1));
      expect(verifyLog(all.map(canonicalize))).toMatchObject({ ok: true, lines: all.length });
      const tree = await stage.store.audit({ tenant: "acme", tree: "root", limit: 1_000 });
      expect(tree.map(({ n }) => n)).toEqual(tree.map((_, i) => i + 1));
      expect(
        verifyLog(tree.map(canonicalize), { tree: { tenant: "acme", tree: "root" } }),
      ).toMatchObject({ ok: true });
      expect(await stage.store.audit({ tenant: "acme", tree: "root", from: 2, limit: 2 })).toEqual(
        tree.slice(1, 3),
      );
    });

    test("an event cannot tell of another hop than its move is about", async () => {
      await stage.store.suspend({
        tenant: "acme",
        tree: "root",
        hop: "b",
        suspension: "s",
        event: { kind: "hop.suspended", tenant: "evil", tree: "other", hop: "a", agent: "x" },
        now: stage.now,
      });
      const last = (await stage.store.audit({ limit: 1_000 })).at(-1);
      expect(last?.event).toMatchObject({
        tenant: "acme",
        tree: "root",
        hop: "b",
        agent: "agent-b",
      });
    });

    test("refuses an event that canonical JSON cannot say, before anything has changed", async () => {
      const event = { kind: "hop.completed", tenant: "acme", reason: "\ud800" };
      const move = { tenant: "acme", tree: "root", hop: "b", event, now: stage.now };
      await refused(stage.store.complete(move), "malformed");
      expect((await stage.hop("b")).state).toBe("active");
    });
  });

  test("answers nothing once it is closed", async () => {
    await stage.store.close();
    await refused(stage.store.status(), "store_unavailable");
    await refused(stage.store.hop("acme", "a"), "store_unavailable");
    await refused(stage.feed().confirm(), "store_unavailable");
    await refused(stage.cutHop("a", "root"), "store_unavailable");
  });
}
