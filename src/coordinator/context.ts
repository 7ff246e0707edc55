/** What all verbs share: the store, the keys, the clock, and what this coordinator has seen of the log of cuts. @module */
import type { Clock } from "../base/clock.js";
import type { RandomBytes } from "../base/random.js";
import type { Telemetry } from "../base/telemetry.js";
import type { ChainCache } from "../chain/cache.js";
import type { Trust } from "../chain/trust.js";
import type { PolicyEngine } from "../policy/engine.js";
import type { AgentKeys } from "../token/agent-proof.js";
import type { KeyRing } from "../token/jwks.js";
import type { ReplayStore } from "../token/replay.js";
import type { Sessions } from "../token/session.js";
import type { CoordinatorConfig } from "../wire/config.js";
import type { Position } from "../wire/cut.js";
import type { AgentDirectory } from "./agents.js";
import type { GuardReports } from "./guard-reports.js";
import type { DelegationStore } from "./store.js";

/** Handed to every verb. */
export interface Context {
  readonly config: CoordinatorConfig;
  readonly store: DelegationStore;
  /** Changes when keys rotate. */
  keys: KeyRing;
  readonly trust: Trust;
  readonly cache: ChainCache;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly agents: AgentDirectory;
  /** The directory as the chain verifier wants it: one function, so that its cache knows it again. */
  readonly agentKeys: AgentKeys;
  readonly replay: ReplayStore;
  readonly sessions: Sessions;
  readonly telemetry: Telemetry;
  readonly horizon: Horizon;
  /** The second gate, where this coordinator knows it: it can raise what an approval needs. */
  readonly policy: PolicyEngine | undefined;
  readonly guards: GuardReports | undefined;
}

/** Where the log of cuts stood when somebody looked. */
export interface Seen {
  readonly generation: string;
  readonly position: Position;
}

/**
 * What this coordinator has seen of each log of cuts.
 *
 * An old sight is safe: the store refuses `position_behind` when a newer cut would cover what is made by it.
 */
export class Horizon {
  readonly #store: DelegationStore;
  readonly #seen: (Seen | undefined)[] = [];

  constructor(store: DelegationStore) {
    this.#store = store;
  }

  /** The last sight of the log that a tree is cut in, or undefined before the first. */
  lastOf(tree: string): Seen | undefined {
    return this.#seen[this.#logOf(tree)];
  }

  /** Looks again. @throws {DelegationError} `store_unavailable` */
  async refresh(tree: string): Promise<Seen> {
    const { generation, position } = await this.#store.status(tree);
    const seen = { generation, position };
    this.#seen[this.#logOf(tree)] = seen;
    return seen;
  }

  #logOf(tree: string): number {
    return this.#store.logOf?.(tree) ?? 0;
  }
}
