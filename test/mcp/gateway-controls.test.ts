/** Compensating controls: what exists for callers, what people have to agree to, and what is written down. */
import { fileURLToPath } from "node:url";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, test, vi } from "vitest";
import { carriedBy } from "../../src/carry/hop.js";
import { openGateway } from "../../src/mcp/gateway.js";
import {
  bothPolicies,
  gatewayPolicy,
  hasResource,
  hasTemplate,
  type Reach,
} from "../../src/mcp/gateway-controls.js";
import { openEmbedded } from "../../src/memory/embedded.js";
import { staticRules } from "../../src/policy/static-rules.js";
import { parseGatewayConfig } from "../../src/wire/gateway-config.js";
import { patiently } from "../patience.js";
import { ALL, type GatewayRig, openRig, textOf } from "./gateway-rig.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const ODD = fileURLToPath(new URL("odd-server.mjs", import.meta.url));
const SECRET = "sk-live-4711-do-not-show";
const TOOLS = { ...ALL, boot: {}, params: {}, crash: {}, leak: {} };

let rig: GatewayRig;
afterEach(() => rig?.close());

async function open(controls: object): Promise<GatewayRig> {
  rig = await openRig(
    {
      mcpServers: { odd: { command: process.execPath, args: [ODD] } },
      legate: {
        servers: { odd: { credential: { env: { KEY: { fromEnv: "KEY" } } }, ...controls } },
      },
    },
    { KEY: SECRET },
  );
  return rig;
}

describe("an allow-list", () => {
  test("hides tools that are not on it, and refuses them when they are called by name", async () => {
    await open({ tools: ["boot"] });
    const client = await rig.join(await rig.root(TOOLS));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["boot"]);
    await expect(client.callTool({ name: "crash", arguments: {} })).rejects.toMatchObject({
      code: "policy_denied",
      rule: "gateway.odd.tools",
    });
    const told = (await rig.events()).find(({ code }) => code === "policy_denied");
    expect(told).toMatchObject({ tool: "crash", decision: "deny" });
  });

  test("hides resources and prompts, so that they are no way round", async () => {
    await open({ resources: ["a:*"], prompts: ["one"] });
    const client = await rig.join(await rig.root(TOOLS));
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual(["a:1", "a:2"]);
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(["one"]);
    await expect(client.readResource({ uri: "b:1" })).rejects.toMatchObject({
      code: "policy_denied",
      rule: "gateway.odd.resources",
    });
    await expect(client.subscribeResource({ uri: "b:1" })).rejects.toMatchObject({
      code: "policy_denied",
    });
    await expect(client.getPrompt({ name: "two" })).rejects.toMatchObject({
      code: "policy_denied",
      rule: "gateway.odd.prompts",
    });
    const ref = { type: "ref/prompt", name: "two" } as const;
    const completing = client.complete({ ref, argument: { name: "a", value: "b" } });
    await expect(completing).rejects.toMatchObject({ code: "policy_denied" });
  });

  test("lets no news of what does not exist through", async () => {
    await open({ resources: ["a:*"] });
    const client = await rig.join(await rig.root({ ...TOOLS, update: {} }));
    const heard: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      heard.push(params.uri);
    });
    for (const uri of ["b:1", "a:1"]) {
      await client.callTool({ name: "update", arguments: { uri } });
    }
    await patiently(() => expect(heard).toEqual(["a:1"]));
  });

  test("stands beside the grant: what a chain may not use is not there either", async () => {
    await open({ tools: ["boot", "params"] });
    const client = await rig.join(await rig.root({ boot: {} }));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["boot"]);
    await expect(client.callTool({ name: "params" })).rejects.toMatchObject({
      code: "tool_not_granted",
    });
  });

  const reach: Reach = {
    tools: undefined,
    prompts: undefined,
    resources: ["file:///reports/*", "memo:1"],
    risk: "low",
    toolRisk: {},
  };
  test.each([
    ["file:///reports/a", true],
    ["memo:1", true],
    ["memo:12", false],
    ["file:///reports/../etc/passwd", false],
    ["file:///reports/%2e%2E/etc/passwd", false],
    ["file:///reports/a%2f..%2fb", false],
    ["file:///reports/..", false],
    ["file:///reports/..a", true],
    ["file:///reports/.\t./etc/passwd", false],
    ["file:///reports/.. ", false],
    ["file:///etc/passwd", false],
  ])("of resources says of %s %s", (uri, shown) => {
    expect(hasResource(reach, uri)).toBe(shown);
  });
  test.each([
    ["file:///{path}", true],
    ["file:///reports/q3/{name}", true],
    ["file:///etc/{name}", false],
    ["memo:{id}", true],
    ["other:{id}", false],
  ])("shows the template %s %s", (template, shown) => {
    expect(hasTemplate(reach, template)).toBe(shown);
  });
});

