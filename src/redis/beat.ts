/**
 * One heartbeat of one partition: leases that were due are cut, a quorum has what it says, and only then guards are told.
 *
 * @module
 */
import { HEARTBEAT_MS, RUNNING_MS, TAKE_OVER_GRACE_MS } from "../base/limits.js";
import type { Heartbeat } from "../guard/feed.js";
import type { Durability } from "./durability.js";
import { type Reply, unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import type { Topology } from "./shard.js";
import { runInLife } from "./take-over.js";

/** What a beat is made with. */
export interface BeatOptions {
  readonly topology: Topology;
  readonly durability: Durability;
  /** Replicas that must know of a heartbeat; as many as of a write unless told. */
  readonly replicas?: number;
  /** Cuts every lease of the partition that is due by the store's time. */
  readonly sweep: (partition: number) => Promise<void>;
  /** Whether every guard is told, as it is unless told: a process that only guards has no say in how fresh others are. */
  readonly tells?: boolean;
  /** A time to be trusted instead of the server's: for tests. */
  readonly clock?: (() => number) | undefined;
}

/** Who speaks. */
export interface Speaker {
  /** Id of the coordinator; empty for a guard that asks. */
  readonly who: string;
  /** Epoch in which it has said again all that its outbox holds. */
  readonly said: number;
  /** Age of the last heartbeat below which none is due; 0 when one is asked for. */
  readonly youngMs: number;
}

/** `quiet`: another coordinator just spoke. `repair`: what a lost life may have lost is being said again. */
export type Beat =
  | { readonly outcome: "beat"; readonly heartbeat: Heartbeat }
  | { readonly outcome: "quiet" }
  | { readonly outcome: "repair"; readonly epoch: number };

/** Sweeps that one heartbeat waits for; leases that go on falling due do not hold it up for ever. */
const SWEEPS_MAX = 8;

/** @throws {DelegationError} `not_durable` without a quorum; `store_unavailable` */
export async function beat(
  options: BeatOptions,
  partition: number,
  { who, said, youngMs }: Speaker,
): Promise<Beat> {
  const { topology, durability, replicas = durability.replicas, sweep } = options;
  const quiet = options.tells === false ? "untold" : "";
  const clock = options.clock?.() ?? "";
  for (let sweeps = 0; ; sweeps++) {
    const sent = durability.sending(partition);
    const args = [clock, who, said, youngMs, RUNNING_MS, TAKE_OVER_GRACE_MS, quiet];
    const reply = await runInLife(topology, partition, SCRIPTS.beat, args, { clock });
    const [outcome, ...told] = reply.map(text);
    if (outcome === "quiet") return { outcome };
    if (outcome === "repair") return { outcome, epoch: Number(told[0]) };
    if (outcome === "due" && sweeps < SWEEPS_MAX) {
      await sweep(partition);
      continue;
    }
    const [at, position, generation, epoch, link] = told;
    if (outcome !== "beat" || generation === undefined) throw unavailable("REPLY");
    await durability.durable(sent, { replicas, timeoutMs: HEARTBEAT_MS });
    const words = [at, position, generation, epoch, link, quiet].map((word) => word ?? "");
    await runInLife(topology, partition, SCRIPTS.beaten, words, { clock });
    return {
      outcome,
      heartbeat: { generation, position: Number(position), at: Number(at) },
    };
  }
}

function text(reply: Reply): string {
  if (typeof reply === "string") return reply;
  throw unavailable("REPLY");
}
