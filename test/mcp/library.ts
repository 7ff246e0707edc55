/** An MCP server with everything that a guard decides about, which tells what of it ran. @module */
import { completable } from "@modelcontextprotocol/sdk/server/completable.js";
import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";

/** What happened in a library. */
export interface Library {
  readonly server: McpServer;
  /** Names of what ran, in order. */
  readonly ran: string[];
  /** Reasons of the signals that fired in `wait`. */
  readonly stopped: unknown[];
  /** What handlers were sent besides their arguments. */
  readonly seen: unknown[];
}

const said = (text: string) => ({ content: [{ type: "text" as const, text }] });

/** Makes one. */
export function library(): Library {
  const server = new McpServer(
    { name: "library", version: "1" },
    { capabilities: { logging: {}, resources: { subscribe: true } } },
  );
  const made: Library = { server, ran: [], stopped: [], seen: [] };
  addTools(made);
  addResources(made);
  addPrompts(made);
  return made;
}

function addTools({ server, ran, stopped, seen }: Library): void {
  server.registerTool("files.read", { inputSchema: { path: z.string() } }, ({ path }, extra) => {
    ran.push(`read ${path}`);
    seen.push(extra);
    return said(`read ${path}`);
  });
  server.registerTool("files.delete", { inputSchema: { path: z.string() } }, ({ path }) => {
    ran.push(`delete ${path}`);
    return said("deleted");
  });
  server.registerTool("pay.refund", { inputSchema: { amount: z.number() } }, ({ amount }) => {
    ran.push(`refund ${amount}`);
    return said("refunded");
  });
  server.registerTool("wait", {}, async ({ signal }) => {
    ran.push("wait");
    await new Promise((over) => signal.addEventListener("abort", over, { once: true }));
    stopped.push(signal.reason);
    return said("too late");
  });
}

function addResources({ server, ran }: Library): void {
  const read = (uri: URL) => {
    ran.push(`resource ${uri.href}`);
    return { contents: [{ uri: uri.href, text: "content" }] };
  };
  server.registerResource("guide", "docs://guide", {}, read);
  server.registerResource("key", "secret://key", {}, read);
  server.registerResource(
    "page",
    new ResourceTemplate("docs://{page}", { list: undefined }),
    {},
    read,
  );
}

function addPrompts({ server, ran }: Library): void {
  const prompted = (text: string) => {
    ran.push(`prompt ${text}`);
    return { messages: [{ role: "user" as const, content: { type: "text" as const, text } }] };
  };
  const argsSchema = { name: completable(z.string(), () => ["ana", "ben"]) };
  server.registerPrompt("greet", { argsSchema }, () => prompted("greet"));
  server.registerPrompt("admin", { argsSchema }, () => prompted("admin"));
}
