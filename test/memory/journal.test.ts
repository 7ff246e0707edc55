/** The journal: what was acknowledged is there after a restart, and a file that was touched refuses to start. @module */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { verifyLog } from "../../src/audit/verify.js";
import { ManualClock } from "../../src/base/clock.js";
import { openEmbedded } from "../../src/memory/embedded.js";
import { createMemoryStore, type MemoryStore } from "../../src/memory/store.js";
import type { GrantInput } from "../../src/wire/grant.js";
import { START_MS, Stage, TOLERANCE_MS } from "../contract/stage.js";
import { looksAt } from "./looks-at.js";

const STORE = join(import.meta.dirname, "../../src/memory/store.ts");
const folder = mkdtempSync(join(tmpdir(), "legate-journal-"));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;
let journal: string;
beforeEach(() => {
  made += 1;
  journal = join(folder, `${made}.jsonl`);
});

const openAt = (at: number, more: { readonly?: boolean } = {}): MemoryStore =>
  createMemoryStore({ clock: new ManualClock(at), journal, tolerance: TOLERANCE_MS, ...more });

/** A store with something of everything in its journal; closed. */
async function written(): Promise<{ now: number; looks: unknown; lines: string[] }> {
  const stage = await Stage.of((clock) =>
    createMemoryStore({ clock, journal, tolerance: TOLERANCE_MS }),
  );
  await stage.open("root", {
    lease: stage.now + 50_000,
    limits: { spend: { EUR: "9" } },
    key: "o",
  });
  await stage.open("leased", { lease: stage.now + 5 });
  await stage.create("root", "a", { limits: { calls: 3 }, key: "k", holder: "h1" });
  await stage.create("a", "b", { initial: "pending_approval" });
  await stage.settle("root", "b", "approve");
  await stage.create("root", "a2", { limits: { calls: 3 }, key: "k", holder: "h2" });
  const links = [await stage.move("l1", "a2", "root"), await stage.move("l2", "l1", "root")];
  await stage.store.register(links);
  await stage.admit("root", ["root", "a2", "l1", "off"], {
    offline: ["off"],
    stated: [{ hop: "off", calls: 5 }],
    charge: { spend: { EUR: "0.30" } },
    once: "digest",
  });
  await stage.suspend("root", "l2", "s1");
  await stage.suspend("root", "l2", "s2");
  await stage.resume("root", "l2", "s1");
  await stage.narrow("l1", "l1b");
  await stage.ask("t1", "root", "a2", { need: 2 });
  await stage.ask("t2", "root", "a2");
  await stage.decide("t1", "bob");
  await stage.decide("t2", "bob", "deny");
  await stage.renew("root", stage.now + 60_000);
  await stage.complete("root", "l1b");
  await stage.cutHop("never seen", "root");
  await stage.revoke({ kind: "agent", agent: "agent-x" });
  await stage.revoke({ kind: "ban", agent: "agent-y" });
  await stage.revoke({ kind: "key", thumbprint: "key-z" });
  stage.clock.advance(5);
  await stage.feed().confirm();
  await stage.store.record([{ kind: "calls", tenant: "acme", tree: "root" }], stage.now);
  const looks = await looksAt(stage.store);
  await stage.store.close();
  return { now: stage.now, looks, lines: readFileSync(journal, "utf8").trimEnd().split("\n") };
}

/** The refusal that opening gives. */
function refusal(run: () => unknown): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

describe("a restart", () => {
  test("finds everything exactly as it was", async () => {
    const { now, looks, lines } = await written();
    const store = openAt(now);
    expect(store.recovered).toBeUndefined();
    expect(await looksAt(store)).toEqual(looks);
    expect((await store.audit({ limit: 1_000 })).length).toBe(lines.length);
    await store.close();
  });

  test("goes on where it stood: positions, lines, keys and budgets", async () => {
    const { now } = await written();
    const stage = await Stage.of(() => openAt(now));
    stage.clock.set(now);
    const { position } = await stage.store.status();
    expect((await stage.cutHop("a2", "root")).entry.position).toBe(position + 1);
    await expect(stage.open("other", { key: "o", holder: "key-root" })).resolves.toMatchObject({
      outcome: "existing",
      hop: { id: "root" },
    });
    await expect(stage.admit("root", ["root"], { once: "digest" })).rejects.toMatchObject({
      code: "proof_replayed",
    });
    await stage.store.close();
    const log = readFileSync(journal, "utf8").trimEnd().split("\n");
    expect(verifyLog(log)).toMatchObject({ ok: true, lines: log.length });
  });

  test("D-empty-restart a store that starts empty is of another generation, a journal keeps its own", async () => {
    const { now } = await written();
    const first = openAt(now);
    const { generation } = await first.status();
    await first.close();
    const again = openAt(now);
    expect((await again.status()).generation).toBe(generation);
    expect((await again.snapshot()).generations).toEqual([generation]);
    await again.close();
    rmSync(journal);
    const empty = openAt(now);
    expect((await empty.status()).generation).not.toBe(generation);
    await empty.close();
  });

  test("what an approver is shown survives beside the journal, never in it, and goes with the decision", async () => {
    const { now, lines } = await written();
    expect(lines.join("\n")).not.toContain("/reports");
    const stage = await Stage.of(() => openAt(now));
    stage.clock.set(now);
    expect((await stage.store.ticket("acme", "t1"))?.shown).toContain("/reports");
    expect(readdirSync(`${journal}.shown`)).toHaveLength(1);
    await stage.decide("t1", "eve");
    expect(readdirSync(`${journal}.shown`)).toEqual([]);
    await stage.store.close();
  });

  test("the file is for its owner alone", async () => {
    await written();
    expect(statSync(journal).mode & 0o777).toBe(0o600);
    expect(statSync(`${journal}.shown`).mode & 0o777).toBe(0o700);
  });
});

