/** What goes through the outbox: cuts and suspensions, which nothing may lose. @module */
import { uuidv7 } from "../base/id.js";
import type { JsonObject } from "../base/json-value.js";
import type { CutResult, DelegationStore, RevokeMove } from "../coordinator/store.js";
import type { Durability } from "./durability.js";
import type { Ground } from "./ground.js";
import { complete, resume, revoke, revokeIn, suspend } from "./moves.js";
import type { Settled } from "./options.js";
import { openOutbox } from "./outbox.js";
import type { Outgoing } from "./outbox-item.js";

type CompleteMove = Parameters<DelegationStore["complete"]>[0];
type SuspendMove = Parameters<DelegationStore["suspend"]>[0];

/** Cuts and suspensions. */
export interface Sayings {
  revoke(move: RevokeMove): Promise<CutResult>;
  suspend(move: SuspendMove): Promise<CutResult>;
  /** Ends a task. A life that lost it is told of a cut of the hop: what is over must not begin again. */
  complete(move: CompleteMove): Promise<CutResult>;
  /** Lifts a suspension, after all that was said before has been sent: a suspension that was asked for first is not overtaken. */
  resume(move: SuspendMove): Promise<CutResult>;
  /** Says everything again that a partition may have lost. */
  repair(partition: number): Promise<void>;
  close(): Promise<void>;
}

/** @throws {DelegationError} `store_locked`, `journal_damaged`, `store_unavailable` */
export function sayingsOf(ground: Ground, durability: Durability, how: Settled): Sayings {
  const { clock, timers, random } = how;
  const say = async ({ id, what }: Outgoing, partition: number): Promise<unknown> => {
    // Its own time is long past; it counts from when it is said.
    const move = { ...what, now: clock.now() };
    if ("boundary" in what) return revokeIn(ground, partition, move as unknown as RevokeMove, id);
    return suspend(ground, move as unknown as SuspendMove);
  };
  const outbox = openOutbox({
    durability,
    timers,
    say,
    ...(how.outbox === undefined ? {} : { path: how.outbox }),
  });
  const all = Array.from({ length: ground.topology.partitions }, (_, partition) => partition);
  const unsent = new Set<Promise<void>>();
  const through = async (
    tree: string | undefined,
    move: object,
    send: (attempt: string) => Promise<CutResult>,
  ): Promise<CutResult> => {
    ground.checkOpen();
    const { now: _, ...what } = move as { now: number } & JsonObject;
    const id = uuidv7(clock.now(), random);
    const partitions = tree === undefined ? all : [ground.partitionOf(tree)];
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    unsent.add(begun);
    try {
      const said = await outbox.say({ id, partitions, what }, () => {
        const sent = send(id);
        begin();
        return sent;
      });
      // Without replicas the answer itself says that it is kept.
      return how.replicas === 0 ? said.result : { ...said.result, durable: said.durable };
    } finally {
      begin();
      unsent.delete(begun);
    }
  };
  return {
    revoke: (move) => {
      const tree = "tree" in move.boundary ? move.boundary.tree : undefined;
      return through(tree, move, (attempt) => revoke(ground, move, attempt));
    },
    suspend: (move) => through(move.tree, move, () => suspend(ground, move)),
    complete: (move) => {
      const { tenant, tree, hop, event, now } = move;
      const boundary = { kind: "hop", tree, hop };
      return through(tree, { tenant, boundary, event, now }, () => complete(ground, move));
    },
    resume: async (move) => {
      await Promise.all(unsent);
      return resume(ground, move);
    },
    repair: (partition) => outbox.repair(partition),
    close: () => outbox.close(),
  };
}
