/** Servers behind the gateway as processes: whose they are, how they end, and what happens when they misbehave. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  CreateMessageRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, test, vi } from "vitest";
import { carriedBy } from "../../src/carry/hop.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { patiently } from "../patience.js";
import { ALL, type GatewayRig, openRig, textOf } from "./gateway-rig.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const ODD = fileURLToPath(new URL("odd-server.mjs", import.meta.url));
const SECRET = "sk-live-4711-do-not-show";
const TOOLS = {
  ...ALL,
  ...Object.fromEntries(
    "boot pid spawn params crash leak speakFor hang ask shout later garbage deep update huge"
      .split(" ")
      .map((name) => [name, {}]),
  ),
};

let rig: GatewayRig;
afterEach(() => rig?.close());

async function open(controls: object = {}, env: object = {}): Promise<GatewayRig> {
  rig = await openRig(
    {
      mcpServers: { odd: { command: process.execPath, args: [ODD], env } },
      legate: {
        servers: {
          odd: { credential: { env: { SERVICE_KEY: { fromEnv: "KEY" } } }, ...controls },
        },
      },
    },
    { KEY: SECRET },
  );
  return rig;
}

const call = async (client: Client, name: string, args: object = {}) =>
  textOf(await client.callTool({ name, arguments: { ...args } }));

/** A child that may do the same. */
const child = (hop: EmbeddedHop) => hop.delegate({ agent: "reader", grant: { tools: TOOLS } });

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("who shares a process", () => {
  test.each<[string, "session" | "task" | "principal" | "none", boolean[]]>([
    ["nobody by session", "session", [false, false, false]],
    ["one tree by task", "task", [true, false, false]],
    ["one person by principal", "principal", [true, true, false]],
    ["all by none", "none", [true, true, true]],
  ])("%s", async (_what, isolation, shared) => {
    await open({ isolation });
    const hop = await rig.root(TOOLS);
    const others = [
      await child(hop),
      await rig.root(TOOLS),
      await rig.root(TOOLS, { subject: "bob" }),
    ];
    const first = await call(await rig.join(hop), "boot");
    for (const [index, other] of others.entries()) {
      const same = (await call(await rig.join(other), "boot")) === first;
      expect([index, same]).toEqual([index, shared[index]]);
    }
  });

  test("a session goes on with its process when another that shares it ends", async () => {
    await open({ isolation: "task" });
    const hop = await rig.root(TOOLS);
    const one = await rig.join(hop);
    const other = await rig.join(await child(hop));
    const boot = await call(one, "boot");
    await one.close();
    expect(await call(other, "boot")).toBe(boot);
  });
});

