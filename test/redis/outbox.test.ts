/** The outbox: on disk before the store is asked, and said again to whoever may have lost it. @module */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DelegationError } from "../../src/base/error.js";
import { OUTBOX_THINGS_MAX } from "../../src/base/limits.js";
import { systemTimers } from "../../src/lifecycle/timers.js";
import { openOutbox } from "../../src/redis/outbox.js";
import type { Outbox, OutboxOptions } from "../../src/redis/outbox-contract.js";
import { PATIENCE_MS } from "../patience.js";
import { RedisServer } from "./servers.js";
import { openStage, type Stage } from "./stage.js";
import { waitFor } from "./wait.js";

let server: RedisServer;
let stage: Stage;
let folder: string;
let path: string;
let boxes: Outbox[] = [];
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  stage = await openStage(server.url);
  folder = mkdtempSync(join(tmpdir(), "legate-outbox-"));
  path = join(folder, "outbox");
});
afterEach(async () => {
  for (const box of boxes) await box.close();
  boxes = [];
  stage.close();
  rmSync(folder, { recursive: true });
  await server.ask("FLUSHALL");
});

function box(options: Partial<OutboxOptions> = {}): Outbox {
  const opened = openOutbox({
    path,
    durability: stage.durability,
    timers: systemTimers,
    name: () => "box",
    say: async () => undefined,
    ...options,
  });
  boxes.push(opened);
  return opened;
}

const thing = (id: string, partitions = [0]) => ({ id, partitions, what: { tree: id } });
const cut = (tree: string) => () => stage.cut({ kind: "tree", tree }, tree);
const say = ({ id }: { id: string }) => stage.cut({ kind: "tree", tree: id }, id);
const live = async () => {
  const found = await Promise.all([0, 1].map((p) => server.ask("ZCARD", `${stage.base(p)}cuts`)));
  return found.reduce((sum: number, count) => sum + Number(count), 0);
};

describe("what is said", () => {
  test("is on disk before the store is asked, and durable afterwards", async () => {
    const outbox = box();
    const { result, durable } = await outbox.say(thing("a"), async () => {
      expect(readFileSync(path, "utf8")).toContain('"id":"a"');
      return 7;
    });
    expect(result).toBe(7);
    expect(await durable).toBe(0);
    expect(outbox.size).toBe(1);
  });

  test("is forgotten when the store refuses it", async () => {
    const outbox = box();
    const refused = outbox.say(thing("a"), () =>
      Promise.reject(new DelegationError("hop_not_found", "no such hop")),
    );
    await expect(refused).rejects.toMatchObject({ code: "hop_not_found" });
    expect(outbox.size).toBe(0);
    await outbox.close();
    expect(box().size).toBe(0);
  });

  test("is said again until it is known, when nobody knows what became of it", async () => {
    const said: string[] = [];
    const outbox = box({
      say: async ({ id }) => {
        said.push(id);
        if (said.length < 2) throw new DelegationError("store_unavailable", "gone");
      },
    });
    const lost = outbox.say(thing("a"), () =>
      Promise.reject(new DelegationError("store_unavailable", "gone")),
    );
    await expect(lost).rejects.toMatchObject({ code: "store_unavailable" });
    await waitFor("two tries", PATIENCE_MS, () => said.length === 2 || undefined);
    expect(said).toEqual(["a", "a"]);
  });

  test("is let go of some time after it was durable", async () => {
    const outbox = box({ keepMs: 1 });
    await (await outbox.say(thing("a"), async () => 1)).durable;
    await waitFor("it to go", PATIENCE_MS, () => outbox.size === 0 || undefined);
  });
});

