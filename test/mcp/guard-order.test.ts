/** Order and hostile messages: nothing overtakes, no id serves twice, and what is no message is nobody's. @module */
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { guardTransport } from "../../src/mcp/guard-transport.js";
import { kindOf, lowered, raised } from "../../src/mcp/message.js";
import { Outbound } from "../../src/mcp/outbound.js";
import { Session } from "../../src/mcp/session.js";
import { TaskOwners } from "../../src/mcp/tasks.js";
import type { McpTransport } from "../../src/mcp/transport.js";
import { Turns } from "../../src/mcp/turns.js";
import type { PolicyEngine } from "../../src/policy/engine.js";
import type { GrantInput } from "../../src/wire/grant.js";
import { AUDIENCE, rig, settled } from "../guard/rig.js";
import { patiently } from "../patience.js";
import { presented } from "./guarded.js";

const GRANT: GrantInput = { tools: { slow: {}, fast: {} }, audience: [AUDIENCE] };

type Raw = Record<string, unknown>;

/** A guard between two ends that are the test's own; the policy answers about `slow` when it is told to. */
async function scene() {
  let answer = () => {};
  const policy: PolicyEngine = {
    version: "1",
    decide: ({ tool }) => {
      const allow = { effect: "allow", rules: ["r"], obligations: [] } as const;
      if (tool !== "slow") return allow;
      return new Promise((done) => {
        answer = () => done(allow);
      });
    },
  };
  const r = await rig();
  const guard = await r.watch({ policy });
  const hop = await r.root({ grant: GRANT });
  const [near, far] = InMemoryTransport.createLinkedPair();
  const end = guardTransport(far, guard, { audience: AUDIENCE });
  const up: Raw[] = [];
  const down: Raw[] = [];
  const faults: string[] = [];
  end.onmessage = (message) => up.push(message as Raw);
  end.onerror = ({ message }) => faults.push(message);
  near.onmessage = (message) => down.push(message as Raw);
  await end.start();
  await near.start();
  const send = async (message: object) => {
    await near.send(message as never);
    await settled();
  };
  const call = (id: unknown, name: string) =>
    send(presented(hop, { jsonrpc: "2.0", id, method: "tools/call", params: { name } }));
  const cancel = (requestId: unknown) =>
    send(
      presented(hop, { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } }),
    );
  const result = (id: unknown) => end.send({ jsonrpc: "2.0", id, result: { content: [] } });
  const release = async () => {
    answer();
    await settled();
  };
  const cut = () => r.revoke({ kind: "tree", tree: hop.tree });
  return {
    ...r,
    guard,
    hop,
    near,
    end,
    up,
    down,
    faults,
    send,
    call,
    cancel,
    result,
    release,
    cut,
  };
}

const methods = (messages: readonly Raw[]) => messages.map(({ method, id }) => `${method} ${id}`);

describe("order", () => {
  test("a request that is decided later is not overtaken by those after it", async () => {
    const s = await scene();
    await s.call(1, "slow");
    await s.call(2, "fast");
    expect(s.up).toEqual([]);
    await s.release();
    expect(methods(s.up)).toEqual(["tools/call 1", "tools/call 2"]);
  });

  test("a cancellation does not come before what it cancels", async () => {
    const s = await scene();
    await s.call(1, "slow");
    await s.cancel(1);
    expect(s.up).toEqual([]);
    await s.release();
    expect(methods(s.up)).toEqual(["tools/call 1", "notifications/cancelled undefined"]);
    await s.result(1);
    expect(s.down).toEqual([]);
  });

  test("a refusal waits for nobody", async () => {
    const s = await scene();
    await s.call(1, "slow");
    await s.call(2, "unknown");
    expect(s.down).toMatchObject([{ id: 2, error: { data: { code: "tool_not_granted" } } }]);
  });

  test("is kept whatever the order of the decisions", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }), (order) => {
        const turns = new Turns();
        const taken = order.map(() => turns.take());
        const went: number[] = [];
        for (const at of order) {
          const turn = taken[at];
          if (turn !== undefined) turns.ready(turn, () => went.push(at));
        }
        expect(went).toEqual([0, 1, 2, 3, 4, 5]);
      }),
    );
  });
});