describe("a cut", () => {
  test("cancels the running request, and ends the process of an isolated server", async () => {
    await open({}, { STUBBORN: "1" });
    const hop = await rig.root(TOOLS);
    const reader = await child(hop);
    const client = await rig.join(reader);
    const pid = Number(await call(client, "pid"));
    const hanging = client.callTool({ name: "hang", arguments: {} });
    hanging.catch(() => undefined);
    await patiently(() => expect(rig.logged).toContain("odd: hanging"));
    await rig.engine.revoke({ kind: "hop", tree: hop.tree, hop: reader.id });
    await expect(hanging).rejects.toMatchObject({ code: "aborted" });
    await patiently(() => expect(lives(pid)).toBe(false));
    expect(rig.logged).toContain("odd: cancelled");
    await patiently(async () => {
      const kinds = (await rig.events()).map(({ kind, tool }) => `${kind} ${tool}`);
      expect(kinds).toContain("call.aborted hang");
      expect(kinds).toContain("call.answered hang");
    });
  });

  test("while the call is written down keeps it from the server", async () => {
    await open();
    const hop = await rig.root(TOOLS);
    const reader = await child(hop);
    const client = await rig.join(hop);
    const store = rig.engine.store as { record: typeof rig.engine.store.record };
    const record = store.record.bind(store);
    let release: (() => void) | undefined;
    store.record = (events, ...more) => {
      if (!events.some(({ kind }) => kind === "call.forwarded")) return record(events, ...more);
      return new Promise<void>((resolve) => {
        release = resolve;
      }).then(() => record(events, ...more));
    };
    const leaking = client.callTool(carriedBy(reader, { name: "leak", arguments: {} }));
    leaking.catch(() => undefined);
    const go = await patiently(() => release ?? Promise.reject(new Error("not asked yet")));
    await rig.engine.revoke({ kind: "hop", tree: hop.tree, hop: reader.id });
    await expect(leaking).rejects.toMatchObject({ code: "aborted" });
    go();
    store.record = record;
    await call(client, "boot");
    await pause(100);
    expect(rig.logged).toEqual(["odd: greeted {}"]);
  });

  test("leaves a shared process to the others", async () => {
    await open({ isolation: "none" });
    const hop = await rig.root(TOOLS);
    const reader = await child(hop);
    const [client, other] = [await rig.join(reader), await rig.join(hop)];
    const boot = await call(other, "boot");
    const hanging = client.callTool({ name: "hang", arguments: {} });
    hanging.catch(() => undefined);
    await patiently(() => expect(rig.logged).toContain("odd: hanging"));
    await rig.engine.revoke({ kind: "hop", tree: hop.tree, hop: reader.id });
    await expect(hanging).rejects.toMatchObject({ code: "aborted" });
    expect(await call(other, "boot")).toBe(boot);
    expect(rig.logged).toContain("odd: cancelled");
  });

  test("lets no notification through that comes after it", async () => {
    await open();
    const hop = await rig.root(TOOLS);
    const client = await rig.join(hop);
    const heard: unknown[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
      heard.push(params.data);
    });
    const after = join(mkdtempSync(join(tmpdir(), "legate-later-")), "now");
    await call(client, "later", { after: tmpdir() });
    await patiently(() => expect(heard).toEqual(["late"]));
    await call(client, "later", { after });
    await rig.engine.revoke({ kind: "tree", tree: hop.tree });
    writeFileSync(after, "");
    await pause(400);
    expect(heard).toEqual(["late"]);
    rmSync(dirname(after), { recursive: true });
  });
});

test("a session that ends takes its process with it, all that it started included", async () => {
  await open({}, { STUBBORN: "1" });
  const client = await rig.join(await rig.root(TOOLS));
  const pids = [Number(await call(client, "pid")), Number(await call(client, "spawn"))];
  expect(pids.map(lives)).toEqual([true, true]);
  await client.close();
  await patiently(() => expect(pids.map(lives)).toEqual([false, false]));
});

describe("a server that crashes", () => {
  test("fails what it was asked, and is started again for the next request", async () => {
    await open();
    const client = await rig.join(await rig.root(TOOLS));
    const boot = await call(client, "boot");
    await expect(call(client, "crash")).rejects.toMatchObject({ code: "upstream_unavailable" });
    expect(await call(client, "boot")).not.toBe(boot);
  });

  test("again and again is not started for ever", async () => {
    await open();
    const client = await rig.join(await rig.root(TOOLS));
    const ends: unknown[] = [];
    for (let i = 0; i < 7; i += 1) {
      await call(client, "crash").catch((thrown: unknown) => ends.push(thrown));
    }
    expect(ends).toHaveLength(7);
    expect(ends.at(-1)).toMatchObject({ code: "upstream_unavailable", rule: "starts" });
    expect(rig.logged.filter((line) => line.startsWith("odd: greeted"))).toHaveLength(6);
  });

  test("before it was greeted refuses the session", async () => {
    rig = await openRig({ mcpServers: { gone: { command: "/no/such/program" } } });
    const hop = await rig.root(TOOLS);
    await expect(rig.join(hop)).rejects.toMatchObject({ code: "upstream_unavailable" });
  });
});

