/** Streamable HTTP: real servers, the official client, tokens of the embedded coordinator. @module */
import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { type Challenge, parseChallenges } from "../../src/wire/challenge.js";
import { parseAatDetail } from "../../src/wire/grant.js";
import { actOf, httpActOf } from "../../src/wire/mcp.js";
import { GRANT, NARROW, PRINCIPAL, READ } from "../guard/rig.js";
import { patiently } from "../patience.js";
import { type Connected, connect, headersOf, openWeb, type Web } from "./web.js";

let web: Web;
const open: Connected[] = [];

beforeEach(async () => {
  web = await openWeb();
});

afterEach(async () => {
  await Promise.allSettled(open.splice(0).map((one) => one.close()));
  await web.close();
});

async function joined(
  ...asked: Parameters<typeof connect> extends [infer _, ...infer R] ? R : never
) {
  const one = await connect(web, ...asked);
  open.push(one);
  return one;
}

const callOf = (name: string, args: object) => ({
  jsonrpc: "2.0",
  id: 7,
  method: "tools/call",
  params: { name, arguments: args },
});
const refund = (amount: number) => callOf("pay.refund", { amount });

/** One tool call as bare HTTP, without a session. */
function bare(hop: EmbeddedHop, message: ReturnType<typeof callOf>, shown = {}): Promise<Response> {
  const { method, params } = message;
  return web.post(message, headersOf(web, hop, "POST", actOf(method, params), shown));
}

function challenges(response: Response): readonly Challenge[] {
  return parseChallenges(response.headers.get("www-authenticate") ?? "");
}

async function errorOf(
  asked: Promise<unknown>,
): Promise<Error & { code?: number; data?: unknown }> {
  return asked.then(
    () => {
      throw new Error("was let through");
    },
    (error: Error) => error,
  );
}

function streamOf(hop: EmbeddedHop, session: string | undefined, shown = {}): Promise<Response> {
  const headers = {
    accept: "text/event-stream",
    ...headersOf(web, hop, "GET", httpActOf("GET"), shown),
    ...(session === undefined ? {} : { "mcp-session-id": session }),
  };
  return fetch(web.resource, { headers });
}

describe("a client that presents its chain with DPoP", () => {
  test("lists and calls what its grant allows", async () => {
    const { client } = await joined(await web.root());
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["files.read", "pay.refund", "web.search"]);
    const result = await client.callTool({ name: "files.read", arguments: READ });
    expect(result.content).toEqual([{ type: "text", text: `read ${READ.path}` }]);
  });

  test("is refused with a challenge of DPoP when the proof is missing", async () => {
    const hop = await web.root();
    for (const scheme of ["Bearer", "DPoP"] as const) {
      const response = await bare(hop, refund(5), { scheme, unproved: true });
      expect(response.status).toBe(401);
      expect(challenges(response)).toMatchObject([
        { scheme: "Bearer", error: "invalid_token", code: "proof_missing" },
        { scheme: "DPoP", error: "invalid_token", algs: ["EdDSA", "Ed25519", "ES256"] },
      ]);
    }
    expect(web.ran).toEqual([]);
  });

  test("is refused by the guard behind when the proof is another hop's, another call's, or shown again", async () => {
    const hop = await web.root();
    const { client } = await joined(hop);
    await client.callTool({ name: "pay.refund", arguments: { amount: 1 } });
    const session = { "mcp-session-id": String(open[0]?.transport.sessionId) };
    const own = headersOf(web, hop, "POST", actOf("tools/call", refund(5).params));
    const thief = await web.root();
    const stolen = headersOf(web, thief, "POST", actOf("tools/call", refund(5).params));
    for (const [headers, amount, code] of [
      [{ ...own, dpop: stolen.dpop ?? "" }, 5, "proof_invalid"],
      [own, 6, "proof_invalid"],
      [own, 5, undefined],
      [own, 5, "proof_replayed"],
    ] as const) {
      const response = await web.post(refund(amount), { ...session, ...headers });
      expect(response.status).toBe(200);
      const text = await response.text();
      if (code === undefined) expect(text).toContain("refunded 5");
      else expect(text).toContain(`"code":"${code}"`);
    }
    expect(web.ran).toEqual(["pay.refund", "pay.refund"]);
  });

  test("needs no proof for an anchor that was minted as bearer", async () => {
    const hop = await web.root({ bearer: true, depth: 0 });
    const { client } = await joined(hop, { scheme: "Bearer" });
    const result = await client.callTool({ name: "pay.refund", arguments: { amount: 5 } });
    expect(result.content).toEqual([{ type: "text", text: "refunded 5" }]);
  });
});

