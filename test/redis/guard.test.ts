/** A guard on a real store of four partitions, in a process of its own as far as the store can tell; the time is the machine's. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { systemRandom } from "../../src/base/random.js";
import { ChainCache } from "../../src/chain/cache.js";
import { Trust } from "../../src/chain/trust.js";
import { createCoordinator } from "../../src/coordinator/coordinator.js";
import { Guard, type GuardOptions } from "../../src/guard/guard.js";
import { EmbeddedHop } from "../../src/memory/embedded.js";
import type { HolderKit } from "../../src/memory/hand-over.js";
import { MemoryReplayStore } from "../../src/memory/replay.js";
import { baseKey } from "../../src/redis/layout.js";
import { CONCESSIONS } from "../../src/redis/settings.js";
import { createRedisStore, type RedisStore } from "../../src/redis/store.js";
import { keyRing } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import type { Boundary } from "../../src/wire/cut.js";
import { AUDIENCE, allows, denies, GRANT, PRINCIPAL, read, reader } from "../guard/rig.js";
import { PATIENCE_MS, PATIENT } from "../patience.js";
import { RedisServer } from "./servers.js";
import { waitFor, waitForGood } from "./wait.js";

const ISSUER = "https://legate.example";
const PARTITIONS = 4;

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

let runs = 0;
let s: Awaited<ReturnType<typeof scene>>;
beforeEach(async () => {
  runs += 1;
  s = await scene(`guarded-${runs}`);
});
afterEach(async () => {
  await server.ask("ACL", "SETUSER", "default", "~*");
  await s.close();
});

/** A coordinator that keeps guards live, a guard with connections of its own, and a tree in each partition. */
async function scene(prefix: string) {
  const shared = {
    url: server.url,
    prefix,
    partitions: PARTITIONS,
    accept: CONCESSIONS,
    patience: PATIENT,
  };
  const store = await createRedisStore(shared);
  const far = await createRedisStore({ ...shared, heartbeats: false });
  const keys = keyRing(generateSigningKey());
  const trusted = [...keys.verification].map(([kid, key]) => ({ kid, key }));
  const trust = new Trust({ keys: trusted, issuers: [ISSUER] });
  const coordinator = createCoordinator({
    store,
    keys,
    issuer: ISSUER,
    replay: new MemoryReplayStore(),
    guards: store,
  });
  const kit: HolderKit = {
    coordinator,
    issuer: ISSUER,
    trust,
    cache: new ChainCache(),
    agentKeys: () => [],
    clock: systemClock,
    random: systemRandom,
  };
  const guard = new Guard(guardOptions(trust, far));
  await guard.start();
  const roots = await oneInEach(store, () => openRoot(kit));
  await waitForGood("the guard is live", PATIENCE_MS, async () => guard.status().feed === "live");
  return {
    prefix,
    store,
    guard,
    roots,
    root: () => openRoot(kit),
    cut: (boundary: Boundary, more: object = {}) =>
      coordinator.revoke({ operator: "op" }, { boundary, ...more }),
    close: async () => {
      await guard.close().catch(() => undefined);
      await far.close();
      await store.close();
    },
  };
}

function guardOptions(trust: Trust, store: RedisStore): GuardOptions {
  const replay = new MemoryReplayStore();
  return { name: "far", audience: [AUDIENCE], trust, feed: store, admission: store, replay };
}

async function openRoot(kit: HolderKit): Promise<EmbeddedHop> {
  const key = generateSigningKey();
  const { token } = await kit.coordinator.open({
    principal: PRINCIPAL,
    trigger: "task",
    agent: "planner",
    grant: GRANT,
    holderKey: key.jwk,
  });
  return EmbeddedHop.hold(kit, key, [token]);
}

/** Opens trees until there is one in each partition; by partition. */
async function oneInEach(store: RedisStore, open: () => Promise<EmbeddedHop>) {
  const found: EmbeddedHop[] = [];
  while (Object.keys(found).length < PARTITIONS) {
    const hop = await open();
    found[store.partitionOf(hop.tree)] = hop;
  }
  const [a, b, c, d] = found;
  if (!(a && b && c && d)) throw new Error("no tree in some partition");
  return [a, b, c, d] as const;
}

