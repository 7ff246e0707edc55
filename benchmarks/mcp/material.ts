/** One MCP server with one tool, bare and guarded, over both transports; and hops that may call it. @module */
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";
import type { CarriedHop } from "../../src/carry/hop.js";
import type { Guard } from "../../src/guard/guard.js";
import { carryTransport } from "../../src/mcp/carry-transport.js";
import { guardTransport } from "../../src/mcp/guard-transport.js";
import { guardHttp } from "../../src/mcp/http-guard.js";
import { type Embedded, openEmbedded } from "../../src/memory/embedded.js";
import type { EmbeddedHop } from "../../src/memory/embedded-hop.js";
import { PRESENT_META } from "../../src/wire/mcp.js";
import type { Subject } from "../harness.js";
import { AUDIENCE } from "../material.js";

export { AUDIENCE, type Embedded, openEmbedded };

const TOOL = "files.read";
const UNDER = { path: { constraint_type: "path", under: "/reports" } } as const;
const GRANT = {
  tools: { [TOOL]: UNDER, "files.list": UNDER, "mail.send": {}, "web.search": {} },
  audience: [AUDIENCE],
};

/** A root and one hop below it: what an agent's agent holds. */
export async function openHop(engine: Embedded, index: number): Promise<EmbeddedHop> {
  const root = await engine.open({ ...about(index), grant: { ...GRANT, limits: { depth: 3 } } });
  return root.delegate({ agent: "spiffe://example.com/agent/reader", grant: GRANT });
}

/** A root of which nobody asks a proof. */
export function openBearer(engine: Embedded): Promise<EmbeddedHop> {
  return engine.open({ ...about(0), grant: { ...GRANT, limits: { depth: 0 } }, bearer: true });
}

function about(index: number) {
  return {
    principal: { issuer: "https://idp.example.com", subject: `person-${index}` },
    agent: "spiffe://example.com/agent/planner",
    trigger: `task-${index}`,
  };
}

function serverOf(): McpServer {
  const server = new McpServer({ name: "files", version: "1.0.0" });
  server.registerTool(TOOL, { inputSchema: { path: z.string() } }, ({ path }) => ({
    content: [{ type: "text", text: `contents of ${path}` }],
  }));
  return server;
}

/** A client that is connected, and how to end it. */
export interface Connected {
  readonly client: Client;
  readonly close: () => Promise<void>;
}

/** Both ends in this process, one message at a time. */
export async function inMemory(guard?: Guard, hop?: CarriedHop): Promise<Connected> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const server = serverOf();
  await server.connect(guard === undefined ? far : guardTransport(far, guard));
  const client = new Client({ name: "bench", version: "1.0.0" });
  await client.connect(
    hop === undefined ? near : carryTransport(near, { hop, audience: AUDIENCE }),
  );
  return { client, close: () => client.close() };
}

/** The guarded end for a client that puts the delegation into each message itself. */
export async function inMemoryByHand(guard: Guard, { holder }: CarriedHop): Promise<Connected> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const send = near.send.bind(near);
  const _meta = { [PRESENT_META]: { tokens: holder.tokens } };
  near.send = (message, options) =>
    "method" in message && "id" in message && message.method === "initialize"
      ? send({ ...message, params: { ...message.params, _meta } }, options)
      : send(message, options);
  await serverOf().connect(guardTransport(far, guard));
  const client = new Client({ name: "bench", version: "1.0.0" });
  await client.connect(near);
  // From here on the calls say it themselves, and the client's way out is as long as the unguarded one's.
  near.send = send;
  return { client, close: () => client.close() };
}

/** A web server on the loopback, which keeps a protocol session for each client. */
export interface Web {
  readonly url: URL;
  connect(hop?: CarriedHop): Promise<Connected>;
  close(): Promise<void>;
}

/** Streamable HTTP as the SDK has it; with a guard, the guard's middleware in front and its transport behind. */
export async function openWeb(guard?: Guard): Promise<Web> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const http = createServer();
  await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
  const url = new URL(`http://127.0.0.1:${portOf(http)}/mcp`);
  const front = guard && guardHttp(guard, { resource: url.href, audience: AUDIENCE });
  let ids = 0;
  const handle = async (req: IncomingMessage & { body?: unknown }, res: ServerResponse) => {
    const session = req.headers["mcp-session-id"];
    let transport = typeof session === "string" ? sessions.get(session) : undefined;
    if (transport === undefined) {
      ids += 1;
      const id = `session-${ids}`;
      transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => id });
      sessions.set(id, transport);
      const how = { audience: AUDIENCE, url: url.href };
      await serverOf().connect(guard ? guardTransport(transport, guard, how) : transport);
    }
    await transport.handleRequest(req, res, req.body);
  };
  http.on("request", (req, res) => {
    if (front === undefined) void handle(req, res);
    else front(req, res, () => void handle(req, res));
  });
  return {
    url,
    async connect(hop) {
      const client = new Client({ name: "bench", version: "1.0.0" });
      const transport =
        hop === undefined
          ? new StreamableHTTPClientTransport(url)
          : carryTransport((fetch) => new StreamableHTTPClientTransport(url, { fetch }), {
              hop,
              audience: AUDIENCE,
              url,
            });
      await client.connect(transport);
      return { client, close: () => client.close() };
    },
    async close() {
      http.closeAllConnections();
      await new Promise((done) => http.close(done));
    },
  };
}

function portOf(http: HttpServer): number {
  return (http.address() as AddressInfo).port;
}

/** Calls of the one tool, `inFlight` at a time; no two in a row are alike. */
export function calling(
  name: string,
  { client }: Connected,
  inFlight: number,
  _meta?: Record<string, unknown>,
): Subject {
  const call = async (index: number): Promise<void> => {
    const args = { path: `/reports/2026/q${index % 4}/file-${index}.md` };
    const params = { name: TOOL, arguments: args, ...(_meta === undefined ? {} : { _meta }) };
    const { isError } = await client.callTool(params);
    if (isError === true) throw new Error("the tool failed");
  };
  if (inFlight === 1) return { name, run: call, warmUp: WARM_UP };
  return {
    name,
    batch: inFlight,
    warmUp: WARM_UP,
    run: (index) =>
      Promise.all(Array.from({ length: inFlight }, (_, at) => call(index * inFlight + at))),
  };
}

/** Calls until the SDK's own code is compiled. */
const WARM_UP = 2_000;
