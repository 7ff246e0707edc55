/** A guarded MCP server on real Streamable HTTP, and clients that carry hops to it with DPoP, as any OAuth client could. @module */
import { randomUUID } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import {
  type EventStore,
  StreamableHTTPServerTransport,
} from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";
import { canonicalDigest } from "../../src/base/canonical.js";
import { systemRandom } from "../../src/base/random.js";
import { guardTransport } from "../../src/mcp/guard-transport.js";
import { guardHttp, type HttpRequest } from "../../src/mcp/http-guard.js";
import type { ScopesOf } from "../../src/mcp/http-need.js";
import { serveResourceMetadata } from "../../src/mcp/resource-metadata.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { makeDpopProof } from "../../src/token/dpop.js";
import { actOf, httpActOf, type McpAct } from "../../src/wire/mcp.js";
import { AUDIENCE, type Rig, rig } from "../guard/rig.js";

export interface Web extends Rig {
  /** URL of the MCP endpoint. */
  readonly resource: string;
  readonly http: Server;
  /** Servers of the sessions that were opened, newest last. */
  readonly servers: readonly McpServer[];
  /** Names of the tools whose handlers have started, and how they ended. */
  readonly ran: string[];
  /** The same as plain HTTP. */
  post(message: object, headers?: Record<string, string>): Promise<Response>;
}

/** @param how.guarded False: the same server as it would be without us. `behind`: false: nothing stands behind the web face. */
export async function openWeb(
  how: {
    readonly guarded?: boolean;
    readonly behind?: boolean;
    readonly scopesOf?: ScopesOf;
    /** What keeps what a session's streams said. */
    readonly eventStore?: () => EventStore;
  } = {},
): Promise<Web> {
  const { guarded = true, behind = guarded, scopesOf, eventStore } = how;
  const engine = await rig();
  const guard = await engine.watch();
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const servers: McpServer[] = [];
  const ran: string[] = [];
  let handle = (_req: HttpRequest, _res: ServerResponse): void => {};
  const http = createServer((req, res) => handle(req, res));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const resource = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  const serve = async (req: HttpRequest, res: ServerResponse): Promise<void> => {
    const known = transports.get(String(req.headers["mcp-session-id"]));
    const transport = known ?? (await opened());
    await transport.handleRequest(req, res, req.body);
  };
  const opened = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void transports.set(id, transport),
      onsessionclosed: (id) => void transports.delete(id),
      ...(eventStore === undefined ? {} : { eventStore: eventStore() }),
    });
    const server = toolServer(ran);
    servers.push(server);
    const how = { audience: AUDIENCE, url: resource };
    await server.connect((behind ? guardTransport(transport, guard, how) : transport) as never);
    return transport;
  };
  const web = guardHttp(guard, {
    resource,
    audience: AUDIENCE,
    ...(scopesOf === undefined ? {} : { scopesOf }),
  });
  const metadata = serveResourceMetadata({ resource, authorizationServers: [engine.issuer] });
  handle = (req, res) =>
    metadata(req, res, () => {
      if (guarded) web(req, res, () => void serve(req, res));
      else void serve(req, res);
    });
  return {
    ...engine,
    resource,
    http,
    servers,
    ran,
    post: (message, headers = {}) => fetch(resource, postOf(message, headers)),
    close: async () => {
      http.closeAllConnections();
      http.close();
      await engine.close();
    },
  };
}

/** A POST of one message, or of a list. */
export function postOf(message: object, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify(message),
  };
}

function toolServer(ran: string[]): McpServer {
  const server = new McpServer(
    { name: "files", version: "1.0.0" },
    { capabilities: { logging: {}, tools: { listChanged: true } } },
  );
  const text = (said: string) => ({ content: [{ type: "text" as const, text: said }] });
  server.registerTool("files.read", { inputSchema: { path: z.string() } }, ({ path }) => {
    ran.push("files.read");
    return text(`read ${path}`);
  });
  server.registerTool("pay.refund", { inputSchema: { amount: z.number() } }, ({ amount }) => {
    ran.push("pay.refund");
    return text(`refunded ${amount}`);
  });
  server.registerTool("web.search", {}, async ({ signal }) => {
    ran.push("web.search");
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    ran.push("web.search aborted");
    return text("late");
  });
  return server;
}

/** What a client puts on one HTTP request. */
export interface Shown {
  readonly scheme?: "Bearer" | "DPoP";
  /** No proof is made. */
  readonly unproved?: boolean;
  /** The client opens no stream of its own. */
  readonly streamless?: boolean;
}

/** The headers of one request of a hop. */
export function headersOf(
  web: Pick<Web, "resource" | "timers">,
  hop: EmbeddedHop,
  method: string,
  { tool, arguments: args }: McpAct,
  { scheme = "DPoP", unproved = hop.holder.chain.bearer }: Shown = {},
): Record<string, string> {
  const { tokens, key } = hop.holder;
  const authorization = `${scheme} ${tokens.join("~")}`;
  if (unproved) return { authorization };
  const proof = makeDpopProof({
    key,
    method,
    url: web.resource,
    accessToken: tokens.at(-1) ?? "",
    nowMs: web.timers.now(),
    random: systemRandom,
    binding: { audience: AUDIENCE, tool, argumentsDigest: canonicalDigest(args) },
  });
  return { authorization, dpop: proof };
}

/** A `fetch` that carries a hop: what the run is under decides which. */
function carrying(
  web: Pick<Web, "resource" | "timers">,
  who: () => EmbeddedHop | undefined,
  shown: Shown = {},
): typeof fetch {
  return (url, init = {}) => {
    const hop = who();
    const headers = new Headers(init.headers);
    const method = init.method ?? "GET";
    if (method === "GET" && shown.streamless === true) {
      return Promise.resolve(new Response(null, { status: 405 }));
    }
    if (hop !== undefined) {
      const act = method === "POST" ? actIn(String(init.body)) : httpActOf(method);
      const carried = headersOf(web, hop, method, act, shown);
      for (const [name, value] of Object.entries(carried)) headers.set(name, value);
    }
    return fetch(url, { ...init, headers });
  };
}

function actIn(body: string): McpAct {
  const { method, params } = JSON.parse(body) as { method?: string; params?: unknown };
  return method === undefined ? httpActOf("POST") : actOf(method, params);
}

export interface Connected {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
  /** What went wrong beside requests. */
  readonly errors: Error[];
  close(): Promise<void>;
}

/** The SDK's own client, with that `fetch`. */
export async function connect(
  web: Pick<Web, "resource" | "timers">,
  who: EmbeddedHop | (() => EmbeddedHop | undefined),
  shown: Shown = {},
): Promise<Connected> {
  const client = new Client({ name: "tester", version: "1.0.0" });
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  const transport = new StreamableHTTPClientTransport(new URL(web.resource), {
    fetch: carrying(web, typeof who === "function" ? who : () => who, shown),
    reconnectionOptions: {
      maxRetries: 0,
      initialReconnectionDelay: 1,
      maxReconnectionDelay: 1,
      reconnectionDelayGrowFactor: 1,
    },
  });
  await client.connect(transport as never);
  return { client, transport, errors, close: () => client.close() };
}
