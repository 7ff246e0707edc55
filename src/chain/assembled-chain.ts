/** The one object behind {@link VerifiedChain}. @module */
import { DelegationError } from "../base/error.js";
import type { ChainToken } from "./chain-token.js";
import type { LateDigest } from "./late-digest.js";
import type { Profile } from "./profile.js";
import type { Trust } from "./trust.js";
import type { VerifiedChain } from "./verified-chain.js";

/** What a minter needs of a verified parent besides what everybody may see. */
export interface Origin {
  readonly token: ChainToken;
  readonly profile: Profile;
  readonly trust: Trust;
}

/** What is told of a chain, its digests aside. */
export type Members = {
  readonly [M in Exclude<keyof VerifiedChain, symbol | "digest" | "parHash">]: VerifiedChain[M];
};

class AssembledChain {
  readonly #digest: LateDigest;
  readonly #origin: Origin;

  constructor(members: Members, digest: LateDigest, origin: Origin) {
    Object.assign(this, members);
    this.#digest = digest;
    this.#origin = origin;
    Object.freeze(this);
  }

  get digest(): string {
    return this.#digest.value;
  }

  get parHash(): string {
    return this.#origin.token.hash.value;
  }

  static originOf(chain: object): Origin | undefined {
    return #origin in chain ? chain.#origin : undefined;
  }
}

/** Makes a chain of what a verification found. */
export function chainOf(members: Members, digest: LateDigest, origin: Origin): VerifiedChain {
  return new AssembledChain(members, digest, origin) as unknown as VerifiedChain;
}

/**
 * Where a chain came from.
 *
 * @throws {DelegationError} `server_error` for an object that no verification made, whatever its type says.
 */
export function originOf(chain: VerifiedChain): Origin {
  const origin = AssembledChain.originOf(chain);
  if (origin !== undefined) return origin;
  throw new DelegationError("server_error", "chain was not made by a verification");
}
