/** The carrier around real transports of both lines of the SDK, against guarded servers, in memory. @module */
import {
  Client as ModernClient,
  InMemoryTransport as ModernPair,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { McpServer as ModernServer } from "@modelcontextprotocol/server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { DelegationError } from "../../src/base/error.js";
import { carriedBy, withHop } from "../../src/carry/hop.js";
import { needOf } from "../../src/carry/refusal.js";
import type { Guard } from "../../src/guard/guard.js";
import { type CarryOptions, carryTransport } from "../../src/mcp/carry-transport.js";
import { guardTransport } from "../../src/mcp/guard-transport.js";
import type { McpTransport } from "../../src/mcp/transport.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { PRESENT_META, type PresentMeta } from "../../src/wire/mcp.js";
import { AUDIENCE, GRANT, READ, type Rig, reader, rig, settled } from "../guard/rig.js";

let engine: Rig;
let guard: Guard;
let planner: EmbeddedHop;
let child: EmbeddedHop;
/** What went over the line, in the client's direction out. */
let sent: {
  id?: unknown;
  method?: string;
  params?: { _meta?: Record<string, unknown>; requestId?: unknown };
}[];
let faults: Error[];
/** What the handlers got. */
let ran: unknown[];
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  engine = await rig();
  guard = await engine.watch();
  planner = await engine.root();
  child = await reader(planner);
  [sent, faults, ran] = [[], [], []];
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await engine.close();
});

function serverOf(): McpServer {
  const server = new McpServer({ name: "files", version: "1" }, { capabilities: { logging: {} } });
  server.registerTool("files.read", { inputSchema: { path: z.string() } }, ({ path }, extra) => {
    ran.push([path, extra._meta]);
    return { content: [{ type: "text", text: `read ${path}` }] };
  });
  server.registerTool("web.search", {}, async ({ signal, sendNotification, sendRequest }) => {
    ran.push("search");
    await sendNotification({ method: "notifications/message", params: { level: "info", data: 1 } });
    const asked = { messages: [], maxTokens: 1 };
    const answer = z.object({ model: z.string() }).loose();
    const told = await sendRequest({ method: "sampling/createMessage", params: asked }, answer);
    ran.push(told.model);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    ran.push("aborted");
    return { content: [] };
  });
  server.registerTool("pay.refund", { inputSchema: { amount: z.number() } }, () => {
    throw new Error("the bank is closed");
  });
  return server;
}

/** The line between both ends, listened to; `at` says which guard's server it ends at. */
async function line(at: Guard = guard): Promise<InMemoryTransport> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  await serverOf().connect(guardTransport(far, at, { audience: AUDIENCE }));
  tap(near);
  return near;
}

function tap(near: McpTransport): void {
  const send = near.send.bind(near);
  near.send = (message, options) => {
    sent.push(structuredClone(message) as (typeof sent)[number]);
    return send(message, options);
  };
}

async function connect(options: Partial<CarryOptions> = {}): Promise<Client> {
  const client = new Client({ name: "agent", version: "1" }, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: "m",
    role: "assistant",
    content: { type: "text", text: "" },
  }));
  client.onerror = (error) => faults.push(error);
  const carried = carryTransport(await line(), {
    audience: AUDIENCE,
    clock: engine.timers,
    ...options,
  });
  await client.connect(carried);
  closers.push(() => client.close());
  return client;
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !holds(); turn += 1) await settled();
  expect(holds()).toBe(true);
}

const presentIn = (at: number) => sent.at(at)?.params?._meta?.[PRESENT_META] as PresentMeta;
const read = (path = READ.path) => ({ name: "files.read", arguments: { path } });
const textOf = (result: unknown) => JSON.stringify(result);

describe("a client's messages", () => {
  test("each carry tokens and a proof: signed first, by session afterwards, notifications too", async () => {
    const client = await connect({ hop: planner });
    await client.callTool(read());
    expect(sent.map(({ method }) => method)).toEqual([
      "initialize",
      "notifications/initialized",
      "tools/call",
    ]);
    expect(Object.keys(presentIn(0))).toEqual(["tokens", "proof"]);
    expect([presentIn(1), presentIn(2)].map(({ session }) => session?.sequence)).toEqual([1, 2]);
    expect(faults).toEqual([]);
  });

  test("keep what else is in their _meta, and handlers see nothing of the delegation", async () => {
    const client = await connect({ hop: planner });
    await client.callTool({ ...read(), _meta: { trace: "t-1" } });
    expect(ran).toEqual([[READ.path, { trace: "t-1" }]]);
    expect(textOf(ran)).not.toContain("eyJ");
  });

  test("are signed as JSON has them", async () => {
    const client = await connect({ hop: planner });
    const path = { toString: () => "", toJSON: () => READ.path };
    const params = { name: "files.read", arguments: { path, offset: undefined } };
    expect(textOf(await client.callTool(params))).toContain(`read ${READ.path}`);
  });

  test("in a batch are refused: they have no one hop", async () => {
    const carried = carryTransport(await line(), { audience: AUDIENCE, hop: planner });
    await expect(carried.send([{ jsonrpc: "2.0", method: "ping", id: 1 }])).rejects.toMatchObject({
      code: "invalid_request",
    });
    expect(sent).toEqual([]);
  });
});

