/** The embedded store: the contracts of trees, admission and feed, kept in one process by the plainest means. @module */
import { stamped } from "../audit/stamp.js";
import type { DelegationStore } from "../coordinator/store.js";
import type { Admission } from "../guard/admission.js";
import type { CutFeed } from "../guard/feed.js";
import { admit } from "./admit.js";
import { Core, type MemoryStoreOptions } from "./core.js";
import { feedOf } from "./feed.js";
import type { GuardReport } from "./followers.js";
import { looksOf, ticketOf } from "./looks.js";
import * as making from "./making.js";
import * as moves from "./moves.js";
import type { Torn } from "./recover.js";
import { forgetLapsed, planAsk, planDecide } from "./tickets.js";

/** One object that keeps all three contracts. */
export interface MemoryStore extends DelegationStore, CutFeed, Admission {
  /** What was cut off a journal's end at start: a last write that had not reached the disk whole. */
  readonly recovered: Torn | undefined;
  /** How far each guard has read, as it said last. */
  guards(): readonly GuardReport[];
}

/**
 * Opens a store: in memory, or on a journal that it reads back first (synchronously, line by line).
 *
 * A method's promise resolves once its line is on disk. Others may see its effect earlier; followers of the feed may not. When a
 * write fails, everything refuses `store_unavailable` from then on, because nobody knows what is on the disk.
 *
 * @throws {DelegationError} `store_locked` when the journal has a writer; `journal_damaged`, naming the line, when it
 *   is not exactly what a store wrote; `store_unavailable` when it cannot be opened.
 */
export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
  const core = new Core(options);
  const forget = (at: number) => {
    for (const ticket of forgetLapsed(core.world, at)) core.shown.drop(ticket);
  };
  return {
    recovered: core.torn,
    guards: () => core.followers.reports(),
    ...movesOf(core),
    ...ticketMovesOf(core, forget),
    ...looksOf(core),
    ...feedOf(core, forget),
    sweep: (now, max) =>
      kept(core, () => {
        const at = core.instant(now);
        forget(at);
        return moves.sweep(core, at, max);
      }),
    close: () => core.close(),
  };
}

/**
 * Runs a move now; its promise waits for the disk. Also when nothing was new: the line that was written first may still be
 * on its way.
 */
function kept<T>(core: Core, run: () => T): Promise<T> {
  try {
    const result = run();
    const settled = core.settled();
    return settled === undefined ? Promise.resolve(result) : settled.then(() => result);
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}

type Bound = Admission &
  Pick<
    DelegationStore,
    | "open"
    | "create"
    | "register"
    | "narrow"
    | "settle"
    | "suspend"
    | "resume"
    | "complete"
    | "revoke"
    | "renew"
  >;

function movesOf(core: Core): Bound {
  return {
    open: (tree, move) => kept(core, () => making.open(core, tree, move)),
    create: (move) => kept(core, () => making.create(core, move)),
    register: (list) => kept(core, () => making.register(core, list)),
    settle: (move) => kept(core, () => moves.settle(core, move)),
    suspend: (move) => kept(core, () => moves.suspend(core, move)),
    resume: (move) => kept(core, () => moves.resume(core, move)),
    complete: (move) => kept(core, () => moves.complete(core, move)),
    narrow: (move) => kept(core, () => making.narrow(core, move)),
    revoke: (move) => kept(core, () => moves.revoke(core, move)),
    renew: (move) => kept(core, () => moves.renew(core, move)),
    admit: (move) => {
      const admitted = admit(core, move);
      const settled = core.settled();
      return settled === undefined ? admitted : settled.then(() => admitted);
    },
    record: (events, now) => kept(core, () => moves.record(core, events, now)),
  };
}

function ticketMovesOf(
  core: Core,
  forget: (at: number) => void,
): Pick<DelegationStore, "ask" | "decide"> {
  return {
    ask: (ticket, event) =>
      kept(core, () => {
        const at = core.instant(ticket.askedAt);
        forget(at);
        const seed = planAsk(core.world, ticket, at);
        const { tenant, tree, hop, id } = ticket;
        if (ticket.shown !== undefined) core.shown.put(ticket, ticket.shown);
        core.commit(at, stamped(event, { tenant, tree, hop, ticket: id }), { k: seed, op: "ask" });
        return ticketOf(core, tenant, id, at);
      }),
    decide: (move) =>
      kept(core, () => {
        const at = core.instant(move.now);
        const ticket = planDecide(core.world, move, at);
        if (ticket !== undefined) {
          const { tenant, tree, hop, id } = ticket;
          const told = stamped(move.event, { tenant, tree, hop, ticket: id, by: move.approver });
          core.commit(at, told, { by: move.approver, id, op: "decide", v: move.verdict });
          if (ticket.state !== "asked") core.shown.drop(ticket);
        }
        return ticketOf(core, move.tenant, move.ticket, at);
      }),
  };
}
