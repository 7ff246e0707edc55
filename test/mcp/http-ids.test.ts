/** Ids over Streamable HTTP: the transport finds a request's stream by its id alone, and whoever names that id again must not get what is another's. @module */
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NARROW, READ } from "../guard/rig.js";
import { patiently } from "../patience.js";
import { presented } from "./guarded.js";
import { type Connected, connect, openWeb, postOf, type Web } from "./web.js";

let web: Web;
let one: Connected;
let release: () => void;
let heard: string;
const SECRET = "refund for Mrs Miller";

beforeEach(async () => {
  web = await openWeb();
  heard = "";
});
afterEach(async () => {
  release();
  await one.close();
  await web.close();
});

/** A session of a root with one call of its own that runs, by id 1; reads go on for as long. */
async function running() {
  const root = await web.root();
  const child = await root.delegate({ agent: "reader", grant: NARROW });
  one = await connect(web, root, { streamless: true });
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const end = new Promise<void>(() => {});
  web.servers[0]?.server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    web.ran.push(params.name);
    await (params.name === "pay.refund" ? gate : end);
    return { content: [{ type: "text", text: SECRET }] };
  });
  const answer = one.client.callTool({ name: "pay.refund", arguments: { amount: 5 } });
  await patiently(() => expect(web.ran).toEqual(["pay.refund"]));
  const session = { "mcp-session-id": String(one.transport.sessionId) };
  const read = (id: number) =>
    presented(child, {
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name: "files.read", arguments: READ },
    });
  const call = (id: number, headers: Record<string, string>) => {
    const params = { name: "pay.refund", arguments: { amount: 5 } };
    return postOf(presented(root, { jsonrpc: "2.0", id, method: "tools/call", params }), headers);
  };
  return { answer, session, read, call };
}

/** Takes down what a response says, for as long as it goes on. */
function hear(response: Response): void {
  const take = async () => {
    for await (const chunk of response.body ?? []) heard += Buffer.from(chunk).toString();
  };
  take().catch(() => undefined);
}

test("a narrower hop that names the id of a call that runs gets nothing of its answer", async () => {
  const { answer, session, read } = await running();
  hear(await web.post([read(1), read(100)], session));
  release();
  const { content } = await answer;
  expect(content).toEqual([{ type: "text", text: SECRET }]);
  expect(heard).not.toContain(SECRET);
});

test("nor when who made the call has gone, and the id is free again", async () => {
  const { call, session, read } = await running();
  const gone = new AbortController();
  const asked = fetch(web.resource, { ...call(7, session), signal: gone.signal });
  await patiently(() => expect(web.ran).toEqual(["pay.refund", "pay.refund"]));
  gone.abort();
  await asked.catch(() => undefined);
  const taken = await patiently(async () => {
    const response = await web.post([read(7), read(100)], session);
    expect(response.status).toBe(200);
    return response;
  });
  hear(taken);
  await patiently(() => expect(heard).toContain('"id is in use"'));
  release();
  await one.client.ping();
  expect(heard).not.toContain(SECRET);
});

test("a stranger's ping by the id of a call that runs takes no answer away", async () => {
  const { answer, session } = await running();
  hear(await web.post({ jsonrpc: "2.0", id: 1, method: "ping" }, session));
  release();
  expect((await answer).content).toEqual([{ type: "text", text: SECRET }]);
});
