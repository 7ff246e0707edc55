/** One seam for every server: those of either SDK, and a public one as it is, in memory and over standard streams. @module */
import { fileURLToPath } from "node:url";
import { Client as Client2 } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  createMcpHandler,
  McpServer as McpServer2,
  InMemoryTransport as Memory2,
} from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Guard } from "../../src/guard/guard.js";
import { guardServer, guardTransport } from "../../src/mcp/guard-transport.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import type { GrantInput } from "../../src/wire/grant.js";
import { PRESENT_META } from "../../src/wire/mcp.js";
import { AUDIENCE, rig } from "../guard/rig.js";
import { patiently } from "../patience.js";
import { linked, presented, speaking } from "./guarded.js";

const EVERYTHING: string = "@modelcontextprotocol/server-everything/dist/server/index.js";

async function scene(tools: GrantInput["tools"]) {
  const r = await rig();
  const guard = await r.watch();
  const hop = await r.root({ grant: { tools, audience: [AUDIENCE] } });
  return { ...r, guard, hop };
}

describe("server-everything, as it is", () => {
  async function everything(tools: GrantInput["tools"]) {
    const s = await scene(tools);
    const made: { createServer(): { server: McpServer; cleanup(): void } } = await import(
      EVERYTHING
    );
    const { server, cleanup } = made.createServer();
    const client = await linked(server, s.guard, { hop: s.hop });
    return { ...s, client, cleanup };
  }

  test("shows and runs what the chain could use, and nothing else", async () => {
    const { client, cleanup } = await everything({
      echo: { message: { constraint_type: "length", max: 5 } },
      "mcp:resources/read": {
        uri: { constraint_type: "prefix", value: "demo://resource/static/" },
      },
    });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["echo"]);
    expect((await client.listPrompts()).prompts).toEqual([]);
    const { resources } = await client.listResources();
    expect(resources.length).toBeGreaterThan(0);
    const [first] = resources;
    await expect(client.readResource({ uri: first?.uri ?? "" })).resolves.toBeDefined();
    await expect(
      client.callTool({ name: "echo", arguments: { message: "hello" } }),
    ).resolves.toMatchObject({ content: [{ text: "Echo: hello" }] });
    await expect(
      client.callTool({ name: "echo", arguments: { message: "too long" } }),
    ).rejects.toMatchObject({ data: { code: "argument_refused" } });
    await expect(client.callTool({ name: "get-env", arguments: {} })).rejects.toMatchObject({
      data: { code: "tool_not_granted" },
    });
    cleanup();
  });

  test("is stopped in the middle of a long operation", async () => {
    const s = await everything({ "trigger-long-running-operation": {} });
    const progress: number[] = [];
    const calling = s.client.callTool(
      { name: "trigger-long-running-operation", arguments: { duration: 20, steps: 200 } },
      undefined,
      { onprogress: (told) => progress.push(told.progress) },
    );
    const failed = expect(calling).rejects.toMatchObject({ data: { code: "aborted" } });
    await patiently(() => expect(progress.length).toBeGreaterThan(0));
    await s.revoke({ kind: "tree", tree: s.hop.tree });
    await failed;
    s.cleanup();
  });

  test("is guarded over standard streams, in a process of its own", async () => {
    const file = fileURLToPath(new URL("./everything-stdio.ts", import.meta.url));
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: ["--import", "tsx", file],
      stderr: "pipe",
    });
    const told = new Promise<{ token: string }>((done) => {
      let text = "";
      transport.stderr?.on("data", (chunk: Buffer) => {
        text += String(chunk);
        const line = text.split("\n").find((each) => each.startsWith("{"));
        if (line?.endsWith("}")) done(JSON.parse(line));
      });
    });
    const client = new Client({ name: "agent", version: "1" });
    const closed = new Promise<void>((done) => {
      client.onclose = done;
    });
    await client.connect(bearing(transport, told));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["echo", "trigger-long-running-operation"]);
    const calling = client.callTool({ name: "get-env", arguments: {} });
    await expect(calling).rejects.toMatchObject({ data: { code: "tool_not_granted" } });
    const long = { name: "trigger-long-running-operation", arguments: { duration: 60, steps: 2 } };
    const running = expect(client.callTool(long)).rejects.toMatchObject({
      data: { code: "aborted" },
    });
    await client.callTool({ name: "echo", arguments: { message: "a" } });
    process.kill(transport.pid ?? 0, "SIGUSR2");
    await running;
    await client.close();
    await closed;
  });

  /** Presents a bearer anchor, which needs no proof. */
  function bearing(inner: Transport, told: Promise<{ token: string }>): Transport {
    const { send } = inner;
    inner.send = async (message, options) => {
      if (!("method" in message)) return send.call(inner, message, options);
      const { token } = await told;
      const _meta = { ...message.params?._meta, [PRESENT_META]: { tokens: [token] } };
      return send.call(inner, { ...message, params: { ...message.params, _meta } }, options);
    };
    return inner;
  }
});