describe("a request over HTTP", () => {
  test("without a chain is told where tokens come from, and nothing else", async () => {
    const response = await web.post(refund(5));
    expect(response.status).toBe(401);
    const [bearer, dpop] = challenges(response);
    expect(bearer).toEqual({ scheme: "Bearer", resourceMetadata: expect.any(String) });
    expect(dpop).toMatchObject({ scheme: "DPoP" });
    const document = await fetch(bearer?.resourceMetadata ?? "");
    expect(document.status).toBe(200);
    expect(await document.json()).toMatchObject({
      resource: web.resource,
      authorization_servers: [web.issuer],
      bearer_methods_supported: ["header"],
      dpop_signing_alg_values_supported: expect.arrayContaining(["EdDSA", "ES256"]),
    });
  });

  test("with a token for another audience is refused, for lists as for calls", async () => {
    const elsewhere = { ...GRANT, audience: ["https://mail.example.com"] };
    const hop = await web.root({ grant: elsewhere });
    const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} } as const;
    for (const message of [refund(5), list]) {
      const act = actOf(message.method, message.params);
      const response = await web.post(message, headersOf(web, hop, "POST", act));
      expect(response.status).toBe(401);
      expect(challenges(response)[0]).toMatchObject({
        error: "invalid_token",
        code: "audience_mismatch",
      });
    }
  });

  test("with a cut chain is refused", async () => {
    const hop = await web.root();
    await hop.revoke();
    const response = await bare(hop, refund(5));
    expect(response.status).toBe(401);
    expect(challenges(response)[0]).toMatchObject({ code: "delegation_revoked", hop: hop.id });
  });

  test("is refused with 503 when the guard knows too little", async () => {
    const hop = await web.root();
    web.timers.jump(60_000);
    await web.store.close();
    const response = await bare(hop, refund(5));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toMatchObject({ error: "temporarily_unavailable", retry: true });
    expect(web.ran).toEqual([]);
  });

  test.each([["Basic YTpi"], ["Bearer"], ["Bearer a b"], ["DPoP a, b"]])(
    "with the credentials %j is malformed",
    async (authorization) => {
      const response = await web.post(refund(5), { authorization });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: "invalid_request" });
    },
  );

  test.each([["{"], ["7"], ['{"jsonrpc":"2.0"}'], ["[]junk"]])(
    "with the body %j is malformed",
    async (body) => {
      const init = { method: "POST", body, headers: { "content-type": "application/json" } };
      const response = await fetch(web.resource, init);
      expect(response.status).toBe(400);
    },
  );

  test("never has its tokens or arguments told back", async () => {
    const hop = await web.root();
    const secret = "/secret-of-the-caller";
    const response = await bare(hop, callOf("files.read", { path: secret }));
    expect(response.status).toBe(403);
    const told = JSON.stringify([...response.headers]) + (await response.text());
    expect(told).not.toContain(secret);
    for (const token of hop.holder.tokens) expect(told).not.toContain(token.slice(-40));
  });
});

