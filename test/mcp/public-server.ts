/** Public MCP servers that listen, as they are: processes of their own, on a free port. @module */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { serverPath } from "./gateway-rig.js";

const children: ChildProcess[] = [];

/** It tells the port that it was given, and not the one that it got. */
export const TELL_PORT = `data:text/javascript,${encodeURIComponent(`
import { Server } from "node:net";
const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  this.once("listening", () => console.error("PORT " + this.address().port));
  return listen.apply(this, args);
};`)}`;

/** Starts server-everything; its URL. */
export async function listeningServer(mode: "streamableHttp" | "sse"): Promise<string> {
  const args = ["--import", TELL_PORT, serverPath("everything"), mode];
  const env = { PATH: process.env.PATH ?? "", PORT: "0" };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  children.push(child);
  for await (const line of createInterface({ input: child.stderr })) {
    const [, port] = /^PORT (\d+)$/.exec(line) ?? [];
    if (port !== undefined) return `http://127.0.0.1:${port}/${mode === "sse" ? "sse" : "mcp"}`;
  }
  throw new Error("it did not listen");
}

/** Ends those that were started. */
export function stopServers(): void {
  for (const child of children.splice(0)) child.kill("SIGKILL");
}
