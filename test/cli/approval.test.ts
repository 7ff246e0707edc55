/** `legate approve` and `legate deny`: a person's word, given in a process of its own, for a call that a gateway or a grant makes wait. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { systemRandom } from "../../src/base/random.js";
import { carriedBy } from "../../src/carry/hop.js";
import { ChainCache } from "../../src/chain/cache.js";
import { carryTransport } from "../../src/mcp/carry-transport.js";
import type { McpTransport } from "../../src/mcp/transport.js";
import { openEmbedded } from "../../src/memory/embedded.js";
import { EmbeddedHop } from "../../src/memory/embedded-hop.js";
import { openKeyFile } from "../../src/memory/key-file.js";
import { openRedisEngine, type RedisEngine } from "../../src/redis/engine.js";
import { publicJwks } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import { TICKETS_META } from "../../src/wire/mcp-tools.js";
import { PATIENT } from "../patience.js";
import { RedisServer } from "../redis/servers.js";
import { type Built, buildCommand } from "./command.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const ISSUER = "https://legate.example";
const HERE = `${ISSUER}/mcp`;
const ODD = "https://odd.example";
const FILES = "https://files.example";
const READ = { path: "/reports/q3" };

let command: Built;
beforeAll(() => {
  command = buildCommand();
});
afterAll(() => command.remove());

function request(audience: readonly string[]) {
  return {
    principal: { issuer: "https://people.example", subject: "ada" },
    trigger: "a task",
    agent: "planner",
    grant: {
      tools: { delegation_request_elevation: {}, params: {}, "files.read": {} },
      limits: { approval: { "files.read": { approvers: 1 } } },
      audience: [...audience],
      expiresAt: Math.floor(Date.now() / 1_000) + 3_600,
    },
  };
}

describe("on a journal", () => {
  let journals = 0;
  /** A ticket that nobody has decided, in a journal that nobody writes. */
  async function asked(): Promise<{ ticket: string; place: string[] }> {
    journals += 1;
    const journal = join(command.folder, `approval-${journals}.jsonl`);
    const engine = await openEmbedded({ journal });
    const hop = await engine.open(request([FILES]));
    const [ticket] = await hop.ask("files.read", READ, { audience: FILES });
    await engine.close();
    return { ticket: ticket?.id ?? "", place: ["--journal", journal] };
  }

  test.each([
    ["approve", "granted"],
    ["deny", "denied"],
  ])("%s leaves a ticket %s, and a log that verifies", async (verdict, state) => {
    const { ticket, place } = await asked();
    const said = await command.run([verdict, ticket, ...place, "--by", "olga", "--yes", "--json"]);
    expect(said).toMatchObject({ status: 0 });
    expect(JSON.parse(said.stdout)).toMatchObject({ ticket, state, need: 1 });
    expect((await command.run(["verify", place[1] ?? ""])).status).toBe(0);
  });

  test.each([
    ["by an agent of the chain", ["--by", "planner", "--yes"], 3, "approver_not_allowed"],
    ["where nobody is there to ask", ["--by", "olga"], 2, "nothing was decided"],
  ])("approve %s decides nothing", async (_what, how, status, said) => {
    const { ticket, place } = await asked();
    const run = await command.run(["approve", ticket, ...place, ...how]);
    expect(run.status).toBe(status);
    expect(run.stderr).toContain(said);
    expect((await command.run(["approve", ticket, ...place, "--by", "olga", "--yes"])).status).toBe(
      0,
    );
  });

  test("shows what it is that waits, arguments included", async () => {
    const { ticket, place } = await asked();
    const { stderr } = await command.run(["approve", ticket, ...place]);
    expect(stderr).toContain("a call of files.read");
    expect(stderr).toContain(JSON.stringify(READ));
  });

  test("a ticket that is none is not found", async () => {
    const { place } = await asked();
    for (const how of [[], ["--yes"]]) {
      const run = await command.run(["deny", "no-such-ticket", ...place, ...how]);
      expect(run.status).toBe(4);
      expect(run.stderr).toContain("ticket_not_found");
    }
  });
});

