/** The replay contract, kept by the deployment: what was shown to one process is not shown to another. @module */
import { sha256Base64url } from "../base/digest.js";
import { DelegationError } from "../base/error.js";
import { CLOCK_SKEW_MS_DEFAULT, PROOF_AHEAD_MS, PROOF_KEPT_MS } from "../base/limits.js";
import type { ReplayStore } from "../token/replay.js";
import type { Durability } from "./durability.js";
import type { Ground } from "./ground.js";
import { partitionOf } from "./layout.js";
import { ask, unavailable } from "./script.js";
import type { Shard } from "./shard.js";
import { takeOver } from "./take-over.js";

/** What was made this much after an owner's life began cannot have been shown in the one before: ahead of its time, on clocks apart. */
const FORGOTTEN_MS = PROOF_AHEAD_MS + 2 * CLOCK_SKEW_MS_DEFAULT;

/** What it stands on. */
export interface ReplayParts {
  readonly ground: Ground;
  readonly durability: Durability;
  /** Generations of all partitions, as they were found. */
  readonly generations: readonly string[];
}

/**
 * Remembers each key in a partition of its own choice, with native expiry: by the time in which it counts for whoever shows it, and as much
 * longer as clocks may lie apart. One round trip for each claim.
 *
 * Nothing waits for replicas or a disk here, so another life of the owner may have forgotten what was shown last. It refuses what may have
 * been shown before it began (`proof_expired`: a new proof will do). What was made so far ahead of its time that it would pass for
 * new by then is rare, and is kept like a cut before it counts.
 */
export function replayOf(
  { ground, durability, generations }: ReplayParts,
  margin: { toleranceMs: number; commandMs: number },
): ReplayStore {
  const { topology } = ground;
  const eldest = Math.min(...generations.map(bornAt));
  let latest = Number.NEGATIVE_INFINITY;

  const claimIn = async (partition: number, digest: string, keepMs: number) => {
    const shard = topology.shardOf(partition);
    const base = topology.base(partition);
    const set = [`${base}z${digest}`, "", "NX", "PX", keepMs] as const;
    const [first, begun] = await Promise.all([
      ask(shard.writer, margin.commandMs, "SET", ...set),
      begunAt(shard, base),
    ]);
    return { first: first === "OK", begun: begun ?? (await takenOver(shard, base)) };
  };

  /**
   * When the life began that the connection is in, or the partition that is younger than the deployment; 0: nothing was before it.
   * Undefined where the partition has not heard of that life.
   */
  const begunAt = async ({ writer, life }: Shard, base: string): Promise<number | undefined> => {
    const told = await ask(
      writer,
      margin.commandMs,
      "HMGET",
      `${base}m`,
      "generation",
      "life",
      "taken",
    );
    if (!Array.isArray(told)) throw unavailable("REPLY");
    const [generation, known, taken] = told;
    if (typeof generation !== "string") throw unavailable("UNSTARTED");
    if (known !== life) return undefined;
    const born = bornAt(generation);
    return Math.max(Number(taken), born > eldest ? born : 0);
  };

  const takenOver = async (shard: Shard, base: string): Promise<number> => {
    await takeOver(shard.writer, base, shard.life, ground.clock());
    const begun = await begunAt(shard, base);
    if (begun === undefined) throw unavailable("FENCED");
    return begun;
  };

  return {
    claim: async (key, expiresAt, now) => {
      ground.checkOpen();
      latest = Math.max(latest, now);
      // Written so that a time that is not a number refuses.
      if (!(expiresAt > latest)) return false;
      const digest = sha256Base64url(key);
      const partition = partitionOf(digest, topology.partitions);
      const sent = durability.sending(partition);
      const keepMs = Math.ceil(expiresAt - latest) + margin.toleranceMs;
      const isAhead = expiresAt - PROOF_KEPT_MS > latest + PROOF_AHEAD_MS;
      const { first, begun } = await claimIn(partition, digest, keepMs);
      if (!first) return false;
      if (begun !== 0 && !(expiresAt - PROOF_KEPT_MS > begun + FORGOTTEN_MS)) throw forgotten();
      if (isAhead) await durability.durable(sent);
      return true;
    },
  };
}

/** Epoch ms at which a generation was named; 0 where its name does not tell. */
function bornAt(generation: string): number {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(generation)
    ? Number.parseInt(generation.slice(0, 13).replace("-", ""), 16)
    : 0;
}

function forgotten(): DelegationError {
  return new DelegationError("proof_expired", "proof may have been shown before a loss", {
    rule: "jti",
  });
}
