/** The coordinator as an MCP server: real clients, in memory and over HTTP, each under a hop of its own. @module */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CONFIRM_MS, HANDLES_PER_HOP_MAX } from "../../src/base/limits.js";
import { systemRandom } from "../../src/base/random.js";
import type { CarriedHop } from "../../src/carry/hop.js";
import type { Guard } from "../../src/guard/guard.js";
import { carryTransport } from "../../src/mcp/carry-transport.js";
import {
  type CoordinatorServer,
  createCoordinatorServer,
} from "../../src/mcp/coordinator-server.js";
import { type GatewayHttp, serveGatewayHttp } from "../../src/mcp/gateway-http.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { makeAatProof } from "../../src/token/aat-proof.js";
import { generateSigningKey } from "../../src/token/key.js";
import type { GrantInput } from "../../src/wire/grant.js";
import { listedTools, TICKETS_META } from "../../src/wire/mcp-tools.js";
import { AUDIENCE, allows, type Rig, rig, settled } from "../guard/rig.js";

/** What tokens for the coordinator's server name. */
const HERE = "https://legate.example/mcp";

/** All of the coordinator's tools, and one server's. */
const ALL: GrantInput = {
  tools: {
    ...Object.fromEntries(listedTools().map(({ name }) => [name, {}])),
    "mcp:resources/read": { uri: { constraint_type: "prefix", value: "delegation://" } },
    "files.read": { path: { constraint_type: "path", under: "/reports" } },
    "pay.refund": {},
  },
  limits: { approval: { "pay.refund": { approvers: 1 } }, calls: 1_000 },
  audience: [HERE, AUDIENCE],
};
const READER = {
  tools: { "files.read": { path: { constraint_type: "path", under: "/reports/q3" } } },
  audience: [AUDIENCE],
};

let engine: Rig;
let guard: Guard;
let server: CoordinatorServer;
let files: Guard;
const clients: Client[] = [];

beforeEach(async () => {
  engine = await rig();
  guard = await engine.watch({ audience: HERE });
  files = await engine.watch({ name: "files" });
  server = createCoordinatorServer(engine, { guard, clock: engine.timers });
});

afterEach(async () => {
  await Promise.allSettled(clients.splice(0).map((client) => client.close()));
  await server.close();
  await engine.close();
});

async function under(hop: CarriedHop): Promise<Client> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.serve(far);
  const client = new Client({ name: "agent", version: "1.0.0" });
  clients.push(client);
  const carried = carryTransport(near, {
    hop,
    audience: HERE,
    narrow: false,
    clock: engine.timers,
  });
  await client.connect(carried as Transport);
  // From now on the client checks results against the forms that it was told.
  await client.listTools();
  return client;
}

async function use(
  client: Client,
  name: string,
  args: object = {},
): Promise<Record<string, unknown>> {
  const result = await client.callTool({ name, arguments: { ...args } });
  return { ...(result.structuredContent as Record<string, unknown>), _meta: result._meta };
}

const nobody = { code: "not_entitled" };

