/** Requests that wait: nothing of them is left where they could have been cancelled from. @module */
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CODES } from "../../src/base/codes.js";
import { carryTransport } from "../../src/mcp/carry-transport.js";
import type { McpTransport } from "../../src/mcp/transport.js";
import { AUDIENCE, type Rig, rig } from "../guard/rig.js";

let engine: Rig;
beforeEach(async () => {
  engine = await rig();
});
afterEach(() => engine.close());

type Sent = { readonly id?: string | number; readonly method?: string };

/** A carrier in front of a line whose other end is the test. */
async function carried() {
  const hop = await engine.root();
  const sent: Sent[] = [];
  const line: McpTransport = {
    start: async () => {},
    close: async () => {},
    send: async (message) => void sent.push(message as Sent),
  };
  const carrier = carryTransport(line, { audience: AUDIENCE, hop, clock: engine.timers });
  await carrier.start();
  const ask = (id: number, requestSignal: AbortSignal) =>
    carrier.send({ jsonrpc: "2.0", id, method: "tools/list" }, { requestSignal } as object);
  const answer = (id: number) => line.onmessage?.({ jsonrpc: "2.0", id, result: { tools: [] } });
  return { sent, ask, answer, line };
}

const listeners = ({ signal }: AbortController) => getEventListeners(signal, "abort").length;

test("one signal may cancel many requests, and keeps no listener for those that are answered", async () => {
  const { ask, answer } = await carried();
  const controller = new AbortController();
  for (let id = 1; id <= 30; id += 1) {
    const asked = ask(id, controller.signal);
    expect(listeners(controller)).toBe(1);
    answer(id);
    await asked;
  }
  expect(listeners(controller)).toBe(0);
});

test("it still cancels those that wait", async () => {
  const { ask, answer } = await carried();
  const controller = new AbortController();
  const asked = [1, 2].map((id) => ask(id, controller.signal));
  answer(1);
  await asked[0];
  expect(listeners(controller)).toBe(1);
  controller.abort();
  await asked[1];
  expect(listeners(controller)).toBe(0);
});

test("a request that is refused leaves none either", async () => {
  const { ask, line } = await carried();
  const controller = new AbortController();
  const asked = ask(1, controller.signal);
  const data = { code: "delegation_revoked", retry: false };
  line.onmessage?.({
    jsonrpc: "2.0",
    id: 1,
    error: { code: CODES.delegation_revoked.mcp, message: "no", data },
  });
  await expect(asked).rejects.toMatchObject({ code: "delegation_revoked" });
  expect(listeners(controller)).toBe(0);
});
