/** `legate mcp` as agents' programs start it: over stdio and over HTTP, on a journal and on Redis. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { systemRandom } from "../../src/base/random.js";
import { ChainCache } from "../../src/chain/cache.js";
import { carryTransport } from "../../src/mcp/carry-transport.js";
import type { McpTransport } from "../../src/mcp/transport.js";
import { EmbeddedHop, openEmbedded } from "../../src/memory/embedded.js";
import { openKeyFile } from "../../src/memory/key-file.js";
import { openRedisEngine } from "../../src/redis/engine.js";
import { generateSigningKey } from "../../src/token/key.js";
import { RedisServer } from "../redis/servers.js";
import { type Built, buildCommand, valuesIn } from "./command.js";

// Each run is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const ISSUER = "https://legate.localhost";
const AUDIENCE = `${ISSUER}/mcp`;
const env = { PATH: process.env.PATH ?? "", LANG: "C.UTF-8" };
const GRANT = {
  tools: {
    delegation_create: {},
    delegation_inspect_tree: {},
    delegation_revoke: {},
    "files.read": {},
  },
  audience: [AUDIENCE],
};
const READ = { tools: { "files.read": {} } };

let command: Built;
let journals = 0;
const clients: Client[] = [];

beforeAll(() => {
  command = buildCommand();
});
afterEach(async () => {
  await Promise.allSettled(clients.splice(0).map((client) => client.close()));
});
afterAll(() => command.remove());

function request() {
  return {
    principal: { issuer: "https://people.example", subject: "ada" },
    trigger: "read the reports",
    agent: "planner",
    grant: { ...GRANT, expiresAt: Math.floor(Date.now() / 1_000) + 3_600 },
  };
}

/** A journal that nobody writes any more, and a root in it. */
async function rootIn(): Promise<{ journal: string; root: EmbeddedHop }> {
  journals += 1;
  const journal = join(command.folder, `mcp-${journals}.jsonl`);
  const engine = await openEmbedded({ journal });
  const root = await engine.open(request());
  await engine.close();
  return { journal, root };
}

async function overStdio(hop: EmbeddedHop, args: readonly string[]) {
  const inner = new StdioClientTransport({
    command: process.execPath,
    args: [command.main, "mcp", ...args],
    env,
    stderr: "pipe",
  });
  let said = "";
  inner.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  return { client: await connected(inner as McpTransport, hop), said: () => said };
}

async function connected(inner: Parameters<typeof carryTransport>[0], hop: EmbeddedHop, url = "") {
  const client = new Client({ name: "test", version: "1" });
  clients.push(client);
  const where = url === "" ? {} : { url };
  const carried = carryTransport(inner, { hop, audience: AUDIENCE, ...where });
  await client.connect(carried as Transport);
  return client;
}

async function use(
  client: Client,
  name: string,
  args: object = {},
): Promise<Record<string, unknown>> {
  const { structuredContent } = await client.callTool({ name, arguments: { ...args } });
  return structuredContent as Record<string, unknown>;
}

/** Delegates, looks, and cuts what it made. */
async function tell(client: Client, root: EmbeddedHop): Promise<string> {
  const made = await use(client, "delegation_create", { agent: "reader", grant: READ });
  const seen = await use(client, "delegation_inspect_tree");
  const hops = (seen.nodes as { hop: string }[]).map(({ hop }) => hop);
  expect(hops).toEqual([root.id, made.hop]);
  const plan = await use(client, "delegation_revoke", { hop: made.handle });
  expect(plan).toMatchObject({ done: false, stops: { hops: 1, agents: ["reader"] } });
  const { confirm } = plan;
  const done = await use(client, "delegation_revoke", { hop: made.handle, confirm });
  expect(done).toMatchObject({ done: true, hop: made.hop });
  return String(made.hop);
}

