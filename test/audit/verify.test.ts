/** Verification of a log: every kind of forgery is found, on the line where it is. @module */
import { generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hashLine, sealLine } from "../../src/audit/chain.js";
import { openCheckpoint, signCheckpoint } from "../../src/audit/checkpoint.js";
import { verifyLog } from "../../src/audit/verify.js";
import { canonicalize } from "../../src/base/canonical.js";
import type { AuditDraft, AuditLine } from "../../src/wire/event.js";

type Content = Omit<AuditLine, "hash" | "seq" | "prev" | "n" | "up">;

/** A log of these events, well chained whatever they say. */
function logOf(events: readonly AuditDraft[]): string[] {
  const trails = new Map<string, { n: number; up: string }>();
  let prev = "";
  return events.map((event, index) => {
    const content: Content = { at: 1_000 + index, event };
    const trail = trails.get(event.tree ?? "") ?? { n: 0, up: "" };
    const inTree = event.tree !== undefined;
    const n = inTree ? trail.n + 1 : 0;
    const sealed = sealLine({ ...content, seq: index + 1, prev, n, up: inTree ? trail.up : "" });
    prev = sealed.hash;
    if (inTree) trails.set(event.tree ?? "", { n, up: sealed.hash });
    return sealed.text;
  });
}

const at = { tenant: "acme", tree: "r" };
const made = (hop: string, parent?: string, agent = `agent-${hop}`): AuditDraft => ({
  ...at,
  kind: parent === undefined ? "hop.opened" : "hop.created",
  hop,
  agent,
  data: { made: true, ...(parent === undefined ? {} : { parent }) },
});
const call = (hop: string, more: Partial<AuditDraft> = {}): AuditDraft => ({
  ...at,
  kind: "call",
  hop,
  decision: "allow",
  ...more,
});
const cut = (position: number, ...cuts: object[]): AuditDraft => ({
  ...at,
  kind: "cut",
  data: { position, cuts: cuts as never },
});
const hopCut = (hop: string) => ({ kind: "hop", tree: "r", hop });

const GOOD = [
  { kind: "store.started", tenant: "-" },
  made("r"),
  made("a", "r"),
  made("b", "a"),
  call("b"),
  cut(1, hopCut("a")),
  call("r"),
];

const rawOf = (key: KeyObject) => Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");

/** Changes the parsed line at `index` and writes it back, sealed anew or not. */
function edited(lines: string[], index: number, change: Partial<AuditLine>, seal: boolean) {
  const line: AuditLine = { ...JSON.parse(lines[index] ?? ""), ...change };
  const { hash: _, ...rest } = line;
  const hash = seal ? hashLine(rest) : line.hash;
  return lines.with(index, canonicalize({ ...rest, hash }));
}

describe("a good log", () => {
  test("verifies, and the verdict says what it does not cover", () => {
    const verdict = verifyLog(logOf(GOOD));
    expect(verdict).toMatchObject({ ok: true, lines: GOOD.length, sealed: 0 });
    expect(verdict.notChecked.join()).toContain("no checkpoint");
  });

  test("is sealed as its own canonical text, hash included", () => {
    for (const text of logOf(GOOD)) expect(canonicalize(JSON.parse(text))).toBe(text);
  });

  test("of one tree verifies alone", () => {
    const lines = logOf(GOOD).slice(1);
    const verdict = verifyLog(lines, { tree: at });
    expect(verdict).toMatchObject({ ok: true, lines: lines.length });
    expect(verdict.notChecked.join()).toContain("whether lines at the end are missing");
  });

  test("K02 a secret left on an event does not get into its line", () => {
    const event = { ...call("b"), token: "secret-token", dpop: "secret-proof" } as AuditDraft;
    expect(logOf([event])[0]).not.toContain("secret");
  });
});

