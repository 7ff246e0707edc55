/** What a server says of its own accord: with a request, to the hop that it is of; else to who began the session, while a hop of it lives. */
import {
  CallToolRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, test } from "vitest";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { AUDIENCE, NARROW, READ, rig, settled } from "../guard/rig.js";
import { patiently } from "../patience.js";
import { linked, presented, type Speaker } from "./guarded.js";
import { library } from "./library.js";
import { type Connected, connect, openWeb, postOf, type Web } from "./web.js";

describe("over HTTP", () => {
  let web: Web;
  let one: Connected;
  afterEach(async () => {
    await one.close();
    await web.close();
  });

  /** A session that the root began; each call logs for itself and for the session, and ends when it is told to. */
  async function scene() {
    web = await openWeb();
    const root = await web.root();
    const [child, sibling] = await Promise.all(
      ["reader", "other"].map((agent) => root.delegate({ agent, grant: NARROW })),
    );
    if (child === undefined || sibling === undefined) throw new Error("two hops");
    one = await connect(web, root);
    const heard: unknown[] = [];
    one.client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
      heard.push(params.data);
    });
    const server = web.servers[0];
    const waiting: (() => void)[] = [];
    const method = "notifications/message" as const;
    server?.server.setRequestHandler(CallToolRequestSchema, async (_request, extra) => {
      const { requestId, sendNotification } = extra;
      const log = (data: string) =>
        sendNotification({ method, params: { level: "info", data } }).catch(() => undefined);
      await log(`of ${requestId}`);
      await new Promise<void>((done) => waiting.push(done));
      await log(`late of ${requestId}`);
      await server.sendLoggingMessage({ level: "info", data: `about ${requestId}` });
      return { content: [] };
    });
    const session = { "mcp-session-id": String(one.transport.sessionId) };
    const call = async (hop: EmbeddedHop, id: number) => {
      const before = waiting.length;
      const params = { name: "files.read", arguments: READ };
      const message = presented(hop, { jsonrpc: "2.0", id, method: "tools/call", params });
      const response = fetch(web.resource, postOf(message, session));
      await patiently(() => expect(waiting.length).toBe(before + 1));
      return { text: async () => (await response).text() };
    };
    const end = () => {
      for (const done of waiting.splice(0)) done();
    };
    return { root, child, sibling, heard, call, end };
  }

  test("a log line of a call reaches the hop that makes it alone, one of the session who began it alone", async () => {
    const { child, sibling, heard, call, end } = await scene();
    const [own, other] = [await call(child, 51), await call(sibling, 52)];
    end();
    const [first, second] = [await own.text(), await other.text()];
    expect(first).toContain("late of 51");
    expect(second).toContain("late of 52");
    for (const [text, foreign] of [
      [first, "52"],
      [second, "51"],
    ]) {
      expect(text).not.toContain(`of ${foreign}`);
      expect(text).not.toContain("about");
    }
    await patiently(() => expect([...heard].sort()).toEqual(["about 51", "about 52"]));
  });

  test("nothing of a call is heard once its hop is cut", async () => {
    const { child, heard, call, end } = await scene();
    const { text } = await call(child, 51);
    await web.revoke({ kind: "hop", tree: child.tree, hop: child.id });
    const said = await text();
    end();
    expect(said).toContain("of 51");
    expect(said).toContain("aborted");
    expect(said).not.toContain("late");
    await settled();
    expect(heard).not.toContain("late of 51");
  });

  test("nobody hears the session once who began it is cut", async () => {
    const { root, child, heard, call, end } = await scene();
    await call(child, 51);
    await web.revoke({ kind: "hop", tree: root.tree, hop: root.id });
    end();
    await settled();
    expect(heard).toEqual([]);
  });
});

describe("news of a resource", () => {
  test("that come with a call are for who makes it, whoever else of the session could read them", async () => {
    const r = await rig();
    const guard = await r.watch();
    const reads = {
      "mcp:resources/read": { uri: { constraint_type: "prefix", value: "docs://" } },
    };
    const tools = { "files.read": {}, ...reads } as const;
    const root = await r.root({ grant: { tools, audience: [AUDIENCE] } });
    const child = await root.delegate({ agent: "x", grant: { tools: { "files.read": {} } } });
    const { server } = library();
    server.server.setRequestHandler(CallToolRequestSchema, async (_request, extra) => {
      const params = { uri: "docs://guide" };
      await extra.sendNotification({ method: "notifications/resources/updated", params });
      return { content: [] };
    });
    const speaker: Speaker = { hop: root };
    const client = await linked(server, guard, speaker);
    const news: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      news.push(params.uri);
    });
    speaker.hop = child;
    await client.callTool({ name: "files.read", arguments: READ });
    expect(news).toEqual([]);
    speaker.hop = root;
    await client.callTool({ name: "files.read", arguments: READ });
    expect(news).toEqual(["docs://guide"]);
  });
});
