/** Every method of MCP has its rule: what a grant must name, what any living chain may, and what a list shows. @module */

import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Code } from "../../src/base/codes.js";
import type { GrantInput } from "../../src/wire/grant.js";
import { AUDIENCE, rig } from "../guard/rig.js";
import { linked, type Speaker } from "./guarded.js";
import { library } from "./library.js";

const NOTHING: GrantInput["tools"] = { "some.other": {} };

async function scene(tools: GrantInput["tools"]) {
  const r = await rig();
  const guard = await r.watch();
  const hop = await r.root({ grant: { tools, audience: [AUDIENCE] } });
  const made = library();
  const speaker: Speaker = { hop };
  const client = await linked(made.server, guard, speaker);
  return { ...r, ...made, guard, hop, speaker, client };
}

const refused = (code: Code) =>
  expect.objectContaining({ data: expect.objectContaining({ code }) });
const anything = z.looseObject({});
const docs = { uri: { constraint_type: "prefix", value: "docs://" } } as const;
const named = (value: string) => ({ name: { constraint_type: "exact", value } }) as const;
const complete = (client: Client, name: string) =>
  client.complete({ ref: { type: "ref/prompt", name }, argument: { name: "name", value: "a" } });

describe("what a grant must name", () => {
  const methods: readonly [
    string,
    GrantInput["tools"],
    (client: Client) => Promise<unknown>,
    Code,
  ][] = [
    [
      "a tool",
      { "files.read": {} },
      (c) => c.callTool({ name: "files.read", arguments: { path: "/a" } }),
      "tool_not_granted",
    ],
    [
      "reading",
      { "mcp:resources/read": docs },
      (c) => c.readResource({ uri: "docs://guide" }),
      "method_not_granted",
    ],
    [
      "a prompt",
      { "mcp:prompts/get": {} },
      (c) => c.getPrompt({ name: "greet", arguments: { name: "ana" } }),
      "method_not_granted",
    ],
    [
      "completion",
      { "mcp:completion/complete": {}, "mcp:prompts/get": {} },
      (c) => complete(c, "greet"),
      "method_not_granted",
    ],
  ];

  test.each(methods)("%s runs where the grant names it", async (_what, tools, ask) => {
    const { client } = await scene(tools);
    await expect(ask(client)).resolves.toBeDefined();
  });

  test.each(methods)("%s is refused where it does not", async (_what, _tools, ask, code) => {
    const { client, ran } = await scene(NOTHING);
    await expect(ask(client)).rejects.toEqual(refused(code));
    expect(ran).toEqual([]);
  });

  test("a subscription is named apart from reading", async () => {
    const { client } = await scene({ "mcp:resources/read": docs });
    const subscribing = client.subscribeResource({ uri: "docs://guide" });
    await expect(subscribing).rejects.toEqual(refused("method_not_granted"));
  });

  test("a resource outside its constraint is refused by the rule", async () => {
    const { client, hop, ran } = await scene({ "mcp:resources/read": docs });
    await expect(client.readResource({ uri: "secret://key" })).rejects.toMatchObject({
      code: -32005,
      data: { code: "argument_refused", hop: hop.id, rule: "mcp:resources/read.uri" },
    });
    expect(ran).toEqual([]);
  });

  test.each(["../secret", "%2e%2E/secret", ".\t./secret", ".\n./secret"])(
    "a resource that servers find by another name than %j is refused",
    async (way) => {
      const r = await rig();
      const guard = await r.watch();
      const within = { uri: { constraint_type: "prefix", value: "docs://files/public/" } } as const;
      const tools = { "mcp:resources/read": within };
      const hop = await r.root({ grant: { tools, audience: [AUDIENCE] } });
      const server = new McpServer({ name: "files", version: "1" });
      for (const uri of ["docs://files/public/news", "docs://files/secret"]) {
        server.registerResource(uri, uri, {}, () => ({ contents: [{ uri, text: uri }] }));
      }
      const client = await linked(server, guard, { hop });
      await client.readResource({ uri: "docs://files/public/news" });
      await expect(
        client.readResource({ uri: `docs://files/public/${way}` }),
      ).rejects.toMatchObject({ data: { code: "invalid_request", rule: "uri" } });
    },
  );

  test("a method that nobody knows is refused", async () => {
    const { client } = await scene(NOTHING);
    const asking = client.request({ method: "x/secret", params: {} }, anything);
    await expect(asking).rejects.toEqual(refused("method_not_granted"));
  });

  test("a method that nobody knows runs when a grant names it", async () => {
    const { client, server } = await scene({ "mcp:x/greet": {} });
    const schema = z.object({ method: z.literal("x/greet"), params: z.looseObject({}) });
    server.server.setRequestHandler(schema, ({ params }) => ({ params }));
    const asking = client.request({ method: "x/greet", params: { to: "ana" } }, anything);
    await expect(asking).resolves.toEqual({ params: { to: "ana" } });
  });

  test("a method cannot be called as a tool", async () => {
    const { client } = await scene({ "mcp:resources/read": {} });
    const asking = client.callTool({
      name: "mcp:resources/read",
      arguments: { uri: "docs://guide" },
    });
    await expect(asking).rejects.toEqual(refused("invalid_request"));
  });
});

describe("completion", () => {
  test("is refused for a prompt that could not be got", async () => {
    const tools = { "mcp:completion/complete": {}, "mcp:prompts/get": named("greet") };
    const { client } = await scene(tools);
    await expect(complete(client, "greet")).resolves.toMatchObject({ completion: {} });
    await expect(complete(client, "admin")).rejects.toEqual(refused("method_not_granted"));
  });
});

