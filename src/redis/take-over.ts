/** A partition whose owner began another life: its log of cuts goes on in a new epoch, at positions that nobody was ever given. @module */
import { DelegationError } from "../base/error.js";
import { PATIENCE } from "./connect.js";
import { type Reply, runScript, type Script, unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import type { Link, Topology } from "./shard.js";

/**
 * Runs a script that belongs to the life of the partition's shard: its first argument is that life. Where the partition has not
 * heard of it, it is told, and the script runs once more.
 *
 * @param line Which connection of the shard.
 * @param clock Empty for the server's own time; a test's time otherwise.
 * @throws {DelegationError} The refusal of the script; `store_unavailable`
 */
export async function runInLife(
  topology: Topology,
  partition: number,
  script: Script,
  args: readonly (string | number)[],
  { line = "writer", clock = "" }: { line?: "writer" | "waiter"; clock?: string | number } = {},
): Promise<readonly Reply[]> {
  const { life, [line]: link } = topology.shardOf(partition);
  const run = { script, key: topology.base(partition), args: [life, ...args] };
  try {
    return await runScript(link, run, PATIENCE.commandMs);
  } catch (thrown) {
    if (!isFenced(thrown)) throw thrown;
  }
  await takeOver(link, topology.base(partition), life, clock);
  return runScript(link, run, PATIENCE.commandMs);
}

/** Tells a partition in which life its owner is; resolves to the epoch that it is in. Says nothing new to one that knows. */
export async function takeOver(
  link: Link,
  base: string,
  life: string,
  clock: string | number = "",
): Promise<number> {
  const run = { script: SCRIPTS.takeOver, key: base, args: [life, clock] };
  const [epoch] = await runScript(link, run, PATIENCE.commandMs);
  if (typeof epoch !== "string") throw unavailable("REPLY");
  return Number(epoch);
}

/** Whether a script did nothing because the partition is empty: it is new, or its server lost everything. */
export function isUnstarted(thrown: unknown): boolean {
  return thrown instanceof DelegationError && thrown.rule === "UNSTARTED";
}

/** Whether a script did nothing because the partition knows of another life. */
export function isFenced(thrown: unknown): boolean {
  return thrown instanceof DelegationError && thrown.rule === "FENCED";
}
