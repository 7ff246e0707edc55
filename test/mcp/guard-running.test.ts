/** While a call runs and a session is open: cuts stop what they cover, and nothing leaves for who lost its authority. @module */
import { InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import {
  CreateTaskResultSchema,
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import type { GrantInput } from "../../src/wire/grant.js";
import { SESSION_META } from "../../src/wire/mcp.js";
import { AUDIENCE, rig, settled } from "../guard/rig.js";
import { patiently } from "../patience.js";
import { linked, type Speaker } from "./guarded.js";
import { library } from "./library.js";

const GRANT: GrantInput = {
  tools: {
    wait: {},
    ask: {},
    later: {},
    "files.read": {},
    "mcp:resources/read": { uri: { constraint_type: "prefix", value: "docs://" } },
  },
  audience: [AUDIENCE],
};

async function scene() {
  const r = await rig();
  const guard = await r.watch({ name: "g" });
  const hop = await r.root({ grant: GRANT });
  const made = library();
  const speaker: Speaker = { hop };
  const client = await linked(made.server, guard, speaker);
  const child = () => hop.delegate({ agent: "child", grant: { tools: GRANT.tools } });
  const heard: unknown[] = [];
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    heard.push(params.data);
  });
  const say = async (data: string) => {
    await made.server.sendLoggingMessage({ level: "info", data }).catch(() => undefined);
    await settled();
  };
  return { ...r, ...made, guard, hop, speaker, client, child, heard, say };
}

const wait = { name: "wait" };
const read = { name: "files.read", arguments: { path: "/a" } };

describe("a cut", () => {
  test("stops the handler by its signal, and its caller hears why", async () => {
    const s = await scene();
    const calling = s.client.callTool(wait);
    const failed = expect(calling).rejects.toMatchObject({
      code: -32003,
      data: { code: "aborted", hop: s.hop.id },
    });
    await patiently(() => expect(s.ran).toEqual(["wait"]));
    await s.revoke({ kind: "tree", tree: s.hop.tree });
    await failed;
    await patiently(() => expect(s.stopped).toHaveLength(1));
  });

  test("is told to the audit with what had happened by then", async () => {
    const s = await scene();
    const calling = s.client.callTool(wait).catch(() => undefined);
    await patiently(() => expect(s.ran).toEqual(["wait"]));
    await s.revoke({ kind: "tree", tree: s.hop.tree });
    await calling;
    await s.guard.flush();
    const events = (await s.lines(s.hop.tree)).map(({ event }) => event);
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: "call.aborted",
        tool: "wait",
        hop: s.hop.id,
        code: "delegation_revoked",
      }),
    );
  });

  test("of its only hop closes the session, after its callers heard", async () => {
    const s = await scene();
    const closed = new Promise<void>((done) => {
      s.client.onclose = done;
    });
    const calling = s.client.callTool(wait);
    const failed = expect(calling).rejects.toMatchObject({ data: { code: "aborted" } });
    await patiently(() => expect(s.ran).toEqual(["wait"]));
    await s.revoke({ kind: "hop", tree: s.hop.tree, hop: s.hop.id });
    await failed;
    await closed;
  });

  test("of one hop leaves the session to its siblings", async () => {
    const s = await scene();
    const [one, two] = [await s.child(), await s.child()];
    s.speaker.hop = one;
    const calling = s.client.callTool(wait);
    const failed = expect(calling).rejects.toMatchObject({
      data: { code: "aborted", hop: one.id },
    });
    await patiently(() => expect(s.ran).toEqual(["wait"]));
    await s.revoke({ kind: "hop", tree: one.tree, hop: one.id });
    await failed;
    s.speaker.hop = two;
    await expect(s.client.callTool(read)).resolves.toBeDefined();
    await s.say("still here");
    expect(s.heard).toEqual(["still here"]);
  });

  test("or a grant keeps news of a resource from those who could not read it", async () => {
    const s = await scene();
    const news: string[] = [];
    s.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      news.push(params.uri);
    });
    await s.server.server.sendResourceUpdated({ uri: "docs://guide" });
    await s.server.server.sendResourceUpdated({ uri: "secret://key" });
    await settled();
    expect(news).toEqual(["docs://guide"]);
  });
});

describe("a chain that expires in mid-session", () => {
  test("is heard no more, and refused", async () => {
    const s = await scene();
    await s.say("before");
    await s.pass(301_000);
    await s.say("after");
    expect(s.heard).toEqual(["before"]);
    await expect(s.client.callTool(read)).rejects.toMatchObject({
      data: { code: "token_expired" },
    });
  });

  test("is followed by its renewal: the session goes on without a break", async () => {
    const s = await scene();
    const hop = await s.root({ grant: GRANT, leaseSeconds: 60 });
    const client = await linked(library().server, s.guard, { hop });
    let closed = false;
    client.onclose = () => {
      closed = true;
    };
    await s.pass(40_000);
    await hop.renewLease(60);
    await client.callTool(read);
    await s.pass(30_000);
    await expect(client.callTool(read)).resolves.toBeDefined();
    expect(closed).toBe(false);
  });
});

