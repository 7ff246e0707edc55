import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sealLine } from "../../src/audit/chain.js";
import { verifyLog } from "../../src/audit/verify.js";
import { canonicalize } from "../../src/base/canonical.js";
import { MemoryLog } from "../../src/memory/memory-log.js";
import type { AuditDraft, AuditLine } from "../../src/wire/event.js";

const LINES = 300;
const DIGEST = "A".repeat(42);

/** Now and then one that is not ASCII. */
function reasonOf(seq: number): string {
  return seq % 7 === 0 ? `é ${seq}` : `plain ${seq}`;
}

/** Now and then a long one. */
function dataOf(seq: number) {
  return { position: seq, ...(seq % 5 === 0 ? { more: "x".repeat(20_000) } : {}) };
}

function emptyTrail() {
  return { n: 0, up: "", lines: [] as number[] };
}

function logOf(lines: number) {
  const log = new MemoryLog();
  const trail = emptyTrail();
  for (let seq = 1; seq <= lines; seq++) {
    const event = { kind: "note", tenant: "t", reason: reasonOf(seq), data: dataOf(seq) };
    const prepared = log.prepare(seq % 2 === 0 ? { ...event, tree: "tree" } : event);
    expect(log.append(1_000 + seq, prepared, seq % 2 === 0 ? trail : undefined)).toBe(seq);
  }
  return { log, trail };
}

function linesIn(log: MemoryLog): AuditLine[] {
  return Array.from({ length: log.length }, (_, index) => log.read(index + 1));
}

/** A call as the store admits most of them. */
function callOf(seq: number, more: Partial<AuditDraft> = {}): AuditDraft {
  return {
    kind: "call",
    tenant: "t",
    tree: "tree",
    hop: `hop-${seq % 3}`,
    agent: "agent",
    tool: seq % 2 === 0 ? "files.read" : "web.search",
    arguments: `${DIGEST}${seq % 10}`,
    decision: "allow",
    seen: seq,
    data: { position: seq + 1 },
    ...more,
  };
}

const text = fc.constantFrom("call", "calls", 'a"b', "a\\b", "é", "x".repeat(3_000), "plain", "");
const fact = fc.constantFrom(0, 7, 1.5, "plain", 'a"b', "x".repeat(3_000), true, null, [1], {
  deep: [{}],
});
const optional = {
  agent: text,
  arguments: fc.constantFrom(`${DIGEST}1`, `${DIGEST}"`, `${DIGEST}é`, "short"),
  by: text,
  hop: fc.constantFrom("one", "two", 'a"b'),
  policy: text,
  tool: text,
  data: fc.oneof(
    fc.record({ position: fc.constantFrom(0, 3, 0.5, "4") }),
    fc.dictionary(fc.constantFrom("position", "other", 'a"b', "é", "10", "9"), fact),
  ),
  seen: fc.constantFrom(0, 5, 1.5),
  sequence: fc.constantFrom(0, 6, 0.5),
};
const anyEvent: fc.Arbitrary<AuditDraft> = fc.record(
  { kind: fc.constantFrom("call", "hop.created", "é"), tenant: text, tree: text, ...optional },
  { requiredKeys: ["kind", "tenant"] },
);

