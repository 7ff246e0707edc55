/** The store against a second, plain one: all moves interleaved at random, the same answers and the same trees. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { ManualClock } from "../../src/base/clock.js";
import { createMemoryStore } from "../../src/memory/store.js";
import { START_MS, Stage, TOLERANCE_MS } from "../contract/stage.js";
import { compare, FIRST, model, move, real, wordOf } from "../model/moves.js";
import { PlainStore } from "../model/plain-store.js";
import { looksAt } from "./looks-at.js";

const folder = mkdtempSync(join(tmpdir(), "legate-model-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the store against a plain model", () => {
  const reached = new Map<string, number>();

  test("gives the same answer to every move, and the same trees after each", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { minLength: 20, maxLength: 80, size: "max" }),
        async (moves) => {
          const stage = await Stage.of((clock) =>
            createMemoryStore({ clock, tolerance: TOLERANCE_MS }),
          );
          const plain = new PlainStore(START_MS);
          for (const [index, one] of [...FIRST, ...moves].entries()) {
            const said = wordOf(await real(stage, plain, one));
            expect(said, `move ${index}: ${JSON.stringify(one)}`).toBe(model(plain, one));
            reached.set(`${one.op} ${said}`, (reached.get(`${one.op} ${said}`) ?? 0) + 1);
            await compare(stage, plain);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test("reached acceptance by every move, and refusals of each kind", () => {
    for (const op of [
      "open",
      "create",
      "narrow",
      "register",
      "settle",
      "suspend",
      "resume",
      "admit",
      "decide",
    ]) {
      expect(reached.get(`${op} ok`) ?? 0, op).toBeGreaterThan(3);
    }
    const codes = new Set([...reached.keys()].map((one) => one.split(" ")[1]));
    expect(codes).toContain("budget_exhausted");
    expect(codes).toContain("delegation_revoked");
    expect(codes).toContain("delegation_suspended");
    expect(codes).toContain("illegal_transition");
    expect(codes.size).toBeGreaterThanOrEqual(10);
  });

  test("a journal read back gives exactly the store that wrote it", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { minLength: 10, maxLength: 80, size: "max" }),
        async (moves) => {
          run += 1;
          const journal = join(folder, `${run}.jsonl`);
          const stage = await Stage.of((clock) =>
            createMemoryStore({ clock, journal, tolerance: TOLERANCE_MS }),
          );
          const plain = new PlainStore(START_MS);
          for (const one of [...FIRST, ...moves]) {
            await real(stage, plain, one);
            model(plain, one);
          }
          const looks = await looksAt(stage.store);
          await stage.store.close();
          const clock = new ManualClock(stage.now);
          const again = createMemoryStore({ clock, journal, tolerance: TOLERANCE_MS });
          expect(await looksAt(again)).toEqual(looks);
          await again.close();
        },
      ),
      { numRuns: 20 },
    );
  });
});
