/** `legate gateway` beside a coordinator on Redis: a cut that is made in another process stops what runs behind it. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { systemRandom } from "../../src/base/random.js";
import { ChainCache } from "../../src/chain/cache.js";
import { carryTransport } from "../../src/mcp/carry-transport.js";
import type { McpTransport } from "../../src/mcp/transport.js";
import { EmbeddedHop } from "../../src/memory/embedded-hop.js";
import { openRedisEngine, type RedisEngine } from "../../src/redis/engine.js";
import { keyRing, publicJwks } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import { textOf } from "../mcp/gateway-rig.js";
import { patiently } from "../patience.js";
import { RedisServer } from "../redis/servers.js";
import { type Built, buildCommand } from "./command.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const ISSUER = "https://legate.example";
const AUDIENCE = "https://odd.example";
const ODD = fileURLToPath(new URL("../mcp/odd-server.mjs", import.meta.url));

let command: Built;
let server: RedisServer;
let engine: RedisEngine;
let url: string;
let jwks: string;

beforeAll(async () => {
  command = buildCommand();
  server = await RedisServer.start({ settings: [] });
  url = `redis://${server.host}:${server.port}`;
  const keys = keyRing(generateSigningKey());
  const accept = ["disk", "minority", "timeout", "quorum", "memory"] as const;
  engine = await openRedisEngine({ url, issuer: ISSUER, keys, accept, partitions: 2 });
  jwks = join(command.folder, "jwks.json");
  writeFileSync(jwks, JSON.stringify(publicJwks(keys.verification)));
});
afterAll(async () => {
  await engine?.close();
  await server?.stop();
  command.remove();
});

async function open(tools: readonly string[]): Promise<EmbeddedHop> {
  const { coordinator, trust } = engine;
  const key = generateSigningKey();
  const { token } = await coordinator.open({
    principal: { issuer: "https://people.example", subject: "ada" },
    trigger: "a task",
    agent: "planner",
    grant: {
      tools: Object.fromEntries(tools.map((tool) => [tool, {}])),
      audience: [AUDIENCE],
      expiresAt: Math.floor(Date.now() / 1_000) + 600,
    },
    holderKey: key.jwk,
  });
  const kit = { coordinator, trust, issuer: ISSUER, agentKeys: () => [] };
  const rest = { cache: new ChainCache(), clock: systemClock, random: systemRandom };
  return EmbeddedHop.hold({ ...kit, ...rest }, key, [token]);
}

test("a cut in another process stops the running call, and the server behind", async () => {
  const hop = await open(["pid", "hang"]);
  const outbox = join(command.folder, "gateway.outbox");
  const keys = ["--issuer", ISSUER, "--jwks", jwks, "--audience", AUDIENCE];
  const place = ["--redis", url, ...keys, "--outbox", outbox];
  const inner = new StdioClientTransport({
    command: process.execPath,
    args: [command.main, "gateway", ...place, "--", process.execPath, ODD],
    env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8" },
    stderr: "pipe",
  });
  let said = "";
  inner.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  const client = new Client({ name: "test", version: "1" });
  const carried = carryTransport(inner as McpTransport, { hop, audience: AUDIENCE });
  await client.connect(carried as Transport);
  const pid = Number(textOf(await client.callTool({ name: "pid" })));
  expect(lives(pid)).toBe(true);
  expect(existsSync(outbox)).toBe(true);
  const hanging = client.callTool({ name: "hang" });
  hanging.catch(() => undefined);
  await patiently(() => expect(said).toContain("server: hanging"));
  const args = ["revoke", `hop:${hop.id}`, "--redis", url, "--yes", "--reason", "enough"];
  expect((await command.run(args)).status).toBe(0);
  await expect(hanging).rejects.toMatchObject({ code: "aborted" });
  await patiently(() => expect(lives(pid)).toBe(false));
  await client.close();
});

test("keys that are not the issuer's let nobody in", async () => {
  const hop = await open(["boot"]);
  const other = join(command.folder, "other.json");
  const ring = keyRing(generateSigningKey());
  writeFileSync(other, JSON.stringify(publicJwks(ring.verification)));
  const place = ["--redis", url, "--issuer", ISSUER, "--jwks", other, "--audience", AUDIENCE];
  const inner = new StdioClientTransport({
    command: process.execPath,
    args: [command.main, "gateway", ...place, "--", process.execPath, ODD],
    env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8" },
    stderr: "ignore",
  });
  const client = new Client({ name: "test", version: "1" });
  const carried = carryTransport(inner as McpTransport, { hop, audience: AUDIENCE });
  await expect(client.connect(carried as Transport)).rejects.toMatchObject({
    code: "signature_invalid",
  });
  await client.close();
});

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
