/** The server that the tests of the Redis store start; only Node's own modules. Never skipped: without it the tests prove nothing. @module */
import { spawnSync } from "node:child_process";

const MAJOR_MIN = 7;

/** Makes sure of a `redis-server`, installing it where this may be done without asking; ends this process otherwise. */
export function prepareServers() {
  for (const name of ["REDIS_SERVER", "VALKEY_SERVER"]) {
    const path = process.env[name];
    if (path !== undefined && !runs(path)) refuse(`${name}=${path} is no server that starts`);
  }
  if (process.env.REDIS_SERVER !== undefined || runs("redis-server")) return;
  if (!mayInstall()) refuse(`the tests need redis-server ${MAJOR_MIN} or newer. Run: ${advice()}`);
  console.error("redis-server is missing: installing it with apt-get");
  install();
  if (!runs("redis-server")) refuse(`apt-get gave no redis-server ${MAJOR_MIN} or newer`);
}

/** True when `path` is a Redis 7 or newer, or a Valkey. */
function runs(path) {
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  if (status !== 0) return false;
  const major = Number(/v=(\d+)/.exec(stdout)?.[1]);
  return major >= MAJOR_MIN;
}

function mayInstall() {
  return process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0;
}

function install() {
  // RUNLEVEL keeps the package from starting a server of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const apt = (...args) => spawnSync("apt-get", args, { env, stdio: "inherit" }).status === 0;
  const wanted = ["install", "-y", "--no-install-recommends", "redis-server"];
  // A fresh image has no package lists yet.
  if (!apt(...wanted) && apt("update")) apt(...wanted);
}

function advice() {
  if (process.platform === "darwin") return "brew install redis";
  return "sudo apt-get install -y redis-server (or set REDIS_SERVER to the path of one)";
}

function refuse(message) {
  console.error(message);
  process.exit(1);
}
