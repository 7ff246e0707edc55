/** Opening trees by key: the slot is in one partition, its trees in others. @module */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../src/base/clock.js";
import type { CreateMove } from "../../src/coordinator/store.js";
import { serversOf } from "../../src/redis/address.js";
import { type Ground, groundOf, startPartitions } from "../../src/redis/ground.js";
import { baseKey } from "../../src/redis/layout.js";
import { create } from "../../src/redis/making.js";
import { renew, revoke, sweep } from "../../src/redis/moves.js";
import { open } from "../../src/redis/roots.js";
import { openTopology } from "../../src/redis/topology.js";
import { START_MS, TOLERANCE_MS } from "../contract/stage.js";
import { PATIENT } from "../patience.js";
import { binaries, RedisServer } from "./servers.js";

describe.each(binaries())("trees that are opened by key on $name", ({ path: binary }) => {
  let server: RedisServer;
  let ground: Ground;
  let runs = 0;
  const clock = new ManualClock(START_MS);

  beforeAll(async () => {
    server = await RedisServer.start({ binary });
  });
  afterAll(async () => {
    ground.close();
    await server.stop();
  });
  beforeEach(async () => {
    ground?.close();
    runs += 1;
    const prefix = `roots${runs}`;
    const base = (partition: number) => baseKey(prefix, partition);
    const topology = await openTopology(serversOf({ url: server.url }), 16, base, PATIENT);
    const patience = { toleranceMs: TOLERANCE_MS, commandMs: PATIENT.commandMs };
    ground = groundOf({ topology, clock, ...patience });
    await startPartitions(ground, "generation");
  });

  const drafted = (id: string, words: Partial<CreateMove["hop"]> = {}): CreateMove => ({
    hop: {
      tenant: "acme",
      tree: id,
      id,
      depth: 0,
      agent: "planner",
      identity: "proven",
      holder: "key",
      authority: "digest",
      createdAt: clock.now(),
      expiresAt: clock.now() + 3_600_000,
      origin: "coordinator",
      bearer: false,
      ...words,
    },
    authority: { tools: {}, scopes: [], ceilings: [], audience: [], limits: { children: 2 } },
    initial: "active",
    seen: 0,
    event: { kind: "hop.opened", tenant: "acme" },
    now: clock.now(),
  });
  const opened = (id: string, key: string, holder: string, request = "asked") => {
    const move = { ...drafted(id, { holder }), idempotency: { key, request } };
    const tree = {
      tenant: "acme",
      id,
      principal: { issuer: "https://idp.example", subject: "ada" },
      trigger: "task",
      createdAt: clock.now(),
      expiresAt: clock.now() + 3_600_000,
      lease: { until: clock.now() + 60_000, state: "held" as const },
    };
    return open(ground, tree, move);
  };
  const child = (tree: string, id: string) =>
    create(ground, drafted(id, { tree, parent: tree, depth: 1 }));
  const refused = (promise: Promise<unknown>, code: string, more: object = {}) =>
    expect(promise).rejects.toMatchObject({ code, ...more });
  const cut = (tree: string) =>
    revoke(
      ground,
      {
        tenant: "acme",
        boundary: { kind: "hop", tree, hop: tree },
        event: { kind: "cut", tenant: "acme" },
        now: clock.now(),
      },
      "",
    );

  test("give the same root to the same request, in whichever partition it is", async () => {
    expect(await opened("r0", "k", "h")).toMatchObject({ outcome: "created" });
    for (const id of ["r1", "r2", "r3"]) {
      expect(await opened(id, "k", "h")).toMatchObject({
        outcome: "existing",
        hop: { id: "r0", tree: "r0" },
      });
    }
  });

  test("refuse the key for another request", async () => {
    await opened("r0", "k", "h");
    await refused(opened("r1", "k", "h", "asked for more"), "idempotency_conflict", { hop: "r0" });
  });

  test("end the first root for a new holder key, which counts on and shares its fate", async () => {
    await opened("r0", "k", "h0");
    await child("r0", "c0");
    expect(await opened("r1", "k", "h1")).toMatchObject({
      outcome: "replaced",
      hop: { id: "r1", predecessor: "r0", counters: { children: 1, descendants: 1 } },
    });
    await refused(child("r0", "c1"), "delegation_revoked", { hop: "r0" });
    expect(await opened("r2", "k", "h2")).toMatchObject({
      outcome: "replaced",
      hop: { id: "r2", predecessor: "r1", counters: { children: 1, descendants: 1 } },
    });
    await child("r2", "c2");
    await refused(child("r2", "c3"), "children_exhausted");
    await cut("r0");
    await refused(child("r2", "c4"), "delegation_revoked", { hop: "r2" });
    await refused(opened("r3", "k", "h3"), "delegation_revoked");
  });

  test("are one, however many ask at once", async () => {
    const all = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => opened(`r${i}`, "k", "h")));
    expect(new Set(all.map(({ hop }) => hop.id)).size).toBe(1);
    expect(all.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
  });

  test("have a lease that lapses in their own partition", async () => {
    await opened("r0", "k", "h");
    await opened("r1", "k1", "h");
    const event = { kind: "lease.renewed", tenant: "acme" };
    const until = clock.now() + 120_000;
    await renew(ground, { tenant: "acme", tree: "r1", until, event, now: clock.now() });
    clock.advance(60_000);
    expect(await sweep(ground, clock.now(), 10)).toEqual({ lapsed: 1, remaining: 0 });
    await refused(opened("r2", "k", "h"), "lease_lapsed");
  });
});
