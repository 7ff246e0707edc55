/** A server of the newer SDK, over stdio. */
import { McpServer } from "@modelcontextprotocol/server";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";

const server = new McpServer({ name: "newer", version: "1" });
server.registerTool("hello", {}, () => ({ content: [{ type: "text", text: "hello" }] }));
await server.connect(new StdioServerTransport());
