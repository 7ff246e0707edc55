/** Reading a partition's log of cuts: what came after a position, and the page by page copy of all that lives. @module */
import type { CutEntry, Position } from "../wire/cut.js";
import { entryOf, type Linked, linkedOf } from "./bell.js";
import { PATIENCE } from "./connect.js";
import { type Reply, runScript, type Script, unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import type { Topology } from "./shard.js";

/** Entries that one read gives. */
const TAIL_MAX = 1_000;
/** Entries of one page of a snapshot: some milliseconds of the server's time. */
const SNAPSHOT_PAGE = 2_000;

/** A log as it stands. */
export interface Tip {
  readonly generation: string;
  /** Changes whenever the owner began another life. */
  readonly epoch: string;
  readonly position: Position;
  /** Link of the newest entry. */
  readonly chain: string;
  /** Epoch ms of the last heartbeat of this epoch; 0 before the first. */
  readonly beatAt: number;
  readonly beatPosition: Position;
}

/** What a read found. */
export interface Tail {
  readonly tip: Tip;
  /** Link of the entry at the cursor; undefined when that entry is not there. */
  readonly here: string | undefined;
  readonly after: readonly Linked[];
  /** Whether there may be more than one read gives. */
  readonly more: boolean;
}

/**
 * Looks at the log, and reads what comes after `cursor` where one is given.
 *
 * @throws {DelegationError} `store_unavailable`
 */
export async function readTail(
  topology: Topology,
  partition: number,
  cursor?: Position,
): Promise<Tail> {
  const reply = await look(topology, partition, SCRIPTS.tail, [cursor ?? "", TAIL_MAX]);
  const [generation, epoch, position, chain, beatAt, beatPosition, beatEpoch, here, after] = reply;
  if (!Array.isArray(after) || text(generation) === "") throw unavailable("REPLY");
  const isOfEpoch = beatEpoch === epoch;
  return {
    tip: {
      generation: text(generation),
      epoch: text(epoch),
      position: Number(position),
      chain: text(chain),
      beatAt: isOfEpoch ? Number(beatAt) : 0,
      beatPosition: isOfEpoch ? Number(beatPosition) : 0,
    },
    here: here === "" ? undefined : text(here).split(" ")[0],
    after: after.map((one) => linkedOf(text(one))),
    more: after.length === TAIL_MAX,
  };
}

/**
 * All live entries up to the tip, by position. Entries that were made meanwhile may be missing: they come with the tail.
 *
 * @throws {DelegationError} `store_unavailable`, also when the log became another one meanwhile
 */
export async function readLive(
  topology: Topology,
  partition: number,
  tip: Tip,
): Promise<readonly CutEntry[]> {
  const entries: CutEntry[] = [];
  for (let from = 0; ; ) {
    const args = [from, tip.position, SNAPSHOT_PAGE];
    const [generation, epoch, page] = await look(topology, partition, SCRIPTS.snapshot, args);
    if (generation !== tip.generation || epoch !== tip.epoch) throw unavailable("EPOCH");
    if (!Array.isArray(page)) throw unavailable("REPLY");
    for (const one of page) entries.push(entryOf(text(one)));
    const last = entries.at(-1);
    if (page.length < SNAPSHOT_PAGE || last === undefined) return entries;
    from = last.position;
  }
}

function look(
  topology: Topology,
  partition: number,
  script: Script,
  args: readonly (string | number)[],
): Promise<readonly Reply[]> {
  const { follower } = topology.shardOf(partition);
  return runScript(follower, { script, key: topology.base(partition), args }, PATIENCE.commandMs);
}

function text(reply: Reply | undefined): string {
  if (typeof reply === "string") return reply;
  throw unavailable("REPLY");
}
