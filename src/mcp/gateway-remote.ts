/** A server at a URL: reached with its own credential in the headers, and with nothing that a caller sent. @module */
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { GatewayRun } from "../wire/gateway-config.js";
import { boundedFetch } from "./gateway-bounded.js";
import { type Connection, isMessage, type RpcMessage } from "./gateway-message.js";
import type { McpTransport } from "./transport.js";

/** How long a server may take to hear that its session is over. */
const FAREWELL_MS = 1_000;

/** A server behind the gateway, over HTTP. One life: a session that the server forgot is over. */
export class ServerRemote implements Connection {
  onmessage: Connection["onmessage"];
  onclose: Connection["onclose"];
  onerror: Connection["onerror"];
  readonly #transport: McpTransport;
  readonly #farewell: () => Promise<void>;

  constructor({ kind, url, headers }: Exclude<GatewayRun, { kind: "stdio" }>) {
    const requestInit = { headers: { ...headers } };
    if (kind === "sse") {
      this.#transport = new SSEClientTransport(new URL(url), { requestInit, fetch: boundedFetch });
      this.#farewell = async () => undefined;
    } else {
      const transport = new StreamableHTTPClientTransport(new URL(url), {
        requestInit,
        fetch: boundedFetch,
      });
      this.#transport = transport as McpTransport;
      this.#farewell = () => transport.terminateSession();
    }
  }

  async start(): Promise<void> {
    const transport = this.#transport;
    transport.onmessage = (message) => {
      if (isMessage(message)) this.onmessage?.(message);
    };
    transport.onclose = () => this.onclose?.();
    transport.onerror = (error) => this.onerror?.(error);
    await transport.start();
  }

  setProtocolVersion(version: string): void {
    this.#transport.setProtocolVersion?.(version);
  }

  async send(message: RpcMessage): Promise<void> {
    try {
      await this.#transport.send(message);
    } catch (thrown) {
      // Streamable HTTP: the server does not know the session any more, and needs not hear that it is over.
      if (isStatus(thrown, 404)) await this.#transport.close();
      throw thrown;
    }
  }

  async close(): Promise<void> {
    let alarm: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      alarm = setTimeout(resolve, FAREWELL_MS);
    });
    await Promise.race([this.#farewell().catch(() => undefined), late]);
    clearTimeout(alarm);
    await this.#transport.close();
  }

  /** What ran was taken back before; a server that does not mind is left behind. */
  async stop(): Promise<void> {
    await this.close();
  }
}

function isStatus(thrown: unknown, status: number): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === status;
}
