/** The history checker finds each kind of violation, and none in a history that is right. @module */
import { describe, expect, test } from "vitest";
import { canonicalize } from "../../src/base/canonical.js";
import type { ManualClock } from "../../src/base/clock.js";
import { createMemoryStore } from "../../src/memory/store.js";
import { Stage } from "../contract/stage.js";
import { checkHistory, type Deed, type Entry, type FinalState, parseHistory } from "./history.js";

const BOUND_MS = 500;
const CUT: Deed = { f: "cut", boundary: { kind: "hop", tree: "root", hop: "a" } };
const SUSPEND: Deed = { f: "suspend", tree: "root", hop: "a", suspension: "s" };
const RESUME: Deed = { ...SUSPEND, f: "resume" };
const PAY: Deed = {
  f: "admit",
  tree: "root",
  hops: ["root", "a"],
  agents: ["planner", "reader"],
  cents: 60,
  uses: ["ticket t"],
};
const decide = (hops: readonly string[], agents = hops): Deed => ({
  f: "decide",
  guard: "g",
  tree: "root",
  hops,
  agents,
});

/** Entries of one operation. */
const invoke = (op: string, at: number, deed: Deed): Entry => ({ type: "invoke", op, at, deed });
const ok = (op: string, at: number, more: { effect?: string; code?: string } = {}): Entry => ({
  type: "ok",
  op,
  at,
  ...more,
});
const durable = (op: string, at: number): Entry => ({ type: "durable", op, at });
const final = (state: Partial<FinalState> = {}): Entry => ({
  type: "final",
  at: 1e6,
  state: {
    endedTrees: [],
    cuts: [],
    suspended: [],
    lifted: [],
    budgets: [],
    log: [],
    partitions: 1,
    ...state,
  },
});

/** A real log in which each of these operations has its line. */
async function logOf(...ops: string[]): Promise<string[]> {
  const stage = await Stage.of((clock: ManualClock) => createMemoryStore({ clock }));
  await stage.open("root");
  await stage.store.record(
    ops.map((reason) => ({ kind: "call", tenant: "acme", reason })),
    stage.now,
  );
  return (await stage.store.audit({ limit: 1_000 })).map(canonicalize);
}

const faultsOf = (...entries: Entry[]) =>
  checkHistory(entries, { boundMs: BOUND_MS }).violations.map(({ fault, op }) =>
    op === undefined ? fault : `${fault} ${op}`,
  );

const CUT_KEPT = [invoke("c", 0, CUT), ok("c", 10), durable("c", 20)];
const THERE = { cuts: [{ kind: "hop", tree: "root", hop: "a" }] } as const;

test("finds nothing in a history that is right", async () => {
  const entries = [
    invoke("p", 0, PAY),
    ok("p", 5),
    ...[invoke("s", 6, SUSPEND), ok("s", 7), durable("s", 8)],
    invoke("d1", 9, decide(["root", "a"])),
    ok("d1", 10, { effect: "deny", code: "delegation_suspended" }),
    ...[invoke("r", 11, RESUME), ok("r", 12), durable("r", 13)],
    ...CUT_KEPT,
    invoke("d2", 600, decide(["root", "a", "b"])),
    ok("d2", 601, { effect: "deny", code: "delegation_revoked" }),
    invoke("d3", 602, decide(["root", "sibling"])),
    ok("d3", 603, { effect: "allow" }),
    final({
      ...THERE,
      suspended: ["s"],
      lifted: ["s"],
      budgets: [{ hop: "a", limit: 100, spent: 60 }],
      log: await logOf("c", "p", "s", "r"),
    }),
  ];
  const verdict = checkHistory(entries, { boundMs: BOUND_MS });
  expect(verdict).toEqual({ acked: 4, lost: 0, violations: [] });
});

test("is read back from JSON lines as it was", () => {
  const text = CUT_KEPT.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  expect(parseHistory(text)).toEqual(CUT_KEPT);
});

