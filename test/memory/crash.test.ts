/** A writer killed in the middle of its work; the long form is `npm run crash`. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { crash } from "./crash-run.js";

const folder = mkdtempSync(join(tmpdir(), "legate-crash-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a process killed with -9", () => {
  test("loses nothing that was acknowledged and leaves nothing half done, again and again", async () => {
    const journal = join(folder, "journal.jsonl");
    for (const [seed, killAfter] of [
      [1, 150],
      [2, 700],
      [3, 400],
    ] as const) {
      const { faults, acknowledged } = await crash(journal, seed, 2_000, killAfter);
      expect(faults, `seed ${seed}`).toEqual([]);
      expect(acknowledged).toBeGreaterThanOrEqual(killAfter);
    }
  });
});
