/** The embedded store keeps the store contract, in memory and on a journal. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createMemoryStore } from "../../src/memory/store.js";
import { Stage, TOLERANCE_MS } from "../contract/stage.js";
import { storeContract } from "../contract/store-contract.js";

const folder = mkdtempSync(join(tmpdir(), "legate-contract-"));
afterAll(() => rmSync(folder, { recursive: true }));
let journals = 0;

storeContract("in memory", (clock) => createMemoryStore({ clock, tolerance: TOLERANCE_MS }));

storeContract("on a journal", (clock) => {
  journals += 1;
  const journal = join(folder, `${journals}.jsonl`);
  return createMemoryStore({ clock, journal, tolerance: TOLERANCE_MS });
});

test("R27 tells of a cut before it is acknowledged", async () => {
  const stage = await Stage.of((clock) => createMemoryStore({ clock }));
  await stage.open("root");
  const told: number[] = [];
  stage.feed().subscribe({
    entry: ({ position }) => told.push(position),
    heartbeat: () => {},
    lost: () => {},
  });
  await stage.cutHop("root", "root");
  expect(told).toEqual([1]);
});
