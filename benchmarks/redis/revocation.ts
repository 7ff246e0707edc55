/** From a revocation to the denial in guards that are processes of their own. @module */
import { openRedisEngine, type RedisEngine } from "../../src/redis/engine.js";
import { keyRing, publicJwks } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import { RedisServer } from "../../test/redis/servers.js";
import { exactly, type Run } from "../harness.js";
import type { Line, Section } from "../report.js";
import { Mate, PARTITIONS, sharedMs } from "./crew.js";
import { connectTo, PATIENCE } from "./material.js";
import { bearerOf, ISSUER } from "./sight.js";

const GUARDS = 4;
const CUTS_EACH_SECOND = 2_000;
const TRIPS = 500;

/** Each cut of a tree whose call is running in every guard. */
export async function measureSection({ quick }: Run): Promise<Section> {
  const cuts = quick ? 50 : 1_000;
  const server = await RedisServer.start();
  const keys = keyRing(generateSigningKey());
  const { url } = server;
  const engine = await openRedisEngine({
    url,
    issuer: ISSUER,
    keys,
    partitions: PARTITIONS,
    accept: ["disk"],
    patience: PATIENCE,
  });
  const mates: Mate[] = [];
  try {
    const jwks = publicJwks(keys.verification);
    for (let guard = 0; guard < GUARDS; guard++) {
      mates.push(await Mate.start({ role: "guard", url, name: `guard-${guard}`, jwks }));
    }
    const guards = [...mates];
    const cutter = await Mate.start({ role: "cutter", url, each: CUTS_EACH_SECOND });
    mates.push(cutter);
    await cutMany(engine, guards, Math.ceil(cuts / 5));
    const trip = await roundTrip(server);
    const idle = await cutMany(engine, guards, cuts);
    await cutter.ask({ go: true });
    const busy = await cutMany(engine, guards, cuts);
    const did = await cutter.ask({ stop: true });
    const rate = "made" in did ? did.made / did.seconds : Number.NaN;
    return {
      title: `Revocation: from the call to the denial in ${GUARDS} guard processes`,
      lines: [
        ...linesOf("idle", idle, trip),
        ...linesOf(`under ${CUTS_EACH_SECOND.toLocaleString("en-US")} cuts/s`, busy, trip),
        { name: "other cuts each second meanwhile", value: exactly(rate), unit: "count" },
        { name: "one round trip (GET), p50", value: exactly(trip), unit: "us", clock: "wall" },
      ],
      notes: [
        `From the moment that revoke is called in the coordinator's process to the moment that the same call is denied in a guard's; ${cuts} cuts, ${GUARDS} guards each, ${PARTITIONS} partitions.`,
        "All processes and the server share this machine: with fewer threads than processes they wait for each other.",
      ],
    };
  } finally {
    for (const mate of mates) mate.end();
    await engine.close();
    await server.stop();
  }
}

/** Microseconds of each denial. */
async function cutMany(
  engine: RedisEngine,
  guards: readonly Mate[],
  count: number,
): Promise<number[]> {
  const took: number[] = [];
  for (let made = 0; made < count; made++) {
    const { tree, tokens } = await bearerOf(engine.coordinator);
    await Promise.all(guards.map((guard) => guard.ask({ watch: tokens })));
    const denied = guards.map((guard) => guard.next());
    const from = sharedMs();
    const who = { operator: "bench", tenant: engine.tenant };
    await engine.coordinator.revoke(who, { boundary: { kind: "tree", tree } });
    for (const answer of await Promise.all(denied)) {
      if ("deniedAt" in answer) took.push((answer.deniedAt - from) * 1_000);
    }
  }
  return took;
}

/** Microseconds, in the middle. */
async function roundTrip(server: RedisServer): Promise<number> {
  const bare = await connectTo(server);
  const took: number[] = [];
  for (let trip = 0; trip < TRIPS; trip++) {
    const start = performance.now();
    await bare.call("GET", "nothing");
    took.push((performance.now() - start) * 1_000);
  }
  bare.disconnect();
  return quantile(took, 0.5);
}

function linesOf(when: string, took: readonly number[], trip: number): Line[] {
  return ([0.5, 0.99] as const).flatMap((share): Line[] => {
    const us = quantile(took, share);
    const name = `revoke to denial, ${when}, p${share * 100}`;
    return [
      { name: `${name} ÷ one round trip`, value: exactly(us / trip), unit: "ratio", clock: "wall" },
      { name, value: exactly(us), unit: "us", clock: "wall" },
    ];
  });
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}