describe("a guard on four partitions", () => {
  test("allows in each, and says in which log it decided", async () => {
    for (const [partition, root] of s.roots.entries()) {
      expect(await allows(s.guard, read(root))).toMatchObject({ partition, position: 0 });
    }
    expect(s.guard.status().logs).toHaveLength(PARTITIONS);
  });

  test("has a cut when whoever cut has waited for it; what hangs beside it lives, in every partition", async () => {
    const [root] = s.roots;
    const child = await reader(root);
    const sibling = await reader(root, { agent: "sibling" });
    const running = [
      await allows(s.guard, read(child)),
      await allows(s.guard, read(sibling)),
      await allows(s.guard, read(s.roots[1])),
    ];
    const boundary = { kind: "hop", tree: child.tree, hop: child.id } as const;
    const { barrier, entry } = await s.cut(boundary, { wait: "guards" });
    expect(barrier).toMatchObject({ seen: 1, guards: 1, behind: [] });
    await denies(s.guard, read(child), "delegation_revoked", {
      hop: child.id,
      partition: 0,
      position: entry.position,
    });
    expect(running.map(({ signal }) => signal.aborted)).toEqual([true, false, false]);
    for (const lives of [sibling, ...s.roots]) await allows(s.guard, read(lives));
  });

  test("knows what a caller demands of the tree's own log, heard of or not", async () => {
    const [, root] = s.roots;
    for (let n = 0; n < 3; n++) await s.cut({ kind: "hop", tree: root.tree, hop: `gone-${n}` });
    const { entry } = await s.cut({ kind: "tree", tree: root.tree });
    expect(entry.position).toBe(4);
    await denies(s.guard, { ...read(root), minPosition: entry.position }, "delegation_revoked");
    await denies(s.guard, { ...read(s.roots[0]), minPosition: entry.position }, "status_unknown", {
      rule: "minPosition",
    });
    await allows(s.guard, read(s.roots[0]));
  });

  test("judges a cut beyond one tree by the position that each log gave it", async () => {
    const [, , root] = s.roots;
    for (let n = 0; n < 3; n++) await s.cut({ kind: "hop", tree: root.tree, hop: `gone-${n}` });
    const { positions = [] } = await s.cut({ kind: "agent", agent: "planner" });
    expect(positions).toEqual([1, 1, 4, 1]);
    for (const old of s.roots) {
      const call = { ...read(old), minPosition: positions };
      await denies(s.guard, call, "delegation_revoked", { rule: "agent" });
    }
    const next = await oneInEach(s.store, s.root);
    for (const [partition, hop] of next.entries()) {
      const position = positions[partition];
      expect(hop.holder.chain.position).toBe(position);
      const allowed = await allows(s.guard, { ...read(hop), minPosition: positions });
      expect(allowed).toMatchObject({ partition, position });
    }
  });

  test(
    "that hears nothing of one partition denies, and in the end stops, what is in its trees alone",
    async () => {
      const running = await Promise.all(s.roots.map((root) => allows(s.guard, read(root))));
      const [silent, ...others] = s.roots;
      const patterns = [1, 2, 3].map((partition) => `~${baseKey(s.prefix, partition)}*`);
      await server.ask("ACL", "SETUSER", "default", "resetkeys", ...patterns);
      await waitForGood(
        "the log is stale",
        PATIENCE_MS,
        async () => s.guard.status().logs[0]?.feed !== "live",
      );
      await denies(s.guard, read(silent), "status_unknown", {
        rule: "maxStalenessMs",
        partition: 0,
      });
      for (const root of others) await allows(s.guard, read(root));
      const [first, ...rest] = running;
      await waitFor("the call is stopped", PATIENCE_MS, () => first?.signal.aborted || undefined);
      expect(first?.signal.reason).toMatchObject({ code: "status_unknown" });
      expect(rest.map(({ signal }) => signal.aborted)).toEqual([false, false, false]);
      await server.ask("ACL", "SETUSER", "default", "~*");
      await waitForGood("the log is live again", PATIENCE_MS, async () => {
        return s.guard.status().logs[0]?.feed === "live";
      });
      await allows(s.guard, read(silent));
    },
    3 * PATIENCE_MS,
  );

  test(
    "refuses the anchors of a partition that started empty, and no others",
    async () => {
      const [old, ...others] = s.roots;
      const lost = (await server.ask("KEYS", `${baseKey(s.prefix, 0)}*`)) as string[];
      await server.ask("DEL", ...lost);
      await waitFor("a decision by the new log", PATIENCE_MS, async () => {
        const decision = await s.guard.authorize(read(old));
        return (decision.effect === "deny" && decision.code === "generation_unknown") || undefined;
      });
      await denies(s.guard, read(old), "generation_unknown", { hop: old.id, rule: "gen" });
      for (const root of others) await allows(s.guard, read(root));
    },
    2 * PATIENCE_MS,
  );
});