describe("what any living chain may", () => {
  test("is asked, answered, and shows nothing that it could not use", async () => {
    const { client } = await scene(NOTHING);
    await client.setLoggingLevel("debug");
    expect(await client.listTools()).toMatchObject({ tools: [] });
    expect(await client.listResources()).toMatchObject({ resources: [] });
    expect(await client.listResourceTemplates()).toMatchObject({ resourceTemplates: [] });
    expect(await client.listPrompts()).toMatchObject({ prompts: [] });
  });

  test("is refused without any delegation, as everything but ping", async () => {
    const { client, speaker } = await scene(NOTHING);
    speaker.hop = undefined;
    await client.ping();
    await expect(client.listTools()).rejects.toEqual(refused("chain_empty"));
  });

  test("is refused to a chain for another audience", async () => {
    const s = await scene(NOTHING);
    const grant = { tools: NOTHING, audience: ["https://other.example.com"] };
    s.speaker.hop = await s.root({ grant });
    await expect(s.client.listTools()).rejects.toEqual(refused("audience_mismatch"));
  });

  test("is refused to a chain that was cut, and to a proof that was shown before", async () => {
    const s = await scene(NOTHING);
    const guarded = await linked(library().server, s.guard, { hop: s.hop });
    await s.revoke({ kind: "tree", tree: s.hop.tree });
    await expect(guarded.listTools()).rejects.toBeDefined();
    const again = linked(library().server, s.guard, { hop: s.hop });
    await expect(again).rejects.toEqual(refused("delegation_revoked"));
  });
});

describe("lists", () => {
  const names = (items: readonly { name: string }[]) => items.map(({ name }) => name);

  test("show what could be used with some arguments, in the server's order", async () => {
    const { client } = await scene({
      wait: {},
      "pay.refund": { amount: { constraint_type: "range", max: 1 } },
      "files.read": { path: { constraint_type: "path", under: "/none" } },
      "mcp:resources/read": docs,
      "mcp:prompts/get": named("greet"),
    });
    expect(names((await client.listTools()).tools)).toEqual(["files.read", "pay.refund", "wait"]);
    expect(names((await client.listResources()).resources)).toEqual(["guide"]);
    expect(names((await client.listResourceTemplates()).resourceTemplates)).toEqual(["page"]);
    expect(names((await client.listPrompts()).prompts)).toEqual(["greet"]);
  });

  test.each([
    [
      "a constraint that its resources could meet",
      { constraint_type: "prefix", value: "docs://a" },
      1,
    ],
    ["a wider one", { constraint_type: "prefix", value: "doc" }, 1],
    ["one of which a part is met", { constraint_type: "one_of", values: ["x://1", "docs://1"] }, 1],
    ["one that none could meet", { constraint_type: "prefix", value: "secret://" }, 0],
    ["one text that is none of its resources", { constraint_type: "exact", value: "x://1" }, 0],
  ] as const)("show a template under %s by that", async (_what, uri, shown) => {
    const { client } = await scene({ "mcp:resources/read": { uri } });
    expect((await client.listResourceTemplates()).resourceTemplates).toHaveLength(shown);
  });

  test("show a resource that can only be subscribed to", async () => {
    const { client } = await scene({ "mcp:resources/subscribe": docs });
    expect(names((await client.listResources()).resources)).toEqual(["guide"]);
  });

  test("hide a tool that may only be handed on", async () => {
    const r = await rig();
    const guard = await r.watch();
    const limits = { delegateOnly: ["files.read"] };
    const grant = { tools: { "files.read": {}, wait: {} }, limits, audience: [AUDIENCE] };
    const client = await linked(library().server, guard, { hop: await r.root({ grant }) });
    expect(names((await client.listTools()).tools)).toEqual(["wait"]);
  });

  test("never show a tool by a name that stands for a method", async () => {
    const server = new McpServer({ name: "odd", version: "1" });
    server.registerTool("mcp:resources/read", {}, () => ({ content: [] }));
    const r = await rig();
    const hop = await r.root({
      grant: { tools: { "mcp:resources/read": {} }, audience: [AUDIENCE] },
    });
    const client = await linked(server, await r.watch(), { hop });
    expect((await client.listTools()).tools).toEqual([]);
  });

  test("keep their cursor, and are the reader's alone where the protocol speaks of caching", async () => {
    const server = new Server({ name: "paged", version: "1" }, { capabilities: { tools: {} } });
    const inputSchema = { type: "object" as const };
    server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: [{ name: "hidden", inputSchema }],
      nextCursor: "2",
      cacheScope: "public",
      ttlMs: 3_600_000,
    }));
    const r = await rig();
    const hop = await r.root({ grant: { tools: NOTHING, audience: [AUDIENCE] } });
    const client = await linked(server, await r.watch(), { hop });
    expect(await client.listTools()).toMatchObject({
      tools: [],
      nextCursor: "2",
      cacheScope: "private",
      ttlMs: 5_000,
    });
  });
});

describe("what a handler gets", () => {
  test("is its own metadata, and no delegation that it could pass on", async () => {
    const { client, seen } = await scene({ "files.read": {} });
    const _meta = { trace: "1" };
    await client.callTool({ name: "files.read", arguments: { path: "/a" }, _meta });
    expect(seen).toEqual([expect.objectContaining({ _meta })]);
  });
});

describe("approvals", () => {
  test("a call that people must agree to says so, and runs with their ticket", async () => {
    const r = await rig();
    const guard = await r.watch();
    const limits = { approval: { wait: { approvers: 1 } } };
    const hop = await r.root({ grant: { tools: { wait: {} }, limits, audience: [AUDIENCE] } });
    const client = await linked(library().server, guard, { hop });
    await expect(client.callTool({ name: "wait" })).rejects.toMatchObject({
      code: -32007,
      data: { code: "approval_required", hop: hop.id, retry: true, approvals: [{ approvers: 1 }] },
    });
  });
});
