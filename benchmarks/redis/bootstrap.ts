/** How long a guard takes until it knows every live cut. @module */
import { Trust, trustedKeys } from "../../src/chain/trust.js";
import { openRedisGuards } from "../../src/redis/engine.js";
import type { RedisStore } from "../../src/redis/store.js";
import { keyRing } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import { RedisServer } from "../../test/redis/servers.js";
import { collectGarbage, exactly, type Run, spreadOf } from "../harness.js";
import { AUDIENCE } from "../material.js";
import type { Section } from "../report.js";
import { many, memoryOf, openStore, PATIENCE, TENANT } from "./material.js";

const PARTITIONS = 4;
const STARTS = 3;

/** Cuts of hops that nobody has seen are as much cuts as any. */
export async function measureSection({ quick }: Run): Promise<Section> {
  const cuts = quick ? 20_000 : 1_000_000;
  const server = await RedisServer.start();
  const store = await openStore(server.url, PARTITIONS);
  try {
    const before = await memoryOf(server);
    await many(cuts, (index) => cut(store, index));
    const bytes = ((await memoryOf(server)) - before) / cuts;
    const starts: { ms: number; heap: number }[] = [];
    for (let start = 0; start < STARTS; start++) starts.push(await startOne(server.url, cuts));
    const name = `a guard that starts with ${cuts.toLocaleString("en-US")} live cuts`;
    const ms = starts.map((one) => one.ms);
    return {
      title: "Start of a guard",
      lines: [
        { name, value: spreadOf(ms.map((one) => one * 1_000)), unit: "us", clock: "wall" },
        {
          name: `${name}, cuts each second`,
          value: spreadOf(ms.map((one) => (cuts * 1_000) / one)),
          unit: "count",
          clock: "wall",
        },
        {
          name: `${name}, its heap for each cut`,
          value: spreadOf(starts.map(({ heap }) => heap / cuts)),
          unit: "bytes",
        },
        {
          name: "bytes in Redis for each cut, audit included",
          value: exactly(bytes),
          unit: "bytes",
        },
      ],
      notes: [`${PARTITIONS} partitions on one server`],
    };
  } finally {
    await store.close();
    await server.stop();
  }
}

async function startOne(url: string, cuts: number): Promise<{ ms: number; heap: number }> {
  const trust = new Trust({ keys: trustedKeys(keyRing(generateSigningKey()).verification) });
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const guards = await openRedisGuards({ url, partitions: PARTITIONS, trust, patience: PATIENCE });
  const start = performance.now();
  const guard = await guards.guard({ name: "late", audience: AUDIENCE });
  const ms = performance.now() - start;
  collectGarbage();
  const heap = process.memoryUsage().heapUsed - before;
  const { cutsKnown } = guard.status();
  await guards.close();
  if (cutsKnown < cuts) throw new Error(`the guard knows ${cutsKnown} of ${cuts} cuts`);
  return { ms, heap };
}

function cut(store: RedisStore, index: number): Promise<unknown> {
  return store.revoke({
    tenant: TENANT,
    boundary: { kind: "hop", tree: `tree-${index % 9_973}`, hop: `hop-${index}` },
    event: { kind: "cut", tenant: TENANT, by: "bench" },
    now: Date.now(),
  });
}