describe("R29 forged lines", () => {
  const lines = logOf(GOOD);
  test.each([
    [
      "forged allow",
      edited(lines, 4, { event: call("b", { decision: "deny" }) }, false),
      5,
      "hash",
    ],
    ["a forged line sealed anew", edited(lines, 4, { event: call("r") }, true), 6, "link"],
    ["a removed line", lines.toSpliced(3, 1), 4, "gap"],
    ["a repeated line", lines.toSpliced(4, 0, lines[3] ?? ""), 5, "duplicate"],
    ["two lines swapped", lines.toSpliced(3, 2, lines[4] ?? "", lines[3] ?? ""), 4, "gap"],
    ["a torn last line", lines.with(6, lines[6]?.slice(0, -9) ?? ""), 7, "torn"],
    ["a line cut short in the middle", lines.with(3, "{"), 4, "malformed"],
    ["a member named twice", lines.with(3, `{"at":1,${lines[3]?.slice(1)}`), 4, "malformed"],
    ["an unknown member", lines.with(3, `{"a":1,${lines[3]?.slice(1)}`), 4, "malformed"],
    ["white space", lines.with(3, `${lines[3]} `), 4, "not_canonical"],
    [
      "a fraction as seq",
      lines.with(3, lines[3]?.replace('"seq":4', '"seq":4.5') ?? ""),
      4,
      "malformed",
    ],
    [
      "a bool as seq",
      lines.with(3, lines[3]?.replace('"seq":4', '"seq":true') ?? ""),
      4,
      "malformed",
    ],
    [
      "a string as seq",
      lines.with(3, lines[3]?.replace('"seq":4', '"seq":"4"') ?? ""),
      4,
      "malformed",
    ],
    ["seq 4.0", lines.with(3, lines[3]?.replace('"seq":4', '"seq":4.0') ?? ""), 4, "not_canonical"],
    [
      "a huge seq",
      lines.with(3, lines[3]?.replace('"seq":4', '"seq":9007199254740993') ?? ""),
      4,
      "malformed",
    ],
    ["an order that its tree does not have", edited(lines, 6, { n: 9 }, true), 7, "tree_order"],
    ["a link that its tree does not have", edited(lines, 6, { up: "x" }, true), 7, "tree_link"],
  ])("%s is found and named", (_what, forged, line, reason) => {
    expect(verifyLog(forged)).toMatchObject({
      ok: false,
      lines: line - 1,
      firstBad: { line, reason },
    });
  });

  test("a line taken out of one tree's export is found", () => {
    expect(verifyLog(lines.slice(1).toSpliced(2, 1), { tree: at })).toMatchObject({
      firstBad: { line: 3, reason: "gap" },
    });
    expect(verifyLog(lines, { tree: at })).toMatchObject({
      firstBad: { line: 1, reason: "foreign" },
    });
  });

  test("one flipped bit anywhere is found on its line", () => {
    const bytes = Buffer.from(lines[3] ?? "");
    for (let index = 0; index < bytes.length; index++) {
      const flipped = Buffer.from(bytes);
      flipped[index] = (flipped[index] ?? 0) ^ 1;
      const verdict = verifyLog(lines.with(3, flipped.toString("latin1")));
      expect(verdict.firstBad?.line, `byte ${index}`).toBe(4);
    }
  });
});

describe("R28 a story that cannot have happened", () => {
  const ban = { kind: "ban", agent: "agent-b" };
  test.each([
    ["a call after the cut of its hop", [...GOOD, call("a")], 8, "allow_after_cut"],
    ["a call below the cut", [...GOOD, call("b")], 8, "allow_after_cut"],
    ["a hop below the cut", [...GOOD, made("c", "b")], 8, "spawn_after_cut"],
    ["a call before its hop exists", [made("r"), call("x")], 2, "allow_before_hop"],
    ["a hop below one that was never made", [made("r"), made("c", "x")], 2, "parent_unknown"],
    ["a hop made twice", [made("r"), made("a", "r"), made("a", "r")], 3, "made_twice"],
    [
      "a call by a banned agent",
      [made("r"), made("b", "r"), cut(1, ban), call("b")],
      4,
      "allow_after_cut",
    ],
    ["a hop of a banned agent", [made("r"), cut(1, ban), made("b", "r")], 3, "spawn_after_cut"],
    [
      "a call in a cut tree",
      [made("r"), cut(1, { kind: "tree", tree: "r" }), call("r")],
      3,
      "allow_after_cut",
    ],
    [
      "a call after the epoch",
      [made("r"), cut(1, { kind: "epoch" }), call("r")],
      3,
      "allow_after_cut",
    ],
    [
      "a child of a hop with a cut of all below",
      [made("r"), made("a", "r"), cut(1, { kind: "below", tree: "r", hop: "a" }), made("b", "a")],
      4,
      "spawn_after_cut",
    ],
    [
      "a local allow by a guard that had seen the cut",
      [...GOOD, call("b", { guard: "g", seen: 1 })],
      8,
      "allow_after_cut",
    ],
  ] as [string, AuditDraft[], number, string][])("%s is found", (_what, events, line, reason) => {
    expect(verifyLog(logOf(events))).toMatchObject({ firstBad: { line, reason } });
  });

  const batch = (...calls: object[]): AuditDraft => ({
    ...at,
    kind: "calls",
    guard: "g",
    data: { calls: calls as never, unregistered: ["link"] },
  });
  test.each([
    ["after the cut was seen", [{ hop: "b", seen: 1, decision: "allow" }], "allow_after_cut"],
    [
      "of a hop that was never made",
      [{ hop: "x", seen: 1, decision: "allow" }],
      "allow_before_hop",
    ],
  ])("a local allow %s is found among others of its line", (_what, calls, reason) => {
    const good = { hop: "r", seen: 1, decision: "allow" };
    expect(verifyLog(logOf([...GOOD, batch(good, ...calls)]))).toMatchObject({
      firstBad: { line: 8, reason },
    });
  });

  test("local denials, allows before the cut was seen, and links without a record are fine", () => {
    const events = [
      ...GOOD,
      batch(
        { hop: "b", seen: 1, decision: "deny" },
        { hop: "b", seen: 0, decision: "allow" },
        { hop: "link", seen: 1, decision: "allow" },
      ),
    ];
    expect(verifyLog(logOf(events))).toMatchObject({ ok: true });
  });

  test.each([
    [
      "written late by a guard that had not seen the cut",
      [...GOOD, call("b", { guard: "g", seen: 0 })],
    ],
    [
      "of a link that no record is kept of",
      [made("r"), call("x", { data: { unregistered: true } })],
    ],
    [
      "of an agent whose earlier hops were cut",
      [made("r"), cut(1, { kind: "agent", agent: "w" }), made("b", "r", "w"), call("b")],
    ],
    [
      "of a hop whose children alone are cut",
      [made("r"), cut(1, { kind: "below", tree: "r", hop: "r" }), call("r")],
    ],
  ] as [string, AuditDraft[]][])("a call %s is fine", (_what, events) => {
    expect(verifyLog(logOf(events))).toMatchObject({ ok: true });
  });
});

