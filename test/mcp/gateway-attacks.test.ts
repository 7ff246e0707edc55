/** Attacks on the gateway: each with one thing wrong, beside the same thing done right. */
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { carriedBy } from "../../src/carry/hop.js";
import { PRESENT_META } from "../../src/wire/mcp.js";
import { patiently } from "../patience.js";
import { type GatewayRig, openRig, textOf } from "./gateway-rig.js";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const ODD = fileURLToPath(new URL("odd-server.mjs", import.meta.url));
const odd = { command: process.execPath, args: [ODD] };
const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "x", version: "1" },
  },
};

let rig: GatewayRig;
beforeEach(async () => {
  rig = await openRig({ mcpServers: { files: odd, mail: odd } });
});
afterEach(() => rig.close());

/** How often a server was started. */
const started = () => rig.logged.filter((line) => line.includes("greeted")).length;

describe("a caller without a chain", () => {
  test("starts no process, in memory and over HTTP", async () => {
    const { urls } = await rig.http();
    const url = new URL(urls.get("files") ?? "");
    const client = new Client({ name: "x", version: "1" });
    await expect(client.connect(new StreamableHTTPClientTransport(url) as never)).rejects.toThrow();
    const [door] = rig.gateway.doors;
    expect(door?.guard.status().callsInFlight).toBe(0);
    expect(started()).toBe(0);
    await rig.join(await rig.root({ boot: {} }));
    expect(started()).toBe(1);
  });

  test("with a token that was stolen and no key starts no process either", async () => {
    const { urls } = await rig.http();
    const hop = await rig.root({ boot: {} });
    const authorization = `Bearer ${hop.holder.tokens.join("~")}`;
    const { status, text } = await post(urls.get("files") ?? "", INITIALIZE, { authorization });
    expect(`${status} ${text}`).toMatch(/proof_missing/);
    expect(started()).toBe(0);
  });
});

test("a token for one server is refused by the other", async () => {
  const [files, mail] = rig.gateway.doors;
  const hop = await rig.root({ boot: {} }, { audience: [files?.audience ?? ""] });
  await expect(rig.join(hop, { server: "mail" })).rejects.toMatchObject({
    code: "audience_mismatch",
  });
  expect(mail?.audience).not.toBe(files?.audience);
  const client = await rig.join(hop, { server: "files" });
  expect(textOf(await client.callTool({ name: "boot" }))).not.toBe("");
});

test.each(["memory", "http"] as const)("a session is not another tree's, over %s", async (over) => {
  const mine = await rig.root({ boot: {} });
  const theirs = await rig.root({ boot: {} });
  const client = await rig.join(mine, { over });
  const call = client.callTool(carriedBy(theirs, { name: "boot" }));
  await expect(call).rejects.toMatchObject({ code: "session_mismatch" });
  const reader = await mine.delegate({ agent: "reader", grant: { tools: { boot: {} } } });
  expect(textOf(await client.callTool(carriedBy(reader, { name: "boot" })))).not.toBe("");
});

test("what says that it is a delegation never reaches the server", async () => {
  const hop = await rig.root({ params: {} });
  const client = await rig.join(hop);
  const _meta = { "dev.legate/other": { tokens: ["a"] }, mine: 1 };
  const got = textOf(await client.callTool({ name: "params", arguments: {}, _meta }));
  expect(got).not.toContain(PRESENT_META);
  expect(JSON.parse(got)).toEqual({ name: "params", arguments: {}, _meta: { mine: 1 } });
});

describe("a page in a browser that lets its name point here", () => {
  test.each<[string, Record<string, string>, number]>([
    ["is refused by the host that it names", { host: "evil.example" }, 403],
    ["is refused by its origin", { origin: "https://evil.example" }, 403],
    ["gets no further than anybody without a chain otherwise", {}, 401],
  ])("%s", async (_what, headers, status) => {
    const { urls } = await rig.http();
    const answer = await post(urls.get("files") ?? "", INITIALIZE, headers);
    expect(answer.status).toBe(status);
  });
});

test("a path that is no server's is not there", async () => {
  const { port } = await rig.http();
  expect((await post(`http://127.0.0.1:${port}/other`, INITIALIZE, {})).status).toBe(404);
});

test("a chain that has expired makes no more calls in its session", async () => {
  const hop = await rig.root({ boot: {}, pid: {} }, { expiresInSeconds: 6 });
  const client = await rig.join(hop);
  expect(textOf(await client.callTool({ name: "boot" }))).not.toBe("");
  await patiently(() =>
    expect(client.callTool({ name: "boot" })).rejects.toMatchObject({ code: "token_expired" }),
  );
});

/** Unlike `fetch`, it sends the host that it is told. */
function post(
  url: string,
  body: object,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number | undefined; text: string }> {
  const accept = "application/json, text/event-stream";
  const all = { "content-type": "application/json", accept, ...headers };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", headers: all }, async (res) => {
      let text = "";
      for await (const chunk of res) text += chunk;
      resolve({ status: res.statusCode, text });
    });
    sent.once("error", reject);
    sent.end(JSON.stringify(body));
  });
}
