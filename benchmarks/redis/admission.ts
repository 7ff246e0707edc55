/** A call that the store admits because its budget is counted there, against one round trip. @module */
import { createHash } from "node:crypto";
import { openRedisEngine } from "../../src/redis/engine.js";
import { runScript } from "../../src/redis/script.js";
import { keyRing } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import { RedisServer } from "../../test/redis/servers.js";
import { waitFor } from "../../test/redis/wait.js";
import { measure, type Run, ratioOf, timeOf } from "../harness.js";
import { AUDIENCE } from "../material.js";
import type { Section } from "../report.js";
import { connectTo, PATIENCE } from "./material.js";
import { bearerOf, callOf, ISSUER } from "./sight.js";

const LIMIT = 1.5;
const CALLS = 1_000_000_000;
const NOTHING = "return { 'ok' }";
const EMPTY = {
  name: "nothing",
  version: 1,
  text: NOTHING,
  sha1: createHash("sha1").update(NOTHING).digest("hex"),
};
const SCRIPT = "a script that does nothing";

/** By the caller's watch; the guard and its coordinator are one process here. */
export async function measureSection({ effort }: Run): Promise<Section> {
  const server = await RedisServer.start();
  const keys = keyRing(generateSigningKey());
  const engine = await openRedisEngine({
    url: server.url,
    issuer: ISSUER,
    keys,
    partitions: 1,
    accept: ["disk"],
    patience: PATIENCE,
  });
  const bare = await connectTo(server);
  try {
    const guard = await engine.guard({ name: "guard", audience: AUDIENCE });
    await waitFor("the guard is live", 10_000, () => guard.status().feed === "live" || undefined);
    const counted = await bearerOf(engine.coordinator, { calls: CALLS });
    const admitted = async (index: number) => {
      const decision = await guard.authorize(callOf(counted.tokens, index));
      if (decision.effect !== "allow") throw new Error(`refused: ${decision.code}`);
      decision.end();
    };
    const subjects = [
      { name: "admitted", run: admitted },
      { name: "PING", run: () => bare.call("PING") },
      { name: "GET", run: () => bare.call("GET", "nothing") },
      {
        name: SCRIPT,
        run: () => runScript(bare, { script: EMPTY, key: "{p0}:", args: [] }, PATIENCE.commandMs),
      },
    ];
    const timings = await measure(subjects, effort, "wall");
    return {
      title: "A call with a budget",
      lines: [
        {
          name: "admitted ÷ one round trip (GET)",
          value: ratioOf(timings, "admitted", "GET"),
          unit: "ratio",
          limit: LIMIT,
          clock: "wall",
        },
        {
          name: `admitted ÷ ${SCRIPT}`,
          value: ratioOf(timings, "admitted", SCRIPT),
          unit: "ratio",
          clock: "wall",
        },
        ...subjects.map(({ name }) => ({
          name,
          value: timeOf(timings, name),
          unit: "us" as const,
          clock: "wall" as const,
        })),
      ],
      notes: ["A bearer of one hop whose grant limits calls; everything warm, one call at a time."],
    };
  } finally {
    bare.disconnect();
    await engine.close();
    await server.stop();
  }
}
