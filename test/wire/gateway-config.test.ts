/** The gateway's file: what clients have as it is, and our own section, closed. */
import { describe, expect, test } from "vitest";
import { DelegationError } from "../../src/base/error.js";
import { parseGatewayConfig } from "../../src/wire/gateway-config.js";

const run = { command: "server" };
const remote = { url: "https://files.example/mcp" };

function refusal(input: unknown): DelegationError {
  try {
    parseGatewayConfig(input);
  } catch (thrown) {
    if (thrown instanceof DelegationError) return thrown;
  }
  throw new Error("not refused");
}

describe("an mcpServers JSON as clients have it", () => {
  test("is taken as it is, with members that are the client's own", () => {
    const { name, servers } = parseGatewayConfig({
      globalShortcut: "Ctrl+Space",
      mcpServers: {
        filesystem: {
          command: "npx",
          args: ["-y", "@modelcontextprotocol/server-filesystem", "/reports"],
          env: { LEVEL: 3, QUIET: true },
          alwaysAllow: ["read_file"],
          timeout: 60,
        },
        "My Tickets": { type: "streamable-http", url: "https://tickets.example/mcp" },
        old: { type: "sse", url: "https://old.example/sse" },
        off: { command: "x", disabled: true },
      },
    });
    expect(name).toBe("gateway");
    expect(servers.map(({ name, run }) => [name, run.kind])).toEqual([
      ["filesystem", "stdio"],
      ["My Tickets", "http"],
      ["old", "sse"],
    ]);
    expect(servers[0]?.run).toEqual({
      kind: "stdio",
      command: "npx",
      args: ["-y", "@modelcontextprotocol/server-filesystem", "/reports"],
      env: { LEVEL: "3", QUIET: "true" },
      cwd: undefined,
    });
  });

  test("gets medium risk, a process for each session, and an audience for each server", () => {
    const { servers } = parseGatewayConfig({ mcpServers: { "My Tickets": remote, files: run } });
    expect(servers.map(({ controls }) => controls.audience)).toEqual([
      "https://gateway.localhost/My%20Tickets",
      "https://gateway.localhost/files",
    ]);
    expect(servers[0]?.controls).toMatchObject({
      risk: "medium",
      isolation: "session",
      callSeconds: 300,
      approval: { approvers: 1 },
      credential: { env: {}, headers: {} },
    });
    expect(servers[0]?.controls.tools).toBeUndefined();
  });
});

test("our section sets controls by server", () => {
  const { name, servers } = parseGatewayConfig({
    mcpServers: { files: run },
    legate: {
      name: "edge",
      audience: "https://edge.example/",
      servers: {
        files: {
          tools: ["read", "write"],
          toolRisk: { write: "high" },
          credential: { env: { KEY: { fromFile: "/run/secrets/key", prefix: "Bearer " } } },
          isolation: "task",
        },
      },
    },
  });
  expect(name).toBe("edge");
  expect(servers[0]?.controls).toMatchObject({
    audience: "https://edge.example/files",
    tools: ["read", "write"],
    toolRisk: { write: "high" },
    isolation: "task",
  });
});

