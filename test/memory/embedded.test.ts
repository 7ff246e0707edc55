/** Coordinator, store and guards in one process: a newcomer's first program, a restart, and the end. @module */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openEmbedded } from "../../src/memory/embedded.js";
import { keyRing, rotate } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import {
  AUDIENCE,
  allows,
  denies,
  GRANT,
  NARROW,
  PRINCIPAL,
  READ,
  read,
  reader,
  rig,
} from "../guard/rig.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "legate-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const journalIn = () => join(folder, "journal");

describe("an embedded engine", () => {
  test("opens, delegates, runs a call, and refuses it after the cut", async () => {
    const legate = await openEmbedded();
    const files = await legate.guard({ audience: AUDIENCE });
    const planner = await legate.open({
      principal: PRINCIPAL,
      agent: "planner",
      trigger: "task-1",
      grant: GRANT,
    });
    const child = await planner.delegate({ agent: "reader", grant: NARROW });
    const call = () => child.call("files.read", READ);
    expect(await files.run(call(), ({ arguments: args }) => `read ${args.path}`)).toBe(
      "read /reports/q3/a.csv",
    );
    await legate.revoke({ kind: "hop", tree: planner.tree, hop: planner.id });
    await expect(files.run(call(), () => "read")).rejects.toMatchObject({
      code: "delegation_revoked",
      hop: planner.id,
    });
    await legate.close();
  });

  test("says who it is", async () => {
    const plain = await openEmbedded();
    expect(plain).toMatchObject({
      issuer: "https://legate.localhost",
      tenant: "default",
      recovered: undefined,
    });
    await plain.close();
    const named = await rig({ issuer: "https://as.example", tenant: "acme" });
    const root = await named.root();
    expect(root.holder.chain).toMatchObject({ issuer: "https://as.example", tenant: "acme" });
    expect(root).toMatchObject({ agent: "planner", id: root.tree });
    await named.close();
  });

  test("goes on from its journal: old tokens act, cuts hold, tokens are not in it", async () => {
    const first = await rig({ journal: journalIn() });
    const root = await first.root();
    const child = await reader(root);
    const gone = await reader(root, { agent: "gone" });
    await gone.revoke();
    const calls = { root: read(root), child: read(child), gone: read(gone) };
    await first.close();
    const second = await rig({ journal: journalIn() });
    const guard = await second.watch();
    await allows(guard, calls.root);
    await allows(guard, calls.child);
    await denies(guard, calls.gone, "delegation_revoked", { hop: gone.id });
    await second.close();
    const text = readFileSync(journalIn(), "utf8");
    for (const { tokens } of Object.values(calls)) {
      for (const token of tokens) expect(text).not.toContain(token.slice(-60));
    }
  });

  test("reports what a journal's end had lost", async () => {
    const first = await rig({ journal: journalIn() });
    await first.root();
    await first.close();
    const text = readFileSync(journalIn(), "utf8");
    writeFileSync(journalIn(), `${text}{"at":1`);
    const second = await rig({ journal: journalIn() });
    expect(second.recovered).toEqual({ line: 3, bytes: 7 });
    await second.close();
  });

  test("D-second-writer refuses a journal that has a writer, and may look at it", async () => {
    const first = await rig({ journal: journalIn() });
    const root = await first.root();
    await expect(openEmbedded({ journal: journalIn() })).rejects.toMatchObject({
      code: "store_locked",
    });
    const looking = await openEmbedded({ journal: journalIn(), readonly: true });
    expect(await looking.store.hop("default", root.id)).toMatchObject({ agent: "planner" });
    await expect(looking.revoke({ kind: "epoch" })).rejects.toMatchObject({ code: "store_locked" });
    await looking.close();
    await first.close();
    const again = await rig({ journal: journalIn() });
    await again.close();
  });

  test("keeps its keys beside the journal, for its owner alone", async () => {
    const path = `${journalIn()}.keys.json`;
    const first = await rig({ journal: journalIn() });
    await first.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ keys: [{ kty: "OKP" }] });
    writeFileSync(path, "{}");
    await expect(openEmbedded({ journal: journalIn() })).rejects.toMatchObject({
      code: "config_invalid",
      rule: "keys",
    });
    rmSync(path);
    const again = await openEmbedded({ journal: journalIn() });
    await again.close();
  });

  test("looks at a journal without making keys for it", async () => {
    const first = await rig({ journal: journalIn(), keys: keyRing(generateSigningKey()) });
    await first.close();
    const looking = await openEmbedded({ journal: journalIn(), readonly: true });
    await looking.close();
    expect(() => statSync(`${journalIn()}.keys.json`)).toThrow();
  });

  test("D-empty-restart without its journal refuses the tokens of before", async () => {
    const keys = keyRing(generateSigningKey());
    const first = await rig({ keys });
    const root = await first.root();
    await first.close();
    const second = await rig({ keys });
    await denies(await second.watch(), read(root), "generation_unknown");
    await expect(root.renew()).rejects.toMatchObject({ code: "store_unavailable" });
    await second.close();
  });

  test("P20 signs with new keys, and verifies with those before, in coordinator and guards alike", async () => {
    const old = generateSigningKey();
    const r = await rig({ keys: keyRing(old) });
    const guard = await r.watch();
    const before = await r.root();
    const next = generateSigningKey();
    r.coordinator.useKeys(rotate(keyRing(old), next));
    const after = await r.root();
    expect(after.holder.chain.keys.has(next.thumbprint)).toBe(true);
    await allows(guard, read(before));
    await allows(guard, read(after));
    await reader(before);
    r.coordinator.useKeys(keyRing(next));
    await denies(guard, read(before), "signature_invalid");
    await allows(guard, read(after));
    await r.close();
  });

  test("lets a hop wait for people, and gives it to whoever holds its key", async () => {
    const r = await rig();
    const guard = await r.watch();
    const root = await r.root();
    const pending = await root.propose({ agent: "reader", grant: NARROW }, { approvers: 1 });
    await expect(pending.claim()).rejects.toMatchObject({ code: "approval_pending" });
    await r.coordinator.approve({ approver: "bo" }, { ticket: pending.ticket });
    const child = await pending.claim();
    expect(child.id).toBe(pending.id);
    await allows(guard, read(child));
    await r.close();
  });

  test("gives the same hop for the same request under the same key", async () => {
    const r = await rig();
    const root = await r.root();
    const key = generateSigningKey();
    const one = await reader(root, { idempotencyKey: "step-1", key });
    const two = await reader(root, { idempotencyKey: "step-1", key });
    expect(two.id).toBe(one.id);
    await r.close();
  });

  test("renews an anchor, and exchanges a chain with links into one that keeps its id", async () => {
    const r = await rig();
    const guard = await r.watch();
    const root = await r.root();
    const link = root.link({ agent: "reader", grant: NARROW });
    const [id, tokens] = [link.id, link.holder.tokens.length];
    expect(tokens).toBe(2);
    await link.renew();
    expect(link.holder.tokens).toHaveLength(1);
    expect(link.id).toBe(id);
    await link.renew();
    await allows(guard, read(link));
    await r.close();
  });

  test("lets a holder cut its own hop and those below, and nothing above or beside", async () => {
    const r = await rig();
    const root = await r.root();
    const [one, two] = [await reader(root), await reader(root)];
    const below = await reader(one);
    const boundary = (hop: typeof one) => ({ kind: "hop", tree: hop.tree, hop: hop.id }) as const;
    await expect(one.revoke(boundary(two))).rejects.toMatchObject({ code: "not_entitled" });
    await expect(one.revoke(boundary(root))).rejects.toMatchObject({ code: "not_entitled" });
    await one.revoke(boundary(below), "not needed");
    await one.revoke();
    await r.close();
  });

  test("needs an audience for a call", async () => {
    const r = await rig();
    const root = await r.root({ grant: { tools: { "web.search": {} } } });
    expect(() => root.call("web.search", {})).toThrow(
      expect.objectContaining({ code: "audience_mismatch" }),
    );
    await r.close();
  });

  test("ends its timers, guards and store when it is closed, once", async () => {
    const r = await rig();
    const guard = await r.watch();
    const root = await r.root();
    const call = read(root);
    await r.close();
    await r.close();
    expect(r.timers.pending()).toBe(0);
    await denies(guard, call, "status_unknown");
    await expect(r.watch()).rejects.toMatchObject({ code: "store_unavailable" });
    await expect(r.root()).rejects.toMatchObject({ code: "store_unavailable" });
  });
});
