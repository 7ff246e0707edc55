/** Streamable HTTP: challenges that say what a call needs, sessions that are one tree's own, streams that end with their chain. @module */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { openEmbedded } from "legate/embedded";
import {
  carryTransport,
  guardHttp,
  guardTransport,
  type HttpRequest,
  serveResourceMetadata,
} from "legate/mcp";
import { z } from "zod";

const audience = "https://files.example/mcp";
const legate = await openEmbedded();
const guard = await legate.guard({ audience });
const planner = await legate.open({
  principal: { issuer: "https://people.example", subject: "ada" },
  trigger: "summarise the reports",
  agent: "planner",
  grant: {
    tools: { "files.read": { path: { constraint_type: "path", under: "/reports" } } },
    audience: [audience],
  },
});
const server = new McpServer({ name: "files", version: "1.0.0" });
server.registerTool("files.read", { inputSchema: { path: z.string() } }, ({ path }) => ({
  content: [{ type: "text", text: `read ${path}` }],
}));
const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
const listening = createServer().listen(0, "127.0.0.1");
await once(listening, "listening");
const resource = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/mcp`;

// #region http
await server.connect(guardTransport(transport, guard, { url: resource })); // decides
const web = guardHttp(guard, { resource, audience }); // challenges, sessions, streams
const about = serveResourceMetadata({ resource, authorizationServers: [legate.issuer] });
listening.on("request", (req: HttpRequest, res) =>
  about(req, res, () => web(req, res, () => transport.handleRequest(req, res, req.body))),
);
// #endregion http

const client = new Client({ name: "agent", version: "1.0.0" });
const url = new URL(resource);
await client.connect(
  carryTransport((fetch) => new StreamableHTTPClientTransport(url, { fetch }), {
    audience,
    url,
    hop: planner,
  }),
);
const q3 = { name: "files.read", arguments: { path: "/reports/q3.md" } };
await client.callTool(q3);
const { code, required } = await client
  .callTool({ name: "files.delete", arguments: { path: "/reports/q3.md" } })
  .catch((refusal) => refusal);
console.log(`refused with ${code}; it would need ${required}`);
assert.equal(code, "tool_not_granted");
const nobody = await fetch(resource, { method: "DELETE" });
assert.equal(nobody.status, 401);
await client.close();
listening.closeAllConnections();
listening.close();
await legate.close();
