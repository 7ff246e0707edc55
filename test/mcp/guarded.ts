/** A guarded MCP server and a client that presents what the test says, linked in memory. Nothing is made up but the clock. @module */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { ClientCapabilities } from "@modelcontextprotocol/sdk/types.js";
import type { Guard } from "../../src/guard/guard.js";
import { guardTransport } from "../../src/mcp/guard-transport.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import type { GrantInput } from "../../src/wire/grant.js";
import { actOf, PRESENT_META } from "../../src/wire/mcp.js";
import { AUDIENCE } from "../guard/rig.js";

/** Who speaks: hops change their minds in the middle of a test. */
export interface Speaker {
  /** Undefined: without any delegation. */
  hop: EmbeddedHop | undefined;
}

/** What can be connected to a transport. */
interface Connects {
  connect(transport: Transport): Promise<void>;
}

/** A client's transport that presents the speaker's chain, with a fresh proof for each message that has a method. */
export function speaking(inner: Transport, speaker: Speaker, audience = AUDIENCE): Transport {
  const { send } = inner;
  inner.send = (message, options) => {
    const { hop } = speaker;
    if (hop === undefined || !("method" in message)) return send.call(inner, message, options);
    return send.call(inner, presented(hop, message, audience), options);
  };
  return inner;
}

/** The same message with the hop's chain and a proof for exactly it. */
export function presented<M extends { method: string; params?: object | undefined }>(
  hop: EmbeddedHop,
  message: M,
  audience = AUDIENCE,
): M {
  const act = askedBy(message);
  const { tokens, possession } = hop.call(act.tool, act.arguments, { audience });
  const proof = "proof" in possession ? possession.proof : undefined;
  const { _meta = {} }: { _meta?: object } = message.params ?? {};
  return {
    ...message,
    params: { ...message.params, _meta: { ..._meta, [PRESENT_META]: { tokens, proof } } },
  };
}

/** What is asked, by whatever name: also by one that no carrier would sign for. */
function askedBy({ method, params }: { method: string; params?: object | undefined }) {
  if (method !== "tools/call") return actOf(method, params);
  const { name = "", arguments: given = {} }: { name?: string; arguments?: object } = params ?? {};
  return { tool: name, arguments: given };
}

/** Connects a server behind a guard, or without one, and a client that speaks as `speaker`. */
export async function linked(
  server: Connects,
  guard: Guard | undefined,
  speaker: Speaker,
  audience = AUDIENCE,
  capabilities: ClientCapabilities = {},
): Promise<Client> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(guard === undefined ? far : guardTransport(far, guard, { audience }));
  const client = new Client({ name: "agent", version: "1" }, { capabilities });
  await client.connect(speaking(near, speaker, audience));
  return client;
}

/** Everything of a server: for tests that are about something else. */
export const WIDE: GrantInput = {
  tools: {
    echo: {},
    wait: {},
    "files.read": { path: { constraint_type: "path", under: "/reports" } },
    "mcp:resources/read": { uri: { constraint_type: "prefix", value: "docs://" } },
    "mcp:resources/subscribe": { uri: { constraint_type: "prefix", value: "docs://" } },
    "mcp:prompts/get": {},
  },
  audience: [AUDIENCE],
};