describe("whose a message is", () => {
  test("two at once on one client are each their own hop's", async () => {
    const client = await connect({ hop: planner });
    const [own, outside, inside] = await Promise.allSettled([
      client.callTool(read("/reports/q1/a.csv")),
      client.callTool(carriedBy(child, read("/reports/q1/a.csv"))),
      client.callTool(carriedBy(child, read())),
    ]);
    expect([own, outside, inside].map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(outside).toMatchObject({ reason: { code: "argument_refused", hop: child.id } });
  });

  test("the run decides where nothing is said", async () => {
    const client = await withHop(planner, () => connect());
    const [one, two] = await Promise.allSettled([
      withHop(planner, async () => {
        await settled();
        return client.callTool(read("/reports/q1/a.csv"));
      }),
      withHop(child, () => client.callTool(read("/reports/q1/a.csv"))),
    ]);
    expect([one.status, two.status]).toEqual(["fulfilled", "rejected"]);
  });

  test("nothing is sent where there is no hop, and the client goes on", async () => {
    const client = await withHop(planner, () => connect());
    const before = sent.length;
    await expect(client.callTool(read())).rejects.toMatchObject({ code: "chain_empty" });
    await expect(client.listTools()).rejects.toMatchObject({ code: "chain_empty" });
    expect(sent.length).toBe(before);
    await withHop(planner, () => client.callTool(read()));
    await settled();
    expect(faults).toEqual([]);
  });

  test("nothing is sent to a server that the hop is not for", async () => {
    const hop = await engine.root({ grant: { ...GRANT, audience: ["https://mail.example.com"] } });
    await expect(connect({ hop })).rejects.toMatchObject({
      code: "audience_mismatch",
      required: AUDIENCE,
    });
    expect(sent).toEqual([]);
  });

  test("a hop never leaves the process, also where the line hands objects over", async () => {
    const [near, far] = InMemoryTransport.createLinkedPair();
    const got: object[] = [];
    far.onmessage = (message) => got.push(message);
    await far.start();
    const carried = carryTransport(near, { audience: AUDIENCE, clock: engine.timers });
    await carried.start();
    const params = carriedBy(planner, read());
    void carried.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    expect(Reflect.ownKeys((got[0] as { params: object }).params)).toEqual([
      "name",
      "arguments",
      "_meta",
    ]);
    await carried.close();
  });
});

describe("a refusal", () => {
  test("reaches the caller as a refusal of this process would, with what would be needed", async () => {
    const gate = {
      "pay.refund": { when: { amount: { constraint_type: "range", min: 50 } }, approvers: 2 },
    } as const;
    const hop = await engine.root({ grant: { ...GRANT, limits: { approval: gate } } });
    const client = await connect({ hop });
    const refused = await client
      .callTool({ name: "pay.refund", arguments: { amount: 60 } })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DelegationError);
    expect(refused).toMatchObject({ code: "approval_required", hop: hop.id });
    expect(needOf(refused)).toMatchObject({ retry: true, approvals: [{ approvers: 2 }] });
    await settled();
    expect(faults).toEqual([]);
  });

  test("is answered with the tickets of granted approvals, which go with the call that they are said with", async () => {
    const gate = { "files.read": { approvers: 1 } } as const;
    const hop = await engine.root({ grant: { ...GRANT, limits: { approval: gate } } });
    const client = await connect({ hop });
    const [asked] = await hop.ask("files.read", READ);
    const tickets = [asked?.ticket ?? ""];
    await expect(client.callTool(carriedBy(hop, read(), { tickets }))).rejects.toMatchObject({
      code: "approval_pending",
    });
    expect(presentIn(-1).tickets).toEqual(tickets);
  });

  test("of a handler's own stays the handler's", async () => {
    const client = await connect({ hop: planner });
    expect(await client.callTool({ name: "pay.refund", arguments: { amount: 1 } })).toMatchObject({
      isError: true,
    });
  });

  test("tells nobody a token", async () => {
    const client = await connect({ hop: planner });
    const refused = await client.callTool(read("/etc/passwd")).catch((error: unknown) => error);
    const { message, stack } = refused as Error;
    const said = JSON.stringify([refused, message, stack, needOf(refused)]);
    for (const token of planner.holder.tokens) expect(said).not.toContain(token);
    expect(said).not.toContain("/etc/passwd");
  });
});

