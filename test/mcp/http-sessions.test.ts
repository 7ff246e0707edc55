/** How the web face learns of a session: whichever way a response sends its headers. @module */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { VerifiedChain } from "../../src/chain/verified-chain.js";
import { HttpSessions } from "../../src/mcp/http-sessions.js";
import { NARROW, type Rig, rig } from "../guard/rig.js";

let engine: Rig;
let root: VerifiedChain;
let middle: VerifiedChain;
let leaf: VerifiedChain;
let other: VerifiedChain;

beforeAll(async () => {
  engine = await rig();
  const first = await engine.root();
  const second = await first.delegate({ agent: "middle", grant: NARROW });
  root = first.holder.chain;
  middle = second.holder.chain;
  leaf = (await second.delegate({ agent: "leaf", grant: NARROW })).holder.chain;
  other = (await engine.root()).holder.chain;
});
afterAll(() => engine.close());

/** Has `send` answer one real request while `sessions` watches. */
async function answered(send: (res: ServerResponse) => void): Promise<HttpSessions> {
  const sessions = new HttpSessions();
  const server = createServer((_req, res) => {
    sessions.watch(res, middle);
    send(res);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await (await fetch(`http://127.0.0.1:${port}`)).text();
  server.closeAllConnections();
  server.close();
  return sessions;
}

test.each<[string, (res: ServerResponse) => void]>([
  ["by setHeader", (res) => res.setHeader("Mcp-Session-Id", "s").end()],
  ["with writeHead", (res) => res.writeHead(200, { "mcp-session-id": "s" }).end()],
  ["with a message too", (res) => res.writeHead(200, "OK", { "Mcp-Session-Id": "s" }).end()],
  ["as a list", (res) => res.writeHead(200, ["x", "mcp-session-id", "mcp-session-id", "s"]).end()],
  [
    "before what it says",
    (res) => {
      res.setHeader("mcp-session-id", "s");
      res.flushHeaders();
      res.end("later");
    },
  ],
])("a session that is named %s is its beginner's", async (_how, send) => {
  const sessions = await answered(send);
  expect([root, middle, leaf, other].map((chain) => sessions.isOwn("s", chain))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  const begun = [root, middle, leaf, other].map((chain) => sessions.isBegunBy("s", chain));
  expect(begun).toEqual([true, true, false, false]);
  sessions.end("s");
  expect([sessions.isOwn("s", root), sessions.isBegunBy("s", root)]).toEqual([
    undefined,
    undefined,
  ]);
});

test("a response that names none begins none", async () => {
  const sessions = await answered((res) => res.writeHead(200, { "x-session": "s" }).end());
  expect(sessions.isOwn("s", middle)).toBeUndefined();
});
