/** `server-everything` as it is, over this process's standard streams, behind a guard. Says on stderr with which token. @module */
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { guardTransport } from "../../src/mcp/guard-transport.js";
import { openEmbedded } from "../../src/memory/embedded.js";
import { AUDIENCE, PRINCIPAL } from "../guard/rig.js";

/** It has no types. */
const EVERYTHING: string = "@modelcontextprotocol/server-everything/dist/server/index.js";
const made: { createServer(): { server: McpServer } } = await import(EVERYTHING);

const engine = await openEmbedded();
const guard = await engine.guard({ audience: AUDIENCE });
const hop = await engine.open({
  principal: PRINCIPAL,
  agent: "planner",
  trigger: "stdio",
  bearer: true,
  grant: {
    tools: { echo: {}, "trigger-long-running-operation": {} },
    limits: { depth: 0 },
    audience: [AUDIENCE],
  },
});
process.stderr.write(`${JSON.stringify({ token: hop.holder.tokens[0] })}\n`);
process.on("SIGUSR2", () => void engine.revoke({ kind: "tree", tree: hop.tree }));
const { server } = made.createServer();
await server.connect(guardTransport(new StdioServerTransport(), guard));
