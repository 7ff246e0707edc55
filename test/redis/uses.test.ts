/** What may happen once, on a server that forgets: its file is cut back to where it was before, as a loss of power may do. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ManualClock } from "../../src/base/clock.js";
import { DelegationError } from "../../src/base/error.js";
import type { RedisStoreOptions } from "../../src/redis/options.js";
import { CONCESSIONS } from "../../src/redis/settings.js";
import { createRedisStore, type RedisStore } from "../../src/redis/store.js";
import { Stage, TOLERANCE_MS } from "../contract/stage.js";
import { PATIENCE_MS, PATIENT, patiently } from "../patience.js";
import { RedisServer } from "./servers.js";
import { addUsers, userOf } from "./users.js";
import { waitFor } from "./wait.js";

const STEP_MS = 100;
const SPENT = { charge: { spend: { EUR: "1" } } };

let server: RedisServer;
let folder: string;
let stage: Stage;
let open: RedisStore[] = [];
beforeEach(async () => {
  server = await RedisServer.start({ appendfsync: "everysec" });
  folder = mkdtempSync(join(tmpdir(), "legate-uses-"));
  stage = await Stage.of((clock) => process("one", clock));
  await stage.open("root", { limits: { spend: { EUR: "9" } } });
  await stage.create("root", "a");
});
afterEach(async () => {
  for (const store of open) await store.close();
  open = [];
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** One process of the deployment, with an outbox of its own. */
async function process(
  name: string,
  testClock: ManualClock,
  login: Partial<RedisStoreOptions> = {},
): Promise<RedisStore> {
  const store = await createRedisStore({
    url: server.url,
    partitions: 1,
    tolerance: TOLERANCE_MS,
    testClock,
    accept: CONCESSIONS,
    patience: PATIENT,
    outbox: join(folder, name),
    heartbeats: name !== "guard",
    ...login,
  });
  open.push(store);
  return store;
}

/** The server dies, and comes back as it was at `mark`. */
async function forget(mark: number): Promise<void> {
  await server.kill();
  server.cutAppendOnlyFile(mark);
  await server.launch();
}

const admit = async (words: object, store: RedisStore | Stage["store"] = stage.store) =>
  store.admit({
    tenant: "acme",
    tree: "root",
    hops: ["root", "a"],
    offline: [],
    charge: { spend: {} },
    stated: [],
    tickets: [],
    seen: 0,
    event: { kind: "call", tenant: "acme", tool: "files.read", decision: "allow" },
    now: stage.now,
    ...words,
  });

/** Code and rule of the refusal; `ok` where there is none. */
async function toldBy(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return "ok";
  } catch (thrown) {
    if (!(thrown instanceof DelegationError)) throw thrown;
    return `${thrown.code} ${thrown.rule ?? ""}`.trim();
  }
}

/** Asks again and again, while time passes, until the answer is `last`; all answers. */
async function until(last: string, ask: () => Promise<unknown>): Promise<readonly string[]> {
  const all = new Set<string>();
  await waitFor(last, PATIENCE_MS, async () => {
    stage.clock.advance(STEP_MS);
    const told = await toldBy(ask());
    all.add(told);
    return told === last || undefined;
  }).catch((thrown) => {
    throw new Error(`told ${[...all].join(", ")}`, { cause: thrown });
  });
  return [...all];
}

const count = async () =>
  (await stage.store.audit({ limit: 1_000 })).filter(({ event }) => event.kind === "call").length;

