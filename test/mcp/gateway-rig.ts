/** A gateway on an embedded engine, in front of real servers, and real clients that carry hops to it. @module */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { carryTransport } from "../../src/mcp/carry-transport.js";
import { type Gateway, openGateway } from "../../src/mcp/gateway.js";
import { gatewayPolicy } from "../../src/mcp/gateway-controls.js";
import { type GatewayHttp, serveGatewayHttp } from "../../src/mcp/gateway-http.js";
import type { McpTransport } from "../../src/mcp/transport.js";
import { type Embedded, type EmbeddedHop, openEmbedded } from "../../src/memory/embedded.js";
import { type GatewayConfig, parseGatewayConfig } from "../../src/wire/gateway-config.js";
import type { GrantInput } from "../../src/wire/grant.js";

const require = createRequire(import.meta.url);

const MANIFESTS = {
  filesystem: require.resolve("@modelcontextprotocol/server-filesystem/package.json"),
  everything: require.resolve("@modelcontextprotocol/server-everything/package.json"),
};

/** The entry point of a public server, as it was installed. */
export function serverPath(name: keyof typeof MANIFESTS): string {
  return join(dirname(MANIFESTS[name]), "dist", "index.js");
}

const ADA = { issuer: "https://people.example", subject: "ada" };

/** Grants of everything that servers have. */
export const ALL: GrantInput["tools"] = {
  "mcp:resources/read": {},
  "mcp:resources/subscribe": {},
  "mcp:resources/unsubscribe": {},
  "mcp:prompts/get": {},
  "mcp:completion/complete": {},
};

export interface GatewayRig {
  readonly engine: Embedded;
  readonly gateway: Gateway;
  readonly config: GatewayConfig;
  /** What servers logged. */
  readonly logged: string[];
  readonly http: () => Promise<GatewayHttp>;
  /** A new tree. */
  readonly root: (tools: GrantInput["tools"], options?: RootOptions) => Promise<EmbeddedHop>;
  /** A client, connected in memory. */
  readonly join: (hop: EmbeddedHop | undefined, options?: JoinOptions) => Promise<Client>;
  /** Events of the log, newest last, those that guards put together taken apart. */
  readonly events: () => Promise<Record<string, unknown>[]>;
  readonly close: () => Promise<void>;
}

export interface RootOptions {
  readonly subject?: string;
  readonly audience?: readonly string[];
  readonly expiresInSeconds?: number;
}

export interface JoinOptions {
  readonly server?: string;
  readonly client?: Client;
  /** Instead of one in memory. */
  readonly transport?: (url: string) => McpTransport;
  readonly over?: "memory" | "http";
}

/** Opens a gateway for `file`, as it could stand on the disk. */
export async function openRig(
  file: object,
  env: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
  only?: string,
): Promise<GatewayRig> {
  const config = parseGatewayConfig(file);
  const engine = await openEmbedded({ policy: gatewayPolicy(config) });
  const logged: string[] = [];
  const gateway = await openGateway({
    config,
    ...(only === undefined ? {} : { only }),
    ground: engine,
    log: (server, line) => void logged.push(`${server}: ${line}`),
    places: {
      env,
      readFile: (path) => {
        const text = files[path];
        if (text === undefined) throw new Error("no such file");
        return text;
      },
    },
  });
  let listening: Promise<GatewayHttp> | undefined;
  const http = () => (listening ??= serveGatewayHttp(gateway));
  const clients: Client[] = [];
  const audiences = gateway.doors.map(({ audience }) => audience);
  return {
    engine,
    gateway,
    config,
    logged,
    http,
    root: (tools, { subject = ADA.subject, audience = audiences, expiresInSeconds = 300 } = {}) =>
      engine.open({
        principal: { ...ADA, subject },
        trigger: "a task",
        agent: "planner",
        grant: {
          tools,
          audience: [...audience],
          expiresAt: Math.floor(Date.now() / 1_000) + expiresInSeconds,
        },
      }),
    async join(hop, options = {}) {
      const {
        server,
        over = "memory",
        client = new Client({ name: "test", version: "1" }),
      } = options;
      const door = gateway.doors.find(({ name }) => server === undefined || name === server);
      if (door === undefined) throw new Error("no such server");
      const carry = { audience: door.audience, ...(hop === undefined ? {} : { hop }) };
      clients.push(client);
      if (over === "http") {
        const url = (await http()).urls.get(door.name) ?? "";
        const transport = carryTransport(
          (fetch) =>
            new StreamableHTTPClientTransport(new URL(url), {
              fetch: fetch as never,
            }) as McpTransport,
          { ...carry, url },
        );
        await client.connect(transport as Transport);
        return client;
      }
      const [near, far] = InMemoryTransport.createLinkedPair();
      await door.serve(far as McpTransport);
      await client.connect(carryTransport(near as McpTransport, carry) as Transport);
      return client;
    },
    async events() {
      for (const { guard } of gateway.doors) await guard.flush();
      const lines = await engine.store.audit({ limit: 10_000 });
      return lines.flatMap(({ event }) => {
        const { calls } = event.data ?? {};
        return Array.isArray(calls) ? (calls as Record<string, unknown>[]) : [event];
      });
    },
    async close() {
      await Promise.allSettled(clients.map((client) => client.close()));
      await (await listening)?.close();
      await gateway.close();
      await engine.close();
    },
  };
}

/** Text of a tool's answer. */
export function textOf(answer: unknown): string {
  const { content } = answer as { content: readonly { text?: string }[] };
  return content.map(({ text = "" }) => text).join("\n");
}
