/** The carrier over real Streamable HTTP: headers, streams, challenges; the official client and a real server. @module */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DelegationError } from "../../src/base/error.js";
import { AUTHORIZATION_CHARS_MAX } from "../../src/base/limits.js";
import { carriedBy, withHop } from "../../src/carry/hop.js";
import { needOf } from "../../src/carry/refusal.js";
import {
  type CarriedTransport,
  type CarryOptions,
  carryTransport,
} from "../../src/mcp/carry-transport.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { AUDIENCE, GRANT, NARROW, READ, reader } from "../guard/rig.js";
import { openWeb, type Web } from "./web.js";

vi.setConfig({ testTimeout: 60_000 });

let web: Web;
let planner: EmbeddedHop;
let child: EmbeddedHop;
let faults: Error[];
/** Every HTTP request, as it went out. */
let wire: {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly status: number;
}[];
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  web = await openWeb();
  planner = await web.root();
  child = await reader(planner);
  [faults, wire] = [[], []];
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await web.close();
});

const tapped: typeof fetch = async (url, init) => {
  const response = await fetch(url, init);
  const { method = "GET", headers } = init ?? {};
  wire.push({ method, url: String(url), headers: new Headers(headers), status: response.status });
  return response;
};

async function connect(
  options: Partial<CarryOptions> = {},
  headers?: Record<string, string>,
): Promise<{ client: Client; transport: CarriedTransport }> {
  const client = new Client({ name: "agent", version: "1" });
  client.onerror = (error) => faults.push(error);
  const url = new URL(web.resource);
  const requestInit = headers === undefined ? {} : { headers };
  const transport = carryTransport(
    (fetch) => new StreamableHTTPClientTransport(url, { fetch, requestInit }),
    { audience: AUDIENCE, url, clock: web.timers, fetch: tapped as never, ...options },
  );
  await client.connect(transport);
  closers.push(() => client.close());
  return { client, transport };
}

const read = (path = READ.path) => ({ name: "files.read", arguments: { path } });
const authorizationIn = (at: number) => wire.at(at)?.headers.get("authorization") ?? "";
const streams = () => wire.filter(({ method }) => method === "GET");

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400 && !holds(); turn += 1)
    await new Promise((go) => setTimeout(go, 5));
  expect(holds()).toBe(true);
}

