/** What a server behind the gateway asks: it reaches the caller whose call it is, and nobody else; or it is refused. */
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, test, vi } from "vitest";
import { carriedBy } from "../../src/carry/hop.js";
import { patiently } from "../patience.js";
import { type GatewayRig, openRig, serverPath, textOf } from "./gateway-rig.js";
import { listeningServer, stopServers } from "./public-server.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const ODD = fileURLToPath(new URL("odd-server.mjs", import.meta.url));
const ASKING = {
  "trigger-sampling-request": {},
  "trigger-elicitation-request": {},
  "get-roots-list": {},
  "trigger-long-running-operation": {},
};
let rig: GatewayRig;

afterEach(async () => {
  await rig?.close();
  stopServers();
});

/** A client that can be asked anything, answers in its own name, and keeps what it was asked. */
function asked(name: string, answer: Promise<unknown> = Promise.resolve()) {
  const client = new Client(
    { name, version: "1" },
    { capabilities: { sampling: {}, roots: {}, elicitation: {} } },
  );
  const heard: string[] = [];
  const signals: AbortSignal[] = [];
  const hears = (what: string, { signal }: { signal: AbortSignal }) => {
    heard.push(what);
    signals.push(signal);
    return answer;
  };
  client.setRequestHandler(CreateMessageRequestSchema, async ({ method }, extra) => {
    await hears(method, extra);
    return { model: "none", role: "assistant", content: { type: "text", text: `said ${name}` } };
  });
  client.setRequestHandler(ElicitRequestSchema, async ({ method }, extra) => {
    await hears(method, extra);
    return { action: "accept", content: { name, check: true } };
  });
  client.setRequestHandler(ListRootsRequestSchema, async ({ method }, extra) => {
    await hears(method, extra);
    return { roots: [{ uri: `file:///${name}`, name }] };
  });
  return { client, heard, signals };
}

async function calls(client: Client, name: string, args: object = {}): Promise<string> {
  return textOf(await client.callTool({ name, arguments: { ...args } }));
}

/** It shows tools that ask only some time after it was greeted. */
async function ready(client: Client): Promise<void> {
  await patiently(async () => {
    const { tools } = await client.listTools();
    expect(tools).toHaveLength(Object.keys(ASKING).length);
  });
}

describe.each([
  ["stdio", "memory"],
  ["stdio", "http"],
  ["streamableHttp", "memory"],
  ["streamableHttp", "http"],
] as const)("server-everything over %s, callers over %s", (behind, over) => {
  const open = async (controls: object = {}) => {
    const everything =
      behind === "stdio"
        ? { command: process.execPath, args: [serverPath("everything"), "stdio"] }
        : { type: "http", url: await listeningServer("streamableHttp") };
    rig = await openRig({
      mcpServers: { everything },
      legate: { servers: { everything: controls } },
    });
  };

  test("asks each caller for a model's answer, a form and roots, and no other principal", async () => {
    await open();
    const people = ["ada", "bob"].map((name) => ({ name, ...asked(name) }));
    for (const { name, client } of people) {
      await rig.join(await rig.root(ASKING, { subject: name }), { over, client });
      await ready(client);
    }
    const said = await Promise.all(
      people.map(async ({ client }) => [
        await calls(client, "trigger-sampling-request", { prompt: "say" }),
        await calls(client, "trigger-elicitation-request"),
        await calls(client, "get-roots-list"),
      ]),
    );
    const [ada, bob] = said.map((texts) => texts.join("\n"));
    for (const [own, name, other] of [
      [ada, "ada", "bob"],
      [bob, "bob", "ada"],
    ]) {
      expect(own).toContain(`said ${name}`);
      expect(own).toContain(`"name": "${name}"`);
      expect(own).toContain(`file:///${name}`);
      expect(own).not.toContain(other);
    }
    for (const { heard } of people) {
      expect([...heard].sort()).toEqual([
        "elicitation/create",
        "roots/list",
        "sampling/createMessage",
      ]);
    }
  });

  test("is refused what could be another hop's to answer, and asks when the call runs alone", async () => {
    await open();
    const root = await rig.root(ASKING);
    const child = await root.delegate({ agent: "reader", grant: { tools: ASKING } });
    const { client, heard } = asked("ada");
    await rig.join(root, { over, client });
    await ready(client);
    await patiently(() => expect(heard.splice(0)).toEqual(["roots/list"]));
    const long = { name: "trigger-long-running-operation", arguments: { duration: 2, steps: 4 } };
    let stepped = () => {};
    const began = new Promise<void>((done) => {
      stepped = done;
    });
    const working = client.callTool(long, undefined, { onprogress: stepped });
    await began;
    const asking = carriedBy(child, { name: "trigger-elicitation-request", arguments: {} });
    const refused = await client.callTool(asking);
    expect(textOf(refused)).toContain("-32008");
    expect(heard).toEqual([]);
    await working;
    expect(textOf(await client.callTool(asking))).toContain('"name": "ada"');
    expect(heard).toEqual(["elicitation/create"]);
  });
});

describe("a question", () => {
  const open = async (controls: object) => {
    rig = await openRig({
      mcpServers: { odd: { command: process.execPath, args: [ODD] } },
      legate: { servers: { odd: controls } },
    });
  };
  const tools = { ask: {}, boot: {} };

  test.each(["task", "principal", "none"] as const)(
    "for which caller is not known is refused by a code of its own: %s",
    async (isolation) => {
      await open({ isolation });
      const hop = await rig.root(tools);
      const [one, other] = [asked("one"), asked("other")];
      for (const { client } of [one, other]) await rig.join(hop, { client });
      expect(await calls(one.client, "ask")).toContain('"code":"caller_unknown"');
      expect([...one.heard, ...other.heard]).toEqual([]);
    },
  );

  test("is asked of nobody else where another principal's session is open at the same server", async () => {
    await open({ isolation: "principal" });
    const people = ["ada", "bob"].map((name) => ({ name, ...asked(name) }));
    for (const { name, client } of people) {
      await rig.join(await rig.root(tools, { subject: name }), { client });
    }
    const [ada, bob] = people;
    expect(await calls(ada?.client as Client, "ask")).toContain("said ada");
    expect(bob?.heard).toEqual([]);
  });

  test("is withdrawn with the call that it was asked for", async () => {
    await open({ callSeconds: 1 });
    const { client, heard, signals } = asked("ada", new Promise(() => {}));
    await rig.join(await rig.root(tools), { client });
    await expect(calls(client, "ask")).rejects.toMatchObject({ code: "aborted" });
    expect(heard).toEqual(["sampling/createMessage"]);
    await patiently(() => expect(signals.map(({ aborted }) => aborted)).toEqual([true]));
    expect(await calls(client, "boot")).not.toBe("");
  });
});
