/** Calls that use up what there is only once: let in when a quorum knows that it is used, and this process will not forget it. @module */
import { DelegationError } from "../base/error.js";
import { uuidv7 } from "../base/id.js";
import type { AdmitMove, Admitted } from "../guard/admission.js";
import { type AdmittedAt, admit, admitAt, admittedOf, usesUp } from "./admission.js";
import { comeForward } from "./come-forward.js";
import type { Durability, Sent } from "./durability.js";
import type { Ground } from "./ground.js";
import type { Settled } from "./options.js";
import type { Outbox } from "./outbox-contract.js";
import { jsonOf, type Kept } from "./say-again.js";
import { restoreUses, useOf } from "./uses.js";

/** Admission that loses nothing which may happen once. */
export interface Uses {
  /**
   * Admits a call. Approvals, single use and money are durable, and in the outbox, before the answer: a fail-over could bring them back.
   * Counted calls are not waited for, and those in flight may be lost with their owner.
   *
   * @throws {DelegationError} as `admit` does; `not_durable`, and then it is used up all the same; `store_unavailable` where the partition
   *   waits for what it may have lost, and `status_unknown` where it waited in vain
   */
  admit(move: AdmitMove): Promise<Admitted>;
  stop(): void;
}

/** What admission stands on. */
export interface UsesParts {
  readonly ground: Ground;
  readonly durability: Durability;
  readonly outbox: Outbox;
}

export function usesOf(
  { ground, durability, outbox }: UsesParts,
  { clock, timers, random }: Settled,
): Uses {
  const { topology } = ground;
  const forward = comeForward({
    topology,
    timers,
    who: outbox.id,
    restore: (partition) => restoreUses(ground, outbox, partition),
    holds: (partition) => outbox.holds(partition),
    clock: ground.clock,
  });

  const admitOpen = async (partition: number, move: AdmitMove): Promise<[Sent, AdmittedAt]> => {
    await forward.present(partition);
    const sent = durability.sending(partition);
    try {
      return [sent, await admitAt(ground, move)];
    } catch (thrown) {
      if (!isClosed(thrown) || !(await forward.forward(partition))) throw thrown;
    }
    const again = durability.sending(partition);
    return [again, await admitAt(ground, move)];
  };

  const admitOnce = async (move: AdmitMove): Promise<Admitted> => {
    ground.checkOpen();
    const partition = ground.partitionOf(move.tree);
    const [sent, at] = await admitOpen(partition, move);
    // From here on every repair of a later life knows of it, or this very life is found to have ended.
    checkLife(durability, sent);
    const kept: Kept = { use: useOf(move, sent.life, at) };
    const id = uuidv7(clock.now(), random);
    const noted = outbox.note({ id, partitions: [partition], what: jsonOf(kept) });
    try {
      await Promise.all([noted, durability.durable(sent)]);
      checkLife(durability, sent);
    } catch (thrown) {
      // The call does not begin, so nobody has to hear that it did.
      outbox.retract(id);
      throw thrown;
    }
    return admittedOf(ground, move, at);
  };

  return {
    admit: (move) => (usesUp(move) ? admitOnce(move) : admit(ground, move)),
    stop: () => forward.stop(),
  };
}

function isClosed(thrown: unknown): boolean {
  return thrown instanceof DelegationError && thrown.rule === "REPAIR";
}

/** @throws {DelegationError} `not_durable` when what was answered in one life is looked at in another */
function checkLife(durability: Durability, { partition, life }: Sent): void {
  if (durability.sending(partition).life === life) return;
  throw new DelegationError("not_durable", "the shard began another life", { rule: "replicas" });
}
