/** On Redis: who coordinates and who guards share servers, not a process; a cut is answered once every guard has it. @module */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ChainCache, generateSigningKey, systemRandom } from "legate";
import { EmbeddedHop } from "legate/embedded";
import { CONCESSIONS, keyRing, openRedisEngine, openRedisGuards } from "legate/redis";

// `npm run examples` starts a server of its own unless this names one.
const url = process.env.LEGATE_REDIS ?? "redis://localhost";

// The coordinator's process. What its servers do not promise it has to accept by name; `legate doctor` tells what that is.
const place = { url, prefix: `example-${process.pid}` };
const issuer = "https://legate.example";
const keys = keyRing(generateSigningKey());
// What it cut, and what it let happen once, is on its own disk too: a server that loses it is told again. One file for each process.
const disk = mkdtempSync(join(tmpdir(), "legate-example-"));
const outbox = join(disk, "coordinator.outbox");
const engine = await openRedisEngine({ ...place, issuer, keys, outbox, accept: CONCESSIONS });
const { coordinator, trust } = engine;

// A tool server's process: it signs nothing, and needs no more of the coordinator than its public keys.
const guards = await openRedisGuards({ ...place, trust, outbox: join(disk, "files-1.outbox") });
const guard = await guards.guard({ name: "files-1", audience: "https://files.example" });

// The agents, each with its own key. `coordinator` would be behind HTTP for them.
const clock = { now: () => Date.now() };
const kit = {
  coordinator,
  issuer,
  trust,
  cache: new ChainCache(),
  agentKeys: () => [],
  clock,
  random: systemRandom,
};
const key = generateSigningKey();
const { token } = await coordinator.open({
  principal: { issuer: "https://people.example", subject: "ada" },
  trigger: "summarize the reports",
  agent: "planner",
  grant: { tools: { "files.read": {} }, audience: ["https://files.example"] },
  holderKey: key.jwk,
});
const planner = EmbeddedHop.hold(kit, key, [token]);
const reader = await planner.delegate({ agent: "reader", grant: { tools: { "files.read": {} } } });

// Guards deny until they have heard a heartbeat, and so know that they have missed no cut.
const read = (hop: EmbeddedHop) => guard.authorize(hop.call("files.read", { path: "/q3.md" }));
while ((await read(reader)).effect !== "allow") await pause(20);
console.log("reader may read");

const operator = { operator: "ada" };
const boundary = { kind: "hop", tree: reader.tree, hop: reader.id } as const;
const { barrier } = await coordinator.revoke(operator, { boundary, wait: "guards" });
console.log(`cut, and seen by ${barrier?.seen} of ${barrier?.guards} guards`);
assert((await read(reader)).effect === "deny" && (await read(planner)).effect === "allow");

const { nodes } = await engine.store.page(engine.tenant, reader.tree, { limit: 10 });
for (const { hop, effective } of nodes)
  console.log(`${"  ".repeat(hop.depth)}${hop.agent}: ${effective}`);
await guards.close();
await engine.close();
rmSync(disk, { recursive: true });
