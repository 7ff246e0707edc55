/** Streams that are taken up again: said again to the hop that they were for and to those above, while they live, and to nobody else. */
import type { EventStore } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, test } from "vitest";
import { MCP_EVENTS_MAX } from "../../src/base/limits.js";
import { type McpEventStore, ownEvents } from "../../src/mcp/own-events.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { httpActOf } from "../../src/wire/mcp.js";
import { NARROW, READ } from "../guard/rig.js";
import { patiently } from "../patience.js";
import { presented } from "./guarded.js";
import { type Connected, connect, headersOf, openWeb, type Shown, type Web } from "./web.js";

/** One store for all sessions, with ids that anybody can guess. */
function events(own = (store: EventStore) => store): () => EventStore {
  const kept: { readonly stream: string; readonly message: object }[] = [];
  const store: EventStore = {
    storeEvent: async (stream, message) => String(kept.push({ stream, message })),
    replayEventsAfter: async (last, { send }) => {
      const stream = kept[Number(last) - 1]?.stream ?? "";
      for (const [at, one] of kept.entries()) {
        const again = at >= Number(last) && one.stream === stream;
        if (again && "jsonrpc" in one.message) await send(String(at + 1), one.message as never);
      }
      return stream;
    },
  };
  return () => own(store);
}

let web: Web;
const open: Connected[] = [];
const controllers: AbortController[] = [];

afterEach(async () => {
  for (const controller of controllers.splice(0)) controller.abort();
  for (const one of open.splice(0)) await one.close();
  await web.close();
});

async function begun(hop: EmbeddedHop) {
  const one = await connect(web, hop, { streamless: true });
  open.push(one);
  return { "mcp-session-id": String(one.transport.sessionId) };
}

const VERSION = { "mcp-protocol-version": "2025-11-25" };

/** Makes a call, and gives the id of the first event of its stream, after which all of it can be said again. */
async function called(hop: EmbeddedHop, session: Record<string, string>, path = READ.path) {
  const params = { name: "files.read", arguments: { path } };
  const message = presented(hop, { jsonrpc: "2.0", id: 50, method: "tools/call", params });
  const text = await (await web.post(message, { ...session, ...VERSION })).text();
  expect(text).toContain(`read ${path}`);
  return /^id: (.*)$/m.exec(text)?.[1] ?? "";
}

/** Takes a stream up again: the status, and what is said within a moment. */
async function resumed(
  hop: EmbeddedHop,
  session: Record<string, string>,
  event: string,
  shown: Shown = {},
) {
  const controller = new AbortController();
  controllers.push(controller);
  const response = await fetch(web.resource, {
    headers: {
      accept: "text/event-stream",
      "last-event-id": event,
      ...session,
      ...VERSION,
      ...headersOf(web, hop, "GET", httpActOf("GET"), shown),
    },
    signal: controller.signal,
  });
  if (!response.ok) return { status: response.status, said: await response.text() };
  const chunk = await response.body?.getReader().read();
  return { status: response.status, said: Buffer.from(chunk?.value ?? []).toString() };
}

test("without a guard another principal hears another session's stream", async () => {
  web = await openWeb({ guarded: false, eventStore: events() });
  const ana = await web.root();
  const event = await called(ana, await begun(ana));
  const ben = await web.root({ principal: { issuer: "https://id.example.com", subject: "ben" } });
  const { status, said } = await resumed(ben, await begun(ben), event);
  expect(status).toBe(200);
  expect(said).toContain(`read ${READ.path}`);
});

