/** The coordinator as an MCP server: six tools and two resources, each for its caller's own subtree. @module */
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  CallToolRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { type Clock, systemClock } from "../base/clock.js";
import { DelegationError, exposed } from "../base/error.js";
import { MCP_HTTP_SESSIONS_MAX, PAGE_MAX } from "../base/limits.js";
import { type RandomBytes, systemRandom } from "../base/random.js";
import { type Holder, holdChain } from "../chain/holder.js";
import { toolOf } from "../coordinator/present.js";
import type { Guard } from "../guard/guard.js";
import { makeAatProof } from "../token/aat-proof.js";
import { isCoordinatorTool, listedTools, parseToolInput } from "../wire/mcp-tools.js";
import { Callers } from "./coordinator-callers.js";
import { Confirmations } from "./coordinator-confirm.js";
import { complete, delegate, elevate, revoke } from "./coordinator-deeds.js";
import type { Desk } from "./coordinator-desk.js";
import { type Caller, type CoordinatorEngine, outOfReach } from "./coordinator-engine.js";
import { HopHandles, type Owner } from "./coordinator-handles.js";
import { auditOf, explain, inspect } from "./coordinator-looks.js";
import type { GatewayDoor } from "./gateway.js";
import { guardTransport } from "./guard-transport.js";
import { deniedBy, errorOf } from "./refusal.js";

/** How to serve a coordinator. */
export interface CoordinatorServerOptions {
  /** Decides every request; it stands for the audience. */
  readonly guard: Guard;
  /** What tokens for this server name; the guard's first audience unless told. */
  readonly audience?: string;
  /** As `serverInfo` tells it. */
  readonly version?: string;
  readonly clock?: Clock;
  readonly random?: RandomBytes;
}

/** A coordinator behind MCP; any number of sessions share its handles. A door like those of a gateway, and served like one. */
export interface CoordinatorServer extends GatewayDoor {
  /**
   * Takes the hop that a caller was given a handle for, into this process: key and a fresh chain, once. This is for the program around an
   * agent; over MCP nobody gets it.
   *
   * @param owner The hop that the handle was given to.
   * @throws {DelegationError} `not_entitled` for a handle that is not the owner's; as `coordinator.claim`
   */
  take(owner: Owner, handle: string): Promise<{ readonly holder: Holder }>;
  /** Ends all sessions. */
  close(): Promise<void>;
}

/**
 * Makes the server of an engine: tools to delegate, inspect, explain, revoke, ask for an approval and complete a task, and the caller's
 * tree and audit as resources. Each caller sees its own hop and those below, and the ids of those above.
 */
export function createCoordinatorServer(
  engine: CoordinatorEngine,
  options: CoordinatorServerOptions,
): CoordinatorServer {
  const { guard, version = "0.0.0", clock = systemClock, random = systemRandom } = options;
  const { audience = guard.audience[0] ?? "" } = options;
  const { issuer, coordinator, store, trust } = engine;
  const desk: Desk = {
    engine: { issuer, coordinator, store, trust, clock, random },
    handles: new HopHandles(clock, random),
    confirmations: new Confirmations(clock, random),
  };
  const sessions = new Set<Server>();
  return {
    name: "mcp",
    audience,
    guard,
    serve: async (transport, url) => {
      if (sessions.size >= MCP_HTTP_SESSIONS_MAX) {
        throw new DelegationError("quota_exceeded", "too many sessions are open at this server", {
          rule: "sessions",
        });
      }
      const callers = new Callers(desk.engine);
      const server = serverOf(desk, callers, version);
      sessions.add(server);
      server.onclose = () => void sessions.delete(server);
      const guarded = guardTransport(transport, guard, {
        audience,
        observer: callers,
        ...(url === undefined ? {} : { url }),
      });
      await server.connect(guarded as Parameters<Server["connect"]>[0]);
      return {
        get open() {
          return server.getClientVersion() !== undefined;
        },
        close: () => server.close(),
      };
    },
    take: (owner, handle) => take(desk, owner, handle),
    close: async () => {
      await Promise.allSettled([...sessions].map((server) => server.close()));
    },
  };
}

