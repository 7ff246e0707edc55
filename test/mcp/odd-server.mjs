/** An MCP server that does what well-behaved ones do not: it leaks, crashes, hangs and speaks without being asked. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";

const secret = process.env.SERVICE_KEY ?? "no-key-was-given";
const boot = Math.random().toString(36).slice(2);
const waiting = new Map();
let asked = 0;

const send = (message) =>
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const text = (value) => ({ content: [{ type: "text", text: String(value) }] });
const log = (line) => process.stderr.write(`${line}\n`);

function ask(method, params) {
  asked += 1;
  const id = `server-${asked}`;
  send({ id, method, params });
  return new Promise((resolve) => waiting.set(id, resolve));
}

const tools = {
  boot: () => text(boot),
  pid: () => text(process.pid),
  spawn: () => text(spawn("sleep", ["60"], { stdio: "ignore" }).pid),
  params: ({ all }) => text(JSON.stringify(all)),
  crash: () => process.exit(1),
  leak: () => {
    log(`my key is ${secret}`);
    return {
      error: {
        code: -32050,
        message: `401 for ${secret}`,
        data: { code: "approval_required", key: secret },
      },
    };
  },
  speakFor: () => ({ ...text("ok"), _meta: { "dev.legate/session": { id: "x" } } }),
  hang: ({ id }) => {
    log("hanging");
    return new Promise((resolve) => waiting.set(`cancel ${id}`, resolve));
  },
  ask: async () =>
    text(JSON.stringify(await ask("sampling/createMessage", { messages: [], maxTokens: 1 }))),
  shout: () => {
    send({ method: "notifications/message", params: { level: "info", data: `psst ${secret}` } });
    send({ method: "notifications/tools/list_changed" });
    return text("shouted");
  },
  later: ({ args }) => {
    const look = setInterval(() => {
      if (!existsSync(args.after)) return;
      clearInterval(look);
      send({ method: "notifications/message", params: { level: "info", data: "late" } });
    }, 5);
    return text("soon");
  },
  garbage: () => {
    process.stdout.write("this is no message\n");
    return text("after");
  },
  deep: ({ id }) => {
    const nested = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":{"content":${nested}}}\n`);
    return text("too late");
  },
  update: ({ args }) => {
    send({ method: "notifications/resources/updated", params: { uri: args.uri } });
    return text("updated");
  },
  huge: () => {
    process.stdout.write(`${"x".repeat(11_000_000)}\n`);
    return text("after");
  },
};

async function answer({ id, method, params }) {
  switch (method) {
    case "initialize":
      log(`greeted ${JSON.stringify(params.capabilities)}`);
      return {
        protocolVersion: params.protocolVersion,
        capabilities: {
          tools: { listChanged: true },
          resources: { subscribe: true },
          logging: {},
          prompts: {},
        },
        serverInfo: { name: "odd", version: "1" },
        instructions: `use ${secret}`,
      };
    case "tools/list":
      return {
        tools: Object.keys(tools).map((name) => ({ name, inputSchema: { type: "object" } })),
      };
    case "resources/list":
      return { resources: ["a:1", "a:2", "b:1"].map((uri) => ({ uri, name: uri })) };
    case "prompts/list":
      return { prompts: [{ name: "one" }, { name: "two" }] };
    case "tools/call":
      return (
        tools[params.name]?.({ id, args: params.arguments ?? {}, all: params }) ?? {
          error: { code: -32602, message: "no such tool" },
        }
      );
    default:
      log(`heard ${method}`);
      return {};
  }
}

createInterface({ input: process.stdin }).on("line", async (line) => {
  const message = JSON.parse(line);
  if (message.method === undefined) {
    waiting.get(message.id)?.(message.result ?? message.error);
    return;
  }
  if (message.id === undefined) {
    if (message.method === "notifications/cancelled") {
      log("cancelled");
      waiting.get(`cancel ${message.params.requestId}`)?.(text("cancelled"));
    }
    return;
  }
  const { error, ...result } = await answer(message);
  send(error === undefined ? { id: message.id, result } : { id: message.id, error });
});
process.stdin.on("end", () => {
  if (process.env.STUBBORN !== "1") process.exit(0);
  setInterval(() => {}, 1_000);
});
if (process.env.STUBBORN === "1") process.on("SIGTERM", () => {});
