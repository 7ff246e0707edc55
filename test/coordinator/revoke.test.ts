import { describe, expect, test } from "vitest";
import { CLOCK_SKEW_MS_DEFAULT, STALENESS_MS_MAX } from "../../src/base/limits.js";
import { barrierAt, type GuardReports } from "../../src/coordinator/guard-reports.js";
import { generateSigningKey } from "../../src/token/key.js";
import { audit, type Holder, house, NARROW, refuses, START } from "./house.js";

const op = { operator: "op" };
type H = ReturnType<typeof house>;
const below = { agent: "reader", grant: NARROW };

/** root > middle > leaf, and a sibling of the middle. */
async function family(h: H) {
  const root = await h.open();
  const middle = await h.delegate(root, below);
  return {
    root,
    middle,
    leaf: await h.delegate(middle, below),
    sibling: await h.delegate(root, below),
  };
}
const states = async (h: H, holders: Record<string, Holder>) => {
  const shown: Record<string, string> = {};
  for (const [name, { hop }] of Object.entries(holders)) {
    shown[name] = (await h.coordinator.inspectNode(op, hop)).effective;
  }
  return shown;
};
const cut = (h: H, holder: Holder, boundary: object) => {
  const request = { boundary };
  return h.coordinator.revoke(h.present(holder, "revoke", request), request);
};

