/** An MCP server that decides every call, and a client that carries who makes it: one line each. @module */
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { openEmbedded } from "legate/embedded";
import { carriedBy, carryTransport, guardTransport } from "legate/mcp";
import { z } from "zod";

const audience = "https://files.example/mcp";
const under = { path: { constraint_type: "path", under: "/reports" } } as const;
const legate = await openEmbedded();
const guard = await legate.guard({ audience });
const planner = await legate.open({
  principal: { issuer: "https://people.example", subject: "ada" },
  trigger: "summarise the reports",
  agent: "planner",
  grant: { tools: { "files.read": {}, "files.delete": {} }, audience: [audience] },
});
const reader = await planner.delegate({
  agent: "reader",
  grant: { tools: { "files.read": under } },
});

const server = new McpServer({ name: "files", version: "1.0.0" });
for (const name of ["files.read", "files.delete"]) {
  server.registerTool(name, { inputSchema: { path: z.string() } }, ({ path }) => ({
    content: [{ type: "text", text: `${name} ${path}` }],
  }));
}
const client = new Client({ name: "agent", version: "1.0.0" });
const [near, far] = InMemoryTransport.createLinkedPair();

// #region mcp
await server.connect(guardTransport(far, guard)); // every call is decided before its handler
await client.connect(carryTransport(near, { audience, hop: planner })); // every call says who makes it

await client.callTool({ name: "files.delete", arguments: { path: "/reports/q3.md" } }); // as the planner
const q3 = { name: "files.read", arguments: { path: "/reports/q3.md" } };
await client.callTool(carriedBy(reader, q3)); // as the reader, on the same client
const { tools } = await client.listTools(carriedBy(reader, {})); // files.read alone
// #endregion mcp

assert.deepEqual(
  tools.map(({ name }) => name),
  ["files.read"],
);
const outside = { name: "files.read", arguments: { path: "/etc/passwd" } };
const refused = await client.callTool(carriedBy(reader, outside)).catch(({ code }) => code);
await legate.revoke({ kind: "hop", tree: reader.tree, hop: reader.id });
const cut = await client.callTool(carriedBy(reader, q3)).catch(({ code }) => code);
console.log(`the reader outside of its grant: ${refused}; after a cut: ${cut}`);
assert.deepEqual([refused, cut], ["argument_refused", "delegation_revoked"]);
await client.close();
await legate.close();