describe("a file that is not in order is refused, naming the place", () => {
  const withControls = (controls: object, server: object = run) => ({
    mcpServers: { files: server },
    legate: { servers: { files: controls } },
  });
  test.each<[string, unknown, string]>([
    ["no object", [], "(whole)"],
    ["no servers", {}, "mcpServers"],
    ["an empty list of servers", { mcpServers: {} }, "mcpServers"],
    [
      "servers that are all disabled",
      { mcpServers: { files: { ...run, disabled: true } } },
      "mcpServers",
    ],
    ["a server that is a text", { mcpServers: { files: "npx" } }, "mcpServers.files"],
    ["neither command nor url", { mcpServers: { files: { args: [] } } }, "mcpServers.files"],
    ["command and url", { mcpServers: { files: { ...run, ...remote } } }, "mcpServers.files"],
    [
      "a command that is a list",
      { mcpServers: { files: { command: ["npx"] } } },
      "mcpServers.files.command",
    ],
    [
      "an argument that is a number",
      { mcpServers: { files: { ...run, args: ["-n", 3] } } },
      "mcpServers.files.args.1",
    ],
    [
      "a variable that is an object",
      { mcpServers: { files: { ...run, env: { A: {} } } } },
      "mcpServers.files.env.A",
    ],
    [
      "a kind of server that nobody knows",
      { mcpServers: { files: { ...remote, type: "ws" } } },
      "mcpServers.files.type",
    ],
    [
      "a header that is none",
      { mcpServers: { files: { ...remote, headers: { "a b": "c" } } } },
      "mcpServers.files.headers.?",
    ],
    [
      "a section of a name that is nearly ours",
      { mcpServers: { files: run }, Legate: {} },
      "legate",
    ],
    [
      "an unknown member of our section",
      { mcpServers: { files: run }, legate: { server: {} } },
      "legate.server",
    ],
    [
      "an audience that is no url",
      { mcpServers: { files: run }, legate: { audience: "x" } },
      "legate.audience",
    ],
    [
      "controls of a server that is not there",
      { mcpServers: { a: run }, legate: { servers: { files: {} } } },
      "legate.servers.files",
    ],
    ["a misspelt control", withControls({ tool: ["read"] }), "legate.servers.files.tool"],
    ["a risk that nobody knows", withControls({ risk: "severe" }), "legate.servers.files.risk"],
    [
      "high risk without a list of tools",
      withControls({ risk: "high" }),
      "legate.servers.files.tools",
    ],
    [
      "a tool by a method's name",
      withControls({ tools: ["mcp:tools/list"] }),
      "legate.servers.files.tools.0",
    ],
    [
      "the risk of a tool that does not exist",
      withControls({ tools: ["read"], toolRisk: { write: "low" } }),
      "legate.servers.files.toolRisk.write",
    ],
    [
      "an isolation that nobody knows",
      withControls({ isolation: "process" }),
      "legate.servers.files.isolation",
    ],
    [
      "a credential without a place",
      withControls({ credential: { env: { KEY: {} } } }),
      "legate.servers.files.credential.env.KEY",
    ],
    [
      "a credential with two places",
      withControls({ credential: { env: { KEY: { fromEnv: "A", fromFile: "b" } } } }),
      "legate.servers.files.credential.env.KEY",
    ],
    [
      "a credential that stands there itself",
      withControls({ credential: { env: { KEY: "sk-1" } } }),
      "legate.servers.files.credential.env.KEY",
    ],
    [
      "a header for a process",
      withControls({ credential: { headers: { a: { fromEnv: "A" } } } }),
      "legate.servers.files.credential.headers",
    ],
    [
      "a variable for a url",
      withControls({ credential: { env: { A: { fromEnv: "A" } } } }, remote),
      "legate.servers.files.credential.env",
    ],
    [
      "more approvers than there are",
      withControls({ approval: { approvers: 2, from: ["olga"] } }),
      "legate.servers.files.approval",
    ],
    ["a call of no length", withControls({ callSeconds: 0 }), "legate.servers.files.callSeconds"],
    [
      "two servers of one audience",
      {
        mcpServers: { a: run, b: run },
        legate: { servers: { a: { audience: "urn:x" }, b: { audience: "urn:x" } } },
      },
      "legate.servers.b.audience",
    ],
  ])("%s", (_what, input, rule) => {
    const { code, rule: told, message } = refusal(input);
    expect([code, told]).toEqual(["config_invalid", rule]);
    expect(message).toContain(rule);
  });

  test("a file that hides members from schemas", () => {
    const input = JSON.parse('{"mcpServers":{"a":{"command":"x"},"__proto__":{"command":"y"}}}');
    expect(refusal(input).code).toBe("config_invalid");
  });

  test("never repeats what stands at the place", () => {
    const secret = "sk-live-4711";
    const { message, rule } = refusal(withControls({ credential: { env: { KEY: secret } } }));
    expect(`${message} ${rule}`).not.toContain(secret);
  });
});
