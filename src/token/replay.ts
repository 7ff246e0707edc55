/** The replay contract: what may be shown once is shown once. @module */

/** Remembers what was shown. Shared by all guards of one audience, or each guard promises for itself alone. */
export interface ReplayStore {
  /**
   * Claims `key`; true for exactly one caller, however many come at once.
   *
   * A key whose time the store can no longer answer for (`expiresAt` not after the latest `now` it has seen) is refused:
   * a clock that jumps back brings nothing back.
   *
   * @param key At most a few hundred characters.
   * @param expiresAt Epoch ms until which the key must be remembered: `PROOF_KEPT_MS` after what it stands for was made.
   * @param now Epoch ms.
   * @throws {DelegationError} `replay_store_full` when it is full of live keys, none of which it ever drops;
   *   `proof_expired` when it may have forgotten the key, and what is made from now on will do; `not_durable`; `store_unavailable`.
   */
  claim(key: string, expiresAt: number, now: number): boolean | Promise<boolean>;
}
