/** Public servers as they are, behind a guard: over standard streams and over Streamable HTTP. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { GrantInput } from "../../src/wire/grant.js";
import { PRESENT_META } from "../../src/wire/mcp.js";
import { patiently } from "../patience.js";
import { serverPath, textOf } from "./gateway-rig.js";
import { TELL_PORT } from "./public-server.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const GUARDED = fileURLToPath(new URL("guarded-public.ts", import.meta.url));
const clients: Client[] = [];
const children: ChildProcess[] = [];
let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "legate-public-")));
  writeFileSync(join(folder, "report.txt"), "all is well");
});
afterEach(async () => {
  await Promise.allSettled(clients.splice(0).map((client) => client.close()));
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const words = (name: "filesystem" | "everything", tools: GrantInput["tools"], arg: string) => [
  ...["--import", "tsx", GUARDED, serverPath(name), JSON.stringify(tools), arg],
];

/** Presents a bearer anchor, which needs no proof; or nothing. */
function bearing(inner: Transport, token: () => string | undefined): Transport {
  const { send } = inner;
  inner.send = (message, options) => {
    const shown = token();
    if (!("method" in message) || shown === undefined) return send.call(inner, message, options);
    const _meta = { ...message.params?._meta, [PRESENT_META]: { tokens: [shown] } };
    return send.call(inner, { ...message, params: { ...message.params, _meta } }, options);
  };
  return inner;
}

async function joined(inner: Transport, token: () => string | undefined): Promise<Client> {
  const client = new Client({ name: "agent", version: "1" });
  clients.push(client);
  await client.connect(bearing(inner, token));
  return client;
}

const refused = (code: string) => ({ data: { code } });

describe("server-filesystem over standard streams", () => {
  const GRANT = (under: string): GrantInput["tools"] => ({
    read_text_file: { path: { constraint_type: "path", under } },
  });

  test("does what the chain allows, and is stopped by a cut", async () => {
    let token: string | undefined;
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: words("filesystem", GRANT(folder), folder),
      stderr: "pipe",
    });
    let said = "";
    transport.stderr?.on("data", (chunk: Buffer) => {
      said += String(chunk);
      token ??= /^\{"token":"(.*)"\}$/m.exec(said)?.[1];
    });
    // The client's own greeting waits for the token, which comes when the process has begun.
    const start = transport.start.bind(transport);
    transport.start = async () => {
      await start();
      await patiently(() => expect(token).toBeDefined());
    };
    const client = await joined(transport, () => token);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["read_text_file"]);
    const read = (path: string) => client.callTool({ name: "read_text_file", arguments: { path } });
    expect(textOf(await read(join(folder, "report.txt")))).toBe("all is well");
    await expect(read("/etc/passwd")).rejects.toMatchObject(refused("argument_refused"));
    const write = { name: "write_file", arguments: { path: join(folder, "x"), content: "x" } };
    await expect(client.callTool(write)).rejects.toMatchObject(refused("tool_not_granted"));
    const closed = new Promise<void>((done) => {
      client.onclose = done;
    });
    process.kill(transport.pid ?? 0, "SIGUSR2");
    await patiently(async () => {
      await expect(read(join(folder, "report.txt"))).rejects.toThrow();
    });
    await client.close();
    await closed;
  });
});

describe("server-everything over Streamable HTTP", () => {
  async function served(tools: GrantInput["tools"]) {
    const args = ["--import", TELL_PORT, ...words("everything", tools, "streamableHttp")];
    const env = { PATH: process.env.PATH ?? "", PORT: "0" };
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    children.push(child);
    let token: string | undefined;
    let port: string | undefined;
    createInterface({ input: child.stderr }).on("line", (line) => {
      token ??= /^\{"token":"(.*)"\}$/.exec(line)?.[1];
      port ??= /^PORT (\d+)$/.exec(line)?.[1];
    });
    await patiently(() => expect([token, port]).not.toContain(undefined));
    const url = new URL(`http://127.0.0.1:${port}/mcp`);
    const join = (shown: () => string | undefined) =>
      joined(new StreamableHTTPClientTransport(url) as Transport, shown);
    return { child, join, token: token ?? "" };
  }

  test("does what the chain allows, asks who is granted what, and nothing without a chain", async () => {
    const {
      child,
      join: enter,
      token,
    } = await served({
      echo: { message: { constraint_type: "length", max: 5 } },
      "trigger-long-running-operation": {},
    });
    await expect(enter(() => undefined)).rejects.toMatchObject(refused("chain_empty"));
    const client = await enter(() => token);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["echo", "trigger-long-running-operation"]);
    const echo = (message: string) => client.callTool({ name: "echo", arguments: { message } });
    expect(textOf(await echo("hello"))).toBe("Echo: hello");
    await expect(echo("too long")).rejects.toMatchObject(refused("argument_refused"));
    const hidden = client.callTool({ name: "get-env", arguments: {} });
    await expect(hidden).rejects.toMatchObject(refused("tool_not_granted"));
    const long = {
      name: "trigger-long-running-operation",
      arguments: { duration: 60, steps: 600 },
    };
    let began = () => {};
    const running = new Promise<void>((done) => {
      began = done;
    });
    const calling = client.callTool(long, undefined, { onprogress: () => began() });
    const aborted = expect(calling).rejects.toMatchObject(refused("aborted"));
    await running;
    child.kill("SIGUSR2");
    await aborted;
  });
});