describe("a stream that is taken up again", () => {
  async function scene() {
    web = await openWeb({ eventStore: events() });
    const root = await web.root();
    const [child, sibling] = await Promise.all(
      ["reader", "other"].map((agent) => root.delegate({ agent, grant: NARROW })),
    );
    if (child === undefined || sibling === undefined) throw new Error("two hops");
    return { root, child, sibling, session: await begun(root) };
  }

  test("is said again to the hop that it was for, and to one above", async () => {
    const { root, child, session } = await scene();
    const event = await called(child, session);
    for (const hop of [child, root]) {
      const { status, said } = await resumed(hop, session, event);
      expect(status).toBe(200);
      expect(said).toContain(`read ${READ.path}`);
    }
  });

  test("goes on with what is said later", async () => {
    const { child, session } = await scene();
    let say = () => {};
    web.servers[0]?.server.setRequestHandler(CallToolRequestSchema, async () => {
      await new Promise<void>((done) => {
        say = done;
      });
      return { content: [{ type: "text", text: "said later" }] };
    });
    const params = { name: "files.read", arguments: READ };
    const message = presented(child, { jsonrpc: "2.0", id: 50, method: "tools/call", params });
    const broken = new AbortController();
    const response = await fetch(web.resource, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...session,
        ...VERSION,
      },
      body: JSON.stringify(message),
      signal: broken.signal,
    });
    const first = await response.body?.getReader().read();
    const event = /^id: (.*)$/m.exec(Buffer.from(first?.value ?? []).toString())?.[1] ?? "";
    broken.abort();
    const again = patiently(async () => {
      const { status, said } = await resumed(child, session, event);
      expect([status, said]).toEqual([200, expect.stringContaining("said later")]);
    });
    await new Promise((done) => setTimeout(done, 50));
    say();
    await again;
  });

  test.each([
    ["a sibling", ({ sibling }: Awaited<ReturnType<typeof scene>>) => sibling],
    ["a hop below", ({ child }: Awaited<ReturnType<typeof scene>>) => child],
  ])("is not said to %s", async (who, other) => {
    const s = await scene();
    const event = await called(who === "a sibling" ? s.child : s.root, s.session);
    const { status, said } = await resumed(other(s), s.session, event);
    expect(status).toBe(403);
    expect(said).toContain("not_entitled");
    expect(said).not.toContain(READ.path);
  });

  test("is not said in another session, of another principal or the same hop", async () => {
    const { root, child, session } = await scene();
    const event = await called(child, session);
    const ben = await web.root({ principal: { issuer: "https://id.example.com", subject: "ben" } });
    for (const hop of [ben, root]) {
      const { status, said } = await resumed(hop, await begun(hop), event);
      expect(status).toBe(403);
      expect(said).toContain("not_entitled");
    }
    const bare = await resumed(ben, {}, event);
    expect(bare.status).toBe(403);
    expect(bare.said).toContain("not_entitled");
    const { status, said } = await resumed(ben, session, event);
    expect(status).toBe(401);
    expect(said).toContain("session_mismatch");
  });

  test("is not said after a cut, nor with a token that was stolen", async () => {
    const { root, child, session } = await scene();
    const event = await called(child, session);
    expect((await resumed(child, session, event, { unproved: true })).status).toBe(401);
    await web.revoke({ kind: "hop", tree: child.tree, hop: child.id });
    const { status, said } = await resumed(child, session, event);
    expect(status).toBe(401);
    expect(said).toContain("delegation_revoked");
    expect(said).not.toContain(READ.path);
    expect((await resumed(root, session, event)).status).toBe(200);
  });

  test("is not said where its event is none that was ever sent, or so long ago that it was forgotten", async () => {
    const { child, session } = await scene();
    expect((await resumed(child, session, "7")).status).toBe(403);
    const event = await called(child, session);
    for (let call = 0; call < MCP_EVENTS_MAX / 2; call += 1) await called(child, session);
    expect((await resumed(child, session, event)).status).toBe(403);
  });
});

describe("the news of a session, of one store for all sessions", () => {
  /** Two sessions listen; the second loses its stream, after which news come in the first. What the second is told again. */
  async function toldAgain(own?: (store: EventStore) => EventStore): Promise<string> {
    web = await openWeb({ eventStore: events(own) });
    const hops = [await web.root(), await web.root()];
    const streams: { session: Record<string, string>; first: string }[] = [];
    for (const [at, hop] of hops.entries()) {
      const session = await begun(hop);
      const broken = new AbortController();
      const headers = { accept: "text/event-stream", ...session, ...VERSION };
      const proved = headersOf(web, hop, "GET", httpActOf("GET"));
      const stream = await fetch(web.resource, {
        headers: { ...headers, ...proved },
        signal: broken.signal,
      });
      await web.servers[at]?.sendLoggingMessage({ level: "info", data: "first" });
      const chunk = await stream.body?.getReader().read();
      const first = Buffer.from(chunk?.value ?? []).toString();
      expect(first).toContain("first");
      streams.push({ session, first: /^id: (.*)$/m.exec(first)?.[1] ?? "" });
      broken.abort();
    }
    await web.servers[0]?.sendLoggingMessage({ level: "info", data: "of the first session" });
    await web.servers[1]?.sendLoggingMessage({ level: "info", data: "of the second session" });
    const [, second] = streams;
    let said = "";
    await patiently(async () => {
      said = (await resumed(hops[1] as EmbeddedHop, second?.session ?? {}, second?.first ?? ""))
        .said;
      expect(said).toContain("session");
    });
    return said;
  }

  test("are another session's as well where transports give their streams one name", async () => {
    expect(await toldAgain()).toContain("of the first session");
  });

  test("are its own where each transport sees its own events", async () => {
    const said = await toldAgain((store) => ownEvents(store));
    expect(said).toContain("of the second session");
    expect(said).not.toContain("of the first session");
  });

  test("are not told to another transport that knows an event's id, and what keeps events knows each stream", async () => {
    const store = events()() as McpEventStore;
    const streams = new Map<string, string>();
    const indexed: McpEventStore = {
      ...store,
      storeEvent: async (stream, message) => {
        const event = await store.storeEvent(stream, message);
        streams.set(event, stream);
        return event;
      },
      getStreamIdForEventId: async (event) => streams.get(event),
    };
    const [one, other] = [ownEvents(indexed), ownEvents(indexed)];
    const event = await one.storeEvent("news", {});
    await one.storeEvent("news", { jsonrpc: "2.0" });
    const heard: object[] = [];
    const send = async (_event: string, message: object) => void heard.push(message);
    expect(await one.getStreamIdForEventId?.(event)).toBe("news");
    expect(await other.getStreamIdForEventId?.(event)).toBeUndefined();
    await expect(other.replayEventsAfter(event, { send })).rejects.toMatchObject({
      code: "not_entitled",
    });
    expect(heard).toEqual([]);
    expect(await one.replayEventsAfter(event, { send })).toBe("news");
    expect(heard).toEqual([{ jsonrpc: "2.0" }]);
  });
});
