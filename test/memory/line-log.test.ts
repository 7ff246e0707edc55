import { describe, expect, test } from "vitest";
import { sealLine } from "../../src/audit/chain.js";
import { verifyLog } from "../../src/audit/verify.js";
import { canonicalize } from "../../src/base/canonical.js";
import { LineLog, MemoryKeeper } from "../../src/memory/line-log.js";

const LINES = 300;

/** Now and then one that is not ASCII. */
function reasonOf(seq: number): string {
  return seq % 7 === 0 ? `é ${seq}` : `plain ${seq}`;
}

/** Now and then a long one. */
function dataOf(seq: number) {
  return { position: seq, ...(seq % 5 === 0 ? { more: "x".repeat(20_000) } : {}) };
}

function logOf(lines: number) {
  const log = new LineLog(new MemoryKeeper());
  const trail = { n: 0, up: "", lines: [] as number[] };
  for (let seq = 1; seq <= lines; seq++) {
    const event = { kind: "note", tenant: "t", reason: reasonOf(seq), data: dataOf(seq) };
    const prepared = log.prepare(seq % 2 === 0 ? { ...event, tree: "tree" } : event);
    expect(log.append(1_000 + seq, prepared, seq % 2 === 0 ? trail : undefined)).toBe(seq);
  }
  return { log, trail };
}

describe("a log in memory", () => {
  test("shows every line chained to the one before, in the log and in its tree", () => {
    const { log, trail } = logOf(LINES);
    const lines = Array.from({ length: LINES }, (_, index) => log.read(index + 1));
    expect(verifyLog(lines.map((line) => canonicalize(line)))).toMatchObject({
      ok: true,
      lines: LINES,
    });
    expect(lines.map(({ event }) => event.reason)).toEqual(
      Array.from({ length: LINES }, (_, index) => reasonOf(index + 1)),
    );
    expect(trail).toMatchObject({ n: LINES / 2, up: lines.at(-1)?.hash });
  });

  test.each([1, 2, 15, 16, 17, 130])("is sealed when it is read, after %i lines", (count) => {
    const { log } = logOf(count);
    const { hash, ...line } = log.read(count);
    expect(sealLine(line).hash).toBe(hash);
    expect(line.seq).toBe(count);
  });

  test("seals a line as it is, whenever it is read", () => {
    const { log: early } = logOf(10);
    const { log: late } = logOf(LINES);
    const first = early.read(3);
    expect(late.read(3)).toEqual(first);
  });
});
