/** What a fresh clone needs before anything can run; only Node's own modules, since nothing else is there yet. @module */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The project's folder, wherever the command was called from. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const NODE_MIN = [20, 19];

/** Refuses an old Node by name, then installs the dependencies unless they are what the lockfile says. */
export function prepare() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    console.error(`legate needs Node ${NODE_MIN.join(".")} or newer; this is ${process.version}`);
    process.exit(1);
  }
  if (installed()) return;
  // Unlike `npm ci` this keeps what is there, and unlike a plain install it leaves the lockfile alone.
  run("npm", [
    "install",
    "--no-save",
    "--include=dev",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ]);
}

/** Runs a command in the project's folder with our output; ends this process with its status when it fails. */
export function run(command, args) {
  const status = statusOf(command, args);
  if (status !== 0) process.exit(status);
}

/** Like {@link run}, but hands the status back. */
export function statusOf(command, args) {
  const shell = process.platform === "win32" && command === "npm";
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", shell });
  if (error) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}

/** npm keeps its own copy of the lockfile inside `node_modules`: what it says is what is there. */
function installed() {
  const there = packagesOf("node_modules/.package-lock.json");
  return Object.entries(packagesOf("package-lock.json")).every(
    ([path, wanted]) =>
      path === "" ||
      wanted.optional ||
      wanted.devOptional ||
      there[path]?.version === wanted.version,
  );
}

function packagesOf(lockfile) {
  const path = `${ROOT}${lockfile}`;
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : {};
}
