/** A server that points elsewhere: a carrier takes no token, proof or message there. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  Client as NewerClient,
  StreamableHTTPClientTransport as NewerTransport,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Fetch } from "../../src/carry/fetch.js";
import { type CarriedTransport, carryTransport } from "../../src/mcp/carry-transport.js";
import type { McpTransport } from "../../src/mcp/transport.js";
import { READ, type Rig, rig } from "../guard/rig.js";

let engine: Rig;
let url: URL;
let elsewhere: string[];
const servers: Server[] = [];

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of req) body += chunk;
  return body;
}

/** It greets, and then says of everything that it is at another origin, with the status that keeps method and body. */
beforeEach(async () => {
  engine = await rig();
  elsewhere = [];
  const other = createServer(async (req, res) => {
    elsewhere.push(`${req.method} ${JSON.stringify(req.headers)} ${await bodyOf(req)}`);
    res.writeHead(202).end();
  });
  const location = `http://localhost:${await listen(other)}/mcp`;
  const near = createServer(async (req, res) => {
    const { id, method } = JSON.parse((await bodyOf(req)) || "{}") as { id: 0; method?: string };
    if (method === "notifications/initialized") return res.writeHead(202).end();
    if (method !== "initialize") return res.writeHead(307, { location }).end();
    const result = {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "near", version: "1" },
    };
    const headers = { "content-type": "application/json", "mcp-session-id": "s1" };
    return res.writeHead(200, headers).end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
  url = new URL(`http://127.0.0.1:${await listen(near)}/mcp`);
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
  await engine.close();
});

const call = { name: "files.read", arguments: READ };

describe.each(["same-origin", "follow"] as const)(
  "redirects under the policy %s",
  (redirectPolicy) => {
    const carried = async (make: (fetch: Fetch) => McpTransport): Promise<CarriedTransport> => {
      const hop = await engine.root({
        grant: { tools: { "files.read": {} }, audience: [url.href] },
      });
      return carryTransport(make, { hop, audience: url.href, url, clock: engine.timers });
    };

    test("take a carrier of the 1.x line nowhere, with a call, a stream or the session's end", async () => {
      const transport = await carried(
        (fetch) =>
          new StreamableHTTPClientTransport(url, { fetch, redirectPolicy }) as McpTransport,
      );
      const client = new Client({ name: "agent", version: "1" });
      await client.connect(transport as Transport);
      await expect(client.callTool(call)).rejects.toThrow("not followed");
      await expect(transport.terminateSession()).rejects.toThrow("not followed");
      await client.close();
      expect(elsewhere).toEqual([]);
    });

    test("take a carrier of the 2.x line nowhere", async () => {
      const transport = await carried(
        (fetch) => new NewerTransport(url, { fetch, redirectPolicy }) as McpTransport,
      );
      const client = new NewerClient({ name: "agent", version: "2" });
      await client.connect(transport as never);
      await expect(client.callTool(call)).rejects.toThrow();
      await transport.terminateSession().catch(() => undefined);
      await client.close();
      expect(elsewhere).toEqual([]);
    });
  },
);

test("followed without a carrier's care, they take the proof along", async () => {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: call });
  await fetch(url, { method: "POST", body, headers: { dpop: "a-proof" } });
  expect(elsewhere).toEqual([expect.stringContaining("a-proof")]);
  expect(elsewhere[0]).toContain(READ.path);
});
