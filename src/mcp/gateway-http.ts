/** The gateway's face over Streamable HTTP: on this machine alone, one path for each server. @module */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { DelegationError, exposed } from "../base/error.js";
import { opaqueId } from "../base/id.js";
import { systemRandom } from "../base/random.js";
import type { Gateway, GatewayDoor } from "./gateway.js";
import { guardHttp, type HttpMiddleware, type HttpRequest } from "./http-guard.js";
import { refuseHttp } from "./http-refusal.js";
import { SESSION_HEADER } from "./http-sessions.js";
import { isRecord } from "./message.js";
import { deniedBy } from "./refusal.js";
import { metadataUrl, serveResourceMetadata } from "./resource-metadata.js";
import type { McpTransport } from "./transport.js";

const HOST = "127.0.0.1";

/** How to serve over HTTP. */
export interface GatewayHttpOptions {
  /** A free one unless told. */
  readonly port?: number;
  /** Where tokens come from, for clients that ask. */
  readonly issuers?: readonly string[];
}

/** A gateway that listens. */
export interface GatewayHttp {
  readonly port: number;
  /** URL of each server, by name. */
  readonly urls: ReadonlyMap<string, string>;
  /** Stops listening, and ends connections; the gateway itself stays open. */
  close(): Promise<void>;
}

/**
 * Listens on the loopback address.
 *
 * @throws {DelegationError} `config_invalid` when the port is taken
 */
export async function serveGatewayHttp(
  gateway: Gateway,
  { port = 0, issuers = [] }: GatewayHttpOptions = {},
): Promise<GatewayHttp> {
  const rooms = new Map<string, Room>();
  const known: HttpMiddleware[] = [];
  const http = createServer((req, res) => handle(http, rooms, known, req, res));
  try {
    http.listen(port, HOST);
    await once(http, "listening");
  } catch (cause) {
    throw new DelegationError("config_invalid", "the port cannot be listened on", {
      rule: "port",
      cause,
    });
  }
  const listening = (http.address() as AddressInfo).port;
  const urls = new Map<string, string>();
  for (const door of gateway.doors) {
    const path = `/${encodeURIComponent(door.name)}`;
    const url = `http://${HOST}:${listening}${path}`;
    urls.set(door.name, url);
    rooms.set(path, new Room(door, url));
    if (issuers.length === 0) continue;
    known.push(serveResourceMetadata({ resource: url, authorizationServers: issuers }));
  }
  return {
    port: listening,
    urls,
    close: async () => {
      await Promise.allSettled([...rooms.values()].map((room) => room.close()));
      const closed = once(http, "close");
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
}

function handle(
  http: Server,
  rooms: ReadonlyMap<string, Room>,
  known: readonly HttpMiddleware[],
  req: HttpRequest,
  res: ServerResponse,
): void {
  if (!isLocal(http, req)) {
    res.writeHead(403).end();
    return;
  }
  const [first, ...rest] = known;
  if (first !== undefined) {
    first(req, res, () => handle(http, rooms, rest, req, res));
    return;
  }
  const [path = ""] = (req.url ?? "").split("?", 1);
  const room = rooms.get(path);
  if (room === undefined) res.writeHead(404).end();
  else room.handle(req, res);
}

/** A page in a browser must not reach it by a name of its own that it lets point here. */
function isLocal(http: Server, { headers }: IncomingMessage): boolean {
  const { port } = http.address() as AddressInfo;
  const own = [`${HOST}:${port}`, `localhost:${port}`];
  const { host = "", origin } = headers;
  if (!own.includes(host)) return false;
  return origin === undefined || own.includes(origin.replace(/^http:\/\//, ""));
}

/** One server's path, and the sessions that are open there. */
class Room {
  readonly #door: GatewayDoor;
  readonly #url: string;
  readonly #web: HttpMiddleware;
  readonly #transports = new Map<string, StreamableHTTPServerTransport>();

  constructor(door: GatewayDoor, url: string) {
    this.#door = door;
    this.#url = url;
    this.#web = guardHttp(door.guard, { resource: url, audience: door.audience });
  }

  handle(req: HttpRequest, res: ServerResponse): void {
    this.#web(req, res, (fault) => {
      const answering = fault === undefined ? this.#answer(req, res) : Promise.reject(fault);
      answering.catch((thrown: unknown) => {
        if (res.headersSent) res.destroy();
        else refuseHttp(res, { denied: deniedBy(exposed(thrown)) }, metadataUrl(this.#url));
      });
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#transports.values()].map((transport) => transport.close()));
  }

  async #answer(req: HttpRequest, res: ServerResponse): Promise<void> {
    const named = req.headers[SESSION_HEADER];
    const transport = typeof named === "string" ? this.#transports.get(named) : undefined;
    if (transport !== undefined) return transport.handleRequest(req, res, req.body);
    if (named !== undefined) return refuse(res, 404, "Session not found");
    const { body } = req;
    if (!isRecord(body) || body.method !== "initialize") {
      return refuse(res, 400, "a session begins with initialize");
    }
    return this.#open(req, res);
  }

  async #open(req: HttpRequest, res: ServerResponse): Promise<void> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => opaqueId("session", systemRandom),
      onsessioninitialized: (id) => void this.#transports.set(id, transport),
    });
    transport.onclose = () => {
      if (transport.sessionId !== undefined) this.#transports.delete(transport.sessionId);
    };
    const session = await this.#door.serve(transport as McpTransport, this.#url);
    // Whoever was not let in has opened nothing.
    res.once("close", () => {
      if (!session.open) void session.close().catch(() => undefined);
    });
    await transport.handleRequest(req, res, req.body);
  }
}

function refuse(res: ServerResponse, status: number, message: string): void {
  res.writeHead(status, { "content-type": "application/json" });
  res.end(JSON.stringify({ jsonrpc: "2.0", error: { code: -32000, message }, id: null }));
}