describe("ids", () => {
  test("one that is in use is refused, and the first request goes on", async () => {
    const s = await scene();
    await s.call(1, "fast");
    await s.call(1, "fast");
    expect(methods(s.up)).toEqual(["tools/call 1"]);
    expect(s.down).toMatchObject([
      { id: 1, error: { data: { code: "invalid_request", rule: "id" } } },
    ]);
    await s.result(1);
    expect(s.down.at(-1)).toMatchObject({ id: 1, result: {} });
  });

  test("one that was answered may serve again", async () => {
    const s = await scene();
    for (const _round of [1, 2]) {
      await s.call(7, "fast");
      await s.result(7);
    }
    expect(s.down).toMatchObject([
      { id: 7, result: {} },
      { id: 7, result: {} },
    ]);
  });

  test.each(["cut", "cancelled"])("one of a call that was %s serves no other", async (how) => {
    const s = await scene();
    const [one, two] = await Promise.all(
      ["one", "two"].map((agent) => s.hop.delegate({ agent, grant: { tools: GRANT.tools } })),
    );
    if (one === undefined || two === undefined) throw new Error("two hops");
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "fast" } };
    await s.send(presented(two, { ...call, id: 2 }));
    await s.send(presented(one, call));
    if (how === "cut") await s.revoke({ kind: "hop", tree: one.tree, hop: one.id });
    else await s.cancel(1);
    await s.send(presented(two, call));
    const before = s.down.length;
    const news = { jsonrpc: "2.0", method: "notifications/message", params: { data: "of one" } };
    await s.end.send(news, { relatedRequestId: 1 });
    await s.result(1);
    expect(s.down.slice(before)).toEqual([]);
    expect(s.down.at(-1)).toMatchObject({ id: 1, error: { data: { code: "invalid_request" } } });
  });

  test.each([0, ""])("%j cannot hide a call from its cut", async (id) => {
    const s = await scene();
    await s.call(id, "fast");
    const [asked] = s.up;
    expect(asked?.id).toBeTruthy();
    await s.cut();
    expect(s.down).toMatchObject([{ id, error: { data: { code: "aborted" } } }]);
    expect(s.up).toContainEqual(
      expect.objectContaining({ params: expect.objectContaining({ requestId: asked?.id }) }),
    );
  });

  test("are given back as they came", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.string()), (id) => {
        expect(lowered(raised(id))).toBe(id);
        expect(raised(id)).toBeTruthy();
      }),
    );
  });

  test("one of the guard's own is refused", async () => {
    const s = await scene();
    await s.call("legate:number", "fast");
    expect(s.up).toEqual([]);
    expect(s.down).toMatchObject([{ error: { data: { code: "invalid_request" } } }]);
  });
});

describe("answers", () => {
  test("to nothing that was asked do not leave, and a request is answered once", async () => {
    const s = await scene();
    await s.call(1, "fast");
    await s.result(99);
    await s.result(1);
    await s.result(1);
    expect(s.down).toMatchObject([{ id: 1 }]);
  });

  test("to a call that was cut do not leave", async () => {
    const s = await scene();
    await s.call(1, "fast");
    await s.cut();
    await s.result(1);
    expect(s.down).toMatchObject([{ id: 1, error: { data: { code: "aborted" } } }]);
  });

  test("of the client to nothing that it was asked do not pass", async () => {
    const s = await scene();
    await s.call(1, "fast");
    await s.send({ jsonrpc: "2.0", id: 5, result: { action: "accept" } });
    expect(methods(s.up)).toEqual(["tools/call 1"]);
  });

  test("of the client pass once, to what it was asked", async () => {
    const s = await scene();
    await s.call(1, "fast");
    await s.end.send({ jsonrpc: "2.0", id: 5, method: "elicitation/create", params: {} });
    for (const _time of [1, 2])
      await s.send({ jsonrpc: "2.0", id: 5, result: { action: "accept" } });
    expect(s.up.slice(1)).toEqual([{ jsonrpc: "2.0", id: 5, result: { action: "accept" } }]);
  });
});

test("a client that takes nothing off the line does not keep its session from being closed by a cut", async () => {
  const r = await rig();
  const guard = await r.watch();
  const hop = await r.root({ grant: GRANT });
  const ends: string[] = [];
  const inner: McpTransport = {
    start: async () => {},
    send: () => new Promise(() => {}),
    close: async () => void ends.push("closed"),
  };
  const observer = { admitted: () => {}, severed: () => void ends.push("severed") };
  await guardTransport(inner, guard, { audience: AUDIENCE, observer }).start();
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "fast" } };
  inner.onmessage?.(presented(hop, call));
  await settled();
  await r.revoke({ kind: "tree", tree: hop.tree });
  await patiently(() => expect(ends).toEqual(["severed", "closed"]));
});

test("what a server asked is not kept when its call is over, or it waits no longer", async () => {
  const r = await rig();
  const guard = await r.watch();
  const sides = {
    up: () => {},
    down: () => Promise.resolve(),
    fault: () => {},
    sever: () => {},
    admitted: () => {},
  };
  const tasks = new TaskOwners();
  const session = new Session({ guard, audience: AUDIENCE, url: undefined, tasks }, sides);
  const running = session.begin(1, "tools/call");
  if (running === undefined) throw new Error("it begins");
  session.asked.set("of the call", running);
  session.asked.set("of no call", undefined);
  session.end(running);
  expect([...session.asked.keys()]).toEqual(["of no call"]);
  const params = { requestId: "of no call" };
  await new Outbound(session).send(
    { jsonrpc: "2.0", method: "notifications/cancelled", params },
    undefined,
  );
  expect(session.asked.size).toBe(0);
});

