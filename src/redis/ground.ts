/** What every part of the store stands on: partitions, their scripts, and the clock that goes with each call. @module */
import { encodeEvent } from "../audit/chain.js";
import { type MonotonicClock, monotonic } from "../base/clock.js";
import { sha256Base64url } from "../base/digest.js";
import { APPROVAL_TABLE, encodeTable, HOP_TABLE, LEASE_TABLE } from "../lifecycle/table.js";
import { partitionOf } from "./layout.js";
import { isMisdirected, type Reply, runScript, type Script, unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import { shorten } from "./shorthand.js";
import { isFenced, isUnstarted, takeOver } from "./take-over.js";
import type { OpenTopology } from "./topology.js";

/** Arguments of a script after the four that each begins with. */
export type Args = readonly (string | number)[];

/** Runs scripts in partitions. */
export interface Ground {
  readonly topology: OpenTopology;
  /** The store's own clock where the caller brings it; empty for the server's. */
  clock(): number | "";
  partitionOf(tree: string): number;
  /**
   * Runs a script that may change something, for a caller whose clock shows `now`.
   *
   * @throws {DelegationError} The refusal of the script; `store_unavailable`
   */
  move(partition: number, script: Script, now: number, args: Args): Promise<readonly Reply[]>;
  /** Runs a script that changes nothing. Throws as `move` does. */
  look(partition: number, script: Script, args: Args): Promise<readonly Reply[]>;
  /**
   * Starts a partition that is empty; otherwise checks that it was started alike.
   *
   * @returns Its generation.
   * @throws {DelegationError} `config_invalid` when the deployment was made with other partitions or state machines;
   *   `store_unavailable`
   */
  start(partition: number, generation: string): Promise<string>;
  /** Runs the same in every partition, in order of partition. Throws as the first that fails. */
  everywhere<T>(run: (partition: number) => Promise<T>): Promise<T[]>;
  /** @throws {DelegationError} `store_unavailable` once closed */
  checkOpen(): void;
  close(): void;
}

/** How to stand on a topology. */
export interface GroundOptions {
  readonly topology: OpenTopology;
  /** Absent: the server's clock is the store's. */
  readonly clock?: { now(): number } | undefined;
  readonly toleranceMs: number;
  readonly commandMs: number;
  /** Names the generation of a partition whose server lost everything; absent: such a partition stays unavailable. */
  readonly generation?: () => string;
}

const TABLES = [HOP_TABLE, APPROVAL_TABLE, LEASE_TABLE] as const;
/** Rows of all machines that live in the store. */
const ROWS = `${TABLES.map((table) => encodeTable<string, string>(table)).join("")}`.replaceAll(
  ";;",
  ";",
);
const DIGEST = sha256Base64url(TABLES.map(({ digest }) => digest).join(" "));

/** Runs that a partition's script gets where the first did nothing: its owner moved, or began another life. */
const RUNS_MAX = 4;

export function groundOf(options: GroundOptions): Ground {
  const { topology, clock, toleranceMs, commandMs } = options;
  const own: MonotonicClock | undefined = clock === undefined ? undefined : monotonic(clock);
  let closed = false;
  const checkOpen = () => {
    if (closed) throw unavailable("CLOSED");
  };
  const now = () => own?.now() ?? "";

  const start = async (partition: number, generation: string): Promise<string> => {
    const shard = topology.shardOf(partition);
    const key = topology.base(partition);
    const event = startedEvent(generation, partition);
    const args = [topology.partitions, DIGEST, ROWS, generation, toleranceMs, now(), event];
    const [told] = await runScript(shard.writer, { script: SCRIPTS.start, key, args }, commandMs);
    await takeOver(shard.writer, key, shard.life, now());
    if (typeof told !== "string") throw unavailable("REPLY");
    return told;
  };

  const once = async (
    partition: number,
    line: "writer" | "reader",
    script: Script,
    words: Args,
  ): Promise<readonly Reply[]> => {
    const shard = topology.shardOf(partition);
    const key = topology.base(partition);
    const [at = "", ...args] = words;
    const life = line === "writer" ? ` ${shard.life}` : "";
    const head = [at, toleranceMs, now(), DIGEST + life];
    try {
      return await runScript(shard[line], { script, key, args: [...head, ...args] }, commandMs);
    } catch (thrown) {
      if (isFenced(thrown)) await takeOver(shard.writer, key, shard.life, now());
      if (isUnstarted(thrown) && options.generation) await start(partition, options.generation());
      throw thrown;
    }
  };

  const run = async (
    partition: number,
    line: "writer" | "reader",
    script: Script,
    words: Args,
  ): Promise<readonly Reply[]> => {
    for (let runs = 1; ; runs++) {
      checkOpen();
      try {
        return await once(partition, line, script, words);
      } catch (thrown) {
        const mended =
          isFenced(thrown) || (isUnstarted(thrown) && options.generation !== undefined);
        if (!(mended || isMisdirected(thrown)) || runs === RUNS_MAX) throw thrown;
        if (!mended) await topology.look();
      }
    }
  };

  return {
    topology,
    clock: now,
    checkOpen,
    start,
    partitionOf: (tree) => partitionOf(tree, topology.partitions),
    move: (partition, script, at, args) => run(partition, "writer", script, [at, ...args]),
    look: (partition, script, args) => run(partition, "reader", script, ["", ...args]),
    everywhere: (each) =>
      Promise.all(Array.from({ length: topology.partitions }, (_, partition) => each(partition))),
    close: () => {
      closed = true;
      topology.close();
    },
  };
}

/** Starts every partition, in order. Throws as {@link Ground.start}. */
export function startPartitions(ground: Ground, generation: string): Promise<readonly string[]> {
  return ground.everywhere((partition) => ground.start(partition, generation));
}

/** A partition that was empty says so in the audit log: whoever looks for what it held before finds since when it is gone. */
function startedEvent(generation: string, partition: number): string {
  const data = { generation, partition };
  return shorten(encodeEvent({ kind: "store.started", tenant: "-", by: "system", data }));
}
