/** The server that the tests of the Redis store start; only Node's own modules. Never skipped: without it the tests prove nothing. @module */
import { spawnSync } from "node:child_process";

const MAJOR_MIN = 7;

/** Makes sure of a server, installing one where this may be done without asking, and says what the tests run on; ends this process otherwise. */
export function prepareServers() {
  const { env } = process;
  for (const name of ["REDIS_SERVER", "VALKEY_SERVER"]) {
    if (env[name] === "") delete env[name];
    const path = env[name];
    if (path !== undefined && versionOf(path) === undefined) {
      refuse(`${name}=${path} is no server of version ${MAJOR_MIN} or newer that starts`);
    }
  }
  // Where there is a Valkey and no Redis, it serves them all.
  if (!isThere() && env.VALKEY_SERVER !== undefined) env.REDIS_SERVER = env.VALKEY_SERVER;
  if (!isThere()) {
    if (!mayInstall())
      refuse(`the tests need redis-server ${MAJOR_MIN} or newer. Run: ${advice()}`);
    console.error("redis-server is missing: installing it with apt-get");
    install();
    if (!isThere()) refuse(`apt-get gave no redis-server ${MAJOR_MIN} or newer`);
  }
  const { REDIS_SERVER = "redis-server", VALKEY_SERVER } = env;
  console.error(`servers: ${versionOf(REDIS_SERVER)} for every test that needs one`);
  if (VALKEY_SERVER === undefined) {
    console.error("servers: no Valkey beside it, as VALKEY_SERVER names none");
  } else if (VALKEY_SERVER !== REDIS_SERVER) {
    console.error(`servers: ${versionOf(VALKEY_SERVER)} beside it for the contracts of the store`);
  }
}

function isThere() {
  return process.env.REDIS_SERVER !== undefined || versionOf("redis-server") !== undefined;
}

/** What `path` is, where it is a Redis 7 or newer, or a Valkey. */
function versionOf(path) {
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  if (status !== 0) return undefined;
  const [, name, version, major] = /^(\w+) server v=((\d+)\S*)/.exec(stdout) ?? [];
  return Number(major) >= MAJOR_MIN ? `${name} ${version}` : undefined;
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
