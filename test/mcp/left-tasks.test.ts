/** Tasks whose connection is over: a cut of their maker still cancels them, and nothing else does. */
import { InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CreateTaskResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { MCP_LEFT_MAX } from "../../src/base/limits.js";
import type { Allowed } from "../../src/guard/decision.js";
import { LeftTasks } from "../../src/mcp/left-tasks.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import type { GrantInput } from "../../src/wire/grant.js";
import { AUDIENCE, allows, read, rig, settled } from "../guard/rig.js";
import { patiently } from "../patience.js";
import { linked } from "./guarded.js";

const GRANT: GrantInput = { tools: { later: {}, "files.read": {} }, audience: [AUDIENCE] };

async function scene() {
  const r = await rig();
  const guard = await r.watch();
  const taskStore = new InMemoryTaskStore();
  const serving = () => {
    const tasks = { requests: { tools: { call: {} } }, list: {}, cancel: {} };
    const server = new McpServer(
      { name: "tasks", version: "1" },
      { capabilities: { tasks }, taskStore },
    );
    server.experimental.tasks.registerToolTask(
      "later",
      { execution: { taskSupport: "required" } },
      {
        createTask: async ({ taskStore: store }) => ({ task: await store.createTask({}) }),
        getTask: async ({ taskId, taskStore: store }) => store.getTask(taskId),
        getTaskResult: async ({ taskId, taskStore: store }) =>
          (await store.getTaskResult(taskId)) as { content: [] },
      },
    );
    return server;
  };
  /** A task of a session that is over. */
  const left = async (hop: EmbeddedHop) => {
    const client = await linked(serving(), guard, { hop });
    const params = { name: "later", arguments: {}, task: {} };
    const { task } = await client.request({ method: "tools/call", params }, CreateTaskResultSchema);
    await client.close();
    await settled();
    return task.taskId;
  };
  const stateOf = async (taskId: string) => (await taskStore.getTask(taskId))?.status;
  const comesTo = (taskId: string, state: string) =>
    patiently(async () => expect(await stateOf(taskId)).toBe(state));
  return { ...r, guard, serving, left, stateOf, comesTo };
}

describe("a task whose connection is over", () => {
  test("is cancelled when its maker is cut, and a sibling's is not", async () => {
    const s = await scene();
    const root = await s.root({ grant: GRANT });
    const [one, two] = [
      await root.delegate({ agent: "one", grant: { tools: GRANT.tools } }),
      await root.delegate({ agent: "two", grant: { tools: GRANT.tools } }),
    ];
    const [cut, kept] = [await s.left(one), await s.left(two)];
    expect(await s.stateOf(cut)).toBe("working");
    await s.revoke({ kind: "hop", tree: one.tree, hop: one.id });
    await s.comesTo(cut, "cancelled");
    expect(await s.stateOf(kept)).toBe("working");
    await s.revoke({ kind: "tree", tree: root.tree });
    await s.comesTo(kept, "cancelled");
  });

  test("is cancelled when its maker's authority expires", async () => {
    const s = await scene();
    const taskId = await s.left(await s.root({ grant: GRANT }));
    await s.pass(301_000);
    await s.comesTo(taskId, "cancelled");
  });

  test("goes on with a renewal that another session has shown, and is cancelled by a cut after it", async () => {
    const s = await scene();
    const hop = await s.root({ grant: GRANT, leaseSeconds: 60 });
    const taskId = await s.left(hop);
    await s.pass(40_000);
    await hop.renewLease(60);
    await linked(s.serving(), s.guard, { hop });
    await s.pass(30_000);
    expect(await s.stateOf(taskId)).toBe("working");
    await s.revoke({ kind: "hop", tree: hop.tree, hop: hop.id });
    await s.comesTo(taskId, "cancelled");
  });

  test("is told to the audit as the session's end by the cut", async () => {
    const s = await scene();
    const hop = await s.root({ grant: GRANT });
    await s.left(hop);
    await s.revoke({ kind: "hop", tree: hop.tree, hop: hop.id });
    await s.guard.flush();
    const events = (await s.lines(hop.tree)).map(({ event }) => event);
    const aborted = { kind: "call.aborted", tool: "mcp:session", code: "delegation_revoked" };
    expect(events).toContainEqual(expect.objectContaining({ ...aborted, hop: hop.id }));
  });
});

test("what too many sessions left ends with the session, and there is room again when it is forgotten", async () => {
  const r = await rig();
  const guard = await r.watch();
  const hop = await r.root({ grant: GRANT });
  const allowed: Allowed = await allows(guard, read(hop));
  const tasks = new LeftTasks();
  let lost = 0;
  const lefts = Array.from({ length: MCP_LEFT_MAX + 1 }, () => ({
    hop: hop.id,
    chain: allowed.chain,
    watch: () => {},
    lose: () => {
      lost += 1;
    },
  }));
  for (const left of lefts) tasks.keep(left);
  expect(lost).toBe(1);
  for (const left of lefts) tasks.forget(left);
  for (const left of lefts.slice(1)) tasks.keep(left);
  expect(lost).toBe(1);
});
