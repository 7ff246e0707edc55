/** Servers behind the gateway at a URL: a public one as it is, and one that keeps what it is sent. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import {
  Client as NewerClient,
  StreamableHTTPClientTransport as NewerTransport,
} from "@modelcontextprotocol/client";
import { afterEach, describe, expect, test, vi } from "vitest";
import { carryTransport } from "../../src/mcp/carry-transport.js";
import { ALL, type GatewayRig, openRig, textOf } from "./gateway-rig.js";
import { listeningServer, stopServers } from "./public-server.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const SECRET = "sk-live-4711-do-not-show";
let rig: GatewayRig | undefined;
const servers: Server[] = [];

afterEach(async () => {
  await rig?.close();
  rig = undefined;
  stopServers();
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

describe.each([
  ["streamableHttp", "http", "memory"],
  ["streamableHttp", "http", "http"],
  ["sse", "sse", "memory"],
] as const)("server-everything over %s", (mode, type, over) => {
  test(`does what the chain allows, for callers over ${over}`, async () => {
    const url = await listeningServer(mode);
    rig = await openRig({ mcpServers: { everything: { type, url } } });
    const tools = { ...ALL, echo: {}, "trigger-long-running-operation": {} };
    const hop = await rig.root(tools);
    const client = await rig.join(hop, { over });
    const { tools: shown } = await client.listTools();
    expect(shown.map(({ name }) => name)).toEqual(["echo", "trigger-long-running-operation"]);
    const answer = await client.callTool({ name: "echo", arguments: { message: "hello" } });
    expect(textOf(answer)).toBe("Echo: hello");
    const seen: number[] = [];
    await client.callTool(
      { name: "trigger-long-running-operation", arguments: { duration: 0.2, steps: 2 } },
      undefined,
      { onprogress: ({ progress }) => void seen.push(progress) },
    );
    expect(seen).toEqual([1, 2]);
    await expect(client.callTool({ name: "get-env" })).rejects.toMatchObject({
      code: "tool_not_granted",
    });
    await rig.engine.revoke({ kind: "tree", tree: hop.tree });
    await expect(client.callTool({ name: "echo", arguments: { message: "x" } })).rejects.toThrow();
  });
});

/** What came in. */
interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly method: string | undefined;
}

/** A server that answers as `answer` says, and keeps what it hears. */
async function recorder(
  answer: (
    method: string,
    heard: Heard,
  ) => { status?: number; type?: string; body?: object | string },
): Promise<{ url: string; heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = createServer(async (req, res) => {
    let body = "";
    for await (const chunk of req) body += chunk;
    const one = { headers: req.headers, body, method: req.method };
    heard.push(one);
    if (req.method !== "POST") return res.writeHead(405).end();
    const { id, method } = JSON.parse(body) as { id?: number; method: string };
    if (id === undefined) return res.writeHead(202).end();
    const { status = 200, type = "application/json", body: told = {} } = answer(method, one);
    const json = typeof told === "string" ? told : JSON.stringify({ jsonrpc: "2.0", id, ...told });
    return res.writeHead(status, { "content-type": type, "mcp-session-id": "s1" }).end(json);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, heard };
}

const INITIALIZED = {
  result: {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "recorder", version: "1" },
  },
};
const DONE = { result: { content: [{ type: "text", text: "done" }] } };

async function behind(url: string, more: object = {}): Promise<GatewayRig> {
  const credential = { headers: { Authorization: { fromEnv: "KEY", prefix: "Bearer " } } };
  rig = await openRig(
    { mcpServers: { one: { url } }, legate: { servers: { one: { credential, ...more } } } },
    { KEY: SECRET },
  );
  return rig;
}

describe.each(["memory", "http"] as const)("a credential in headers, callers over %s", (over) => {
  test("is what the server gets, and nothing of the caller's goes with it", async () => {
    const { url, heard } = await recorder((method) =>
      method === "initialize" ? { body: INITIALIZED } : { body: DONE },
    );
    const { root, join } = await behind(url);
    const hop = await root({ pay: {} });
    const client = await join(hop, { over });
    expect(textOf(await client.callTool({ name: "pay", arguments: { amount: 1 } }))).toBe("done");
    expect(heard.length).toBeGreaterThan(2);
    for (const { headers, body } of heard) {
      expect(headers.authorization).toBe(`Bearer ${SECRET}`);
      expect(headers.dpop).toBeUndefined();
      const all = `${JSON.stringify(headers)}${body}`;
      expect(all).not.toContain("dev.legate/");
      for (const token of hop.holder.tokens) expect(all).not.toContain(token);
    }
  });

  test("is in no error that its refusal makes", async () => {
    const { url } = await recorder((method) =>
      method === "initialize" ? { body: INITIALIZED } : { status: 401, body: `bad key ${SECRET}` },
    );
    const { root, join, events, logged } = await behind(url);
    const client = await join(await root({ pay: {} }), { over });
    const failed = await client.callTool({ name: "pay" }).catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: "upstream_unavailable", rule: "http 401" });
    const seen = JSON.stringify([failed, String(failed), logged, await events()]);
    expect(seen).not.toContain(SECRET);
  });
});