describe("what a life of the owner forgot", () => {
  test(
    "is used up still: token, money and the line that tells of it, each once",
    async () => {
      await admit({ once: "early" });
      const mark = await server.writtenBytes();
      await admit({ once: "late" });
      await admit(SPENT);
      await forget(mark);
      const told = await until("proof_replayed", () => admit({ once: "late" }));
      expect(told).not.toContain("ok");
      expect((await stage.hop("root")).counters.spend).toEqual({ EUR: "1" });
      expect(await count()).toBe(3);
      await forget(await server.writtenBytes());
      await until("proof_replayed", () => admit({ once: "late" }));
      expect(await count()).toBe(3);
      expect(await toldBy(admit({ once: "new" }))).toBe("ok");
    },
    2 * PATIENCE_MS,
  );

  test(
    "is an approval that is used still, whatever of its life is known",
    async () => {
      await admit({ once: "early" });
      await stage.ask("known", "root", "a");
      const mark = await server.writtenBytes();
      await stage.decide("known", "bob");
      await stage.ask("new", "root", "a");
      await stage.decide("new", "bob");
      const [known, fresh] = ["known", "new"].map((ticket) => ({
        tickets: [{ ticket, binding: `binding of ${ticket}` }],
      }));
      await admit(known ?? {});
      await admit(fresh ?? {});
      await forget(mark);
      await until("approval_used limits.approval.files.read", () => admit(known ?? {}));
      expect(await toldBy(admit(fresh ?? {}))).toBe("approval_required");
    },
    2 * PATIENCE_MS,
  );

  test(
    "is waited for while whoever knows it may be running; after that, older trees use up nothing before it is back",
    async () => {
      const { store, clock } = stage;
      const other = await process("two", clock);
      await admit({ once: "early" });
      const mark = await server.writtenBytes();
      await admit({ once: "late" });
      await store.close();
      await forget(mark);
      const late = () => admit({ once: "late" }, other);
      const told = await until("status_unknown outbox", late);
      expect(told).toContain("store_unavailable REPAIR");
      expect(told).not.toContain("ok");
      expect(await toldBy(admit({}, other))).toBe("ok");
      const back = await process("one", clock);
      await until("proof_replayed", late);
      expect(await toldBy(admit({ once: "new" }, back))).toBe("ok");
    },
    2 * PATIENCE_MS,
  );
});

test(
  "a guard with no right but its own writes again what it let happen",
  async () => {
    const place = { prefix: "legate", partitions: 1 };
    await addUsers([server], place);
    const guard = await process("guard", stage.clock, userOf(place.prefix, "guard"));
    await admit({ once: "early" }, guard);
    const mark = await server.writtenBytes();
    await admit({ once: "late", ...SPENT }, guard);
    await forget(mark);
    // Users are the server's own, and gone with it; who logs in before they are back is refused.
    await addUsers([server], place);
    await until("proof_replayed", () => admit({ once: "late" }));
    expect((await stage.hop("root")).counters.spend).toEqual({ EUR: "1" });
    const refused = (await server.ask("ACL", "LOG")) as unknown[][];
    expect(refused.filter((one) => !one.includes("auth"))).toEqual([]);
  },
  2 * PATIENCE_MS,
);

describe("said of a hop before it was forgotten", () => {
  // A log that begins another epoch right then is none to look at: whoever follows it looks again.
  const inForce = () =>
    patiently(() => {
      stage.clock.advance(STEP_MS);
      return stage.entries("root");
    });
  const kinds = async () =>
    (await inForce()).map((entry) =>
      entry.kind === "cut"
        ? `cut ${"hop" in entry.boundary ? entry.boundary.hop : ""}`
        : `${entry.kind} ${entry.id}`,
    );
  const told = (...entries: readonly string[]) =>
    waitFor(entries.join(), PATIENCE_MS, async () => {
      const found = await kinds();
      return entries.every((one) => found.includes(one)) || undefined;
    });

  test(
    "a suspension stands in the log, be the hop known or not, and so does what lifted one",
    async () => {
      const mark = await server.writtenBytes();
      await stage.create("root", "b");
      await stage.suspend("root", "a", "s1");
      await stage.suspend("root", "a", "s2");
      await stage.suspend("root", "b", "s3");
      await stage.suspend("root", "b", "s4");
      await stage.resume("root", "a", "s2");
      await stage.resume("root", "b", "s4");
      await forget(mark);
      await told("suspend s1", "suspend s2", "suspend s3", "suspend s4", "lift s2", "lift s4");
      expect(await stage.effective("a")).toBe("suspended");
      await stage.resume("root", "a", "s1");
      expect(await stage.effective("a")).toBe("active");
      const again = await kinds();
      await forget(await server.writtenBytes());
      await told("lift s1");
      expect((await kinds()).sort()).toEqual([...again].sort());
    },
    2 * PATIENCE_MS,
  );

  test(
    "that another took its place is a cut of it, and none of the other",
    async () => {
      await stage.create("root", "kept");
      await stage.narrow("kept", "kept-2");
      const mark = await server.writtenBytes();
      await stage.create("root", "held", { key: "k", holder: "first" }).catch(() => undefined);
      await stage.narrow("a", "a-2");
      await stage.create("root", "held-2", { key: "k", holder: "second" });
      await forget(mark);
      await told("cut a", "cut held", "cut kept");
      expect(await stage.effective("a")).toBe("revoked");
      expect(await stage.effective("kept-2")).toBe("active");
      expect(await kinds()).not.toContain("cut kept-2");
    },
    2 * PATIENCE_MS,
  );
});