describe("insufficient_scope", () => {
  test("tells all that the call needs, in the header and in the body", async () => {
    const hop = await web.root();
    const response = await bare(hop, refund(150));
    expect(response.status).toBe(403);
    const [bearer] = challenges(response);
    const details = [
      {
        type: "attenuating_agent_token",
        tools: { "pay.refund": { amount: { constraint_type: "wildcard" } } },
      },
    ];
    expect(bearer).toEqual({
      scheme: "Bearer",
      error: "insufficient_scope",
      errorDescription: "the grant does not allow this call",
      scopes: ["pay.refund"],
      resourceMetadata: expect.stringContaining("/.well-known/oauth-protected-resource/mcp"),
      code: "argument_refused",
      hop: hop.id,
      rule: "pay.refund.amount",
      authorizationDetails: details,
    });
    expect(await response.json()).toMatchObject({
      error: "insufficient_scope",
      code: "argument_refused",
      scope: "pay.refund",
      authorization_details: details,
      retry: false,
    });
    for (const detail of details) expect(() => parseAatDetail(detail)).not.toThrow();
    expect(web.ran).toEqual([]);
  });

  test("names the tool, each argument that was given, and each scope that the server asks for", async () => {
    await web.close();
    web = await openWeb({
      scopesOf: ({ tool }) => (tool === "mail.send" ? ["mail.write", "mail.read"] : []),
    });
    const hop = await web.root();
    const response = await bare(hop, callOf("mail.send", { to: "a", text: "b" }));
    const [bearer] = challenges(response);
    expect(response.status).toBe(403);
    expect(bearer?.scopes).toEqual(["mail.write", "mail.read", "mail.send"]);
    expect(bearer?.authorizationDetails).toEqual([
      {
        type: "attenuating_agent_token",
        tools: {
          "mail.send": {
            to: { constraint_type: "wildcard" },
            text: { constraint_type: "wildcard" },
          },
        },
      },
    ]);
  });

  test("asks for a scope alone where the tool is granted", async () => {
    await web.close();
    web = await openWeb({ scopesOf: () => ["files.read.all"] });
    const without = await web.root();
    const response = await bare(without, callOf("files.read", READ));
    expect(response.status).toBe(403);
    expect(challenges(response)[0]).toMatchObject({
      code: "scope_not_granted",
      rule: "scopes.files.read.all",
      scopes: ["files.read.all", "files.read"],
    });
    const grant = { ...GRANT, scopes: ["files.read.*"] };
    const { client } = await joined(await web.root({ grant }));
    await client.callTool({ name: "files.read", arguments: READ });
    expect(web.ran).toEqual(["files.read"]);
  });

  test("reaches the official client as an HTTP error, and the session goes on", async () => {
    const { client } = await joined(await web.root());
    const refused = await errorOf(
      client.callTool({ name: "pay.refund", arguments: { amount: 150 } }),
    );
    expect(refused.code).toBe(403);
    await client.callTool({ name: "pay.refund", arguments: { amount: 50 } });
    expect(web.ran).toEqual(["pay.refund"]);
  });

  test("is answered for a prompt or resource as for a tool", async () => {
    const hop = await web.root();
    const params = { uri: "file:///etc/passwd" };
    const message = { jsonrpc: "2.0", id: 7, method: "resources/read", params };
    const act = actOf(message.method, params);
    const response = await web.post(message, headersOf(web, hop, "POST", act));
    expect(response.status).toBe(403);
    expect(challenges(response)[0]?.scopes).toEqual(["mcp:resources/read"]);
  });
});