describe("suspension", () => {
  test("silences the session until it is lifted", async () => {
    const s = await scene();
    const operator = { operator: "op", tenant: s.tenant };
    const { entry } = await s.coordinator.suspend(operator, { hop: s.hop.id });
    await s.say("while");
    expect(s.heard).toEqual([]);
    await s.coordinator.resume(operator, { hop: s.hop.id, suspension: entry.id });
    await s.client.callTool(read);
    await s.say("again");
    expect(s.heard).toEqual(["again"]);
  });
});

describe("a possession session", () => {
  test("is offered with a proof and answered in the result's metadata", async () => {
    const s = await scene();
    const { tokens, possession } = s.hop.call(
      "files.read",
      { path: "/a" },
      { audience: AUDIENCE, session: true },
    );
    s.speaker.hop = undefined;
    const proof = "proof" in possession ? possession.proof : "";
    const _meta = { "dev.legate/delegation": { tokens, proof } };
    const answer = await s.client.callTool({ ...read, _meta });
    expect(answer._meta).toMatchObject({ [SESSION_META]: { id: expect.any(String) } });
  });
});

describe("what the server asks the client", () => {
  function asking() {
    const server = new McpServer({ name: "asking", version: "1" });
    const answers: unknown[] = [];
    server.registerTool("ask", {}, async (extra) => {
      const requestedSchema = { type: "object" as const, properties: {} };
      const asked = server.server.elicitInput(
        { message: "sure?", requestedSchema },
        { relatedRequestId: extra.requestId },
      );
      answers.push(await asked.catch((thrown: Error) => thrown.message));
      return { content: [] };
    });
    return { server, answers };
  }

  async function elicited(answer: () => Promise<{ action: "accept" }>) {
    const r = await rig();
    const guard = await r.watch();
    const hop = await r.root({ grant: GRANT });
    const { server, answers } = asking();
    const client = await linked(server, guard, { hop }, AUDIENCE, { elicitation: {} });
    client.setRequestHandler(ElicitRequestSchema, answer);
    return { ...r, hop, client, answers };
  }

  test("is answered while the call runs that it belongs to", async () => {
    const s = await elicited(async () => ({ action: "accept" }));
    await s.client.callTool({ name: "ask" });
    expect(s.answers).toMatchObject([{ action: "accept" }]);
  });

  test("is answered by nobody once that call is cut", async () => {
    let answer = () => {};
    const s = await elicited(
      () =>
        new Promise((done) => {
          answer = () => done({ action: "accept" });
        }),
    );
    const calling = s.client.callTool({ name: "ask" });
    const failed = expect(calling).rejects.toMatchObject({ data: { code: "aborted" } });
    await settled();
    await s.revoke({ kind: "tree", tree: s.hop.tree });
    await failed;
    answer();
    await patiently(() => expect(s.answers).toEqual([expect.any(String)]));
  });
});

describe("tasks", () => {
  async function tasked() {
    const r = await rig();
    const guard = await r.watch();
    const hop = await r.root({ grant: GRANT });
    const taskStore = new InMemoryTaskStore();
    const server = new McpServer(
      { name: "tasks", version: "1" },
      {
        capabilities: { tasks: { requests: { tools: { call: {} } }, list: {}, cancel: {} } },
        taskStore,
      },
    );
    server.experimental.tasks.registerToolTask(
      "later",
      { execution: { taskSupport: "required" } },
      {
        createTask: async ({ taskStore: store }) => ({
          task: await store.createTask({ ttl: 600_000 }),
        }),
        getTask: async ({ taskId, taskStore: store }) => store.getTask(taskId),
        getTaskResult: async ({ taskId, taskStore: store }) =>
          (await store.getTaskResult(taskId)) as { content: [] },
      },
    );
    const speaker: Speaker = { hop };
    const client = await linked(server, guard, speaker);
    const begin = async () => {
      const params = { name: "later", arguments: {}, task: { ttl: 600_000 } };
      const made = await client.request({ method: "tools/call", params }, CreateTaskResultSchema);
      return made.task.taskId;
    };
    const children = { tools: GRANT.tools };
    const child = (agent: string) => hop.delegate({ agent, grant: children });
    return { ...r, taskStore, hop, speaker, client, begin, child };
  }

  test("are their maker's and the hops' above, and no sibling's", async () => {
    const s = await tasked();
    const [one, two] = [await s.child("one"), await s.child("two")];
    s.speaker.hop = one;
    const taskId = await s.begin();
    const { tasks } = s.client.experimental;
    expect(await tasks.getTask(taskId)).toMatchObject({ taskId });
    expect((await tasks.listTasks()).tasks).toMatchObject([{ taskId }]);
    s.speaker.hop = two;
    await expect(tasks.getTask(taskId)).rejects.toMatchObject({ data: { code: "not_entitled" } });
    await expect(tasks.cancelTask(taskId)).rejects.toMatchObject({
      data: { code: "not_entitled" },
    });
    expect((await tasks.listTasks()).tasks).toEqual([]);
    s.speaker.hop = s.hop;
    expect(await tasks.getTask(taskId)).toMatchObject({ taskId });
  });

  test("are cancelled when their maker is cut", async () => {
    const s = await tasked();
    const one = await s.child("one");
    s.speaker.hop = one;
    const taskId = await s.begin();
    await s.revoke({ kind: "hop", tree: one.tree, hop: one.id });
    await patiently(async () =>
      expect(await s.taskStore.getTask(taskId)).toMatchObject({ status: "cancelled" }),
    );
  });
});
