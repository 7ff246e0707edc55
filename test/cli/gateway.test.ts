/** `legate gateway` as clients start it: over stdio from their own list of servers, and over HTTP. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { carryTransport } from "../../src/mcp/carry-transport.js";
import type { McpTransport } from "../../src/mcp/transport.js";
import { type EmbeddedHop, openEmbedded } from "../../src/memory/embedded.js";
import { patiently } from "../patience.js";
import { type Built, buildCommand, ROOT, valuesIn } from "./command.js";

// Each run is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const SECRET = "sk-live-4711-do-not-show";
const ODD = fileURLToPath(new URL("../mcp/odd-server.mjs", import.meta.url));
const require = createRequire(import.meta.url);
const FILESYSTEM = join(
  dirname(require.resolve("@modelcontextprotocol/server-filesystem/package.json")),
  "dist",
  "index.js",
);
const env = { PATH: process.env.PATH ?? "", LANG: "C.UTF-8" };

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

/** A journal that nobody writes any more, and a hop in it. */
async function hopIn(
  tools: Record<string, object>,
  audience: string,
): Promise<{ journal: string; hop: EmbeddedHop }> {
  journals += 1;
  const journal = join(command.folder, `journal-${journals}.jsonl`);
  const engine = await openEmbedded({ journal });
  const hop = await engine.open({
    principal: { issuer: "https://people.example", subject: "ada" },
    trigger: "read the reports",
    agent: "planner",
    grant: {
      tools: { ...tools } as never,
      audience: [audience],
      expiresAt: Math.floor(Date.now() / 1_000) + 3_600,
    },
  });
  await engine.close();
  return { journal, hop };
}

function write(name: string, value: unknown): string {
  const path = join(command.folder, name);
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
}

async function connect(hop: EmbeddedHop, audience: string, args: readonly string[], more = {}) {
  const inner = new StdioClientTransport({
    command: process.execPath,
    args: [command.main, "gateway", ...args],
    env: { ...env, ...more },
    stderr: "pipe",
  });
  let said = "";
  inner.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  const client = new Client({ name: "test", version: "1" });
  clients.push(client);
  const carried = carryTransport(inner as McpTransport, { hop, audience });
  await client.connect(carried as Transport);
  return { client, said: () => said };
}

describe("over stdio", () => {
  test("puts a command behind a guard, in the place of the command itself", async () => {
    const folder = realpathSync(command.folder);
    const reports = join(folder, "reports");
    mkdirSync(reports);
    writeFileSync(join(reports, "q3.md"), "all is well");
    const audience = "https://files.example";
    const under = { path: { constraint_type: "path", under: reports } };
    const { journal, hop } = await hopIn({ read_text_file: under }, audience);
    const { client } = await connect(hop, audience, [
      ...["--journal", journal, "--audience", audience],
      ...["--", process.execPath, FILESYSTEM, folder],
    ]);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["read_text_file"]);
    const read = (path: string) => client.callTool({ name: "read_text_file", arguments: { path } });
    expect(JSON.stringify(await read(join(reports, "q3.md")))).toContain("all is well");
    await expect(read(journal)).rejects.toMatchObject({ code: "argument_refused" });
    await client.close();
    const { stdout } = await command.run(["export", "--journal", journal]);
    const lines = valuesIn(stdout).map(({ event }) => event as Record<string, unknown>);
    expect(lines).toContainEqual(
      expect.objectContaining({ kind: "call.forwarded", identity: "asserted" }),
    );
    expect((await command.run(["verify", journal])).status).toBe(0);
  });

  test("serves one server of a list that the client has already", async () => {
    const audience = "https://gateway.localhost/odd";
    const { journal, hop } = await hopIn({ boot: {}, leak: {} }, audience);
    const file = write("servers.json", {
      mcpServers: {
        odd: { command: process.execPath, args: [ODD], alwaysAllow: ["boot"] },
        other: { command: "no-such-program" },
      },
      legate: {
        servers: { odd: { credential: { env: { SERVICE_KEY: { fromEnv: "KEY" } } } } },
      },
    });
    const args = ["--journal", journal, "--config", file, "--server", "odd"];
    const { client, said } = await connect(hop, audience, args, { KEY: SECRET });
    expect(client.getInstructions()).toBe("use [secret]");
    await expect(client.callTool({ name: "leak" })).rejects.toThrow("401 for [secret]");
    await patiently(() => expect(said()).toContain("odd: my key is [secret]"));
    expect(said()).not.toContain(SECRET);
  });
});

