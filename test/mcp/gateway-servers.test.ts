/** Public MCP servers as they are, behind the gateway: real clients, both directions, and nothing that the gateway must keep gets out. @module */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { patiently } from "../patience.js";
import { ALL, type GatewayRig, openRig, serverPath, textOf } from "./gateway-rig.js";

// Each session is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SECRET = "sk-live-4711-do-not-show";
const node = process.execPath;
let rig: GatewayRig;
let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "legate-gateway-")));
  writeFileSync(join(folder, "report.txt"), "all is well");
});

afterEach(async () => {
  await rig?.close();
  rmSync(folder, { recursive: true, force: true });
});

const everything = (controls: object = {}) => ({
  mcpServers: { everything: { command: node, args: [serverPath("everything"), "stdio"] } },
  legate: { servers: { everything: controls } },
});

describe.each(["memory", "http"] as const)("server-filesystem, callers over %s", (over) => {
  beforeEach(async () => {
    rig = await openRig({
      mcpServers: { files: { command: node, args: [serverPath("filesystem"), folder] } },
    });
  });

  test("does what the chain allows, and shows what the chain could use", async () => {
    const hop = await rig.root({
      read_text_file: { path: { constraint_type: "path", under: folder } },
    });
    const client = await rig.join(hop, { over });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["read_text_file"]);
    const answer = await client.callTool({
      name: "read_text_file",
      arguments: { path: join(folder, "report.txt") },
    });
    expect(textOf(answer)).toBe("all is well");
  });

  test("refuses an argument out of range before the server hears of it", async () => {
    const hop = await rig.root({
      read_text_file: { path: { constraint_type: "path", under: join(folder, "inner") } },
    });
    const client = await rig.join(hop, { over });
    const call = client.callTool({
      name: "read_text_file",
      arguments: { path: join(folder, "report.txt") },
    });
    await expect(call).rejects.toMatchObject({ code: "argument_refused" });
  });

  test("hands on the server's own errors as its own", async () => {
    const hop = await rig.root({ read_text_file: {} });
    const client = await rig.join(hop, { over });
    const answer = await client.callTool({
      name: "read_text_file",
      arguments: { path: join(folder, "missing.txt") },
    });
    expect(answer.isError).toBe(true);
    expect(textOf(answer)).toMatch(/ENOENT|not exist/);
  });
});

describe.each(["memory", "http"] as const)("server-everything, callers over %s", (over) => {
  test("tells progress of a call to who made it, under the name that they gave it", async () => {
    rig = await openRig(everything());
    const hop = await rig.root({ "trigger-long-running-operation": {} });
    const client = await rig.join(hop, { over });
    const seen: number[] = [];
    const answer = await client.callTool(
      { name: "trigger-long-running-operation", arguments: { duration: 0.2, steps: 2 } },
      undefined,
      { onprogress: ({ progress }) => void seen.push(progress) },
    );
    expect(textOf(answer)).toContain("completed");
    expect(seen).toEqual([1, 2]);
  });

  test("asks the caller for a model's answer, a form and its roots, in the session that they belong to", async () => {
    rig = await openRig(everything());
    const tools = { "trigger-sampling-request": {}, "get-roots-list": {} };
    const hop = await rig.root(tools);
    const client = new Client(
      { name: "test", version: "1" },
      { capabilities: { sampling: {}, roots: {}, elicitation: {} } },
    );
    client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
      model: "none",
      role: "assistant",
      content: { type: "text", text: `heard ${JSON.stringify(params.messages)}` },
    }));
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///x" }] }));
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: "decline" }));
    await rig.join(hop, { over, client });
    await patiently(async () => {
      const { tools: shown } = await client.listTools();
      expect(shown.map(({ name }) => name)).toContain("trigger-sampling-request");
    });
    const answer = await client.callTool({
      name: "trigger-sampling-request",
      arguments: { prompt: "say something" },
    });
    expect(textOf(answer)).toContain("say something");
    expect(textOf(answer)).toContain("heard");
  });

  test("shows prompts, resources and completions that the chain could use, and reads them", async () => {
    rig = await openRig(everything());
    const hop = await rig.root(ALL);
    const client = await rig.join(hop, { over });
    const { prompts } = await client.listPrompts();
    expect(prompts.length).toBeGreaterThan(0);
    const { resources } = await client.listResources();
    const [first] = resources;
    const read = await client.readResource({ uri: first?.uri ?? "" });
    expect(read.contents).toHaveLength(1);
    expect((await client.listTools()).tools).toEqual([]);
  });

  test("keeps the credential out of an answer that is nothing but the server's environment", async () => {
    rig = await openRig(
      everything({ credential: { env: { SERVICE_KEY: { fromEnv: "KEY", prefix: "Bearer " } } } }),
      { KEY: SECRET },
    );
    const hop = await rig.root({ "get-env": {}, echo: {} });
    const client = await rig.join(hop, { over });
    const answer = await client.callTool({ name: "get-env", arguments: {} });
    expect(textOf(answer)).toContain('"SERVICE_KEY": "Bearer [secret]"');
    const echoed = await client.callTool({ name: "echo", arguments: { message: SECRET } });
    expect(textOf(echoed)).toBe("Echo: [secret]");
    expect(JSON.stringify([answer, echoed, rig.logged, await rig.events()])).not.toContain(SECRET);
  });

  test("gives the server neither our environment nor a caller's token", async () => {
    process.env.LEGATE_TEST_CANARY = "canary-of-the-gateway";
    rig = await openRig(everything());
    const hop = await rig.root({ "get-env": {} });
    const client = await rig.join(hop, { over });
    const answer = await client.callTool({ name: "get-env", arguments: {} });
    delete process.env.LEGATE_TEST_CANARY;
    expect(textOf(answer)).not.toContain("canary-of-the-gateway");
    for (const token of hop.holder.tokens) expect(textOf(answer)).not.toContain(token);
  });
});
