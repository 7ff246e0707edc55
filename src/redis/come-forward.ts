/**
 * Who may have let happen what may happen once comes forward in every life of an owner, and says again what that life may have lost;
 * until all have, nothing of the kind happens there (`lua/come-forward.lua`).
 *
 * @module
 */
import {
  HEARTBEAT_MS,
  OUTBOX_KEEP_MS_DEFAULT,
  RUNNING_MS,
  TAKE_OVER_GRACE_MS,
} from "../base/limits.js";
import type { Timers } from "../lifecycle/timers.js";
import { type Reply, unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import type { Topology } from "./shard.js";
import { runInLife } from "./take-over.js";

/** How to come forward. */
export interface ForwardOptions {
  readonly topology: Topology;
  readonly timers: Timers;
  /** Id of the outbox. */
  readonly who: string;
  /** Says again, to the partition as it is now, every use that it lost; resolves once that is durable. */
  readonly restore: (partition: number) => Promise<void>;
  /** Whether the outbox has uses of this partition. */
  readonly holds: (partition: number) => boolean;
  /** The store's own time where a test brings it; empty for the server's. */
  readonly clock: () => number | "";
}

/** A process that comes forward. */
export interface Forward {
  /** Resolves once the owner knows that this process may hold uses; it has known for a while, mostly. @throws {DelegationError} */
  present(partition: number): Promise<void>;
  /** Comes forward now; whether the partition is open for what may happen once. @throws {DelegationError} */
  forward(partition: number): Promise<boolean>;
  stop(): void;
}

/** How often a process that holds uses says that it runs, while nothing changes. */
const AGAIN_MS = RUNNING_MS / 4;

export function comeForward(options: ForwardOptions): Forward {
  const { topology, timers } = options;
  /** By partition: when and in which life of its owner this process was heard, and up to which epoch it had said all. */
  const heard = new Map<number, { readonly life: string; readonly at: number }>();
  const said = new Map<number, { readonly life: string; readonly epoch: number }>();
  const running = new Map<number, Promise<boolean>>();
  let alarm: unknown;
  let stopped = false;

  const isHeard = (partition: number): boolean => {
    const last = heard.get(partition);
    if (last === undefined || timers.now() - last.at > AGAIN_MS) return false;
    return last.life === topology.shardOf(partition).life;
  };

  const tell = async (partition: number, life: string) => {
    const last = said.get(partition);
    const epoch = last?.life === life ? last.epoch : 0;
    const at = timers.now();
    const reply = await runInLife(
      topology,
      partition,
      SCRIPTS.comeForward,
      [options.clock(), options.who, epoch, RUNNING_MS, TAKE_OVER_GRACE_MS, OUTBOX_KEEP_MS_DEFAULT],
      { clock: options.clock() },
    );
    heard.set(partition, { life, at });
    const [state, now] = reply.map(text);
    return { isOpen: state === "open", epoch: Number(now), said: epoch };
  };

  const forwardOnce = async (partition: number): Promise<boolean> => {
    const { life } = topology.shardOf(partition);
    const first = await tell(partition, life);
    if (first.said >= first.epoch) return first.isOpen;
    await options.restore(partition);
    said.set(partition, { life, epoch: first.epoch });
    return (await tell(partition, life)).isOpen;
  };

  /** Callers join the one that is under way. */
  const forward = (partition: number): Promise<boolean> => {
    const current = running.get(partition);
    if (current !== undefined) return current;
    const begun = forwardOnce(partition).finally(() => running.delete(partition));
    running.set(partition, begun);
    return begun;
  };

  const turn = (): void => {
    for (let partition = 0; partition < topology.partitions; partition++) {
      if (!options.holds(partition)) continue;
      try {
        // What fails is tried again at the next turn.
        if (!isHeard(partition)) forward(partition).catch(() => undefined);
      } catch {
        // Nobody owns it now.
      }
    }
  };

  const arm = (): void => {
    if (stopped) return;
    alarm = timers.setTimeout(() => {
      arm();
      turn();
    }, HEARTBEAT_MS);
  };
  arm();
  turn();
  return {
    present: async (partition) => {
      if (!isHeard(partition)) await forward(partition);
    },
    forward,
    stop: () => {
      stopped = true;
      timers.clearTimeout(alarm);
    },
  };
}

function text(reply: Reply): string {
  if (typeof reply === "string") return reply;
  throw unavailable("REPLY");
}