describe("notifications of the client", () => {
  test.each([
    "notifications/cancelled",
    "notifications/progress",
    "notifications/roots/list_changed",
    "x/own",
  ])("%s is dropped without a delegation", async (method) => {
    const s = await scene();
    await s.call(1, "fast");
    await s.send({ jsonrpc: "2.0", method, params: { requestId: 1 } });
    expect(methods(s.up)).toEqual(["tools/call 1"]);
  });

  test("a sibling cannot cancel another's request, and a hop above can", async () => {
    const s = await scene();
    const [one, two] = await Promise.all(
      ["one", "two"].map((agent) => s.hop.delegate({ agent, grant: { tools: GRANT.tools } })),
    );
    if (one === undefined || two === undefined) throw new Error("two hops");
    const params = { name: "fast" };
    await s.send(presented(one, { jsonrpc: "2.0", id: 1, method: "tools/call", params }));
    const cancelled = {
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: 1 },
    };
    await s.send(presented(two, cancelled));
    expect(methods(s.up)).toEqual(["tools/call 1"]);
    await s.cancel(1);
    expect(s.up).toHaveLength(2);
  });

  test("initialized passes only in a session that somebody was let into", async () => {
    const s = await scene();
    const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
    await s.send(initialized);
    expect(s.up).toEqual([]);
    await s.call(1, "fast");
    await s.send(initialized);
    expect(s.up.at(-1)).toEqual(initialized);
  });
});

describe("hostile messages", () => {
  const hostile: readonly [string, unknown][] = [
    ["a batch", [{ jsonrpc: "2.0", id: 1, method: "tools/list" }]],
    ["another version", { jsonrpc: "1.0", id: 1, method: "tools/list" }],
    ["an id that is an object", { jsonrpc: "2.0", id: {}, method: "tools/list" }],
    ["an id that is null", { jsonrpc: "2.0", id: null, method: "tools/list" }],
    ["a method that is no text", { jsonrpc: "2.0", id: 1, method: 7 }],
    [
      "a request that is an answer too",
      { jsonrpc: "2.0", id: 1, method: "tools/list", result: {} },
    ],
    ["an answer with two outcomes", { jsonrpc: "2.0", id: 1, result: {}, error: {} }],
    ["nothing at all", {}],
  ];

  test.each(hostile)("%s is dropped, and said to be", async (_what, message) => {
    const s = await scene();
    await s.send(message as object);
    expect([s.up, s.down, s.faults.length]).toEqual([[], [], 1]);
  });

  const malformed: readonly [string, Raw][] = [
    ["params that are a list", { params: [] }],
    ["no name", { params: {} }],
    ["arguments that are a list", { params: { name: "fast", arguments: [] } }],
    [
      "a delegation of another shape",
      { params: { name: "fast", _meta: { "dev.legate/delegation": 7 } } },
    ],
    [
      "two proofs",
      {
        params: {
          name: "fast",
          _meta: {
            "dev.legate/delegation": {
              tokens: ["x"],
              proof: "p",
              session: { id: "a", sequence: 1, mac: "m" },
            },
          },
        },
      },
    ],
    [
      "a token that is none",
      {
        params: { name: "fast", _meta: { "dev.legate/delegation": { tokens: ["x"], proof: "p" } } },
      },
    ],
  ];

  test.each(malformed)("%s is refused", async (_what, more) => {
    const s = await scene();
    await s.send({ jsonrpc: "2.0", id: 1, method: "tools/call", ...more });
    expect(s.up).toEqual([]);
    expect(s.down).toMatchObject([{ id: 1, error: { data: { code: expect.any(String) } } }]);
  });

  test("any value is told to be one kind of message or none, without a throw", () => {
    const members = {
      jsonrpc: fc.constantFrom("2.0", "1"),
      id: fc.jsonValue(),
      method: fc.jsonValue(),
      result: fc.jsonValue(),
      error: fc.jsonValue(),
    };
    fc.assert(
      fc.property(fc.record(members, { requiredKeys: [] }), (message) => {
        const { method, id } = message;
        const kind = kindOf(message);
        expect(kind === "request" || kind === "notification").toBe(
          kind !== undefined && method !== undefined,
        );
        if (kind === "request") expect(["string", "number"]).toContain(typeof id);
      }),
    );
  });
});

describe("closing", () => {
  test("while a call is decided: it never starts, and nothing is said", async () => {
    const s = await scene();
    await s.call(1, "slow");
    await s.near.close();
    await s.release();
    expect([s.up, s.down, s.guard.status().callsInFlight]).toEqual([[], [], 0]);
  });

  test("while a refusal is on its way: nothing is thrown", async () => {
    const s = await scene();
    const refusing = s.near.send(
      presented(s.hop, {
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "unknown" },
      }) as never,
    );
    await s.near.close();
    await refusing;
    await settled();
    expect(s.up).toEqual([]);
  });

  test("ends what runs for the guard", async () => {
    const s = await scene();
    await s.call(1, "fast");
    expect(s.guard.status().callsInFlight).toBe(2);
    await s.end.close();
    expect(s.guard.status().callsInFlight).toBe(0);
  });
});