describe("a server that has forgotten", () => {
  /** A line whose far end is another server from now on, as behind a balancer. */
  async function moving() {
    const [first, second] = [await line(), await line(await engine.watch({ name: "second" }))];
    let current: InMemoryTransport = first;
    const moved: McpTransport = {
      start: async () => {
        for (const each of [first, second]) {
          each.onmessage = (message) => moved.onmessage?.(message);
          await each.start();
        }
      },
      send: (message) => current.send(message as never),
      close: async () => {
        await first.close();
        await second.close();
      },
    };
    return { moved, move: () => (current = second) };
  }

  test("is shown chain and proof again, under a new id, and the caller knows nothing of it", async () => {
    const { moved, move } = await moving();
    const client = new Client({ name: "agent", version: "1" });
    client.onerror = (error) => faults.push(error);
    await client.connect(
      carryTransport(moved, { audience: AUDIENCE, hop: child, clock: engine.timers }),
    );
    closers.push(() => client.close());
    await client.callTool(read());
    move();
    const before = sent.length;
    expect(textOf(await client.callTool(read()))).toContain("read");
    const ids = sent.slice(before).map(({ id }) => id);
    expect(ids.length).toBe(2);
    expect(new Set(ids).size).toBe(2);
    expect([presentIn(-2), presentIn(-1)].map(({ proof }) => proof !== undefined)).toEqual([
      false,
      true,
    ]);
    await client.callTool(read());
    expect(presentIn(-1).session).toBeDefined();
    expect(faults).toEqual([]);
  });
});

describe("a call that runs", () => {
  test("is cancelled as the hop that made it, whoever cancels", async () => {
    const client = await connect({ hop: planner });
    const stop = new AbortController();
    const search = { name: "web.search", arguments: {} };
    const calling = client.callTool(search, undefined, { signal: stop.signal });
    const failed = expect(calling).rejects.toThrow();
    await until(() => ran.includes("m"));
    withHop(child, () => stop.abort("enough"));
    await failed;
    await until(() => ran.includes("aborted"));
    const cancelled = sent.at(-1);
    expect(cancelled?.method).toBe("notifications/cancelled");
    expect(presentIn(-1).tokens).toEqual(planner.holder.tokens);
    expect(ran).toEqual(["search", "m", "aborted"]);
    expect(faults).toEqual([]);
  });

  test("is over for its caller when its authority is cut", async () => {
    const client = await connect({ hop: planner });
    const calling = client.callTool({ name: "web.search", arguments: {} });
    const failed = expect(calling).rejects.toMatchObject({ code: "aborted" });
    await until(() => ran.includes("m"));
    await engine.revoke({ kind: "hop", tree: planner.tree, hop: planner.id });
    await failed;
  });

  test("leaves nothing behind when the connection closes", async () => {
    const client = await connect({ hop: planner });
    const calling = client.callTool({ name: "web.search", arguments: {} });
    const failed = expect(calling).rejects.toThrow();
    await until(() => ran.includes("m"));
    await client.close();
    await failed;
  });
});

describe("the 2.x line of the SDK", () => {
  async function modern(era: "legacy" | "auto") {
    const [near, far] = ModernPair.createLinkedPair();
    const server = new ModernServer({ name: "files", version: "2" });
    server.registerTool(
      "files.read",
      { inputSchema: z.object({ path: z.string() }) },
      ({ path }) => ({
        content: [{ type: "text", text: `read ${path}` }],
      }),
    );
    await server.connect(guardTransport(far, guard, { audience: AUDIENCE }));
    tap(near);
    const negotiation = era === "auto" ? { versionNegotiation: { mode: "auto" as const } } : {};
    const client = new ModernClient({ name: "agent", version: "2" }, negotiation);
    client.onerror = (error) => faults.push(error);
    await client.connect(
      carryTransport(near, { audience: AUDIENCE, hop: planner, clock: engine.timers }),
    );
    closers.push(() => client.close());
    return client;
  }

  test.each(["legacy", "auto"] as const)("carries the same (%s handshake)", async (era) => {
    const client = await modern(era);
    expect(textOf(await client.callTool(read()))).toContain(`read ${READ.path}`);
    expect(presentIn(-1).session).toBeDefined();
    const both = await Promise.allSettled([
      client.callTool(carriedBy(child, read("/reports/q1/a.csv"))),
      client.callTool(carriedBy(child, read())),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(both[0]).toMatchObject({ reason: { code: "argument_refused", hop: child.id } });
    await settled();
    expect(faults).toEqual([]);
  });
});