describe("what could not be read back", () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

  test.each([
    ["a number beyond 2^53 - 1", { scopes: ["a.b"], ceilings: [{ key: "k", one_of: [1e21] }] }],
    ["too deep a value", { scopes: ["a.b"], ceilings: [{ key: "k", one_of: [nested(121)] }] }],
  ])("%s is refused before it is written", async (_what, grant) => {
    const engine = await openEmbedded({ journal });
    const principal = { issuer: "https://id.example", subject: "ana" };
    const open = { principal, agent: "planner", trigger: "t", grant: grant as GrantInput };
    await expect(engine.open(open)).rejects.toMatchObject({ code: "malformed" });
    await engine.close();
    await (await openEmbedded({ journal })).close();
  });
});

describe("damage", () => {
  test("a torn last line is cut off and reported, at whatever byte it was torn", async () => {
    const { now, lines } = await written();
    const whole = readFileSync(journal);
    const lastLength = Buffer.byteLength(lines.at(-1) ?? "") + 1;
    for (let kept = 1; kept < lastLength; kept += 7) {
      writeFileSync(journal, whole.subarray(0, whole.length - lastLength + kept));
      const store = openAt(now);
      expect(store.recovered).toEqual({ line: lines.length, bytes: kept });
      expect(statSync(journal).size).toBe(whole.length - lastLength);
      await store.close();
      const again = openAt(now);
      expect(again.recovered).toBeUndefined();
      await again.close();
    }
  });

  test("a move of several lines whose end is torn is cut off as a whole", async () => {
    const stage = await Stage.of(() => openAt(START_MS));
    await stage.open("root");
    await stage.store.register([
      await stage.move("l1", "root", "root"),
      await stage.move("l2", "l1", "root"),
    ]);
    await stage.store.close();
    const lines = readFileSync(journal, "utf8").split("\n");
    writeFileSync(journal, `${lines.slice(0, 3).join("\n")}\n${lines[3]?.slice(0, 40)}`);
    const store = openAt(START_MS);
    expect(store.recovered).toMatchObject({ line: 3 });
    expect(await store.hop("acme", "l1")).toBeUndefined();
    expect((await store.hop("acme", "root"))?.counters.descendants).toBe(0);
    await store.close();
    writeFileSync(journal, `${lines.slice(0, 3).join("\n")}\n`);
    const whole = openAt(START_MS);
    expect(whole.recovered).toMatchObject({ line: 3 });
    await whole.close();
  });

  test("one flipped byte anywhere refuses to start and names the line", async () => {
    const { now, lines } = await written();
    const whole = readFileSync(journal);
    let line = 1;
    let tried = 0;
    for (let at = 0; at < whole.length - 1; at++) {
      const isEnd = whole[at] === 0x0a;
      if (at % 13 === 0 || isEnd) {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        writeFileSync(journal, bytes);
        expect(
          refusal(() => openAt(now)),
          `byte ${at}`,
        ).toMatchObject({
          code: "journal_damaged",
          rule: expect.stringMatching(new RegExp(`^line (${line}|${line + 1})$`)),
        });
        tried += 1;
      }
      if (isEnd) line += 1;
    }
    expect(line).toBe(lines.length);
    expect(tried).toBeGreaterThan(500);
  });

  test.each([
    ["removed", (lines: string[]) => lines.splice(3, 1), "line 4"],
    ["repeated", (lines: string[]) => lines.splice(3, 0, lines[2] ?? ""), "line 4"],
    ["swapped", (lines: string[]) => lines.splice(3, 2, lines[4] ?? "", lines[3] ?? ""), "line 4"],
    ["left empty", (lines: string[]) => lines.splice(3, 0, ""), "line 4"],
    ["missing at the start", (lines: string[]) => lines.splice(0, 1), "line 1"],
    ["written with a space", (lines: string[]) => lines.splice(3, 1, `${lines[3]} `), "line 4"],
  ])("a line that is %s refuses to start", async (_what, spoil, rule) => {
    const { now, lines } = await written();
    spoil(lines);
    writeFileSync(journal, `${lines.join("\n")}\n`);
    expect(refusal(() => openAt(now))).toMatchObject({ code: "journal_damaged", rule });
    expect(readdirSync(folder).filter((name) => name.includes(`${made}.jsonl.lock`))).toEqual([]);
  });

  test("a write that fails poisons the store: nothing is answered any more", () => {
    const script = `
      import { createMemoryStore } from ${JSON.stringify(STORE)};
      const clock = { now: () => ${START_MS} };
      const store = createMemoryStore({ clock, journal: ${JSON.stringify(journal)} });
      const told = [];
      store.subscribe({ entry: () => {}, heartbeat: () => {}, lost: () => told.push("lost") });
      const event = (i) => ({ kind: "cut", tenant: "acme", reason: "x".repeat(500) });
      const cut = (i) => store.revoke({ tenant: "acme", boundary: { kind: "ban", agent: "a" + i },
        event: event(i), now: clock.now() });
      let done = 0;
      try { for (;; done++) await cut(done); } catch (thrown) { told.push(thrown.code); }
      for (const ask of [() => store.status(), () => store.confirm(), () => cut(-1)]) {
        await ask().catch((thrown) => told.push(thrown.code));
      }
      console.log(JSON.stringify({ done, told }));`;
    const child = spawnSync(
      "bash",
      ["-c", 'ulimit -f 16; exec "$0" --import tsx --input-type=module', process.execPath],
      { input: script, encoding: "utf8", env: { ...process.env, TSX_DISABLE_CACHE: "1" } },
    );
    const { done, told } = JSON.parse(child.stdout);
    expect(told).toEqual(["lost", ...Array(4).fill("store_unavailable")]);
    const store = openAt(START_MS);
    expect(done).toBeGreaterThan(5);
    expect(store.recovered?.line).toBe(done + 2);
    return store.status().then(async ({ position }) => {
      expect(position).toBe(done);
      await store.close();
    });
  });
});

