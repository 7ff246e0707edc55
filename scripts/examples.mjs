/** Runs every example and fails when one does; with a Redis of their own unless `LEGATE_REDIS` names one. @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { ROOT, statusOf } from "./prepare.mjs";
import { prepareServers } from "./servers.mjs";

process.env.LEGATE_REDIS ??= await startRedis();
const examples = readdirSync(`${ROOT}examples`)
  .filter((name) => name.endsWith(".ts"))
  .sort();
const failed = examples.filter((name) => {
  console.log(`\n# examples/${name}`);
  return statusOf(process.execPath, ["--import", "tsx", `examples/${name}`]) !== 0;
});
console.log(`\n${examples.length - failed.length} of ${examples.length} examples ran`);
if (examples.length === 0 || failed.length > 0) {
  console.error(`failed: ${failed.join(", ") || "there are none"}`);
  process.exitCode = 1;
}

/** A server on a free port of the loopback that keeps nothing and ends with this process. */
async function startRedis() {
  prepareServers();
  const port = await freePort();
  const settings = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", ""];
  const server = spawn(process.env.REDIS_SERVER ?? "redis-server", settings, { stdio: "ignore" });
  server.unref();
  process.once("exit", () => server.kill());
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries === 500) throw new Error("redis-server does not answer");
    await pause(20);
  }
  return `redis://127.0.0.1:${port}`;
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const tell = (answer) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", tell(true)).once("error", tell(false));
  });
}