describe("a session", () => {
  test("that expires in between is refused from then on, its stream is closed, and it goes on with a chain that lives", async () => {
    const root = await web.root({
      grant: { ...GRANT, expiresAt: web.timers.now() / 1_000 + 3_600 },
    });
    const short = { ...NARROW, expiresAt: web.timers.now() / 1_000 + 60 };
    const child = await root.delegate({ agent: "reader", grant: short });
    let who = child;
    const { client, transport } = await joined(() => who, { streamless: true });
    const stream = await streamOf(child, transport.sessionId);
    const read = () => client.callTool({ name: "files.read", arguments: READ });
    await web.pass(59_000);
    await read();
    await web.pass(1_000);
    const refused = await errorOf(read());
    expect(refused.code).toBe(401);
    await expect(stream.text()).rejects.toThrow();
    expect(web.ran).toHaveLength(1);
    who = root;
    await read();
    expect(web.ran).toHaveLength(2);
  });

  test("serves two identities of one tree at the same time on one shared client", async () => {
    const root = await web.root();
    const narrow = await root.delegate({ agent: "reader", grant: NARROW });
    const context = new AsyncLocalStorage<EmbeddedHop>();
    const { client } = await context.run(root, () => joined(() => context.getStore()));
    const read = (path: string) => client.callTool({ name: "files.read", arguments: { path } });
    const asked = Array.from({ length: 8 }, (_, index) => [
      context.run(root, () => read(`/reports/q1/${index}`)),
      context.run(narrow, () => read(`/reports/q3/${index}`)),
      context.run(narrow, () => errorOf(read(`/reports/q1/${index}`))),
    ]).flat();
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer instanceof Error)).toHaveLength(8);
    await web.pass(1_000);
    const agents = (await web.lines(root.tree)).flatMap(({ event }) =>
      event.kind === "calls"
        ? (event.data?.calls as { agent: string; tool: string; decision: string }[])
        : [],
    );
    const reads = agents.filter(
      ({ tool, decision }) => tool === "files.read" && decision === "allow",
    );
    expect(reads.filter(({ agent }) => agent === "planner")).toHaveLength(8);
    expect(reads.filter(({ agent }) => agent === "reader")).toHaveLength(8);
  });

  test("is refused to the chain of another principal, and to another tree of the same one", async () => {
    const { client, transport } = await joined(await web.root());
    await client.ping();
    const session = { "mcp-session-id": String(transport.sessionId) };
    const mallory = await web.root({ principal: { ...PRINCIPAL, subject: "mallory" } });
    for (const other of [mallory, await web.root()]) {
      const own = headersOf(web, other, "POST", actOf("tools/call", refund(5).params));
      const response = await web.post(refund(5), { ...session, ...own });
      expect(response.status).toBe(401);
      expect(challenges(response)[0]).toMatchObject({ code: "session_mismatch" });
    }
    expect(web.ran).toEqual([]);
  });

  test("is ended by its own tree alone", async () => {
    const hop = await web.root();
    const { client, transport } = await joined(hop);
    const session = { "mcp-session-id": String(transport.sessionId) };
    const mallory = await web.root();
    const end = (who: EmbeddedHop, shown = {}) =>
      fetch(web.resource, {
        method: "DELETE",
        headers: { ...headersOf(web, who, "DELETE", httpActOf("DELETE"), shown), ...session },
      });
    const ended = await end(mallory);
    expect(ended.status).toBe(401);
    expect(challenges(ended)[0]).toMatchObject({ code: "session_mismatch" });
    const taken = await end(hop, { unproved: true });
    expect(taken.status).toBe(401);
    expect(challenges(taken)[0]).toMatchObject({ code: "proof_missing" });
    await client.ping();
    await transport.terminateSession();
    const gone = await web.post({ jsonrpc: "2.0", id: 1, method: "ping" }, session);
    expect(gone.status).not.toBe(200);
  });
});