describe("its tools", () => {
  test("are six, with words, forms of what they take and give, and what may be expected of them", async () => {
    const client = await under(await engine.root({ grant: ALL }));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      "delegation_create",
      "delegation_inspect_tree",
      "delegation_explain",
      "delegation_revoke",
      "delegation_request_elevation",
      "delegation_complete_task",
    ]);
    for (const { title, description, inputSchema, outputSchema, annotations } of tools) {
      expect([title, description, inputSchema.type, outputSchema?.type]).toEqual([
        expect.any(String),
        expect.any(String),
        "object",
        "object",
      ]);
      expect(annotations).toMatchObject({
        readOnlyHint: expect.any(Boolean),
        openWorldHint: false,
      });
    }
    const destructive = tools.filter(({ annotations }) => annotations?.destructiveHint === true);
    expect(destructive.map(({ name }) => name)).toEqual([
      "delegation_revoke",
      "delegation_complete_task",
    ]);
  });

  test("are shown and served only as the caller's grant allows", async () => {
    const grant = { tools: { delegation_inspect_tree: {} }, audience: [HERE] };
    const client = await under(await engine.root({ grant }));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["delegation_inspect_tree"]);
    await expect(use(client, "delegation_revoke")).rejects.toMatchObject({
      code: "tool_not_granted",
    });
  });

  test("refuse what is not of their form, naming the place and no value", async () => {
    const client = await under(await engine.root({ grant: ALL }));
    const refused = use(client, "delegation_explain", { tool: "files.read", secret: "s3cr3t" });
    await expect(refused).rejects.toMatchObject({ code: "invalid_request", rule: "secret" });
  });

  test("never give a token, nor anything that looks like one", async () => {
    const root = await engine.root({ grant: ALL });
    const client = await under(root);
    const said: unknown[] = [];
    const made = await use(client, "delegation_create", { agent: "reader", grant: READER });
    said.push(made);
    said.push(await use(client, "delegation_inspect_tree"));
    said.push(await use(client, "delegation_explain", { tool: "files.read" }));
    said.push(await use(client, "delegation_request_elevation", { tool: "pay.refund" }));
    said.push(await use(client, "delegation_revoke", { hop: made.handle }));
    await guard.flush();
    for (const kind of ["tree", "audit"]) {
      said.push(await client.readResource({ uri: `delegation://${kind}/${root.tree}` }));
    }
    const text = JSON.stringify(said);
    expect(text).not.toContain("eyJ");
    expect(text).not.toContain(String(root.holder.key.jwk.x));
  });
});

describe("delegation_create", () => {
  test("makes a narrower hop and gives a handle, which the program around the agent takes once", async () => {
    const root = await engine.root({ grant: ALL });
    const client = await under(root);
    const made = await use(client, "delegation_create", { agent: "reader", grant: READER });
    expect(made).toMatchObject({ status: "active", tree: root.tree, agent: "reader" });
    const owner = { tenant: engine.tenant, tree: root.tree, hop: root.id };
    const { holder } = await server.take(owner, String(made.handle));
    expect(holder.chain.hops.map(({ agent }) => agent)).toEqual(["planner", "reader"]);
    await expect(server.take(owner, String(made.handle))).rejects.toMatchObject(nobody);
  });

  test("refuses what exceeds the caller's grant", async () => {
    const client = await under(await engine.root({ grant: ALL }));
    const grant = { tools: { "mail.send": {} } };
    await expect(
      use(client, "delegation_create", { agent: "reader", grant }),
    ).rejects.toMatchObject({ code: "grant_exceeds_parent" });
  });

  test("gives the same hop and handle for the same request", async () => {
    const client = await under(await engine.root({ grant: ALL }));
    const asked = { agent: "reader", grant: READER, idempotencyKey: "one" };
    const first = await use(client, "delegation_create", asked);
    const second = await use(client, "delegation_create", asked);
    expect([second.hop, second.handle]).toEqual([first.hop, first.handle]);
  });

  test("keeps no key for an agent that brings its own, which claims its token with it", async () => {
    const root = await engine.root({ grant: ALL });
    const client = await under(root);
    const key = generateSigningKey();
    const asked = { agent: "x", grant: READER, holderKey: key.jwk };
    const made = await use(client, "delegation_create", asked);
    expect(made).toMatchObject({ status: "active" });
    expect(made.handle).toBeUndefined();
    const input = { hop: made.hop, holderKey: key.jwk };
    const proof = makeAatProof({
      key,
      tokenId: String(made.hop),
      tool: "legate.claim",
      arguments: input,
      audience: engine.issuer,
      nowMs: engine.timers.now(),
      random: systemRandom,
    });
    const { token } = await engine.coordinator.claim({ proof, tenant: engine.tenant }, input);
    expect(token.split(".")).toHaveLength(3);
  });

  test("leaves a hop that people have to agree to pending, and gives it out when they have", async () => {
    const root = await engine.root({ grant: ALL });
    const client = await under(root);
    const approval = { approvers: 1 };
    const made = await use(client, "delegation_create", { agent: "x", grant: READER, approval });
    expect(made).toMatchObject({ status: "pending", ticket: expect.any(String) });
    const owner = { tenant: engine.tenant, tree: root.tree, hop: root.id };
    const take = () => server.take(owner, String(made.handle));
    await expect(take()).rejects.toMatchObject({ code: "approval_pending" });
    await engine.coordinator.approve(
      { approver: "olga", tenant: engine.tenant },
      { ticket: made.ticket },
    );
    const { holder } = await take();
    expect(holder.chain.hops.at(-1)?.id).toBe(made.hop);
  });

  test("holds so many hops for one caller and no more", async () => {
    const client = await under(await engine.root({ grant: ALL }));
    for (let made = 0; made < HANDLES_PER_HOP_MAX; made += 1) {
      await use(client, "delegation_create", { agent: "x", grant: READER });
    }
    await expect(
      use(client, "delegation_create", { agent: "x", grant: READER }),
    ).rejects.toMatchObject({ code: "quota_exceeded" });
  });
});

