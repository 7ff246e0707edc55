/**
 * A public server as it is, started by its own entry point, in a process where every server stands behind a guard. Says on stderr with
 * which token; SIGUSR2 cuts it.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { guardTransport } from "../../src/mcp/guard-transport.js";
import type { McpTransport } from "../../src/mcp/transport.js";
import { openEmbedded } from "../../src/memory/embedded.js";
import { AUDIENCE, PRINCIPAL } from "../guard/rig.js";

const [program = "", , entry = "", tools = "{}", ...args] = process.argv;
const engine = await openEmbedded();
const guard = await engine.guard({ audience: AUDIENCE });
const hop = await engine.open({
  principal: PRINCIPAL,
  agent: "planner",
  trigger: "a task",
  bearer: true,
  grant: { tools: JSON.parse(tools), limits: { depth: 0 }, audience: [AUDIENCE] },
});
process.stderr.write(`${JSON.stringify({ token: hop.holder.tokens[0] })}\n`);
process.on("SIGUSR2", () => void engine.revoke({ kind: "tree", tree: hop.tree }));

const { connect } = McpServer.prototype;
McpServer.prototype.connect = function guarded(this: McpServer, transport: Transport) {
  return connect.call(this, guardTransport(transport as McpTransport, guard) as Transport);
};
process.argv = [program, entry, ...args];
await import(pathToFileURL(entry).href);
