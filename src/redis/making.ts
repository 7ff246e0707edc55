/** The moves that make hops: `create`, `register`, `narrow`. One script each. @module */
import { DelegationError } from "../base/error.js";
import { HOPS_MAX } from "../base/limits.js";
import type { CreateMove, CreateResult } from "../coordinator/store.js";
import type { CutEntry } from "../wire/cut.js";
import type { HopRecord } from "../wire/record.js";
import { draftArguments } from "./draft.js";
import { readEntry } from "./entry.js";
import type { Args, Ground } from "./ground.js";
import { knownOf } from "./known.js";
import type { Reply } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import { HOP_TEXTS, readCounters, readHop, readState, textAt, wholeAt } from "./shown.js";
import { togetherOf } from "./together.js";

/** Makes a hop: together with others of this turn where it can be, otherwise by itself. */
export async function create(ground: Ground, move: CreateMove): Promise<CreateResult> {
  const partition = ground.partitionOf(move.hop.tree);
  const { authority } = move.hop;
  const together = togetherOf(ground);
  const known = knownOf(ground);
  const alone = async (args: Args) => {
    const reply = await ground.move(partition, SCRIPTS.create, move.now, args);
    if (reply[0] === "plain") known.learnCreate(partition, move, reply.slice(2));
    return madeOf(move, reply);
  };
  const briefly = async (args: Args) => {
    const brief = known.forCreate(partition, move, args);
    if (brief === undefined) return undefined;
    const reply = await ground.move(partition, SCRIPTS.createKnown, move.now, brief);
    if (reply.length === 0) {
      known.forgetParent(move.hop);
      return undefined;
    }
    known.learnChild(move.hop, textAt(reply, 1));
    return plainlyMade(move, wholeAt(reply, 0));
  };
  if (together.isTold(partition, authority)) {
    const args = draftArguments(move, true);
    const position = await together.make(partition, move.now, args);
    if (position !== undefined) return plainlyMade(move, position);
    try {
      return (await briefly(args)) ?? (await alone(args));
    } catch (thrown) {
      // It has lost what it was told where it lost all it had.
      if (!isUntold(thrown)) throw thrown;
    }
  }
  const made = await alone(draftArguments(move));
  together.tell(partition, authority);
  return made;
}

function isUntold(thrown: unknown): boolean {
  return thrown instanceof DelegationError && thrown.rule === "UNTOLD";
}

/** All or none. */
export async function register(
  ground: Ground,
  moves: readonly CreateMove[],
): Promise<readonly HopRecord[]> {
  if (moves.length > HOPS_MAX) {
    throw new DelegationError("too_large", "more links than a chain can have");
  }
  const [first] = moves;
  if (first === undefined) return [];
  const { tenant, tree } = first.hop;
  if (moves.some(({ hop }) => hop.tenant !== tenant || hop.tree !== tree)) {
    throw new DelegationError("invalid_request", "links of one chain are of one tree");
  }
  const args = moves.flatMap((one) => draftArguments(one));
  const partition = ground.partitionOf(tree);
  const reply = await ground.move(partition, SCRIPTS.register, first.now, args);
  return moves.map((_, index) => readHop(tenant, tree, reply, index * HOP_TEXTS));
}

export async function narrow(
  ground: Ground,
  move: CreateMove & { predecessor: string },
): Promise<CreateResult & { cut: CutEntry }> {
  const args = [...draftArguments(move), move.predecessor];
  const partition = ground.partitionOf(move.hop.tree);
  const reply = await ground.move(partition, SCRIPTS.narrow, move.now, args);
  const cut = readEntry(textAt(reply, reply[0] === "existing" ? 1 : 8));
  return { ...madeOf(move, reply), cut };
}

/** What a script that makes a hop answers: see `lua/lib/make.lua`, and `lua/lib/quick-create.lua` for the short form. */
export function madeOf(move: CreateMove, reply: readonly Reply[]): CreateResult {
  const { hop } = move;
  const outcome = reply[0];
  if (outcome === "existing") return { hop: readHop(hop.tenant, hop.tree, reply, 2), outcome };
  if (outcome === "plain") return plainlyMade(move, wholeAt(reply, 1));
  const predecessor = textAt(reply, 7);
  const { predecessor: _, ...draft } = hop;
  return {
    hop: {
      ...draft,
      state: readState(textAt(reply, 2)),
      ...(predecessor === "" ? {} : { predecessor }),
      position: wholeAt(reply, 1),
      counters: readCounters(reply, 3),
    },
    outcome: outcome === "replaced" ? "replaced" : "created",
  };
}

/** A hop that began as all do. To copy an object without one member takes several times as long as to copy it. */
function plainlyMade({ hop }: CreateMove, position: number): CreateResult {
  const counters = { calls: 0, spend: {}, children: 0, descendants: 0 };
  const begun = { state: "active", position, counters } as const;
  if (!("predecessor" in hop)) return { hop: { ...hop, ...begun }, outcome: "created" };
  const { predecessor: _, ...draft } = hop;
  return { hop: { ...draft, ...begun }, outcome: "created" };
}