describe("a log in memory", () => {
  test("shows every line chained to the one before, in the log and in its tree", () => {
    const { log, trail } = logOf(LINES);
    const lines = linesIn(log);
    expect(verifyLog(lines.map((line) => canonicalize(line)))).toMatchObject({
      ok: true,
      lines: LINES,
    });
    expect(lines.map(({ event }) => event.reason)).toEqual(
      Array.from({ length: LINES }, (_, index) => reasonOf(index + 1)),
    );
    expect(trail.n).toBe(LINES / 2);
    expect(trail.lines).toEqual(Array.from({ length: LINES / 2 }, (_, index) => 2 * (index + 1)));
    expect(lines.at(-1)?.up).toBe(lines.at(-3)?.hash);
  });

  test.each([1, 2, 15, 255, 256, 257, 4_097])(
    "is sealed when it is read, after %i lines",
    (count) => {
      const { log } = logOf(Math.min(count, LINES));
      for (let seq = log.length + 1; seq <= count; seq++) {
        log.append(seq, log.prepare(callOf(seq)), undefined);
      }
      const { hash, ...line } = log.read(count);
      expect(sealLine(line).hash).toBe(hash);
      expect(line.seq).toBe(count);
    },
  );

  test("seals a line as it is, whenever it is read", () => {
    const { log: early } = logOf(10);
    const { log: late } = logOf(LINES);
    const first = early.read(3);
    expect(late.read(3)).toEqual(first);
  });

  test("says of every event what its text would have said, however it was held", () => {
    const move = fc.record({ event: anyEvent, isOfTree: fc.boolean(), isRead: fc.boolean() });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 24 }), (moves) => {
        const log = new MemoryLog();
        const trail = emptyTrail();
        const expected: AuditLine[] = [];
        let [prev, up, n] = ["", "", 0];
        for (const [index, { event, isOfTree, isRead }] of moves.entries()) {
          const seq = log.append(index, log.prepare(event), isOfTree ? trail : undefined);
          if (isOfTree) n += 1;
          const order = isOfTree ? { n, up } : { n: 0, up: "" };
          const line = { at: index, event, prev, seq, ...order };
          const { hash } = sealLine(line);
          expected.push({ ...line, hash });
          prev = hash;
          if (isOfTree) up = hash;
          if (isRead) expect(log.read(seq)).toEqual(expected[index]);
        }
        expect(linesIn(log)).toEqual(expected);
      }),
    );
  });

  test("holds calls of many hops, each as it was, also of one that says something else each time", () => {
    const log = new MemoryLog();
    const events = Array.from({ length: 500 }, (_, seq) =>
      callOf(seq, seq % 3 === 0 ? { policy: `rule ${seq}` } : {}),
    );
    for (const event of events) log.append(1, log.prepare(event), undefined);
    expect(linesIn(log).map(({ event }) => event)).toEqual(events);
  });

  test("K02 keeps nothing of an event that is no member of one", () => {
    const log = new MemoryLog();
    const token = { token: "secret" };
    for (const kind of ["call", "hop.created"]) {
      log.append(1, log.prepare({ ...callOf(1, { kind }), ...token }), undefined);
    }
    expect(linesIn(log).map(({ event }) => event)).toEqual([
      callOf(1),
      callOf(1, { kind: "hop.created" }),
    ]);
  });

  test.each(["call", "hop.created"])(
    "keeps a %s as it was, whatever becomes of the event",
    (kind) => {
      const log = new MemoryLog();
      const event = callOf(1, { kind, data: { position: 7 } });
      log.append(1, log.prepare(event), undefined);
      event.tool = "other";
      event.agent = "other";
      if (event.data !== undefined) event.data.position = 8;
      expect(log.read(1).event).toEqual(callOf(1, { kind, data: { position: 7 } }));
    },
  );

  test.each<[string, AuditDraft, string]>([
    ["a lone surrogate", callOf(1, { tool: "\ud800" }), "malformed"],
    ["a lone surrogate among facts", callOf(1, { data: { position: "\ud800" } }), "malformed"],
    ["a number that is none", callOf(1, { seen: Number.NaN }), "non_finite"],
    ["a line that is too long", callOf(1, { reason: "x".repeat(400_000) }), "too_large"],
    ["a name that is too long", callOf(1, { tool: "x".repeat(400_000) }), "too_large"],
  ])("refuses %s before anything has changed", (_why, event, code) => {
    const log = new MemoryLog();
    expect(() => log.prepare(event)).toThrow(expect.objectContaining({ code }));
    expect(() => log.prepare({ ...event, kind: "note" })).toThrow(
      expect.objectContaining({ code }),
    );
    expect(log.length).toBe(0);
  });

  test("gives others their turn while a long log is sealed", async () => {
    const log = new MemoryLog();
    const trail = emptyTrail();
    for (let seq = 1; seq <= 1_000; seq++) log.append(seq, log.prepare(callOf(seq)), trail);
    expect(log.ready(10)).toBeUndefined();
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const first = log.ready(1_000);
    const second = log.ready(700);
    await Promise.all([first, second]);
    isDone = true;
    expect(turns).toBeGreaterThan(1);
    expect(log.ready(1_000)).toBeUndefined();
    const lines = linesIn(log);
    for (const [index, { hash, ...line }] of lines.entries()) {
      expect(line.prev).toBe(lines[index - 1]?.hash ?? "");
      expect(sealLine(line).hash).toBe(hash);
    }
  });

  test("has no line beyond its end", () => {
    const { log } = logOf(3);
    expect(() => log.read(4)).toThrow(expect.objectContaining({ code: "store_unavailable" }));
  });
});
