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

/** Written out, member by member: assigning all of them at once costs as much as all rules of a root. */
class AssembledChain implements Members {
  declare readonly profile: Members["profile"];
  declare readonly tokenId: Members["tokenId"];
  declare readonly issuer: Members["issuer"];
  declare readonly tenant: Members["tenant"];
  declare readonly tree: Members["tree"];
  declare readonly principal: Members["principal"];
  declare readonly hops: Members["hops"];
  declare readonly grants: Members["grants"];
  declare readonly grant: Members["grant"];
  declare readonly expiresAt: Members["expiresAt"];
  declare readonly notBefore: Members["notBefore"];
  declare readonly verifiedAt: Members["verifiedAt"];
  declare readonly issuedAt: Members["issuedAt"];
  declare readonly holder: Members["holder"];
  declare readonly holderKey: Members["holderKey"];
  declare readonly bearer: Members["bearer"];
  declare readonly selfLink: Members["selfLink"];
  declare readonly offline: Members["offline"];
  declare readonly unregistered: Members["unregistered"];
  declare readonly hopsLeft: Members["hopsLeft"];
  declare readonly generation: Members["generation"];
  declare readonly position: Members["position"];
  declare readonly statuses: Members["statuses"];
  readonly #digest: LateDigest;
  readonly #origin: Origin;
  #keys: ReadonlySet<string> | undefined;

  constructor(members: Members, digest: LateDigest, origin: Origin) {
    this.profile = members.profile;
    this.tokenId = members.tokenId;
    this.issuer = members.issuer;
    this.tenant = members.tenant;
    this.tree = members.tree;
    this.principal = members.principal;
    this.hops = members.hops;
    this.grants = members.grants;
    this.grant = members.grant;
    this.expiresAt = members.expiresAt;
    this.notBefore = members.notBefore;
    this.verifiedAt = members.verifiedAt;
    this.issuedAt = members.issuedAt;
    this.holder = members.holder;
    this.holderKey = members.holderKey;
    this.bearer = members.bearer;
    this.selfLink = members.selfLink;
    this.offline = members.offline;
    this.unregistered = members.unregistered;
    this.hopsLeft = members.hopsLeft;
    this.generation = members.generation;
    this.position = members.position;
    this.statuses = members.statuses;
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