describe("high risk", () => {
  const controls = { tools: ["boot", "params"], toolRisk: { params: "high" } };

  test("waits for people, who agree to exactly these arguments, once", async () => {
    await open(controls);
    const hop = await rig.root(TOOLS);
    const client = await rig.join(hop);
    const args = { amount: 7 };
    const asking = client.callTool({ name: "params", arguments: args });
    await expect(asking).rejects.toMatchObject({ code: "approval_required" });
    const [asked] = await hop.ask("params", args, {
      audience: rig.gateway.doors[0]?.audience ?? "",
    });
    const tickets = [asked?.ticket ?? ""];
    const early = client.callTool(carriedBy(hop, { name: "params", arguments: args }, { tickets }));
    await expect(early).rejects.toMatchObject({ code: "approval_pending" });
    const { tenant, coordinator } = rig.engine;
    await coordinator.approve({ approver: "olga", tenant }, { ticket: asked?.id ?? "" });
    const other = { name: "params", arguments: { amount: 8 } };
    await expect(client.callTool(carriedBy(hop, other, { tickets }))).rejects.toMatchObject({
      code: "approval_mismatch",
    });
    const same = { name: "params", arguments: args };
    const done = await client.callTool(carriedBy(hop, same, { tickets }));
    expect(textOf(done)).toContain('"amount":7');
    await expect(client.callTool(carriedBy(hop, same, { tickets }))).rejects.toMatchObject({
      code: "approval_used",
    });
  });

  test("is agreed to under the rules of the whole file, where one server of it is opened", async () => {
    const odd = { command: process.execPath, args: [ODD] };
    const file = {
      mcpServers: { odd, other: { command: "x" } },
      legate: { servers: { odd: controls } },
    };
    rig = await openRig(file, {}, {}, "odd");
    expect(rig.gateway.doors.map(({ name }) => name)).toEqual(["odd"]);
    const hop = await rig.root(TOOLS);
    const client = await rig.join(hop);
    const [asked] = await hop.ask("params", {}, { audience: rig.gateway.doors[0]?.audience ?? "" });
    const { tenant, coordinator } = rig.engine;
    await coordinator.approve({ approver: "olga", tenant }, { ticket: asked?.id ?? "" });
    const call = carriedBy(
      hop,
      { name: "params", arguments: {} },
      { tickets: [asked?.ticket ?? ""] },
    );
    expect(textOf(await client.callTool(call))).toContain("params");
  });

  test("is asked for beside a policy of the embedder's own, which goes on to refuse", async () => {
    const config = parseGatewayConfig({
      mcpServers: { odd: { command: process.execPath, args: [ODD] } },
      legate: { servers: { odd: controls } },
    });
    const own = staticRules({
      version: "1",
      default: "allow",
      rules: [{ id: "no-boot", effect: "deny", when: { tools: ["boot"] } }],
    });
    const engine = await openEmbedded({ policy: bothPolicies(gatewayPolicy(config), own) });
    const gateway = await openGateway({ config, ground: engine, policy: own });
    const [door] = gateway.doors;
    const audience = door?.audience ?? "";
    const hop = await engine.open({
      principal: { issuer: "https://people.example", subject: "ada" },
      trigger: "a task",
      agent: "planner",
      grant: { tools: TOOLS, audience: [audience] },
    });
    const asked = { tool: "params", arguments: {}, audience };
    const refused = await door?.guard.authorize(hop.call("boot", {}, { audience }));
    expect(refused).toMatchObject({ effect: "deny", code: "policy_denied", rule: "no-boot" });
    const [ticket] = await hop.ask(asked.tool, asked.arguments, { audience });
    await engine.coordinator.approve({ approver: "olga" }, { ticket: ticket?.id ?? "" });
    const call = hop.call("params", {}, { audience, tickets: [ticket?.ticket ?? ""] });
    expect(await door?.guard.authorize(call)).toMatchObject({ effect: "allow" });
    await gateway.close();
    await engine.close();
  });

  test("is asked for by tool, and leaves the others alone", async () => {
    await open(controls);
    const client = await rig.join(await rig.root(TOOLS));
    expect(textOf(await client.callTool({ name: "boot" }))).not.toBe("");
  });
});

