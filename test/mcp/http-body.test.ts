/** The body of a POST: read once, whole, and no longer than it may be. @module */
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MESSAGE_BYTES_MAX } from "../../src/base/limits.js";
import { bodyOf } from "../../src/mcp/http-body.js";
import { patiently } from "../patience.js";

let server: Server;
/** What became of each request's body. */
let read: PromiseSettledResult<unknown>[];
let before: (req: IncomingMessage & { body?: unknown }) => Promise<unknown>;

beforeEach(async () => {
  read = [];
  before = async () => undefined;
  server = createServer((req, res) => {
    void before(req)
      .then(() => Promise.allSettled([bodyOf(req)]))
      .then(([outcome]) => {
        read.push(outcome);
        res.end();
      });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

function post(chunks: readonly (string | Buffer)[], options: { readonly cut?: boolean } = {}) {
  const { port } = server.address() as AddressInfo;
  const req = request({ port, host: "127.0.0.1", method: "POST" });
  req.on("error", () => {});
  for (const chunk of chunks) req.write(chunk);
  if (options.cut === true) req.flushHeaders();
  else req.end();
  return req;
}

const outcome = async () => {
  await patiently(() => expect(read).toHaveLength(1));
  return read[0];
};

test("is what was sent, also in pieces that part a character", async () => {
  const bytes = Buffer.from(JSON.stringify({ text: "grüße" }));
  const middle = bytes.indexOf(0xc3) + 1;
  const req = post([bytes.subarray(0, middle)], { cut: true });
  setImmediate(() => req.end(bytes.subarray(middle)));
  expect(await outcome()).toEqual({ status: "fulfilled", value: { text: "grüße" } });
});

test("is refused when it is no JSON", async () => {
  post(["{"]);
  expect(await outcome()).toMatchObject({ reason: { code: "invalid_request", rule: "body" } });
});

test("is refused when it is longer than a message may be", async () => {
  post([Buffer.alloc(MESSAGE_BYTES_MAX, 0x20), "  {}"]);
  expect(await outcome()).toMatchObject({ reason: { code: "too_large", rule: "body" } });
});

test("that never comes to its end is none", async () => {
  const req = post(['{"jsonrpc":'], { cut: true });
  setTimeout(() => req.destroy(), 20);
  expect(await outcome()).toMatchObject({ status: "rejected" });
});

test("is taken from whoever has parsed it", async () => {
  before = async (req) => {
    req.body = { parsed: true };
  };
  post(["{}"]);
  expect(await outcome()).toEqual({ status: "fulfilled", value: { parsed: true } });
});

test("that somebody else has read and kept is none, and nobody waits for it", async () => {
  before = async (req) => {
    for await (const chunk of req) void chunk;
  };
  post(["{}"]);
  expect(await outcome()).toMatchObject({ reason: { code: "invalid_request" } });
});