async function take(
  { engine, handles }: Desk,
  owner: Owner,
  handle: string,
): Promise<{ readonly holder: Holder }> {
  const kept = handles.find(owner, handle);
  if (kept === undefined) throw outOfReach();
  const { coordinator, issuer, trust, clock, random } = engine;
  const { hop, key } = kept;
  const input = { hop, holderKey: key.jwk };
  const tool = toolOf("claim");
  const asked = { key, tokenId: hop, tool, arguments: input, audience: issuer, random };
  const proof = makeAatProof({ ...asked, nowMs: clock.now() });
  const { token } = await coordinator.claim({ proof, tenant: owner.tenant }, input);
  const holder = holdChain(key, [token], { trust, now: clock.now() });
  handles.drop(owner, handle);
  return { holder };
}

const INSTRUCTIONS =
  "Delegation for agents. Hand parts of your own authority on, look at what hangs below you, cut it, or ask people for an approval. Credentials are never shown: a handle stands for a hop.";

function serverOf(desk: Desk, callers: Callers, version: string): Server {
  const server = new Server(
    { name: "legate", title: "Legate coordinator", version },
    { capabilities: { tools: {}, resources: {} }, instructions: INSTRUCTIONS },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...listedTools()] as never }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) =>
    answered(() => called(desk, callers.of(extra), params.name, params.arguments ?? {})),
  );
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: RESOURCES.map(({ uri, ...rest }) => ({
      ...rest,
      uriTemplate: `${uri}{tree}${rest.name === "audit" ? "{?from}" : ""}`,
    })),
  }));
  server.setRequestHandler(ListResourcesRequestSchema, (_request, extra) =>
    answered(async () => {
      const { tree } = callers.of(extra).chain;
      return {
        resources: RESOURCES.map(({ uri, ...rest }) => ({ ...rest, uri: `${uri}${tree}` })),
      };
    }),
  );
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }, extra) =>
    answered(() => resourceOf(desk, callers.of(extra), params.uri)),
  );
  return server;
}

/** Refusals go out as such, in the form that a guard's have; of anything else nothing is told. */
async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const { code, message, data } = errorOf(deniedBy(exposed(thrown)));
    throw Object.assign(new Error(message), { code, data });
  }
}

async function called(desk: Desk, caller: Caller, name: string, args: object) {
  if (!isCoordinatorTool(name)) {
    throw new DelegationError("invalid_request", "no such tool", { rule: "name" });
  }
  switch (name) {
    case "delegation_create":
      return resultOf(await delegate(desk, caller, parseToolInput(name, args)));
    case "delegation_inspect_tree":
      return resultOf(await inspect(desk, caller, parseToolInput(name, args)));
    case "delegation_explain":
      return resultOf(await explain(desk, caller, parseToolInput(name, args)));
    case "delegation_revoke":
      return resultOf(await revoke(desk, caller, parseToolInput(name, args)));
    case "delegation_complete_task":
      return resultOf(await complete(desk, caller, parseToolInput(name, args)));
    case "delegation_request_elevation": {
      const { output, meta } = await elevate(desk, caller, parseToolInput(name, args));
      return { ...resultOf(output), ...(meta === undefined ? {} : { _meta: meta }) };
    }
  }
}

/** Structured, and the same as text for clients that know no better. */
function resultOf(output: object) {
  const text = JSON.stringify(output);
  return { content: [{ type: "text" as const, text }], structuredContent: { ...output } };
}

const RESOURCES = [
  {
    name: "tree",
    title: "Your subtree",
    uri: "delegation://tree/",
    mimeType: "application/json",
  },
  {
    name: "audit",
    title: "What happened in your subtree",
    uri: "delegation://audit/",
    mimeType: "application/json",
  },
] as const;

const URI = /^delegation:\/\/(tree|audit)\/([^/?#]{1,512})(?:\?from=([1-9]\d{0,14}))?$/;

async function resourceOf(desk: Desk, caller: Caller, uri: string) {
  const [, kind, tree, from = "1"] = URI.exec(uri) ?? [];
  if (kind === undefined) {
    throw new DelegationError("invalid_request", "no such resource", { rule: "uri" });
  }
  if (tree !== caller.chain.tree) throw outOfReach();
  const content =
    kind === "tree"
      ? await inspect(desk, caller, { limit: PAGE_MAX })
      : await auditOf(desk, caller, Number(from));
  return { contents: [{ uri, mimeType: "application/json", text: JSON.stringify(content) }] };
}