describe("what a server says", () => {
  test("has no secret in answers, errors, instructions, notifications and logs", async () => {
    await open();
    const hop = await rig.root(TOOLS);
    const client = await rig.join(hop);
    const heard: unknown[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
      heard.push(params.data);
    });
    const failed = await call(client, "leak").catch((thrown: unknown) => thrown);
    await call(client, "shout");
    await patiently(() => expect(heard).toEqual(["psst [secret]"]));
    expect(client.getInstructions()).toBe("use [secret]");
    expect(String(failed)).toContain("401 for [secret]");
    expect(rig.logged).toContain("odd: my key is [secret]");
    const seen = JSON.stringify([failed, heard, rig.logged, await rig.events()]);
    expect(seen).not.toContain(SECRET);
  });

  test("speaks for no guard: neither an error's code nor a session is ours", async () => {
    await open();
    const client = await rig.join(await rig.root(TOOLS));
    await expect(call(client, "leak")).rejects.toMatchObject({
      code: -32050,
      data: { upstream: { code: "approval_required" } },
    });
    const { _meta } = await client.callTool({ name: "speakFor", arguments: {} });
    expect(JSON.stringify(_meta ?? {})).not.toContain('"x"');
  });

  test("is nothing of the delegation that came with the call", async () => {
    await open();
    const hop = await rig.root(TOOLS);
    const client = await rig.join(hop);
    const got = textOf(
      await client.callTool({
        name: "params",
        arguments: { a: 1 },
        _meta: { traceparent: "00-1" },
      }),
    );
    expect(JSON.parse(got)).toEqual({
      name: "params",
      arguments: { a: 1 },
      _meta: { traceparent: "00-1" },
    });
  });

  test("and is no message is dropped; what is too large ends it", async () => {
    await open();
    const client = await rig.join(await rig.root(TOOLS));
    expect(await call(client, "garbage")).toBe("after");
    expect(rig.logged).toContain("odd: (a line that is no message)");
    expect(await call(client, "deep")).toBe("too late");
    await expect(call(client, "huge")).rejects.toMatchObject({ code: "upstream_unavailable" });
  });
});

describe("what a server says of its own accord", () => {
  const able = () => {
    const client = new Client({ name: "test", version: "1" }, { capabilities: { sampling: {} } });
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      model: "m",
      role: "assistant",
      content: { type: "text", text: "sampled" },
    }));
    return client;
  };

  test("reaches the one session that it can belong to", async () => {
    await open();
    const client = await rig.join(await rig.root(TOOLS), { client: able() });
    expect(await call(client, "ask")).toContain("sampled");
  });

  test("reaches nobody when it could belong to two", async () => {
    await open({ isolation: "task" });
    const hop = await rig.root(TOOLS);
    const client = await rig.join(hop, { client: able() });
    const heard: unknown[] = [];
    const other = await rig.join(await child(hop), { client: able() });
    for (const one of [client, other]) {
      one.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
        heard.push(params.data);
      });
    }
    expect(await call(client, "ask")).toContain("not to be asked here");
    await call(client, "shout");
    await pause(50);
    expect(heard).toEqual([]);
  });

  test("reaches nobody where all share one process, but for news that are everybody's", async () => {
    await open({ isolation: "none" });
    const client = await rig.join(await rig.root(TOOLS), { client: able() });
    const heard: unknown[] = [];
    client.setNotificationHandler(ToolListChangedNotificationSchema, ({ method }) => {
      heard.push(method);
    });
    client.setNotificationHandler(LoggingMessageNotificationSchema, () => {
      heard.push("log");
    });
    expect(await call(client, "ask")).toContain("not to be asked here");
    await call(client, "shout");
    await patiently(() => expect(heard).toEqual(["notifications/tools/list_changed"]));
    expect(rig.logged).toContain("odd: greeted {}");
  });

  test("about a resource reaches who listens to it", async () => {
    await open({ isolation: "none" });
    const [one, other] = [
      await rig.join(await rig.root(TOOLS)),
      await rig.join(await rig.root(TOOLS, { subject: "bob" })),
    ];
    const heard: string[] = [];
    for (const [name, client] of [
      ["one", one],
      ["other", other],
    ] as const) {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
        heard.push(`${name} ${params.uri}`);
      });
    }
    await one.subscribeResource({ uri: "a:1" });
    await call(other, "update", { uri: "a:1" });
    await patiently(() => expect(heard).toEqual(["one a:1"]));
    await one.unsubscribeResource({ uri: "a:1" });
    await call(other, "update", { uri: "a:1" });
    await pause(50);
    expect(heard).toEqual(["one a:1"]);
    expect(rig.logged).toContain("odd: heard resources/unsubscribe");
  });

  test("is asked for only where the configuration lets it", async () => {
    await open({ asks: [] });
    const client = await rig.join(await rig.root(TOOLS), { client: able() });
    expect(await call(client, "ask")).toContain("not to be asked here");
    expect(rig.logged).toContain("odd: greeted {}");
  });
});

test("a call that takes too long is taken back", async () => {
  await open({ callSeconds: 1 });
  const client = await rig.join(await rig.root(TOOLS));
  await expect(call(client, "hang")).rejects.toMatchObject({ code: "aborted" });
  await patiently(() => expect(rig.logged).toContain("odd: cancelled"));
});