describe("one writer", () => {
  test("D-second-writer a second one in this process is refused, until the first has closed", async () => {
    const first = openAt(START_MS);
    expect(refusal(() => openAt(START_MS))).toMatchObject({ code: "store_locked" });
    await first.close();
    await openAt(START_MS).close();
    expect(existsSync(`${journal}.lock.1`)).toBe(false);
  });

  test("D-second-writer one in another process is refused", async () => {
    const first = openAt(START_MS);
    await first.status();
    const script = `
      import { createMemoryStore } from ${JSON.stringify(STORE)};
      try { createMemoryStore({ clock: { now: () => ${START_MS} }, journal: ${JSON.stringify(journal)} }); }
      catch (thrown) { process.stdout.write(thrown.code); }`;
    const other = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module"], {
      input: script,
      encoding: "utf8",
    });
    expect(other.stdout).toBe("store_locked");
    await first.close();
  });

  test("D-second-writer another name of the same file does not help", async () => {
    const first = openAt(START_MS);
    symlinkSync(journal, `${journal}.link`);
    const clock = new ManualClock(START_MS);
    expect(refusal(() => createMemoryStore({ clock, journal: `${journal}.link` }))).toMatchObject({
      code: "store_locked",
    });
    await first.close();
  });

  test.each([
    ["of a process that is gone", { pid: 2 ** 22 + 1, started: "long ago" }],
    ["of a process whose id another has now", { pid: process.pid, started: "another start" }],
  ])("takes over a stale lock %s", async (_what, holder) => {
    writeFileSync(`${journal}.lock.7`, JSON.stringify({ host: hostname(), ...holder }));
    const store = openAt(START_MS);
    expect(existsSync(`${journal}.lock.7`)).toBe(false);
    expect(existsSync(`${journal}.lock.8`)).toBe(true);
    await store.close();
  });

  test.each([
    ["of another machine", JSON.stringify({ host: "elsewhere", pid: 1, started: "" })],
    ["that cannot be read", "garbage"],
  ])("does not take over a lock %s", (_what, text) => {
    writeFileSync(`${journal}.lock.1`, text);
    expect(refusal(() => openAt(START_MS))).toMatchObject({ code: "store_locked" });
    expect(readFileSync(`${journal}.lock.1`, "utf8")).toBe(text);
  });

  test("a reader takes no lock, sees what is there, and changes nothing", async () => {
    const { now, looks } = await written();
    const writer = openAt(now);
    const reader = openAt(now, { readonly: true });
    expect(await looksAt(reader)).toEqual(looks);
    const before = readFileSync(journal);
    await expect(
      reader.revoke({
        tenant: "acme",
        boundary: { kind: "epoch" },
        event: { kind: "cut", tenant: "acme" },
        now,
      }),
    ).rejects.toMatchObject({ code: "store_locked" });
    expect(readFileSync(journal)).toEqual(before);
    await reader.close();
    await writer.close();
  });

  test("a reader leaves a torn line as it is", async () => {
    const { now } = await written();
    copyFileSync(journal, `${journal}.copy`);
    writeFileSync(journal, '{"half', { flag: "a" });
    const reader = openAt(now, { readonly: true });
    expect(reader.recovered).toMatchObject({ bytes: 6 });
    await reader.close();
    expect(statSync(journal).size).toBe(statSync(`${journal}.copy`).size + 6);
  });
});