test.each(["http", "sse"] as const)(
  "a server of kind %s that points elsewhere gets its credential nowhere",
  async (type) => {
    const elsewhere: IncomingHttpHeaders[] = [];
    const other = createServer(({ headers }, res) => {
      elsewhere.push(headers);
      res.writeHead(400).end();
    });
    const near = createServer((_req, res) => {
      const { port } = other.address() as AddressInfo;
      res.writeHead(307, { location: `http://localhost:${port}/mcp` }).end();
    });
    for (const server of [other, near]) {
      servers.push(server);
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    }
    const url = `http://127.0.0.1:${(near.address() as AddressInfo).port}/mcp`;
    const headers = { "X-Api-Key": SECRET };
    const opened = await openRig({ mcpServers: { one: { type, url, headers } } });
    rig = opened;
    await expect(opened.join(await opened.root({ pay: {} }))).rejects.toMatchObject({
      code: "upstream_unavailable",
    });
    expect(elsewhere).toEqual([]);
  },
);

describe("an answer without end", () => {
  const huge = "x".repeat(11_000_000);
  test.each([
    ["as JSON", "application/json", `{"jsonrpc":"2.0","id":ID,"result":{"content":["${huge}"]}}`],
    ["as one event", "text/event-stream", `data: ${huge}`],
  ])("%s is not read to its end", async (_what, type, told) => {
    const { url } = await recorder((method, { body }) => {
      if (method === "initialize") return { body: INITIALIZED };
      const { id, params } = JSON.parse(body) as { id: number; params: { name: string } };
      return params.name === "pay"
        ? { body: DONE }
        : { type, body: told.replace("ID", String(id)) };
    });
    const { root, join } = await behind(url, { callSeconds: 5 });
    const client = await join(await root({ pay: {}, flood: {} }));
    await expect(client.callTool({ name: "flood" })).rejects.toMatchObject({
      code: expect.stringMatching(/upstream_unavailable|aborted/),
    });
    expect(textOf(await client.callTool({ name: "pay" }))).toBe("done");
  });
});

test("a session that the server has forgotten is begun again for the next request", async () => {
  let begun = 0;
  const { url } = await recorder((method) => {
    if (method === "initialize") begun += 1;
    if (method === "initialize") return { body: INITIALIZED };
    return begun === 1 ? { status: 404, body: "no such session" } : { body: DONE };
  });
  const { root, join } = await behind(url);
  const client = await join(await root({ pay: {} }));
  await expect(client.callTool({ name: "pay" })).rejects.toMatchObject({
    code: "upstream_unavailable",
  });
  expect(textOf(await client.callTool({ name: "pay" }))).toBe("done");
  expect(begun).toBe(2);
});

describe("the newer SDK", () => {
  const newer = fileURLToPath(new URL("newer-server.mjs", import.meta.url));

  test("behind the gateway", async () => {
    rig = await openRig({ mcpServers: { newer: { command: process.execPath, args: [newer] } } });
    const client = await rig.join(await rig.root({ hello: {} }));
    expect(textOf(await client.callTool({ name: "hello" }))).toBe("hello");
    await expect(client.callTool({ name: "other" })).rejects.toMatchObject({
      code: "tool_not_granted",
    });
  });

  test.each(["legacy", "auto"] as const)("in front of it over HTTP, as %s", async (mode) => {
    rig = await openRig({ mcpServers: { newer: { command: process.execPath, args: [newer] } } });
    const hop = await rig.root({ hello: {} });
    const url = (await rig.http()).urls.get("newer") ?? "";
    const audience = rig.gateway.doors[0]?.audience ?? "";
    const client = new NewerClient(
      { name: "test", version: "2" },
      { versionNegotiation: { mode } },
    );
    await client.connect(
      carryTransport((fetch) => new NewerTransport(new URL(url), { fetch }), {
        hop,
        audience,
        url,
      }),
    );
    expect(textOf(await client.callTool({ name: "hello" }))).toBe("hello");
    await client.close();
  });
});