describe("revoke", () => {
  test("R01 stops everything below a root", async () => {
    const h = house();
    const all = await family(h);
    await h.coordinator.revoke(op, { boundary: { kind: "tree", tree: all.root.hop } });
    expect(new Set(Object.values(await states(h, all)))).toEqual(new Set(["revoked"]));
  });

  test("R02 stops a branch, and lets its siblings and its parent live", async () => {
    const h = house();
    const all = await family(h);
    const boundary = { kind: "hop", tree: all.root.hop, hop: all.middle.hop };
    const { applied, fresh, entry } = await h.coordinator.revoke(op, { boundary });
    expect([applied, fresh, entry.kind]).toEqual([true, true, "cut"]);
    expect(await states(h, all)).toEqual({
      root: "active",
      middle: "revoked",
      leaf: "revoked",
      sibling: "active",
    });
  });

  test("R03 lets the parent of a revoked leaf live", async () => {
    const h = house();
    const all = await family(h);
    const boundary = { kind: "hop", tree: all.root.hop, hop: all.leaf.hop };
    await h.coordinator.revoke(op, { boundary });
    expect(await states(h, all)).toMatchObject({ middle: "active", leaf: "revoked" });
  });

  test("stops what is below and lets the hop itself live", async () => {
    const h = house();
    const all = await family(h);
    const boundary = { kind: "below", tree: all.root.hop, hop: all.middle.hop };
    await h.coordinator.revoke(op, { boundary });
    expect(await states(h, all)).toMatchObject({ middle: "active", leaf: "revoked" });
  });

  test("R06 lets a holder give up its own hop", async () => {
    const h = house();
    const all = await family(h);
    await cut(h, all.middle, { kind: "hop", tree: all.root.hop, hop: all.middle.hop });
    expect(await states(h, all)).toMatchObject({ root: "active", middle: "revoked" });
    const lines = (await audit(h)).map(({ event }) => event);
    expect(lines).toContainEqual(
      expect.objectContaining({ kind: "cut", by: "reader", hop: all.middle.hop }),
    );
  });

  test("lets a holder cut any hop below its own", async () => {
    const h = house();
    const all = await family(h);
    await cut(h, all.root, { kind: "hop", tree: all.root.hop, hop: all.leaf.hop });
    expect(await states(h, all)).toMatchObject({ middle: "active", leaf: "revoked" });
  });

  test("lets the root's holder cut the whole tree, and nobody below it", async () => {
    const h = house();
    const all = await family(h);
    const boundary = { kind: "tree", tree: all.root.hop };
    await refuses("not_entitled", cut(h, all.middle, boundary));
    await expect(cut(h, all.root, boundary)).resolves.toMatchObject({ applied: true });
  });

  test.each([
    ["its parent", ({ root }: Family) => ({ kind: "hop", tree: root.hop, hop: root.hop })],
    [
      "its sibling",
      ({ root, sibling }: Family) => ({ kind: "hop", tree: root.hop, hop: sibling.hop }),
    ],
    [
      "a hop that does not exist",
      ({ root }: Family) => ({ kind: "hop", tree: root.hop, hop: "x" }),
    ],
    ["its agent everywhere", () => ({ kind: "agent", agent: "reader" })],
    ["its agent for ever", () => ({ kind: "ban", agent: "reader" })],
    ["its principal", () => ({ kind: "principal", issuer: "https://id.example", subject: "ana" })],
    ["everything", () => ({ kind: "epoch" })],
    ["a key", ({ middle }: Family) => ({ kind: "key", thumbprint: middle.key.thumbprint })],
    [
      "its own id under another tree",
      ({ middle }: Family) => ({ kind: "hop", tree: "x", hop: middle.hop }),
    ],
  ])("R08 refuses a holder that would cut %s", async (_what, boundary) => {
    const h = house();
    const all = await family(h);
    await refuses("not_entitled", cut(h, all.middle, boundary(all)));
    expect((await h.store.status()).position).toBe(0);
  });

  test("R07 changes nothing when repeated, and answers an unknown id and another tenant's alike", async () => {
    const h = house();
    const all = await family(h);
    const boundary = { kind: "ban", agent: "reader" };
    const first = await h.coordinator.revoke(op, { boundary });
    const again = await h.coordinator.revoke(op, { boundary });
    expect([first.fresh, again.fresh]).toEqual([true, false]);
    expect(again.entry).toEqual(first.entry);
    const elsewhere = { operator: "op", tenant: "other" };
    const shapes = [];
    for (const hop of [all.leaf.hop, "nobody"]) {
      const cutIt = { boundary: { kind: "hop", tree: all.root.hop, hop } };
      const { applied, fresh, entry } = await h.coordinator.revoke(elsewhere, cutIt);
      shapes.push([applied, fresh, entry.kind, entry.tenant]);
    }
    expect(shapes[0]).toEqual(shapes[1]);
    const sibling = (await h.store.hop("default", all.leaf.hop))?.tenant;
    expect(sibling).toBe("default");
  });

  test("K05 leaves another tenant's hop alone", async () => {
    const h = house();
    const root = await h.open();
    const boundary = { kind: "hop", tree: root.hop, hop: root.hop };
    await h.coordinator.revoke({ operator: "op", tenant: "other" }, { boundary });
    expect((await h.coordinator.inspectNode(op, root.hop)).effective).toBe("active");
  });

  test.each([
    ["an empty name", { kind: "agent", agent: "" }],
    ["a blank name", { kind: "agent", agent: "  " }],
    ["a star", { kind: "agent", agent: "*" }],
    ["a pattern", { kind: "principal", issuer: "https://id.example", subject: "a*" }],
    ["no name", { kind: "agent" }],
    ["a kind that nobody knows", { kind: "everything" }],
    ["a member too many", { kind: "epoch", agent: "reader" }],
  ])("R26 refuses a selector that is %s", async (_what, boundary) => {
    await refuses("invalid_request", house().coordinator.revoke(op, { boundary }));
  });

  test("R09 holds a cut of a hop that was never seen", async () => {
    const h = house();
    const root = await h.open();
    const link = h.link(root);
    const boundary = { kind: "hop", tree: root.hop, hop: link.hop };
    await h.coordinator.revoke(op, { boundary });
    const run = h.coordinator.exchange(h.present(link, "exchange", {}), {});
    await refuses("delegation_revoked", run);
  });

  test("R21 revives nothing: neither resume nor a lease nor a renewal brings a cut hop back", async () => {
    const h = house();
    const root = await h.open({ leaseSeconds: 100 });
    const { entry } = await h.coordinator.suspend(op, { hop: root.hop });
    await h.coordinator.revoke(op, { boundary: { kind: "hop", tree: root.hop, hop: root.hop } });
    await expect(
      h.coordinator.resume(op, { hop: root.hop, suspension: entry.id }),
    ).rejects.toMatchObject({ code: "illegal_transition" });
    await expect(h.coordinator.renew(h.present(root, "renew", {}), {})).rejects.toBeDefined();
    expect((await h.coordinator.inspectNode(op, root.hop)).effective).toBe("revoked");
  });

  test("R23 gives a banned agent no further hop", async () => {
    const h = house();
    const root = await h.open();
    await h.coordinator.revoke(op, { boundary: { kind: "ban", agent: "reader" } });
    await refuses("delegation_revoked", h.delegate(root));
  });

  test("gives an agent whose hops were cut a new one, for the cut was of what was minted so far", async () => {
    const h = house();
    const root = await h.open();
    const first = await h.delegate(root);
    await h.coordinator.revoke(op, { boundary: { kind: "agent", agent: "reader" } });
    const second = await h.delegate(root);
    expect(await states(h, { first, second })).toEqual({ first: "revoked", second: "active" });
  });

  test("R14 reaches through an expired hop to what hangs below it", async () => {
    const h = house();
    const root = await h.open();
    const expiresAt = START / 1_000 + 60;
    const middle = await h.delegate(root, { ...below, grant: { ...NARROW, expiresAt } });
    const leaf = await h.delegate(middle, below);
    h.clock.advance(60_000);
    expect(await states(h, { leaf })).toEqual({ leaf: "expired" });
    await h.coordinator.revoke(op, { boundary: { kind: "tree", tree: root.hop } });
    expect(await states(h, { middle, leaf })).toEqual({ middle: "revoked", leaf: "revoked" });
  });

  test("tells who has read the cut, as guards have reported", async () => {
    const guards: GuardReports = {
      reports: () => [
        { guard: "a", position: 9, at: 0, callsInFlight: [] },
        { guard: "b", position: 0, at: 0, callsInFlight: [] },
      ],
    };
    const h = house({ guards });
    const { barrier } = await h.coordinator.revoke(op, { boundary: { kind: "epoch" } });
    expect(barrier).toEqual({ seen: 1, guards: 2, has: ["a"], behind: ["b"] });
  });

  test("tells by partition who has a cut that is in several logs", () => {
    const report = (guard: string, partition: number, position: number) => ({
      ...{ guard, partition, position, at: 0, callsInFlight: [] },
    });
    const reports = [
      ...[report("a", 0, 5), report("a", 1, 9)],
      ...[report("b", 0, 5), report("b", 1, 8)],
      ...[report("c", 0, 4), report("c", 1, 8)],
    ];
    expect(barrierAt(reports, 5, [5, 9])).toEqual({
      seen: 1,
      guards: 3,
      has: ["a"],
      behind: ["b", "c"],
    });
  });

  test("does not count a guard that says nothing of one of the logs", () => {
    const silent = { guard: "a", partition: 1, position: 9, at: 0, callsInFlight: [] };
    expect(barrierAt([silent], 5, [5, 9])).toEqual({
      seen: 0,
      guards: 1,
      has: [],
      behind: ["a"],
    });
    const both = [silent, { ...silent, partition: 0 }];
    expect(barrierAt(both, 5, [5, 9])).toEqual({
      seen: 1,
      guards: 1,
      has: ["a"],
      behind: [],
    });
  });

  describe("that waits for guards", () => {
    const wait = { boundary: { kind: "epoch" }, wait: "guards" };
    const report = (guard: string, position: number) => ({
      ...{ guard, position, at: 0, callsInFlight: [] },
    });
    /** Reports, and a promise that somebody has looked at them once more. */
    const counted = (reports: GuardReports["reports"]) => {
      let looked = () => {};
      return {
        reports: () => {
          looked();
          return reports();
        },
        more: () =>
          new Promise<void>((resolve) => {
            looked = resolve;
          }),
      };
    };

    test("answers once the last of them has it", async () => {
      let looks = 0;
      const guards: GuardReports = {
        reports: async () => {
          looks += 1;
          return [report("a", 1), report("b", looks > 3 ? 1 : 0)];
        },
      };
      const h = house({ guards });
      const { barrier } = await h.coordinator.revoke(op, wait);
      expect(barrier).toMatchObject({ seen: 2, guards: 2, has: ["a", "b"], behind: [] });
      expect(barrier?.waited).toMatchObject({ denying: [], afterMs: 0 });
      expect(looks).toBe(4);
    });

    test.each<[string, GuardReports["reports"], object]>([
      [
        "that are behind",
        () => [report("a", 1), report("b", 0)],
        { seen: 1, has: ["a"], behind: ["b"] },
      ],
      ["nobody knows of", () => [], { seen: 0, guards: 0 }],
      ["nobody can tell of", () => Promise.reject(new Error("gone")), { seen: 0, guards: 0 }],
    ])("answers once those %s are denying by construction", async (_, reports, expected) => {
      const looks = counted(reports);
      const h = house({ guards: { reports: looks.reports, maxStalenessMs: 700, skewMs: 50 } });
      let answered = false;
      const waited = h.coordinator.revoke(op, wait).then((revoked) => {
        answered = true;
        return revoked;
      });
      const since = h.clock.now();
      await looks.more();
      h.clock.advance(749);
      await looks.more();
      await looks.more();
      expect(answered).toBe(false);
      h.clock.advance(1);
      const { barrier } = await waited;
      expect(barrier).toMatchObject(expected);
      const denying = barrier?.behind;
      expect(barrier?.waited).toEqual({ denying, denyingFrom: since + 750, afterMs: 750 });
    });

    test("waits for the bound of all guards where none reports at all", async () => {
      const h = house();
      const waited = h.coordinator.revoke(op, wait);
      while ((await h.store.status()).position === 0) await new Promise(setImmediate);
      await new Promise(setImmediate);
      h.clock.advance(STALENESS_MS_MAX + CLOCK_SKEW_MS_DEFAULT);
      expect((await waited).barrier).toMatchObject({ seen: 0, guards: 0, behind: [] });
    });

    test("refuses to wait for what there is not", async () => {
      const h = house();
      const request = { boundary: { kind: "epoch" }, wait: "everyone" };
      await refuses("invalid_request", h.coordinator.revoke(op, request));
    });
  });

  test("answers all the same when nobody can tell who has it", async () => {
    const h = house({ guards: { reports: () => Promise.reject(new Error("gone")) } });
    const revoked = await h.coordinator.revoke(op, { boundary: { kind: "epoch" } });
    expect(revoked).toMatchObject({ applied: true });
    expect("barrier" in revoked).toBe(false);
  });

  test("D-stolen-chain cuts nothing for whoever does not hold the key", async () => {
    const h = house();
    const root = await h.open();
    const boundary = { kind: "hop", tree: root.hop, hop: root.hop };
    await refuses("proof_invalid", cut(h, { ...root, key: generateSigningKey() }, boundary));
  });
});