/** A root, two hops below it, one of which has a client; and a hop below that one. */
async function family() {
  const expiresAt = engine.timers.now() / 1_000 + 3_600;
  const root = await engine.root({ grant: { ...ALL, expiresAt } });
  const middle = await root.delegate({ agent: "middle", grant: { ...ALL, expiresAt } });
  const sibling = await root.delegate({ agent: "sibling", grant: READER });
  const leaf = await middle.delegate({ agent: "leaf", grant: { ...READER, expiresAt } });
  return { root, middle, sibling, leaf, client: await under(middle) };
}

describe("a caller", () => {
  test("sees its own subtree, and of the hops above their ids alone", async () => {
    const { root, middle, leaf, sibling, client } = await family();
    const seen = await use(client, "delegation_inspect_tree");
    expect(seen).toMatchObject({ tree: root.tree, ancestors: [root.id], total: 2 });
    expect((seen.nodes as { hop: string }[]).map(({ hop }) => hop)).toEqual([middle.id, leaf.id]);
    expect(JSON.stringify(seen)).not.toContain("planner");
    const first = await use(client, "delegation_inspect_tree", { limit: 1 });
    const rest = await use(client, "delegation_inspect_tree", { limit: 1, cursor: first.next });
    expect((rest.nodes as { hop: string }[]).map(({ hop }) => hop)).toEqual([leaf.id]);
    const beside = Buffer.from(sibling.id).toString("base64url");
    await expect(use(client, "delegation_inspect_tree", { cursor: beside })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  test.each([
    ["delegation_inspect_tree", {}],
    ["delegation_explain", { tool: "files.read" }],
    ["delegation_revoke", {}],
    ["delegation_complete_task", {}],
  ])("cannot reach above or beside itself with %s", async (tool, args) => {
    const { root, sibling, client } = await family();
    const stranger = await engine.root();
    for (const hop of [root.id, sibling.id, stranger.id, "no-such-hop"]) {
      const refused = use(client, tool, { ...args, hop });
      await expect(refused).rejects.toMatchObject(nobody);
    }
    expect((await engine.store.chain(engine.tenant, root.id))[0]?.effective).toBe("active");
  });

  test("cannot use another's handle, neither that of a hop above nor that of one below", async () => {
    const { root, middle, client } = await family();
    const above = await under(root);
    const asked = { agent: "x", grant: READER };
    const made = await use(above, "delegation_create", asked);
    const refused = use(client, "delegation_complete_task", { hop: made.handle });
    await expect(refused).rejects.toMatchObject(nobody);
    const own = await use(client, "delegation_create", asked);
    const taken = use(above, "delegation_complete_task", { hop: own.handle });
    await expect(taken).rejects.toMatchObject(nobody);
    const place = { tenant: engine.tenant, tree: root.tree };
    const handle = String(own.handle);
    await expect(server.take({ ...place, hop: root.id }, handle)).rejects.toMatchObject(nobody);
    await server.take({ ...place, hop: middle.id }, handle);
  });

  test("reads its own tree and what happened in its subtree, and no other's", async () => {
    const { root, middle, leaf, sibling, client } = await family();
    await files.authorize(leaf.call("files.read", { path: "/etc/passwd" }, { audience: AUDIENCE }));
    await files.authorize(sibling.call("files.read", { path: "/etc/shadow" }));
    await files.flush();
    const read = async (uri: string) => {
      const { contents } = await client.readResource({ uri });
      return JSON.parse(String((contents[0] as { text?: string }).text));
    };
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual([
      `delegation://tree/${root.tree}`,
      `delegation://audit/${root.tree}`,
    ]);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates).toHaveLength(2);
    const tree = await read(`delegation://tree/${root.tree}`);
    expect(tree.nodes).toHaveLength(2);
    const { lines } = await read(`delegation://audit/${root.tree}`);
    const text = JSON.stringify(lines);
    expect(text).toContain(middle.id);
    expect(text).toContain("argument_refused");
    expect(text).not.toContain(sibling.id);
    expect(text).not.toContain("sibling");
    const other = await engine.root();
    await expect(read(`delegation://audit/${other.tree}`)).rejects.toMatchObject(nobody);
  });
});

describe("delegation_explain", () => {
  test.each([
    [{ path: "/reports/q3/a" }, "allow", []],
    [{ path: "/reports/q1/a" }, "deny", ["argument_refused"]],
    [{}, "deny", ["argument_missing"]],
  ])("says of a read with %j: %s", async (args, verdict, codes) => {
    const { leaf, client } = await family();
    const asked = { hop: leaf.id, tool: "files.read", arguments: args };
    const told = await use(client, "delegation_explain", asked);
    expect(told).toMatchObject({ hop: leaf.id, effective: "active", verdict });
    const said = (told.reasons as { code: string }[]).map(({ code }) => code);
    expect([...new Set(said)]).toEqual(codes);
    expect((told.wouldPass as string[]).length).toBe(codes.length);
  });

  test("tells that people have to agree, and that a hop is not active", async () => {
    const { leaf, client } = await family();
    const gated = await use(client, "delegation_explain", {
      tool: "pay.refund",
      audience: AUDIENCE,
    });
    expect(gated).toMatchObject({ verdict: "ask", approvals: 1 });
    await leaf.revoke();
    const cut = await use(client, "delegation_explain", {
      hop: leaf.id,
      tool: "files.read",
      arguments: { path: "/reports/q3" },
    });
    expect(cut).toMatchObject({
      verdict: "deny",
      effective: "revoked",
      reasons: [{ rule: "revoked" }],
    });
  });
});

describe("delegation_explain of budgets", () => {
  /** The root has `calls`, of which a sibling has made two; asking is a call as well. */
  async function explained(calls: number) {
    const limits = { ...ALL.limits, calls };
    const root = await engine.root({ grant: { ...ALL, limits } });
    const middle = await root.delegate({ agent: "middle", grant: { ...ALL, limits: { calls } } });
    const sibling = await root.delegate({ agent: "sibling", grant: READER });
    for (let call = 0; call < 2; call += 1) {
      await allows(files, sibling.call("files.read", { path: "/reports/q3" }));
    }
    const asked = { tool: "files.read", arguments: { path: "/reports/q3" }, audience: AUDIENCE };
    return { root, told: await use(await under(middle), "delegation_explain", asked) };
  }

  test("tells the least that is left on the path, and no hop above but by its id", async () => {
    const { told } = await explained(4);
    expect(told).toMatchObject({ verdict: "allow", reasons: [], callsLeft: 1 });
    expect(JSON.stringify(told)).not.toContain("planner");
  });

  test("tells that a hop above has none left", async () => {
    const { root, told } = await explained(3);
    const reasons = [{ hop: root.id, code: "budget_exhausted", rule: "limits.calls" }];
    expect(told).toMatchObject({ verdict: "deny", reasons, callsLeft: 0 });
  });
});

describe("delegation_revoke", () => {
  test("tells first what would stop, and cuts when that is confirmed", async () => {
    const { leaf, sibling, client } = await family();
    const plan = await use(client, "delegation_revoke", { hop: leaf.id });
    expect(plan).toMatchObject({
      done: false,
      boundary: "hop",
      hop: leaf.id,
      stops: { hops: 1, agents: ["leaf"] },
    });
    const path = { path: "/reports/q3/a" };
    await allows(files, leaf.call("files.read", path, { audience: AUDIENCE }));
    const done = await use(client, "delegation_revoke", { hop: leaf.id, confirm: plan.confirm });
    expect(done).toMatchObject({ done: true, cut: expect.any(String) });
    const after = await files.authorize(leaf.call("files.read", path, { audience: AUDIENCE }));
    expect(after).toMatchObject({ effect: "deny", code: "delegation_revoked" });
    await allows(files, sibling.call("files.read", path));
  });

  test("cuts only what the confirmation was made for, by whom, and in time", async () => {
    const { root, leaf, client } = await family();
    const plan = await use(client, "delegation_revoke", { hop: leaf.id });
    const { confirm } = plan;
    const other = await under(root);
    const wrong = { code: "invalid_request", rule: "confirm" };
    for (const [who, args] of [
      [client, {}],
      [client, { hop: leaf.id, below: true }],
      [other, { hop: leaf.id }],
    ] as const) {
      const refused = use(who, "delegation_revoke", { ...args, confirm });
      await expect(refused).rejects.toMatchObject(wrong);
    }
    const made_up = use(client, "delegation_revoke", { hop: leaf.id, confirm: "1.AAAA" });
    await expect(made_up).rejects.toMatchObject(wrong);
    await engine.pass(CONFIRM_MS);
    const late = use(client, "delegation_revoke", { hop: leaf.id, confirm });
    await expect(late).rejects.toMatchObject(wrong);
    expect((await engine.store.hop(engine.tenant, leaf.id))?.state).toBe("active");
  });

  test("cuts the caller itself, and its session with it", async () => {
    const { middle, root, client } = await family();
    const { confirm } = await use(client, "delegation_revoke", { reason: "done with it" });
    await use(client, "delegation_revoke", { confirm }).catch(() => undefined);
    await settled();
    expect((await engine.store.hop(engine.tenant, middle.id))?.state).toBe("revoked");
    await expect(use(client, "delegation_inspect_tree")).rejects.toThrow();
    await use(await under(root), "delegation_inspect_tree");
  });
});

describe("delegation_request_elevation", () => {
  test("asks people, whose yes the carrier then shows; a caller never decides itself", async () => {
    const root = await engine.root({ grant: ALL });
    const client = await under(root);
    const call = { tool: "pay.refund", arguments: { amount: 7 }, audience: AUDIENCE };
    const asked = await use(client, "delegation_request_elevation", call);
    const [ticket] = asked.tickets as { id: string }[];
    const state = async () => {
      const found = await use(client, "delegation_request_elevation", { ticket: ticket?.id });
      return (found.tickets as { state: string }[])[0]?.state;
    };
    expect(await state()).toBe("asked");
    for (const approver of ["planner", "reader"]) {
      const tried = engine.coordinator.approve(
        { approver, tenant: engine.tenant },
        { ticket: ticket?.id },
      );
      if (approver === "planner") {
        await expect(tried).rejects.toMatchObject({ code: "approver_not_allowed" });
      } else await tried;
    }
    expect(await state()).toBe("granted");
    const tickets = (asked._meta as Record<string, string[]>)[TICKETS_META] ?? [];
    await allows(files, root.call("pay.refund", { amount: 7 }, { audience: AUDIENCE, tickets }));
  });

  test("offers no way to decide", async () => {
    const client = await under(await engine.root({ grant: ALL }));
    const { tools } = await client.listTools();
    expect(tools.some(({ name }) => /approve|deny|grant|decide/.test(name))).toBe(false);
    await expect(
      use(client, "delegation_request_elevation", { ticket: "apr_x", approve: true }),
    ).rejects.toMatchObject({ code: "invalid_request" });
  });

  test("says what it would take where the grant itself refuses", async () => {
    const client = await under(await engine.root({ grant: ALL }));
    await expect(
      use(client, "delegation_request_elevation", { tool: "mail.send", audience: AUDIENCE }),
    ).rejects.toMatchObject({
      code: "tool_not_granted",
      required: expect.stringContaining("mail.send"),
    });
  });

  test("tells nothing of a ticket beside the caller", async () => {
    const { root, client } = await family();
    const call = { tool: "pay.refund", audience: AUDIENCE };
    const asked = await use(await under(root), "delegation_request_elevation", call);
    const [ticket] = asked.tickets as { id: string }[];
    for (const id of [ticket?.id, "apr_none"]) {
      const refused = use(client, "delegation_request_elevation", { ticket: id });
      await expect(refused).rejects.toMatchObject({ code: "ticket_not_found" });
    }
  });
});

test("delegation_complete_task gives the authority back, by the handle too", async () => {
  const root = await engine.root({ grant: ALL });
  const client = await under(root);
  const made = await use(client, "delegation_create", { agent: "x", grant: READER });
  const done = await use(client, "delegation_complete_task", { hop: made.handle, reason: "done" });
  expect(done).toMatchObject({ done: true, hop: made.hop });
  expect((await engine.store.hop(engine.tenant, String(made.hop)))?.state).toBe("completed");
});

test("nobody is served who presents nothing", async () => {
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.serve(far);
  const client = new Client({ name: "nobody", version: "1.0.0" });
  await expect(client.connect(near)).rejects.toMatchObject({ data: { code: "chain_empty" } });
});

test("a token that is narrowed to one call delegates nothing", async () => {
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.serve(far);
  const client = new Client({ name: "agent", version: "1.0.0" });
  const hop = await engine.root({ grant: ALL });
  const carried = carryTransport(near, { hop, audience: HERE, clock: engine.timers });
  await client.connect(carried as Transport);
  clients.push(client);
  await expect(
    use(client, "delegation_create", { agent: "reader", grant: READER }),
  ).rejects.toMatchObject({ code: "self_link_invalid" });
});

describe("over HTTP", () => {
  let web: GatewayHttp;

  afterEach(() => web.close());

  test("serves callers by their hops, and answers the others with a challenge", async () => {
    web = await serveGatewayHttp(
      { doors: [server], close: () => server.close() },
      { issuers: [engine.issuer] },
    );
    const url = web.urls.get("mcp") ?? "";
    const carried = async (hop: EmbeddedHop) => {
      const client = new Client({ name: "agent", version: "1.0.0" });
      clients.push(client);
      const transport = carryTransport(
        (fetch) =>
          new StreamableHTTPClientTransport(new URL(url), { fetch: fetch as never }) as never,
        { hop, audience: HERE, url, narrow: false, clock: engine.timers },
      );
      await client.connect(transport as Transport);
      return client;
    };
    const root = await engine.root({ grant: ALL });
    const client = await carried(root);
    const made = await use(client, "delegation_create", { agent: "reader", grant: READER });
    const seen = await use(client, "delegation_inspect_tree");
    expect((seen.nodes as { hop: string }[]).map(({ hop }) => hop)).toEqual([root.id, made.hop]);
    const poor = await engine.root({
      grant: { tools: { delegation_explain: {} }, audience: [HERE] },
    });
    const refused = use(await carried(poor), "delegation_revoke");
    await expect(refused).rejects.toMatchObject({
      code: "tool_not_granted",
      required: expect.stringContaining("delegation_revoke"),
    });
    const stranger = await fetch(url, {
      method: "POST",
      body: '{"jsonrpc":"2.0","id":1,"method":"initialize"}',
    });
    expect(stranger.status).toBe(401);
  });
});