describe("the audit", () => {
  const lines = async (tool: string) =>
    (await rig.events()).filter(
      (event) => String(event.kind).startsWith("call.") && event.tool === tool,
    );

  test("says that the server knows nobody, whose credential it was, and shows arguments as digests", async () => {
    await open({ risk: "medium" });
    const hop = await rig.root(TOOLS);
    const client = await rig.join(hop);
    await client.callTool({ name: "params", arguments: { account: "DE-4711", "bad name": 1 } });
    await patiently(async () => expect(await lines("params")).toHaveLength(2));
    const [forwarded, answered] = await lines("params");
    expect(forwarded).toMatchObject({
      kind: "call.forwarded",
      identity: "asserted",
      guard: "gateway",
      agent: "planner",
      hop: hop.id,
      requester: "https://people.example ada",
      data: { server: "odd", risk: "medium", caller: "asserted", credential: ["KEY"] },
    });
    const { arguments: shown = {} } = (forwarded?.data ?? {}) as { arguments?: object };
    expect(Object.keys(shown)).toContain("account");
    expect(Object.values(shown).every((digest) => /^[\w-]{43}$/.test(digest))).toBe(true);
    expect(answered).toMatchObject({ kind: "call.answered", identity: "asserted" });
    expect(answered?.data).toMatchObject({ outcome: "result" });
    const log = JSON.stringify(await rig.events());
    for (const hidden of ["DE-4711", "bad name", SECRET]) expect(log).not.toContain(hidden);
  });

  test("of low risk has no more than that it went out, and what came of it", async () => {
    await open({ risk: "low" });
    const client = await rig.join(await rig.root(TOOLS));
    await expect(client.callTool({ name: "leak" })).rejects.toMatchObject({ code: -32050 });
    await patiently(async () => expect(await lines("leak")).toHaveLength(2));
    const [forwarded, answered] = await lines("leak");
    expect(forwarded?.data).not.toHaveProperty("arguments");
    expect(answered?.data).toMatchObject({ outcome: "error" });
  });

  test("comes first: what cannot be written down does not happen", async () => {
    await open({ risk: "medium" });
    const hop = await rig.root(TOOLS);
    const client = await rig.join(hop);
    const boot = textOf(await client.callTool({ name: "boot" }));
    const { store } = rig.engine;
    const { record } = store;
    store.record = (events, now) =>
      events.some(({ kind }) => kind === "call.forwarded")
        ? Promise.reject(new Error("the disk is full"))
        : record.call(store, events, now);
    await expect(client.callTool({ name: "crash" })).rejects.toMatchObject({
      code: "server_error",
    });
    store.record = record;
    expect(textOf(await client.callTool({ name: "boot" }))).toBe(boot);
  });
});

describe("the gateway's rules as a policy", () => {
  const file = (controls: object) =>
    parseGatewayConfig({
      mcpServers: { a: { command: "x" } },
      legate: { servers: { a: { audience: "urn:a", ...controls } } },
    });
  const asked = {
    tenant: "default",
    principal: { issuer: "i", subject: "s" },
    hops: [],
    tool: "read",
    arguments: {},
    audience: "urn:a",
    now: 0,
    context: {},
  };

  test("have a version that changes with every rule, and not with anything else", () => {
    const versions = [{}, { tools: ["read"] }, { toolRisk: { read: "high" } }, { prompts: [] }].map(
      (controls) => gatewayPolicy(file(controls)).version,
    );
    expect(new Set(versions).size).toBe(4);
    expect(gatewayPolicy(file({ isolation: "none", callSeconds: 1 })).version).toBe(versions[0]);
  });

  test("know no audience but those of the servers", () => {
    const policy = gatewayPolicy(file({}));
    expect(policy.decide({ ...asked, audience: "urn:b" })).toMatchObject({
      effect: "deny",
      rules: ["gateway.audience"],
    });
  });

  test("and another policy both have to allow", async () => {
    const deny = staticRules({ version: "1", default: "deny", rules: [] });
    const allow = staticRules({
      version: "2",
      rules: [{ id: "people", effect: "require_approval" }],
    });
    const own = gatewayPolicy(file({ tools: ["read"], risk: "high" }));
    expect(await bothPolicies(own, deny).decide(asked)).toMatchObject({ effect: "deny" });
    expect(await bothPolicies(deny, own).decide(asked)).toMatchObject({ effect: "deny" });
    const both = await bothPolicies(own, allow).decide(asked);
    expect(both).toMatchObject({ effect: "allow", rules: ["gateway.a.high", "people"] });
    expect(both.effect === "allow" && both.obligations).toHaveLength(2);
  });
});
