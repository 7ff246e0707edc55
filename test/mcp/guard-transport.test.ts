/** A guard in front of a server: what runs, what is refused, and with which words. @module */
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { expect, test } from "vitest";
import { z } from "zod";
import { rig } from "../guard/rig.js";
import { linked, WIDE } from "./guarded.js";

function files(): McpServer {
  const server = new McpServer({ name: "files", version: "1" });
  server.registerTool("files.read", { inputSchema: { path: z.string() } }, ({ path }) => ({
    content: [{ type: "text", text: `read ${path}` }],
  }));
  server.registerTool("files.delete", { inputSchema: { path: z.string() } }, () => ({
    content: [],
  }));
  return server;
}

test("runs a call that the chain allows, and hands on its answer", async () => {
  const r = await rig();
  const guard = await r.watch();
  const hop = await r.root({ grant: WIDE });
  const client = await linked(files(), guard, { hop });
  const answer = await client.callTool({ name: "files.read", arguments: { path: "/reports/a" } });
  expect(answer.content).toEqual([{ type: "text", text: "read /reports/a" }]);
});

test("refuses an argument out of range with code, hop and rule, before the handler runs", async () => {
  const r = await rig();
  const guard = await r.watch();
  const hop = await r.root({ grant: WIDE });
  const client = await linked(files(), guard, { hop });
  const calling = client.callTool({ name: "files.read", arguments: { path: "/etc/passwd" } });
  await expect(calling).rejects.toMatchObject({
    code: -32005,
    data: { code: "argument_refused", hop: hop.id, rule: "files.read.path", retry: false },
  });
});

test("says which grant would do, without an argument's value", async () => {
  const r = await rig();
  const guard = await r.watch();
  const hop = await r.root({ grant: WIDE });
  const client = await linked(files(), guard, { hop });
  const secret = "/etc/passwd";
  const calling = client.callTool({ name: "files.delete", arguments: { path: secret } });
  const thrown = await calling.catch((error: unknown) => error);
  expect(thrown).toMatchObject({
    data: {
      code: "tool_not_granted",
      required:
        '[{"tools":{"files.delete":{"path":{"constraint_type":"wildcard"}}},"type":"attenuating_agent_token"}]',
    },
  });
  expect(JSON.stringify(thrown)).not.toContain(secret);
});

test("lists the tools that the chain could use, and no others", async () => {
  const r = await rig();
  const guard = await r.watch();
  const hop = await r.root({ grant: WIDE });
  const client = await linked(files(), guard, { hop });
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(["files.read"]);
});