describe("on Redis, beside a gateway", () => {
  let server: RedisServer;
  let engine: RedisEngine;
  let place: string[];
  let keys: string;
  let jwks: string;
  let file: string;
  const clients: Client[] = [];

  beforeAll(async () => {
    server = await RedisServer.start({ settings: [] });
    const url = `redis://${server.host}:${server.port}`;
    keys = join(command.folder, "keys.json");
    jwks = join(command.folder, "jwks.json");
    file = join(command.folder, "servers.json");
    const ring = openKeyFile(keys);
    const accept = ["disk", "minority", "timeout", "quorum", "memory"] as const;
    const how = { url, issuer: ISSUER, keys: ring, accept, partitions: 2, ...PATIENT };
    engine = await openRedisEngine(how);
    writeFileSync(jwks, JSON.stringify(publicJwks(ring.verification)));
    const odd = fileURLToPath(new URL("../mcp/odd-server.mjs", import.meta.url));
    const controls = { audience: ODD, tools: ["params"], toolRisk: { params: "high" } };
    writeFileSync(
      file,
      JSON.stringify({
        mcpServers: { odd: { command: process.execPath, args: [odd] } },
        legate: { servers: { odd: controls } },
      }),
    );
    place = ["--redis", url];
  });
  afterAll(async () => {
    await Promise.allSettled(clients.map((client) => client.close()));
    await engine?.close();
    await server?.stop();
  });

  async function root(): Promise<EmbeddedHop> {
    const { coordinator, trust } = engine;
    const key = generateSigningKey();
    const asked = { ...request([HERE, ODD, FILES]), holderKey: key.jwk };
    const { token } = await coordinator.open(asked);
    const kit = { coordinator, trust, issuer: ISSUER, agentKeys: () => [] };
    const rest = { cache: new ChainCache(), clock: systemClock, random: systemRandom };
    return EmbeddedHop.hold({ ...kit, ...rest }, key, [token]);
  }

  async function started(hop: EmbeddedHop, audience: string, args: readonly string[]) {
    const inner = new StdioClientTransport({
      command: process.execPath,
      args: [command.main, ...args, ...place, "--issuer", ISSUER],
      env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8" },
      stderr: "ignore",
    });
    const client = new Client({ name: "test", version: "1" });
    clients.push(client);
    // The coordinator acts for the whole of what the hop may, and not for this one call.
    const carried = { hop, audience, narrow: audience !== HERE };
    await client.connect(carryTransport(inner as McpTransport, carried) as Transport);
    return client;
  }

  const elevate = (client: Client, tool: string, args: object, audience: string) => {
    const asked = { tool, arguments: args, audience };
    return client.callTool({ name: "delegation_request_elevation", arguments: asked });
  };

  test("a person's yes lets the call through that the agent asked for, once", async () => {
    const hop = await root();
    const door = await started(hop, ODD, ["gateway", "--config", file, "--jwks", jwks]);
    const desk = await started(hop, HERE, ["mcp", "--keys", keys, "--gateway", file]);
    const call = { name: "params", arguments: { amount: 7 } };
    await expect(door.callTool(call)).rejects.toMatchObject({ code: "approval_required" });
    const asked = await elevate(desk, "params", call.arguments, ODD);
    const { tickets } = asked.structuredContent as { tickets: { id: string }[] };
    const shown = { tickets: (asked._meta?.[TICKETS_META] ?? []) as readonly string[] };
    expect(tickets).toHaveLength(1);
    await expect(door.callTool(carriedBy(hop, call, shown))).rejects.toMatchObject({
      code: "approval_pending",
    });
    const word = ["approve", tickets[0]?.id ?? "", ...place, "--by", "olga", "--yes"];
    expect(await command.run(word)).toMatchObject({ status: 0 });
    const { content } = await door.callTool(carriedBy(hop, call, shown));
    expect(JSON.stringify(content)).toContain("amount");
    await expect(door.callTool(carriedBy(hop, call, shown))).rejects.toMatchObject({
      code: "approval_used",
    });
  });

  test("a person's no keeps it out", async () => {
    const hop = await root();
    const door = await started(hop, ODD, ["gateway", "--config", file, "--jwks", jwks]);
    const desk = await started(hop, HERE, ["mcp", "--keys", keys, "--gateway", file]);
    const call = { name: "params", arguments: { amount: 8 } };
    const asked = await elevate(desk, "params", call.arguments, ODD);
    const { tickets } = asked.structuredContent as { tickets: { id: string }[] };
    const shown = { tickets: (asked._meta?.[TICKETS_META] ?? []) as readonly string[] };
    const word = ["deny", tickets[0]?.id ?? "", ...place, "--by", "olga", "--yes"];
    expect(await command.run(word)).toMatchObject({ status: 0 });
    await expect(door.callTool(carriedBy(hop, call, shown))).rejects.toMatchObject({
      code: "approval_denied",
    });
  });

  test("the gateway's rules are for its servers alone, and without its file nobody asks for them", async () => {
    const hop = await root();
    const desk = await started(hop, HERE, ["mcp", "--keys", keys, "--gateway", file]);
    const asked = await elevate(desk, "files.read", READ, FILES);
    expect(asked.structuredContent).toMatchObject({ tickets: [{ state: "asked" }] });
    const bare = await started(hop, HERE, ["mcp", "--keys", keys]);
    await expect(elevate(bare, "params", {}, ODD)).rejects.toMatchObject({
      code: "invalid_request",
    });
  });
});
