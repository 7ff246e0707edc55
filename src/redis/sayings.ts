/** What goes through the outbox: cuts and suspensions, which nothing may lose, and cuts that come with something else. @module */
import { uuidv7 } from "../base/id.js";
import type {
  CreateMove,
  CreateResult,
  CutResult,
  DelegationStore,
  RevokeMove,
} from "../coordinator/store.js";
import type { CutEntry } from "../wire/cut.js";
import type { HopRecord, TreeRecord } from "../wire/record.js";
import type { Ground } from "./ground.js";
import { create, narrow } from "./making.js";
import { complete, resume, revoke, type SuspensionMove, suspend } from "./moves.js";
import type { Settled } from "./options.js";
import type { Outbox } from "./outbox-contract.js";
import { open } from "./roots.js";
import { jsonOf, type Kept } from "./say-again.js";

type CompleteMove = Parameters<DelegationStore["complete"]>[0];
type NarrowMove = Parameters<DelegationStore["narrow"]>[0];

/** Cuts and suspensions. */
export interface Sayings {
  revoke(move: RevokeMove): Promise<CutResult>;
  suspend(move: SuspensionMove): Promise<CutResult>;
  /** Ends a task. A life that lost it is told of a cut of the hop: what is over must not begin again. */
  complete(move: CompleteMove): Promise<CutResult>;
  /** Lifts a suspension, after all that was said before has been sent: a suspension that was asked for first is not overtaken. */
  resume(move: SuspensionMove): Promise<CutResult>;
  /** Replaces a hop. A life that lost it is told of the cut of the old one. */
  narrow(move: NarrowMove): Promise<CreateResult & { cut: CutEntry }>;
  /** Makes a hop. Where it took the place of another, a life that lost it is told of the cut of that one. */
  create(move: CreateMove): Promise<CreateResult>;
  /** The same for a tree and its root. */
  open(tree: TreeRecord, move: CreateMove): Promise<CreateResult>;
}

export function sayingsOf(
  ground: Ground,
  outbox: Outbox,
  { clock, random, replicas }: Settled,
): Sayings {
  const all = Array.from({ length: ground.topology.partitions }, (_, partition) => partition);
  const unsent = new Set<Promise<void>>();
  const nextId = () => uuidv7(clock.now(), random);

  const through = async (
    tree: string | undefined,
    kept: Kept,
    send: (attempt: string) => Promise<CutResult>,
  ): Promise<CutResult> => {
    ground.checkOpen();
    const id = nextId();
    const partitions = tree === undefined ? all : [ground.partitionOf(tree)];
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    unsent.add(begun);
    try {
      const said = await outbox.say({ id, partitions, what: jsonOf(kept) }, () => {
        const sent = send(id);
        begin();
        return sent;
      });
      // Without replicas the answer itself says that it is kept.
      return replicas === 0 ? said.result : { ...said.result, durable: said.durable };
    } finally {
      begin();
      unsent.delete(begun);
    }
  };

  /** Notes the cut of the hop whose place was taken, before anybody is told of its successor. */
  const noteCut = async (tenant: string, tree: string, hop: string): Promise<void> => {
    const kept: Kept = {
      tenant,
      boundary: { kind: "hop", tree, hop },
      event: { kind: "cut", tenant, by: "system", data: { restored: true } },
      after: true,
    };
    const partitions = [ground.partitionOf(tree)];
    await outbox.note({ id: nextId(), partitions, what: jsonOf(kept) });
  };

  const noting = async <T extends CreateResult>(made: T): Promise<T> => {
    const { outcome, hop } = made;
    const old = outcome === "created" ? undefined : placeOf(hop);
    if (old !== undefined) await noteCut(hop.tenant, old.tree, old.hop);
    return made;
  };

  return {
    revoke: (move) => {
      const { now: _, ...kept } = move;
      const tree = "tree" in move.boundary ? move.boundary.tree : undefined;
      return through(tree, kept, (attempt) => revoke(ground, move, attempt));
    },
    suspend: (move) => {
      const { now: _, ...kept } = move;
      return through(move.tree, { ...kept, kind: "suspend" }, () => suspend(ground, move));
    },
    complete: (move) => {
      const { tenant, tree, hop, event } = move;
      const kept: Kept = { tenant, boundary: { kind: "hop", tree, hop }, event, after: true };
      return through(tree, kept, () => complete(ground, move));
    },
    resume: async (move) => {
      await Promise.all(unsent);
      const { now: _, ...kept } = move;
      return through(move.tree, { ...kept, kind: "lift" }, () => resume(ground, move));
    },
    narrow: async (move) => {
      const made = await narrow(ground, move);
      await noteCut(move.hop.tenant, move.hop.tree, move.predecessor);
      return made;
    },
    create: async (move) => noting(await create(ground, move)),
    open: async (tree, move) => noting(await open(ground, tree, move)),
  };
}

/** The hop whose place was taken; a root's is the root of another tree. */
function placeOf(hop: HopRecord): { readonly tree: string; readonly hop: string } | undefined {
  const { predecessor, parent, tree } = hop;
  if (predecessor === undefined) return undefined;
  return { tree: parent === undefined ? predecessor : tree, hop: predecessor };
}
