/** What a token says, of whatever profile: one type, read by `claims.ts`. @module */
import type { JsonObject } from "../base/json-value.js";
import type { Position } from "./cut.js";

/** RFC 7800 §3: the key that the token is bound to, whole (`jwk`) or as its thumbprint (`jkt`, RFC 9449 §6.1). */
export type Confirmation =
  | { readonly jwk: JsonObject; readonly jkt?: undefined }
  | { readonly jkt: string; readonly jwk?: undefined };

/** `status.status_list` of a token (Token Status List §6). */
export interface StatusReference {
  readonly uri: string;
  readonly index: number;
}

/** One hop of an anchor's `lineage`. */
export interface LineageHop {
  /** `hop` */
  readonly id: string;
  readonly agent: string;
  readonly identity: "proven" | "asserted";
  /** `jkt`: RFC 7638 SHA-256 thumbprint of the hop's holder key. */
  readonly holder: string;
}

/** What every token of every profile says. Times are epoch milliseconds. */
export interface TokenClaims {
  /** `jti` (RFC 7519 §4.1.7): names the token, never the hop. */
  readonly tokenId: string;
  /** `iss` (RFC 7519 §4.1.1). */
  readonly issuer: string;
  /** `sub` (RFC 7519 §4.1.2): the principal. */
  readonly subject: string | undefined;
  /** `client_id` (RFC 8693 §4.3): the agent that acts with this token. */
  readonly agent: string | undefined;
  /** `aud` (RFC 7519 §4.1.3). Empty when the token does not say. */
  readonly audience: readonly string[];
  /** `iat` (RFC 7519 §4.1.6). */
  readonly issuedAt: number;
  /** `exp` (RFC 7519 §4.1.4). */
  readonly expiresAt: number;
  /** `nbf` (RFC 7519 §4.1.5); 0 when the token does not say. */
  readonly notBefore: number;
  /** `cnf` (RFC 7800 §3.1). */
  readonly confirmation: Confirmation;
  /** `del_depth` (both chain drafts, Claims). */
  readonly depth: number;
  /** `del_max_depth` (both chain drafts, Claims; they mean different things by it). */
  readonly maxDepth: number | undefined;
  /** `par_hash` (both chain drafts, Claims). */
  readonly parHash: string | undefined;
  /** `authorization_details` (RFC 9396 §2), each an object with a `type`. */
  readonly details: readonly JsonObject[];
  /** `scope` (RFC 8693 §4.2), not yet split. */
  readonly scope: string | undefined;
  /** `status` (Token Status List §6). */
  readonly status: StatusReference | undefined;
  /** Our own claims of an anchor; none in the drafts' tokens. */
  readonly anchor: AnchorClaims | undefined;
  /** Our own claims of a link; none in the drafts' tokens. */
  readonly link: LinkClaims | undefined;
}

/** What only an anchor of the `legate` profile says. */
export interface AnchorClaims {
  /** `tenant`: whose tree it is; ids are compared as (tenant, id). */
  readonly tenant: string;
  /** `txn` (draft-ietf-oauth-transaction-tokens): id of the tree, which is the id of its root hop. */
  readonly tree: string;
  /** `principal_iss`: who vouches for `sub`; `iss` when the token does not say. */
  readonly principalIssuer: string;
  /** `lineage`: root first, own hop last. */
  readonly lineage: readonly LineageHop[];
  /** `gen`: generation of the store that the minter knew. */
  readonly generation: string;
  /** `pos`: feed position that the minter had seen. */
  readonly position: Position;
  /** `bearer`: needs no proof of possession. */
  readonly bearer: boolean;
}

/** What only a link of the `legate` profile says. */
export interface LinkClaims {
  /** `self`: not a hop, but its delegator's own narrower token. */
  readonly self: boolean;
  /** `agent_proof`: a signature of the agent's identity key over this link's key and parent. */
  readonly agentProof: string | undefined;
  /** `tenant`, when restated; an anchor decides. */
  readonly tenant: string | undefined;
}
