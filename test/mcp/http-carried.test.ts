/** The carrier against the guard on the web: what one presents the other takes, and what one refuses the other understands. @module */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withHop } from "../../src/carry/hop.js";
import { carryTransport } from "../../src/mcp/carry-transport.js";
import type { McpTransport } from "../../src/mcp/transport.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { PRESENT_META } from "../../src/wire/mcp.js";
import { AUDIENCE, GRANT, NARROW, READ } from "../guard/rig.js";
import { patiently } from "../patience.js";
import { openWeb, type Web } from "./web.js";

let web: Web;
const clients: Client[] = [];
/** Bodies and headers of all requests. */
let sent: { method: string; headers: Headers; body: string }[];

beforeEach(async () => {
  web = await openWeb();
  sent = [];
});

afterEach(async () => {
  await Promise.allSettled(clients.splice(0).map((client) => client.close()));
  await web.close();
});

async function carried(hop?: EmbeddedHop) {
  const url = new URL(web.resource);
  const client = new Client({ name: "agent", version: "1.0.0" });
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  clients.push(client);
  const noted: typeof fetch = (to, init = {}) => {
    const { method = "GET", headers, body } = init;
    sent.push({ method, headers: new Headers(headers), body: String(body) });
    return fetch(to, init);
  };
  const transport = carryTransport(
    (send) => new StreamableHTTPClientTransport(url, { fetch: send as never }) as McpTransport,
    {
      audience: AUDIENCE,
      url,
      clock: web.timers,
      fetch: noted as never,
      ...(hop === undefined ? {} : { hop }),
    },
  );
  await client.connect(transport as Transport);
  return { client, transport, errors };
}

const read = (client: Client, path: string) =>
  client.callTool({ name: "files.read", arguments: { path } });

describe("a carrier over HTTP", () => {
  test("signs once, goes on by session, opens the stream, and ends the session", async () => {
    const { client, transport, errors } = await carried(await web.root());
    const heard: unknown[] = [];
    client.fallbackNotificationHandler = async (notification) => void heard.push(notification);
    for (let call = 0; call < 3; call += 1) await read(client, READ.path);
    await patiently(async () => {
      await web.servers[0]?.server.sendLoggingMessage({ level: "info", data: "hello" });
      expect(heard).not.toEqual([]);
    });
    const calls = sent.filter(({ body }) => body.includes('"tools/call"'));
    const proofs = calls.map(({ body }) => {
      const { session, proof } = JSON.parse(body).params._meta[PRESENT_META];
      return session === undefined ? typeof proof : "session";
    });
    expect(proofs).toEqual(["session", "session", "session"]);
    await transport.terminateSession();
    expect(sent.at(-1)?.method).toBe("DELETE");
    expect(errors).toEqual([]);
  });

  test("carries two identities at the same time on one shared client", async () => {
    const root = await web.root();
    const reader = await root.delegate({ agent: "reader", grant: NARROW });
    const { client } = await withHop(root, () => carried());
    const answers = await Promise.allSettled(
      Array.from({ length: 6 }, (_, index) => [
        withHop(root, () => read(client, `/reports/q1/${index}`)),
        withHop(reader, () => read(client, `/reports/q3/${index}`)),
        withHop(reader, () => read(client, `/reports/q1/${index}`)),
      ]).flat(),
    );
    const ends = answers.map((one) => (one.status === "rejected" ? one.reason.code : "read"));
    expect(ends).toEqual(
      Array.from({ length: 6 }, () => ["read", "read", "argument_refused"]).flat(),
    );
    await expect(read(client, READ.path)).rejects.toMatchObject({ code: "chain_empty" });
  });

  test("hears from a challenge what would be needed, where, and by which hop", async () => {
    const root = await web.root();
    const { client } = await carried(root);
    await expect(
      client.callTool({ name: "pay.refund", arguments: { amount: 150 } }),
    ).rejects.toMatchObject({
      code: "argument_refused",
      hop: root.id,
      rule: "pay.refund.amount",
      required: expect.stringContaining('"pay.refund":{"amount"'),
    });
  });

  test("goes on after the guard has forgotten its chain and its session", async () => {
    const expiresAt = web.timers.now() / 1_000 + 7_200;
    const root = await web.root({ grant: { ...GRANT, expiresAt } });
    const link = root.link({ agent: "reader", grant: { ...NARROW, expiresAt } });
    const { client } = await carried(link);
    await read(client, READ.path);
    // Sessions end after a quarter of an hour.
    await web.pass(901_000);
    await read(client, READ.path);
    expect(web.ran).toEqual(["files.read", "files.read"]);
  });

  test("is told that its hop was cut", async () => {
    const root = await web.root();
    const { client } = await carried(root);
    await read(client, READ.path);
    await root.revoke();
    await expect(read(client, READ.path)).rejects.toMatchObject({ code: "delegation_revoked" });
    expect(web.ran).toEqual(["files.read"]);
  });
});

test("too many messages at once are not looked at", async () => {
  const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
  const response = await web.post(Array.from({ length: 101 }, () => ping));
  expect(response.status).toBe(400);
});
