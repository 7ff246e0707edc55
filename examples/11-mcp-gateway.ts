/** A server from the registry that knows nothing of delegation, behind the gateway: its key is its own, its tools are people's to open. @module */
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { openEmbedded } from "legate/embedded";
import {
  carriedBy,
  carryTransport,
  gatewayPolicy,
  openGateway,
  parseGatewayConfig,
} from "legate/mcp";

process.env.SERVICE_KEY = "sk-live-4711-of-the-server";
const server = "node_modules/@modelcontextprotocol/server-everything/dist/index.js";
const config = parseGatewayConfig({
  mcpServers: { everything: { command: process.execPath, args: [server, "stdio"] } },
  legate: {
    servers: {
      everything: {
        tools: ["echo", "get-env"],
        toolRisk: { "get-env": "high" },
        credential: { env: { KEY: { fromEnv: "SERVICE_KEY" } } },
      },
    },
  },
});

const legate = await openEmbedded({ policy: gatewayPolicy(config) });
const gateway = await openGateway({ config, ground: legate });
const [door] = gateway.doors;
assert(door);
const { audience } = door;
const planner = await legate.open({
  principal: { issuer: "https://people.example", subject: "ada" },
  trigger: "look around",
  agent: "planner",
  grant: { tools: { echo: {}, "get-env": {}, "get-sum": {} }, audience: [audience] },
});

const client = new Client({ name: "agent", version: "1.0.0" });
const [near, far] = InMemoryTransport.createLinkedPair();
await door.serve(far);
await client.connect(carryTransport(near, { audience, hop: planner }));

const { tools } = await client.listTools();
console.log("there are:", tools.map(({ name }) => name).join(", "));
const hidden = client.callTool({ name: "get-sum", arguments: { a: 1, b: 2 } });
await assert.rejects(hidden, { code: "policy_denied" }); // granted, and not on the server's list

const risky = { name: "get-env", arguments: {} };
await assert.rejects(client.callTool(risky), { code: "approval_required" });
const [asked] = await planner.ask("get-env", {}, { audience });
assert(asked);
await legate.coordinator.approve({ approver: "olga" }, { ticket: asked.id });
const env = await client.callTool(carriedBy(planner, risky, { tickets: [asked.ticket] }));
console.log("its key:", /"KEY": "([^"]+)"/.exec(JSON.stringify(env).replaceAll("\\", ""))?.[1]);
assert(!JSON.stringify(env).includes("sk-live"));

await client.close();
await gateway.close();
await legate.close();
