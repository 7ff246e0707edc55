/** What the server asks a client over HTTP: answered by whom it asked, with possession, or by who began the session. @module */
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { httpActOf } from "../../src/wire/mcp.js";
import { NARROW, READ } from "../guard/rig.js";
import { patiently } from "../patience.js";
import { presented } from "./guarded.js";
import {
  type Connected,
  connect,
  headersOf,
  openWeb,
  postOf,
  type Shown,
  type Web,
} from "./web.js";

let web: Web;
let one: Connected;
let said: string[];

beforeEach(async () => {
  web = await openWeb();
  said = [];
});
afterEach(async () => {
  await one.close();
  await web.close();
});

/** A session that the root began; every call asks its caller for a yes. */
async function asking() {
  const root = await web.root();
  const [child, sibling] = await Promise.all(
    ["reader", "other"].map((agent) => root.delegate({ agent, grant: NARROW })),
  );
  if (child === undefined || sibling === undefined) throw new Error("two hops");
  one = await connect(web, root, { streamless: true });
  const session = { "mcp-session-id": String(one.transport.sessionId) };
  web.servers[0]?.server.setRequestHandler(CallToolRequestSchema, async (_request, extra) => {
    const asked = { method: "elicitation/create", params: { message: "?" } };
    web.ran.push("asked");
    const { action } = await extra.sendRequest(asked as never, z.object({ action: z.string() }));
    said.push(action);
    return { content: [] };
  });
  const call = async (hop: EmbeddedHop) => {
    const params = { name: "files.read", arguments: READ };
    const message = { jsonrpc: "2.0", id: 50, method: "tools/call", params };
    const response = await fetch(web.resource, postOf(presented(hop, message), session));
    await patiently(() => expect(web.ran).toEqual(["asked"]));
    return response;
  };
  const answer = (by: EmbeddedHop, action: string, shown: Shown = {}) =>
    web.post(
      { jsonrpc: "2.0", id: 0, result: { action } },
      { ...session, ...headersOf(web, by, "POST", httpActOf("POST"), shown) },
    );
  return { root, child, sibling, call, answer };
}

test("a call is answered for by its own hop, and by no sibling nor with a token that was stolen", async () => {
  const { root, child, sibling, call, answer } = await asking();
  const response = await call(child);
  await answer(sibling, "a sibling's");
  await answer(child, "a thief's", { unproved: true });
  await answer(root, "another thief's", { unproved: true });
  await answer(child, "its own");
  await response.text();
  expect(said).toEqual(["its own"]);
});

test("a call is not answered for by a hop below, and who began the session answers for all", async () => {
  const { root, child, call, answer } = await asking();
  const response = await call(root);
  await answer(child, "a child's");
  await answer(root, "its own");
  await response.text();
  expect(said).toEqual(["its own"]);
});

test("who began the session answers for a hop below", async () => {
  const { root, child, call, answer } = await asking();
  const response = await call(child);
  await answer(root, "the beginner's");
  await response.text();
  expect(said).toEqual(["the beginner's"]);
});