describe("what has happened already", () => {
  const use = (id: string, partitions = [0]) => ({ id, partitions, what: { use: id } });

  test("is on disk when it is noted, and said to a life that lost it, and to no other partition", async () => {
    const said: string[] = [];
    const outbox = box({
      say: async ({ id }, partition) => void said.push(`${id} to ${partition}`),
    });
    await outbox.note(use("a"));
    await outbox.note(use("b"));
    expect(readFileSync(path, "utf8")).toContain('"id":"b"');
    await outbox.repair(1);
    await outbox.repair(0, ({ id }) => id === "b");
    expect(said).toEqual(["b to 0"]);
  });

  test("is read back with the name of the outbox, and is held as long as it is kept", async () => {
    const outbox = box({ name: () => "first" });
    await outbox.note(use("a", [1]));
    expect([0, 1].map((partition) => outbox.holds(partition))).toEqual([false, true]);
    await outbox.close();
    const again = box({ name: () => "second", keepMs: 1 });
    expect(again.id).toBe("first");
    expect(again.holds(1)).toBe(true);
    await again.note(use("b", [0]));
    await waitFor("it to go", PATIENCE_MS, () => !again.holds(0) || undefined);
  });

  test("is said to nobody once it is taken back", async () => {
    const said: string[] = [];
    const outbox = box({ say: async ({ id }) => void said.push(id) });
    await outbox.note(use("a"));
    await outbox.note(use("b"));
    outbox.retract("a");
    outbox.retract("unknown");
    await outbox.repair(0);
    expect(said).toEqual(["b"]);
    await outbox.close();
    expect(box().size).toBe(1);
  });

  test("counts where it is told to count alone", async () => {
    const outbox = box({ counted: ({ what }) => "use" in what });
    await outbox.say(thing("cut"), async () => 1);
    expect(outbox.holds(0)).toBe(false);
    await outbox.note(use("a"));
    expect(outbox.holds(0)).toBe(true);
  });

  test("is refused when the outbox is full, and what was noted before stays", async () => {
    const outbox = openOutbox({
      durability: stage.durability,
      timers: systemTimers,
      name: () => "box",
      say: async () => undefined,
    });
    boxes.push(outbox);
    const notes = Array.from({ length: OUTBOX_THINGS_MAX }, (_, n) => outbox.note(use(`${n}`)));
    await Promise.all(notes);
    await expect(outbox.note(use("more"))).rejects.toMatchObject({
      code: "store_unavailable",
      rule: "OUTBOX_THINGS_MAX",
    });
    expect(outbox.size).toBe(OUTBOX_THINGS_MAX);
  });
});

describe("a life that lost everything", () => {
  test("is told it again, and what it has already is no second cut", async () => {
    const outbox = box({ say });
    const trees = Array.from({ length: 150 }, (_, n) => `tree-${n}`);
    for (const tree of trees) {
      const partitions = [stage.ground.partitionOf(tree)];
      await (await outbox.say({ ...thing(tree), partitions }, cut(tree))).durable;
    }
    expect(await live()).toBe(150);
    for (const partition of [0, 1]) await outbox.repair(partition);
    expect(await live()).toBe(150);
    await server.ask("FLUSHALL");
    stage.close();
    stage = await openStage(server.url);
    boxes = [];
    await outbox.close();
    const after = box({ say });
    expect(after.size).toBe(150);
    for (const partition of [0, 1]) await after.repair(partition);
    expect(await live()).toBe(150);
  });

  test("is told once more what was refused because it came before what it depends on", async () => {
    const said: string[] = [];
    const outbox = box({
      say: async ({ id }) => {
        if (id === "lift" && !said.includes("suspend")) {
          throw new DelegationError("illegal_transition", "no such suspension");
        }
        said.push(id);
      },
    });
    await outbox.say(thing("lift"), async () => 1);
    await outbox.say(thing("suspend"), async () => 1);
    await outbox.repair(0);
    expect(said).toEqual(["suspend", "lift"]);
  });

  test("fails the repair when it does not answer", async () => {
    const outbox = box({
      say: () => Promise.reject(new DelegationError("store_unavailable", "gone")),
    });
    await outbox.say(thing("a"), async () => 1);
    await expect(outbox.repair(0)).rejects.toMatchObject({ code: "store_unavailable" });
    await outbox.repair(1);
  });
});

describe("the file", () => {
  test("brings back what was said, without a last line that never reached the disk whole", async () => {
    const outbox = box();
    await outbox.say(thing("a"), async () => 1);
    await outbox.say(thing("b", [0, 1]), async () => 1);
    await outbox.close();
    appendFileSync(path, '{"id":"c","parti');
    expect(box().size).toBe(2);
  });

  test.each([
    "{not json}",
    "null",
    '"text"',
    '{"id":"a","partitions":["x"],"what":{}}',
    '{"id":1}',
  ])("is refused when a line says %s", (line) => {
    writeFileSync(path, `${line}\n`);
    expect(() => box()).toThrow(expect.objectContaining({ code: "journal_damaged" }));
  });

  test("is one process's alone", async () => {
    const outbox = box();
    expect(() => box()).toThrow(expect.objectContaining({ code: "store_locked" }));
    await outbox.close();
    box();
  });

  test("of a process that is gone is taken over", () => {
    writeFileSync(`${path}.lock`, "999999999");
    expect(box().size).toBe(0);
  });
});