describe("finds", () => {
  test("a cut that was said to be kept and is gone, and counts it as lost", async () => {
    const entries = [...CUT_KEPT, final({ log: await logOf("c") })];
    expect(checkHistory(entries, { boundMs: BOUND_MS })).toMatchObject({ acked: 1, lost: 1 });
    expect(faultsOf(...entries)).toEqual(["cut_lost c"]);
  });

  test.each(["suspend", "resume"] as const)("a %s that is gone", async (f) => {
    const said = [invoke("s", 0, { ...SUSPEND, f }), ok("s", 1), durable("s", 2)];
    expect(faultsOf(...said, final({ log: await logOf("s") }))).toEqual(["suspension_lost s"]);
  });

  test("nothing in the loss of a cut that was only applied", () => {
    expect(faultsOf(invoke("c", 0, CUT), ok("c", 10), final())).toEqual([]);
  });

  test.each<[string, Deed, string[]]>([
    ["a hop", CUT, ["root", "a"]],
    ["a hop above", CUT, ["root", "a", "b"]],
    ["all below", { f: "cut", boundary: { kind: "below", tree: "root", hop: "a" } }, ["a", "b"]],
    ["the tree", { f: "cut", boundary: { kind: "tree", tree: "root" } }, ["root", "x"]],
    ["a ban", { f: "cut", boundary: { kind: "ban", agent: "x" } }, ["root", "x"]],
    ["an epoch", { f: "cut", boundary: { kind: "epoch" } }, ["root"]],
    ["a suspension", SUSPEND, ["root", "a"]],
  ])("an allow that began too late after the cut of %s", async (_what, deed, hops) => {
    const said = [invoke("c", 0, deed), ok("c", 10), durable("c", 20)];
    const state = {
      cuts: deed.f === "cut" ? [deed.boundary] : [],
      suspended: ["s"],
      log: await logOf("c"),
    };
    const at = (from: number) => [
      invoke("d", from, decide(hops)),
      ok("d", from + 1, { effect: "allow" }),
    ];
    expect(faultsOf(...said, ...at(20 + BOUND_MS), final(state))).toEqual([]);
    expect(faultsOf(...said, ...at(21 + BOUND_MS), final(state))).toEqual(["allowed_after_cut d"]);
  });

  test("nothing in an allow of the hop itself after a cut of all below it", async () => {
    const below: Deed = { f: "cut", boundary: { kind: "below", tree: "root", hop: "a" } };
    const entries = [
      ...[invoke("c", 0, below), ok("c", 1), durable("c", 2)],
      ...[invoke("d", 5_000, decide(["root", "a"])), ok("d", 5_001, { effect: "allow" })],
      final({ cuts: [below.boundary], log: await logOf("c") }),
    ];
    expect(faultsOf(...entries)).toEqual([]);
  });

  test("a sibling that was denied for a cut nobody had asked for", async () => {
    const deny = [
      invoke("d", 100, decide(["root", "sibling"])),
      ok("d", 101, { effect: "deny", code: "delegation_revoked" }),
    ];
    const state = final({ ...THERE, log: await logOf("c") });
    expect(faultsOf(...CUT_KEPT, ...deny, state)).toEqual(["denied_beside_cut d"]);
  });

  test("nothing in a sibling that was denied because nobody knew", async () => {
    const deny = [
      invoke("d", 100, decide(["root", "sibling"])),
      ok("d", 101, { effect: "deny", code: "status_unknown" }),
    ];
    expect(faultsOf(...CUT_KEPT, ...deny, final({ ...THERE, log: await logOf("c") }))).toEqual([]);
  });

  test("an approval that was used twice, and what was spent twice", async () => {
    const entries = [
      ...[invoke("p1", 0, PAY), ok("p1", 1), invoke("p2", 2, PAY), ok("p2", 3)],
      final({
        budgets: [{ hop: "a", limit: 100, spent: 120 }],
        log: await logOf("p1", "p2"),
      }),
    ];
    expect(faultsOf(...entries)).toEqual(["used_twice p2", "overspent"]);
  });

  test("a use whose line is missing, and one that is known by another name", async () => {
    const said = [invoke("p", 0, PAY), ok("p", 1)];
    const state = { budgets: [{ hop: "a", limit: 100, spent: 60 }] };
    expect(faultsOf(...said, final({ ...state, log: await logOf("q") }))).toEqual(["use_lost p"]);
    const marked = [invoke("p", 0, { ...PAY, mark: "q" }), ok("p", 1)];
    expect(faultsOf(...marked, final({ ...state, log: await logOf("q") }))).toEqual([]);
  });

  test("a decision for whom a store had let in that has ended", () => {
    const entries = (at: number): Entry[] => [
      { type: "ended", at: 100, tree: "root" },
      invoke("d", at, decide(["root", "a"])),
      ok("d", at + 1, { effect: "allow" }),
      final({}),
    ];
    expect(faultsOf(...entries(100 + BOUND_MS))).toEqual([]);
    expect(faultsOf(...entries(101 + BOUND_MS))).toEqual(["allowed_after_end d"]);
  });

  test("a charge that was forgotten", async () => {
    const said = [invoke("p", 0, PAY), ok("p", 1)];
    const state = { budgets: [{ hop: "a", limit: 100, spent: 0 }], log: await logOf("p") };
    expect(faultsOf(...said, final(state))).toEqual(["spend_lost"]);
  });

  test("of a tree that ended with its partition a lost cut, and nothing else", () => {
    const entries = [
      ...[invoke("p", 0, PAY), ok("p", 1)],
      ...[invoke("s", 6, SUSPEND), ok("s", 7), durable("s", 8)],
      ...CUT_KEPT,
      final({ endedTrees: ["root"] }),
    ];
    expect(faultsOf(...entries)).toEqual(["cut_lost c"]);
  });

  test("an audit line that is missing, and one that was changed", async () => {
    const log = await logOf("x", "y");
    const [first = "", , ...rest] = log;
    expect(faultsOf(final({ log: [first, ...rest] }))).toEqual(["audit_broken"]);
    const changed = log.map((line) => line.replace('"reason":"x"', '"reason":"z"'));
    expect(faultsOf(final({ log: changed }))).toEqual(["audit_broken"]);
  });

  test("an operation that was applied twice, and one that was answered and never applied", async () => {
    expect(faultsOf(...CUT_KEPT, final({ ...THERE, log: await logOf("c", "c") }))).toEqual([
      "applied_twice c",
    ]);
    expect(faultsOf(...CUT_KEPT, final({ ...THERE, log: await logOf() }))).toEqual([
      "not_applied c",
    ]);
  });

  test("a line for each partition of a cut beyond one tree, and not one more", async () => {
    const ban: Deed = { f: "cut", boundary: { kind: "ban", agent: "x" } };
    const said = [invoke("c", 0, ban), ok("c", 1), durable("c", 2)];
    const state = { cuts: [ban.boundary], partitions: 2 };
    expect(faultsOf(...said, final({ ...state, log: await logOf("c", "c") }))).toEqual([]);
    expect(faultsOf(...said, final({ ...state, log: await logOf("c", "c", "c") }))).toEqual([
      "applied_twice c",
    ]);
  });

  test("a history without an end", () => {
    expect(faultsOf(...CUT_KEPT)).toEqual(["no_end"]);
  });
});