describe("SDK 2", () => {
  function calculator(stopped: unknown[] = []) {
    const server = new McpServer2({ name: "two", version: "2" });
    server.registerTool("add", { inputSchema: z.object({ a: z.number() }) }, ({ a }) => ({
      content: [{ type: "text", text: `${a + 1}` }],
    }));
    server.registerTool("hidden", {}, () => ({ content: [] }));
    server.registerTool("wait", {}, async (ctx) => {
      const { signal } = ctx.mcpReq;
      await new Promise((over) => signal.addEventListener("abort", over, { once: true }));
      stopped.push("wait");
      return { content: [] };
    });
    return server;
  }

  const TOOLS = { add: { a: { constraint_type: "range", max: 10 } }, wait: {} } as const;
  const eras: readonly [string, "legacy" | "auto", string][] = [
    ["2025-11-25, by initialize", "legacy", "initialize"],
    ["2026-07-28, by discovery", "auto", "server/discover"],
  ];

  async function joined(
    guard: Guard,
    hop: EmbeddedHop,
    mode: "legacy" | "auto",
    stopped: unknown[],
  ) {
    const [near, far] = Memory2.createLinkedPair();
    const first: string[] = [];
    const sent = near.send.bind(near);
    near.send = (message, options) => {
      if ("method" in message) first.push(message.method);
      return sent(message, options);
    };
    serveStdio(() => calculator(stopped), { transport: guardTransport(far, guard) });
    const client = new Client2({ name: "agent", version: "2" }, { versionNegotiation: { mode } });
    await client.connect(speaking(near as never, { hop }) as never);
    return { client, first };
  }

  test.each(eras)("is guarded in protocol %s", async (_era, mode, greeting) => {
    const s = await scene(TOOLS);
    const stopped: unknown[] = [];
    const { client, first } = await joined(s.guard, s.hop, mode, stopped);
    expect(first[0]).toBe(greeting);
    const listed = await client.listTools();
    expect(listed.tools.map(({ name }) => name)).toEqual(["add", "wait"]);
    if (mode === "auto") expect(listed).toMatchObject({ cacheScope: "private" });
    const call = (a: number) => client.callTool({ name: "add", arguments: { a } });
    await expect(call(1)).resolves.toMatchObject({ content: [{ text: "2" }] });
    await expect(call(11)).rejects.toMatchObject({ data: { code: "argument_refused" } });
    const hidden = client.callTool({ name: "hidden", arguments: {} });
    await expect(hidden).rejects.toMatchObject({ data: { code: "tool_not_granted" } });
    const waiting = client.callTool({ name: "wait", arguments: {} });
    const failed = expect(waiting).rejects.toMatchObject({ data: { code: "aborted" } });
    await patiently(() => expect(s.guard.status().callsInFlight).toBe(2));
    await s.revoke({ kind: "tree", tree: s.hop.tree });
    await failed;
    await patiently(() => expect(stopped).toEqual(["wait"]));
  });

  test("is guarded for each HTTP request where a handler makes its servers", async () => {
    const s = await scene(TOOLS);
    const handler = createMcpHandler(() => guardServer(calculator(), s.guard));
    const ask = async (method: string, params: { name?: string; arguments?: object }) => {
      const asked = { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: ENVELOPE } };
      const headers = {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(params.name === undefined ? {} : { "mcp-name": params.name }),
      };
      const body = JSON.stringify(presented(s.hop, asked));
      const request = new Request(`${AUDIENCE}/mcp`, { method: "POST", headers, body });
      return (await handler.fetch(request)).json();
    };
    const add = (a: number) => ask("tools/call", { name: "add", arguments: { a } });
    expect(await add(1)).toMatchObject({ result: { content: [{ text: "2" }] } });
    expect(await add(11)).toMatchObject({ error: { data: { code: "argument_refused" } } });
    expect(await ask("tools/list", {})).toMatchObject({
      result: { tools: [{ name: "add" }, { name: "wait" }], cacheScope: "private" },
    });
    await s.revoke({ kind: "tree", tree: s.hop.tree });
    expect(await add(1)).toMatchObject({ error: { data: { code: "delegation_revoked" } } });
  });

  const ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "agent", version: "2" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };

  test("connects to a guarded transport as to any other", async () => {
    const s = await scene(TOOLS);
    const [near, far] = Memory2.createLinkedPair();
    await calculator().connect(guardTransport(far, s.guard));
    const client = new Client2({ name: "agent", version: "2" });
    await client.connect(speaking(near as never, { hop: s.hop }) as never);
    const calling = client.callTool({ name: "add", arguments: { a: 2 } });
    await expect(calling).resolves.toMatchObject({ content: [{ text: "3" }] });
  });
});