describe("headers", () => {
  test("carry the chain that the message carries, for two identities at once on one client", async () => {
    const { client } = await connect({ hop: planner });
    await client.callTool(carriedBy(child, read()));
    const before = wire.length;
    const [own, outside] = await Promise.allSettled([
      client.callTool(read("/reports/q1/a.csv")),
      client.callTool(carriedBy(child, read("/reports/q1/a.csv"))),
    ]);
    expect([own.status, outside.status]).toEqual(["fulfilled", "rejected"]);
    const shown = wire.slice(before).map(({ headers }) => headers.get("authorization"));
    expect(shown.sort()).toEqual(
      [planner, child].map((hop) => `Bearer ${hop.holder.tokens.join("~")}`).sort(),
    );
  });

  test("carry a renewed token from the next request on", async () => {
    const { client } = await connect({ hop: planner });
    await web.pass(2_000);
    await planner.renew();
    await client.callTool(read());
    expect(authorizationIn(-1)).toBe(`Bearer ${planner.holder.tokens.join("~")}`);
  });

  test("stay without a chain that does not fit: the message has it", async () => {
    const deep = await longChain();
    const { client } = await connect({ hop: planner });
    await client.callTool(carriedBy(deep, read()));
    expect(deep.holder.tokens.join("~").length).toBeGreaterThan(AUTHORIZATION_CHARS_MAX);
    expect([authorizationIn(-1), wire.at(-1)?.status]).toEqual(["", 200]);
    await client.callTool(carriedBy(deep, read()));
    expect(authorizationIn(-1)).toBe(`Bearer ${deep.holder.tokens.at(-1)}`);
  });

  test("leave another's credential for the server where it is", async () => {
    const { client } = await connect({ hop: planner }, { authorization: "Basic YTpi" }).catch(
      () => ({ client: undefined }),
    );
    expect(client).toBeUndefined();
    expect(authorizationIn(0)).toBe("Basic YTpi");
  });

  test.each([
    ["another server", "http://127.0.0.1:1/mcp"],
    ["another path", "/other"],
    ["a path that begins alike", "/mcp2"],
  ])("go nowhere else: %s", async (_why, elsewhere) => {
    let inner: typeof fetch | undefined;
    const seen: string[] = [];
    const base = (async (url: string | URL, init?: RequestInit) => {
      seen.push(`${new URL(url).pathname} ${new Headers(init?.headers).has("authorization")}`);
      return new Response(null, { status: 405 });
    }) as never;
    const transport = carryTransport(
      (fetch) => {
        inner = fetch as typeof globalThis.fetch;
        return new StreamableHTTPClientTransport(new URL(web.resource), { fetch });
      },
      { audience: AUDIENCE, url: web.resource, hop: planner, clock: web.timers, fetch: base },
    );
    await transport
      .send({ jsonrpc: "2.0", method: "initialize", id: 1, params: {} })
      .catch(() => {});
    seen.length = 0;
    await inner?.(new URL(elsewhere, web.resource), { method: "POST" });
    await inner?.(new URL("/mcp/below", web.resource), { method: "GET" });
    expect(seen).toEqual([`${new URL(elsewhere, web.resource).pathname} false`, "/mcp/below true"]);
  });

  test("need a place to go to", () => {
    expect(() =>
      carryTransport(
        (fetch) => new StreamableHTTPClientTransport(new URL(web.resource), { fetch }),
        {
          audience: "files",
        },
      ),
    ).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });

  /** Links below the session's own root, until a header has no room for them. */
  async function longChain(): Promise<EmbeddedHop> {
    const grant = { tools: GRANT.tools ?? {} };
    let hop = planner;
    for (let depth = 0; depth < 5; depth += 1) {
      hop = hop.link({ agent: `${"agent".repeat(100)}-${depth}`, grant });
    }
    return hop;
  }
});

describe("the stream of a session", () => {
  test("is opened by the hop that began it, with a proof of its own, whoever calls meanwhile", async () => {
    const { client } = await connect({ hop: planner });
    await until(() => streams().length === 1);
    await client.callTool(carriedBy(child, read()));
    const [stream] = streams();
    expect(stream?.status).toBe(200);
    expect(stream?.headers.get("authorization")).toBe(`Bearer ${planner.holder.tokens.join("~")}`);
    expect(stream?.headers.get("dpop")).toMatch(/^eyJ/);
  });

  test("is opened again by the same hop after it broke", async () => {
    await withHop(planner, () => connect());
    await until(() => streams().length === 1 && streams()[0]?.status === 200);
    web.http.closeAllConnections();
    await until(() => streams().length >= 2);
    expect(streams().map(({ headers }) => headers.get("authorization"))).toEqual(
      streams().map(() => `Bearer ${planner.holder.tokens.join("~")}`),
    );
    expect(streams().at(-1)?.status).toBe(200);
  });

  test("ends with the session, which its own hop ends", async () => {
    const { transport } = await connect({ hop: planner });
    expect(transport.sessionId).toBeDefined();
    await transport.terminateSession();
    const last = wire.at(-1);
    expect([last?.method, last?.status]).toEqual(["DELETE", 200]);
    expect(transport.sessionId).toBeUndefined();
  });
});