describe("checkpoints", () => {
  const keys = generateKeyPairSync("ed25519");
  const lines = logOf(GOOD);
  const headOf = (size: number) => (JSON.parse(lines[size - 1] ?? "") as AuditLine).hash;
  const name = "audit.example.com";
  const note = (size: number, head = headOf(size)) =>
    signCheckpoint(
      { origin: "example.com/audit", size, head },
      {
        name,
        publicKey: rawOf(keys.publicKey),
        sign: (bytes) => sign(null, bytes, keys.privateKey),
      },
    );
  const open = (text: string, key = keys.publicKey) =>
    openCheckpoint(text, {
      name,
      publicKey: rawOf(key),
      verify: (bytes, signature) => verify(null, bytes, key, signature),
    });

  test("are notes that read back as what was signed", () => {
    expect(open(note(5))).toEqual({ origin: "example.com/audit", size: 5, head: headOf(5) });
    expect(note(5)).toMatch(
      /^example\.com\/audit\n5\n[A-Za-z0-9+/]{43}=\n\n— audit\.example\.com \S+\n$/,
    );
  });

  test("say which lines they vouch for", () => {
    const verdict = verifyLog(lines, { checkpoints: [open(note(5))] });
    expect(verdict).toMatchObject({ ok: true, sealed: 5 });
    expect(verdict.notChecked.join()).toContain("lines after 5");
  });

  test("find a log that was shortened, and one that was rewritten whole", () => {
    const checkpoints = [open(note(7))];
    expect(verifyLog(lines.slice(0, 6), { checkpoints })).toMatchObject({
      firstBad: { line: 7, reason: "truncated" },
    });
    const rewritten = logOf(GOOD.map((event) => ({ ...event, reason: "rewritten" })));
    expect(verifyLog(rewritten)).toMatchObject({ ok: true });
    expect(verifyLog(rewritten, { checkpoints })).toMatchObject({
      firstBad: { line: 7, reason: "checkpoint" },
    });
  });

  test.each([
    ["another key", note(5), generateKeyPairSync("ed25519").publicKey, "signature_invalid"],
    ["another size", note(5).replace("\n5\n", "\n6\n"), keys.publicKey, "signature_invalid"],
    [
      "another origin",
      note(5).replace("example.com/audit", "example.org/audit"),
      keys.publicKey,
      "signature_invalid",
    ],
    ["no signature", note(5).split("\n\n")[0] ?? "", keys.publicKey, "malformed"],
    ["a size with a leading zero", note(5).replace("\n5\n", "\n05\n"), keys.publicKey, "malformed"],
  ])("of %s are refused", (_what, text, key, code) => {
    expect(() => open(text, key)).toThrow(expect.objectContaining({ code }));
  });
});
