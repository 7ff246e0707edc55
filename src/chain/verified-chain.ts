/** What a verified chain is: one authority, told by many hops. Only `verify.ts` makes one. @module */
import type { PublicKey } from "../token/key.js";
import type { StatusReference } from "../wire/claims.js";
import type { Position } from "../wire/cut.js";
import type { Grant } from "../wire/grant.js";

/** Names of the rule sets; see `profile.ts`. */
export type ProfileName = "legate" | "attenuating-agent-token" | "agent-delegation";

/** The person or service on whose behalf everything in a tree happens; never changes inside it. */
export interface Principal {
  readonly issuer: string;
  readonly subject: string;
}

/** One hop of a chain, as told by signed bytes. */
export interface ChainHop {
  /** UUIDv7 for a hop that the coordinator made; digest of its own signing input for a link. */
  readonly id: string;
  readonly agent: string;
  readonly identity: "proven" | "asserted";
  /** RFC 7638 SHA-256 thumbprint of the hop's holder key. */
  readonly holder: string;
}

/** Lets only `verify.ts` make a {@link VerifiedChain}: the symbol is exported to it alone by convention and lint. */
declare const verified: unique symbol;

/**
 * A chain whose signatures, links, narrowing and times were checked at `verifiedAt`.
 *
 * Not checked here, and due on every use: expiry again, revocation, generation, audience, possession, arguments.
 */
export interface VerifiedChain {
  readonly [verified]: true;
  readonly profile: ProfileName;
  /** SHA-256 (base64url) of the last token's text: names the whole chain, key of every cache. */
  readonly digest: string;
  /** SHA-256 (base64url) of the last token's signing input: what a child carries as `par_hash`. */
  readonly parHash: string;
  readonly tokenId: string;
  readonly issuer: string;
  readonly tenant: string;
  /** Id of the root hop. */
  readonly tree: string;
  readonly principal: Principal;
  /** Root first; the acting hop is last. A self-link adds none. */
  readonly hops: readonly ChainHop[];
  /** Grants to evaluate at call time: one for each presented token, root first, each effective (limits inherited). */
  readonly grants: readonly Grant[];
  /** Effective grant of the leaf. */
  readonly grant: Grant;
  /** Earliest expiry of all tokens, epoch ms. */
  readonly expiresAt: number;
  /** Latest `nbf` of all tokens, epoch ms; 0 when none. */
  readonly notBefore: number;
  readonly verifiedAt: number;
  /** When the leaf was made, epoch ms; no child is made before. */
  readonly issuedAt: number;
  /** Thumbprint of the key that possession is proved with. */
  readonly holder: string;
  /** That key, imported once; absent when the leaf confirms it by thumbprint (`cnf.jkt`) and the proof must bring it. */
  readonly holderKey: PublicKey | undefined;
  /** Thumbprints of every key that signed or is confirmed anywhere in the chain. */
  readonly keys: ReadonlySet<string>;
  /** The anchor was minted `bearer`: the one token that needs no possession. */
  readonly bearer: boolean;
  readonly selfLink: boolean;
  /** Hop ids that came as links and stand below a limit that only the coordinator can count. */
  readonly unregistered: readonly string[];
  /** Hop ids that came as links (no record of the coordinator's is implied). */
  readonly offline: readonly string[];
  /** Hops that may still follow. */
  readonly hopsLeft: number;
  /** Generation of the store that the anchor's minter knew; empty for the draft profiles. */
  readonly generation: string;
  /** Feed position that the anchor's minter had seen; 0 for the draft profiles. */
  readonly position: Position;
  /** Status list references of the tokens (Token Status List §6), root first. */
  readonly statuses: readonly StatusReference[];
}

export type { StatusReference } from "../wire/claims.js";
