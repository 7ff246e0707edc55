/** A network namespace in which hosts of the loopback can be kept from each other. Linux, as root. @module */
import { spawnSync } from "node:child_process";

/** Set inside the namespace: nothing here touches the machine's own network. */
const INSIDE = "LEGATE_CHAOS_NETWORK";

export function isInside(): boolean {
  return process.env[INSIDE] === "1";
}

/** Whether a namespace can be made here. */
export function canIsolate(): boolean {
  const isRoot = process.platform === "linux" && process.getuid?.() === 0;
  return isRoot && spawnSync("unshare", ["-n", "ip", "link"]).status === 0;
}

/** Runs this very process again, with these arguments, in a namespace of its own; answers its status. */
export function runInside(args: readonly string[]): number {
  const command = [process.execPath, ...process.execArgv, ...args];
  const env = { ...process.env, [INSIDE]: "1" };
  return spawnSync("unshare", ["-n", ...command], { stdio: "inherit", env }).status ?? 1;
}

/** Brings the loopback up, and lets rules come before the kernel's own. */
export function prepareNetwork(): void {
  ip("link", "set", "lo", "up");
  ip("rule", "add", "pref", "100", "lookup", "local");
  ip("rule", "del", "pref", "0");
}

/** From now on nothing of one host gets to the other. */
export function partHosts(one: string, other: string): void {
  for (const [from, to] of pairs(one, other)) {
    ip("rule", "add", "pref", "10", "from", from, "to", to, "blackhole");
  }
}

/** The opposite; does no harm where nothing was parted. */
export function joinHosts(one: string, other: string): void {
  for (const [from, to] of pairs(one, other)) {
    spawnSync("ip", ["rule", "del", "pref", "10", "from", from, "to", to, "blackhole"]);
  }
}

function pairs(one: string, other: string): readonly [string, string][] {
  return [
    [one, other],
    [other, one],
  ];
}

function ip(...args: string[]): void {
  if (!isInside()) throw new Error("this is not a network of our own");
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
}
