/** The directory of agents' identity keys: what makes an agent proven at a hop, and not merely asserted. @module */

import { DelegationError } from "../base/error.js";
import { NAME_CHARS_MAX } from "../base/limits.js";
import { importPublicKey, type PublicKey } from "../token/key.js";

/** Who vouches for which key is whose. Looked up on every proof, so that a key that is taken out no longer proves. */
export interface AgentDirectory {
  /** Keys that sign as this agent now; none for an agent that is not known. */
  keysOf(agent: string): readonly PublicKey[];
}

/** A directory in memory. */
export class AgentRegistry implements AgentDirectory {
  readonly #keys = new Map<string, readonly PublicKey[]>();

  keysOf(agent: string): readonly PublicKey[] {
    return this.#keys.get(agent) ?? [];
  }

  /**
   * Adds a key of an agent; the same key twice is once.
   *
   * @param jwk Public JWK.
   * @throws {DelegationError} `key_invalid`; `invalid_request` for a name that is none
   */
  add(agent: string, jwk: unknown): PublicKey {
    if (agent === "" || agent.length > NAME_CHARS_MAX) {
      throw new DelegationError("invalid_request", "not an agent's name", { rule: "agent" });
    }
    const key = importPublicKey(jwk);
    const others = this.keysOf(agent).filter((one) => one.thumbprint !== key.thumbprint);
    this.#keys.set(agent, [...others, key]);
    return key;
  }

  /** Takes one key out, or all of them. What was proven stays proven; a `ban` or `key` cut ends it. */
  remove(agent: string, thumbprint?: string): void {
    const left =
      thumbprint === undefined
        ? []
        : this.keysOf(agent).filter((one) => one.thumbprint !== thumbprint);
    if (left.length === 0) this.#keys.delete(agent);
    else this.#keys.set(agent, left);
  }
}
