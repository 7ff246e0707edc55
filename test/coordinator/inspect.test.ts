import { describe, expect, test } from "vitest";
import { GRANT, house, NARROW, refuses, START, toolsOf } from "./house.js";

const op = { operator: "op" };

describe("inspect", () => {
  test("tells of a node how it stands, what hangs below and how its grant differs from the one above", async () => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root);
    await h.delegate(child);
    expect(await h.coordinator.inspectNode(op, root.hop)).toMatchObject({
      children: 1,
      descendants: 2,
    });
    const node = await h.coordinator.inspectNode(op, child.hop);
    expect(node).toMatchObject({ effective: "active", children: 1 });
    expect(node.difference).toEqual({
      kept: [],
      dropped: ["web.search"],
      narrowed: ["files.read", "limit:depth"],
    });
  });

  test("shows a chain root first", async () => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root);
    const chain = await h.coordinator.inspectChain(op, child.hop);
    expect(chain.map(({ hop }) => hop.id)).toEqual([root.hop, child.hop]);
    expect(chain[0]?.difference.narrowed).toEqual([]);
  });

  test("R34 shows a tree in bounded pages, each node once, and only to its own tenant", async () => {
    const h = house();
    const root = await h.open();
    for (let i = 0; i < 7; i++) await h.delegate(root, { agent: `reader-${i}` });
    const agents: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await h.coordinator.inspectTree(op, {
        tree: root.hop,
        limit: 3,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.nodes.length).toBeLessThanOrEqual(3);
      expect(page.total).toBe(8);
      agents.push(...page.nodes.map(({ hop }) => hop.agent));
      for (const { hop, difference } of page.nodes) {
        expect(difference.dropped).toEqual(hop.parent === undefined ? [] : ["web.search"]);
      }
      cursor = page.next;
    } while (cursor !== undefined);
    expect(agents).toEqual(["planner", ...Array.from({ length: 7 }, (_, i) => `reader-${i}`)]);
    const elsewhere = { operator: "op", tenant: "other" };
    await refuses("hop_not_found", h.coordinator.inspectTree(elsewhere, { tree: root.hop }));
    await refuses("invalid_request", h.coordinator.inspectTree(op, { tree: root.hop, limit: 501 }));
  });

  test("lists trees newest first", async () => {
    const h = house();
    const [one, two] = [await h.open(), await h.open({ trigger: "task-2" })];
    const { trees } = await h.coordinator.inspectTrees(op);
    expect(trees.map(({ id }) => id)).toEqual([two.hop, one.hop]);
    expect((await h.coordinator.inspectTrees({ operator: "op", tenant: "other" })).trees).toEqual(
      [],
    );
  });
});

describe("introspect", () => {
  const INACTIVE = { active: false };

  test("tells in the words of RFC 7662 what an active chain says", async () => {
    const h = house();
    const root = await h.open({
      grant: { ...GRANT, scopes: ["crm.read"], audience: ["https://a.example"] },
    });
    const child = await h.delegate(root, { grant: { ...NARROW, scopes: ["crm.read"] } });
    expect(await h.coordinator.introspect(child.tokens)).toMatchObject({
      active: true,
      iss: "https://legate.example",
      sub: "ana",
      client_id: "reader",
      scope: "crm.read",
      aud: ["https://a.example"],
      exp: START / 1_000 + 300,
      token_type: "DPoP",
      cnf: { jkt: child.key.thumbprint },
      act: { sub: "reader", act: { sub: "planner" } },
      tenant: "default",
      txn: root.hop,
    });
  });

  test.each(["revoked", "suspended", "completed", "ancestor"])(
    "says exactly that a %s hop is not active",
    async (how) => {
      const h = house();
      const root = await h.open();
      const child = await h.delegate(root);
      const boundary = {
        kind: "hop",
        tree: root.hop,
        hop: how === "ancestor" ? root.hop : child.hop,
      };
      if (how === "suspended") await h.coordinator.suspend(op, { hop: child.hop });
      else if (how === "completed") await h.coordinator.complete(op, { hop: child.hop });
      else await h.coordinator.revoke(op, { boundary });
      expect(await h.coordinator.introspect(child.tokens)).toEqual(INACTIVE);
    },
  );

  test("says exactly the same of garbage, a foreign token, an expired one and an unknown hop", async () => {
    const h = house();
    const root = await h.open();
    const foreign = await house().open();
    const unknown = await house({ keys: h.keys }).open();
    for (const tokens of [["x"], [], ["a.b.c"], foreign.tokens, unknown.tokens]) {
      expect(await h.coordinator.introspect(tokens)).toEqual(INACTIVE);
    }
    h.clock.advance(300_000);
    expect(await h.coordinator.introspect(root.tokens)).toEqual(INACTIVE);
  });

  test("does not call a link active that nobody has told the store of", async () => {
    const h = house();
    const root = await h.open();
    const link = h.link(root, { grant: toolsOf(NARROW) });
    expect(await h.coordinator.introspect(link.tokens)).toEqual(INACTIVE);
    await h.coordinator.exchange(h.present(link, "exchange", {}), {});
    expect(await h.coordinator.introspect(link.tokens)).toMatchObject({ active: true });
  });

  test("does not take a store that cannot be reached for an answer", async () => {
    const h = house();
    const root = await h.open();
    const down = { ...h.store, chain: () => Promise.reject(new Error("down")) } as typeof h.store;
    const blind = house({ keys: h.keys, store: down });
    await expect(blind.coordinator.introspect(root.tokens)).rejects.toThrow("down");
  });
});

describe("the keeper", () => {
  test("sweeps at its interval, also after a sweep that failed, until it is stopped", async () => {
    const h = house();
    const root = await h.open({ leaseSeconds: 60 });
    const rings: (() => void)[] = [];
    const timers = {
      now: () => h.clock.now(),
      setTimeout: (ring: () => void) => rings.push(ring),
      clearTimeout: () => undefined,
    };
    const keeper = h.coordinator.keep(timers);
    h.clock.advance(60_000);
    rings.shift()?.();
    await expect
      .poll(async () => (await h.store.tree("default", root.hop))?.lease?.state)
      .toBe("lapsed");
    await expect.poll(() => rings.length).toBe(1);
    keeper.stop();
    rings.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(rings).toHaveLength(0);
  });
});