describe("on a journal", () => {
  test("serves an agent over stdio, and leaves a journal that tells of it and verifies", async () => {
    const { journal, root } = await rootIn();
    const { client, said } = await overStdio(root, ["--journal", journal]);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      "delegation_create",
      "delegation_inspect_tree",
      "delegation_revoke",
    ]);
    const hop = await tell(client, root);
    expect(said()).toContain(`for ${AUDIENCE}`);
    await client.close();
    const shown = await command.run(["show", hop, "--journal", journal, "--json"]);
    expect(shown.status).toBe(0);
    expect(shown.stdout).toContain('"revoked"');
    expect((await command.run(["verify", journal])).status).toBe(0);
  });

  test("serves over HTTP with --http, answers strangers with a challenge, and ends when told", async () => {
    const { journal, root } = await rootIn();
    const args = ["mcp", "--journal", journal, "--http", "--json"];
    const child = spawn(process.execPath, [command.main, ...args], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "close");
    let told: Record<string, unknown> | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      [told] = valuesIn(line);
      break;
    }
    expect(told).toMatchObject({ server: "mcp", audience: AUDIENCE });
    const url = String(told?.url);
    const stranger = await fetch(url, {
      method: "POST",
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
    });
    expect(stranger.status).toBe(401);
    expect(stranger.headers.get("www-authenticate")).toContain("resource_metadata=");
    const open = (fetch: unknown) =>
      new StreamableHTTPClientTransport(new URL(url), { fetch: fetch as never }) as McpTransport;
    await tell(await connected(open, root, url), root);
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect((await command.run(["verify", journal])).status).toBe(0);
  });

  test("is refused while another process writes it", async () => {
    journals += 1;
    const journal = join(command.folder, `mcp-${journals}.jsonl`);
    const engine = await openEmbedded({ journal });
    const { status, stderr } = await command.run(["mcp", "--journal", journal]);
    expect(status).toBe(5);
    expect(stderr).toContain("store_locked");
    await engine.close();
  });

  test.each<[string, readonly string[], number, string]>([
    ["no store", [], 2, "which coordinator?"],
    ["a journal that is not there", ["--journal", "/no/such/file"], 4, "no such journal"],
    ["Redis without keys", ["--redis", "redis://localhost:1"], 2, "--issuer URL --keys FILE"],
    [
      "keys that are not there",
      ["--redis", "redis://localhost:1", "--issuer", ISSUER, "--keys", "/no/such/file"],
      4,
      "cannot read",
    ],
    ["a port that is none", ["--port", "x"], 2, "whole number"],
  ])("refuses %s", async (_what, args, exit, words) => {
    const { status, stderr } = await command.run(["mcp", ...args]);
    expect([status, stderr]).toEqual([exit, expect.stringContaining(words)]);
  });
});

describe("on Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server?.stop());

  test("serves beside a coordinator that keeps guards live", async () => {
    const keyFile = join(command.folder, "keys.json");
    const url = `redis://${server.host}:${server.port}`;
    const accept = ["disk", "minority", "timeout", "quorum", "memory"] as const;
    const keys = openKeyFile(keyFile);
    const engine = await openRedisEngine({ url, partitions: 2, accept, issuer: ISSUER, keys });
    const key = generateSigningKey();
    const { token } = await engine.coordinator.open({ ...request(), holderKey: key.jwk });
    const { coordinator, trust } = engine;
    const kit = { coordinator, trust, issuer: ISSUER, cache: new ChainCache() };
    const side = { agentKeys: () => [], clock: systemClock, random: systemRandom };
    const root = EmbeddedHop.hold({ ...kit, ...side }, key, [token]);
    const outbox = join(command.folder, "mcp.outbox");
    const args = ["--redis", url, "--issuer", ISSUER, "--keys", keyFile, "--outbox", outbox];
    const { client } = await overStdio(root, args);
    const hop = await tell(client, root);
    expect((await engine.store.hop(engine.tenant, hop))?.state).toBe("revoked");
    expect(readFileSync(outbox, "utf8")).toContain(hop);
    await client.close();
    await engine.close();
  });
});
