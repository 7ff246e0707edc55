/** A process beside the one that measures: it guards, cuts or coordinates, as it is told. @module */
import { setTimeout as sleep } from "node:timers/promises";
import { canonicalDigest } from "../../src/base/canonical.js";
import { Trust, trustedKeys } from "../../src/chain/trust.js";
import type { Guard } from "../../src/guard/guard.js";
import { openRedisGuards } from "../../src/redis/engine.js";
import { parseJwks } from "../../src/token/jwks.js";
import { waitFor } from "../../test/redis/wait.js";
import { AUDIENCE, at, teamGrant } from "../material.js";
import { type Answer, type Order, PARTITIONS, type Request, sharedMs } from "./crew.js";
import { moveOf, newId, openStore, PATIENCE, TENANT, type Tree } from "./material.js";
import { callOf } from "./sight.js";

/** Moves under way at once in one coordinator. */
const IN_FLIGHT = 64;
const STEP_MS = 5;
const LIVE_MS = 20_000;

process.once("message", (order: Order) => void obey(order));
process.on("disconnect", () => process.exit());

function obey(order: Order): Promise<void> {
  if (order.role === "guard") return guarding(order);
  return order.role === "cutter" ? cutting(order) : coordinating(order);
}

function tell(answer: Answer): void {
  process.send?.(answer);
}

function onRequest(run: (request: Request) => unknown): void {
  process.on("message", run);
  tell({ ready: true });
}

/** Allows a call, and tells when the same call is denied. */
async function guarding({ url, name, jwks }: Order & { role: "guard" }): Promise<void> {
  const trust = new Trust({ keys: trustedKeys(parseJwks(jwks)) });
  const guards = await openRedisGuards({ url, partitions: PARTITIONS, trust, patience: PATIENCE });
  const guard = await guards.guard({ name, audience: AUDIENCE });
  await waitFor("the guard is live", LIVE_MS, () => guard.status().feed === "live" || undefined);
  onRequest((request) => {
    if ("watch" in request) void watch(guard, request.watch);
  });
}

/** A guard that got no time may be stale for a while, which denies as well: only the cut counts. */
async function watch(guard: Guard, tokens: readonly string[]): Promise<void> {
  const decide = () => guard.authorize(callOf(tokens, 0));
  let decision = await decide();
  for (; decision.effect !== "allow"; decision = await decide()) await sleep(1);
  decision.signal.addEventListener("abort", async () => {
    for (;;) {
      const after = await decide();
      if (after.effect === "allow") after.end();
      else if (after.code === "delegation_revoked") break;
      await sleep(1);
    }
    tell({ deniedAt: sharedMs() });
  });
  tell({ ready: true });
}

/** Cuts hops that nobody has seen, so many each second, from `go` to `stop`. */
async function cutting({ url, each }: Order & { role: "cutter" }): Promise<void> {
  const store = await openStore(url, PARTITIONS);
  let from = 0;
  let made = 0;
  const turn = async () => {
    for (let sent = 0; from > 0; await sleep(STEP_MS)) {
      const due = Math.floor(((sharedMs() - from) * each) / 1_000);
      // Not more than it can have under way: what is behind stays behind, and shows in the number made.
      for (; sent < due && sent - made < each; sent++) {
        void store.revoke(strangersCut(sent)).then(() => {
          made += 1;
        });
      }
    }
  };
  onRequest((request) => {
    if ("go" in request) {
      [from, made] = [sharedMs(), 0];
      void turn();
      tell({ ready: true });
    } else {
      tell({ made, seconds: (sharedMs() - from) / 1_000 });
      from = 0;
    }
  });
}

function strangersCut(index: number) {
  return {
    tenant: TENANT,
    boundary: { kind: "hop", tree: `tree-${index % 997}`, hop: `hop-${index}` },
    event: { kind: "cut", tenant: TENANT, by: "bench" },
    now: Date.now(),
  } as const;
}

/** Delegates below the roots in turn, for a while. */
async function coordinating(order: Order & { role: "coordinator" }): Promise<void> {
  const { url, partitions, forMs } = order;
  const store = await openStore(url, partitions);
  const { expiresAt: _, ...authority } = teamGrant(Date.now());
  const trees: Tree[] = [];
  for (const record of order.trees) {
    const { position } = await store.status(record.id);
    trees.push({ record, authority, digest: canonicalDigest(authority), position });
  }
  const work = async (ms: number): Promise<Answer> => {
    const from = sharedMs();
    let made = 0;
    const lane = async () => {
      while (sharedMs() - from < ms) {
        const tree = at(trees, made);
        const place = { id: newId(), parent: tree.record.id, depth: 1, made: made++ };
        await store.create(moveOf(tree, place));
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    return { made, seconds: (sharedMs() - from) / 1_000 };
  };
  // Compiled code for what counts.
  await work(forMs);
  onRequest(async () => tell(await work(forMs)));
}