describe("the stream of a GET", () => {
  test("is closed when its chain is cut, and no notification reaches it afterwards", async () => {
    const hop = await web.root();
    const { client, transport } = await joined(hop);
    const heard: unknown[] = [];
    client.fallbackNotificationHandler = async (notification) => void heard.push(notification);
    const server = web.servers[0]?.server;
    await patiently(async () => {
      await server?.sendLoggingMessage({ level: "info", data: "before" });
      expect(heard).not.toEqual([]);
    });
    heard.length = 0;
    await hop.revoke();
    await server?.sendLoggingMessage({ level: "info", data: "after" }).catch(() => {});
    const again = await streamOf(hop, transport.sessionId);
    expect(again.status).toBe(401);
    expect(heard).toEqual([]);
  });

  test.each(["the hop that began the session", "a hop above it"])(
    "opened by %s is closed by the web face alone",
    async (who) => {
      await web.close();
      web = await openWeb({ behind: false });
      const root = await web.root();
      const child = await root.delegate({ agent: "reader", grant: NARROW });
      const { transport } = await joined(child, { streamless: true });
      const opener = who === "a hop above it" ? root : child;
      const stream = await streamOf(opener, transport.sessionId);
      expect(stream.status).toBe(200);
      await opener.revoke();
      await expect(stream.text()).rejects.toThrow();
    },
  );

  test("is not opened for a narrower hop of the tree, which cannot end the session either", async () => {
    const root = await web.root();
    const child = await root.delegate({ agent: "reader", grant: NARROW });
    const { client, transport } = await joined(root, { streamless: true });
    const stream = await streamOf(child, transport.sessionId);
    expect(challenges(stream)[0]).toMatchObject({ code: "session_mismatch" });
    const headers = {
      ...headersOf(web, child, "DELETE", httpActOf("DELETE")),
      "mcp-session-id": String(transport.sessionId),
    };
    const ended = await fetch(web.resource, { method: "DELETE", headers });
    expect(challenges(ended)[0]).toMatchObject({ code: "session_mismatch" });
    await client.callTool({ name: "files.read", arguments: READ });
  });

  test("is not opened without proof, for another tree's session, or for one that is not known", async () => {
    const hop = await web.root();
    const { transport } = await joined(hop);
    const mallory = await web.root();
    const foreign = await streamOf(mallory, transport.sessionId);
    expect(challenges(foreign)[0]).toMatchObject({ code: "session_mismatch" });
    const unproved = await streamOf(hop, transport.sessionId, { unproved: true });
    expect(challenges(unproved)[0]).toMatchObject({ code: "proof_missing" });
    const unknown = await streamOf(hop, "no-such-session");
    expect(unknown.status).toBe(404);
    const nobody = await fetch(web.resource, { headers: { accept: "text/event-stream" } });
    expect(nobody.status).toBe(401);
  });

  test("is not opened with a token for another audience", async () => {
    const hop = await web.root({ grant: { ...GRANT, audience: ["https://mail.example.com"] } });
    const stream = await streamOf(hop, undefined);
    expect(challenges(stream)[0]).toMatchObject({ code: "audience_mismatch" });
  });
});

describe("a call that runs", () => {
  test("is stopped by a cut, and its caller hears that it was", async () => {
    const hop = await web.root();
    const { client } = await joined(hop);
    const late = errorOf(client.callTool({ name: "web.search", arguments: {} }));
    await patiently(() => expect(web.ran).toEqual(["web.search"]));
    await web.revoke({ kind: "tree", tree: hop.tree });
    expect(await late).toMatchObject({ data: { code: "aborted" } });
    await patiently(() => expect(web.ran).toEqual(["web.search", "web.search aborted"]));
  });
});

test("other methods are not let on", async () => {
  const response = await fetch(web.resource, { method: "PUT", body: "{}" });
  expect(response.status).toBe(405);
});

test("without all of this another chain takes over the session, and a stream outlives its chain", async () => {
  await web.close();
  web = await openWeb({ guarded: false });
  const hop = await web.root();
  const { transport } = await joined(hop, { streamless: true });
  const stream = await streamOf(hop, transport.sessionId);
  await hop.revoke();
  const mallory = await web.root({ principal: { ...PRINCIPAL, subject: "mallory" } });
  const session = { "mcp-session-id": String(transport.sessionId) };
  const own = headersOf(web, mallory, "POST", actOf("tools/call", refund(5).params));
  const taken = await web.post(refund(5_000), { ...session, ...own });
  expect(await taken.text()).toContain("refunded 5000");
  const reader = stream.body?.getReader();
  await web.servers[0]?.server.sendLoggingMessage({ level: "info", data: "after" });
  const heard = await reader?.read();
  expect(new TextDecoder().decode(heard?.value)).toContain("after");
});
