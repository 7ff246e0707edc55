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

/** What is told of a chain, but for what is found out when somebody asks. */
export type Members = {
  readonly [M in Exclude<
    keyof VerifiedChain,
    symbol | "digest" | "keys" | "parHash"
  >]: VerifiedChain[M];
};

class AssembledChain {
  readonly #digest: LateDigest;
  readonly #origin: Origin;
  #keys: ReadonlySet<string> | undefined;

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

  /** Asked for only while a cut stands against some key. */
  get keys(): ReadonlySet<string> {
    this.#keys ??= keysOf(this.#origin.token);
    return this.#keys;
  }

  static originOf(chain: object): Origin | undefined {
    return #origin in chain ? chain.#origin : undefined;
  }
}

function keysOf(leaf: ChainToken): ReadonlySet<string> {
  const keys = new Set<string>();
  for (let token: ChainToken | undefined = leaf; token; token = token.parent) {
    keys.add(token.signer);
    keys.add(token.holder);
    for (const hop of token.claims.anchor?.lineage ?? []) keys.add(hop.holder);
  }
  return keys;
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