test("over HTTP serves all servers of a list, each at its own path, until it is told to end", async () => {
  const audience = "https://edge.example/odd";
  const { journal, hop } = await hopIn({ boot: {} }, audience);
  const odd = { command: process.execPath, args: [ODD] };
  const file = write("two.json", {
    mcpServers: { odd, even: odd },
    legate: { audience: "https://edge.example" },
  });
  const args = ["gateway", "--journal", journal, "--config", file, "--http", "--json"];
  const child = spawn(process.execPath, [command.main, ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const doors: Record<string, unknown>[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    doors.push(...valuesIn(line));
    if (doors.length === 2) break;
  }
  expect(doors.map((door) => [door.server, door.audience])).toEqual([
    ["odd", audience],
    ["even", "https://edge.example/even"],
  ]);
  const url = new URL(String(doors[0]?.url));
  const client = new Client({ name: "test", version: "1" });
  clients.push(client);
  const carried = carryTransport(
    (fetch) => new StreamableHTTPClientTransport(url, { fetch: fetch as never }) as McpTransport,
    { hop, audience, url },
  );
  await client.connect(carried as Transport);
  expect((await client.callTool({ name: "boot" })).content).toHaveLength(1);
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});

describe("--check", () => {
  test("takes the file that the README shows, word for word", async () => {
    const path = join(ROOT, "examples", "gateway.json");
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    expect(readme).toContain(
      `\`\`\`json examples/gateway.json\n${readFileSync(path, "utf8")}\`\`\``,
    );
    const args = ["gateway", "--config", path, "--check"];
    const { status } = await command.run(args, { env: { TICKETS_TOKEN: SECRET } });
    expect(status).toBe(0);
  });

  test("tells what would be served, and no secret", async () => {
    const config = write("check.json", {
      mcpServers: { pay: { url: "https://pay.example/mcp?key=in-the-url" } },
      legate: {
        servers: {
          pay: {
            tools: ["charge", "list"],
            risk: "low",
            toolRisk: { charge: "high" },
            credential: { headers: { Authorization: { fromEnv: "KEY", prefix: "Bearer " } } },
          },
        },
      },
    });
    const run = (args: string[]) => command.run(args, { env: { KEY: SECRET } });
    const { status, stdout, stderr } = await run(["gateway", "--config", config, "--check"]);
    expect(status).toBe(0);
    expect(stdout).toBe(`pay  pay.example  for https://gateway.localhost/pay
  risk        low, charge high
  tools       charge, list
  isolation   session
  credential  Authorization
  kept secret 2 values
`);
    const json = await run(["gateway", "--config", config, "--check", "--json"]);
    expect(valuesIn(json.stdout)).toEqual([
      expect.objectContaining({ server: "pay", risk: "low", credential: ["Authorization"] }),
    ]);
    for (const text of [stdout, stderr, json.stdout]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain("in-the-url");
    }
  });
});

describe("what is not in order", () => {
  const file = (value: unknown) => {
    journals += 1;
    return ["--config", write(`bad-${journals}.json`, value)];
  };
  const one = { mcpServers: { a: { command: "x" } } };
  test.each<[string, () => string[], number, string]>([
    ["no server", () => [], 2, "which server? a command, a url, or a file"],
    ["a command and a url", () => ["--url", "https://a.example", "--", "x"], 2, "name one"],
    [
      "a file that is not there",
      () => ["--config", "/no/such/file"],
      4,
      "cannot read /no/such/file",
    ],
    ["a file that is no JSON", () => file("{"), 2, "malformed: "],
    [
      "a file that says a thing twice",
      () => file('{"mcpServers":{},"mcpServers":{}}'),
      2,
      "duplicate_member: ",
    ],
    [
      "a misspelt control",
      () => file({ ...one, legate: { servers: { a: { tool: [] } } } }),
      2,
      "config_invalid: not of the required shape at legate.servers.a.tool",
    ],
    [
      "high risk without tools",
      () => file({ ...one, legate: { servers: { a: { risk: "high" } } } }),
      2,
      "config_invalid: a server of high risk names its tools at legate.servers.a.tools",
    ],
    [
      "a credential that is not there",
      () =>
        file({
          ...one,
          legate: { servers: { a: { credential: { env: { K: { fromEnv: "NO_SUCH" } } } } } },
        }),
      2,
      "config_invalid: there is no secret at legate.servers.a.credential.env.K",
    ],
    [
      "the audience of a file on the line",
      () => [...file(one), "--audience", "https://a.example"],
      2,
      "stand in the file",
    ],
    [
      "the network in the clear",
      () => ["--url", "http://files.example/mcp"],
      2,
      "config_invalid: a credential would go over the network in the clear",
    ],
  ])("%s ends at once", async (_what, args, exit, words) => {
    const { status, stdout, stderr } = await command.run(["gateway", ...args(), "--check"]);
    expect([status, stdout]).toEqual([exit, ""]);
    expect(stderr).toContain(words);
  });

  test.each<[string, string[], number, string]>([
    ["no store", [], 2, "whose tokens?"],
    ["a journal that is not there", ["--journal", "/no/such/journal"], 4, "no such journal"],
    ["Redis without an issuer", ["--redis", "redis://127.0.0.1:1"], 2, "--issuer URL --jwks FILE"],
  ])("%s ends at once", async (_what, args, exit, words) => {
    const { status, stderr } = await command.run(["gateway", ...args, "--", "x"]);
    expect(status).toBe(exit);
    expect(stderr).toContain(words);
  });

  test("two servers for one caller over stdio", async () => {
    const two = file({ mcpServers: { a: { command: "x" }, b: { command: "x" } } });
    const { status, stderr } = await command.run(["gateway", ...two]);
    expect(status).toBe(2);
    expect(stderr).toContain("--server NAME, of a, b; or --http for all of them");
  });
});