type Family = Awaited<ReturnType<typeof family>>;

describe("preview", () => {
  test("counts what a cut would stop, and stops nothing", async () => {
    const h = house();
    const all = await family(h);
    const boundary = { kind: "hop", tree: all.root.hop, hop: all.middle.hop };
    expect(await h.coordinator.preview(op, { boundary })).toMatchObject({
      hops: 2,
      byState: { active: 2 },
      agents: ["reader"],
      tools: ["files.read"],
      estimate: false,
    });
    expect((await h.store.status()).position).toBe(0);
    expect(await states(h, all)).toMatchObject({ middle: "active", leaf: "active" });
  });

  test("counts the calls in flight that guards report, of the tenant that asks", async () => {
    const call = (tenant: string, tree: string, hops: string[]) => ({
      tenant,
      tree,
      hops,
      tool: "t",
    });
    const guards: GuardReports = {
      reports: () => [
        {
          guard: "a",
          position: 0,
          at: 0,
          callsInFlight: [
            call("default", "t", ["t", "m"]),
            call("default", "t", ["t", "m", "l"]),
            call("default", "u", ["u"]),
            call("other", "t", ["t", "m"]),
          ],
        },
      ],
    };
    const h = house({ guards });
    const count = async (boundary: object) =>
      (await h.coordinator.preview(op, { boundary })).callsInFlight;
    expect(await count({ kind: "hop", tree: "t", hop: "m" })).toBe(2);
    expect(await count({ kind: "below", tree: "t", hop: "m" })).toBe(1);
    expect(await count({ kind: "tree", tree: "t" })).toBe(2);
    expect(await count({ kind: "epoch" })).toBe(3);
  });
});