describe("a challenge", () => {
  test("reaches the caller as what would be needed, and no error beside it", async () => {
    const { client } = await connect({ hop: planner });
    const refused = await client
      .callTool(carriedBy(child, { name: "pay.refund", arguments: { amount: 5 } }))
      .catch((error: unknown) => error);
    expect(wire.at(-1)?.status).toBe(403);
    expect(refused).toBeInstanceOf(DelegationError);
    expect(refused).toMatchObject({ code: "tool_not_granted", rule: "pay.refund" });
    const need = needOf(refused);
    expect(JSON.stringify(need?.authorizationDetails)).toContain("pay.refund");
    expect(need?.resourceMetadata).toContain("/.well-known/oauth-protected-resource");
    expect(faults).toEqual([]);
    expect(web.ran).toEqual([]);
  });

  test("for scopes names all of them", async () => {
    await web.close();
    web = await openWeb({ scopesOf: () => ["crm.read", "crm.write"] });
    const hop = await web.root();
    const { client } = await connect({ hop });
    const refused = await client.callTool(read()).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "scope_not_granted" });
    expect(needOf(refused)?.scopes).toEqual(expect.arrayContaining(["crm.read", "crm.write"]));
  });

  test("after a cut says so, and holds no token", async () => {
    const { client } = await connect({ hop: planner });
    await web.revoke({ kind: "hop", tree: child.tree, hop: child.id });
    const refused = await client
      .callTool(carriedBy(child, read()))
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "delegation_revoked", hop: child.id });
    const { message, stack } = refused as Error;
    const said = JSON.stringify([refused, message, stack, faults.map(String)]);
    expect(said).not.toContain("eyJ");
  });

  test("of a server that cannot say why is not the last word on half a chain", async () => {
    const seen: string[] = [];
    const plain = createServer((req, res) => {
      const { authorization = "" } = req.headers;
      seen.push(authorization);
      req.resume();
      const whole = authorization.includes("~");
      const told = { "content-type": "application/json" };
      if (!whole) res.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' }).end();
      else req.on("end", () => res.writeHead(200, told).end(JSON.stringify(answers.shift())));
    });
    await new Promise<void>((done) => plain.listen(0, "127.0.0.1", done));
    const { port } = plain.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/mcp`;
    const link = planner.link({ agent: "reader", grant: NARROW });
    const answers = [
      { jsonrpc: "2.0", id: 1, result: {} },
      { jsonrpc: "2.0", id: "2'", result: {} },
    ];
    const transport = carryTransport(
      (fetch) => new StreamableHTTPClientTransport(new URL(url), { fetch }),
      { audience: AUDIENCE, url, hop: link, clock: web.timers },
    );
    const got: object[] = [];
    transport.onmessage = (message) => got.push(message);
    await transport.start();
    const list = { jsonrpc: "2.0", method: "tools/list", params: {} };
    await transport.send({ ...list, id: 1 });
    await transport.send({ ...list, id: 2 });
    expect(seen.map((text) => text.split("~").length)).toEqual([2, 1, 2]);
    expect(got).toEqual([1, 2].map((id) => ({ jsonrpc: "2.0", id, result: {} })));
    await transport.close();
    plain.closeAllConnections();
    plain.close();
  });
});

test("nothing is fetched where there is no hop", async () => {
  await expect(connect()).rejects.toMatchObject({ code: "chain_empty" });
  expect(wire).toEqual([]);
});

test("the 2.x line's client carries the same way", async () => {
  const client = new ModernClient({ name: "agent", version: "2" });
  client.onerror = (error) => faults.push(error);
  const url = new URL(web.resource);
  const transport = carryTransport((fetch) => new ModernTransport(url, { fetch }), {
    audience: AUDIENCE,
    url,
    hop: planner,
    clock: web.timers,
    fetch: tapped as never,
  });
  await client.connect(transport);
  closers.push(() => client.close());
  expect(JSON.stringify(await client.callTool(read()))).toContain(`read ${READ.path}`);
  await expect(
    client.callTool(carriedBy(child, { name: "pay.refund", arguments: { amount: 5 } })),
  ).rejects.toMatchObject({
    code: "tool_not_granted",
  });
  await until(() => streams().length === 1);
  expect(streams()[0]?.headers.get("dpop")).toMatch(/^eyJ/);
  expect(faults).toEqual([]);
});
