/** One token of a chain on its way to being believed: presented, read, judged. @module */
import { DelegationError } from "../base/error.js";
import { decodeUtf8 } from "../base/json.js";
import type { JsonObject } from "../base/json-value.js";
import { TOKEN_BYTES_MAX } from "../base/limits.js";
import { parseJws, readClaims, typOf, type UnverifiedJws } from "../token/jws.js";
import { importPublicKey, type PublicKey } from "../token/key.js";
import {
  type LineageHop,
  readAatClaims,
  readAgentDelegationClaims,
  readAnchorClaims,
  readLinkClaims,
  type TokenClaims,
} from "../wire/claims.js";
import { readClaimsText, type StatedMember } from "../wire/claims-text.js";
import type { Grant } from "../wire/grant.js";
import { type Stated, statedBy } from "./details.js";
import { LateDigest } from "./late-digest.js";
import { hopsLeftOf, type Profile, type TypRule } from "./profile.js";

/** A token whose form is right. Nothing that it says is believed yet. */
export interface PresentedToken {
  /** Place in the chain, and so the only `del_depth` that can be right. */
  readonly index: number;
  readonly jws: UnverifiedJws;
  readonly raw: JsonObject;
  /** Its `authorization_details` as they stand there, where they were read from the text. */
  readonly details: StatedMember | undefined;
  /** Its `lineage`, where that was read from the text; then `raw` has 0 there, as for `act`. */
  readonly lineage: readonly LineageHop[] | undefined;
}

/** A token whose claims are read; what they are worth is for the rules to say. */
export interface ChainToken {
  readonly index: number;
  readonly parent: ChainToken | undefined;
  readonly claims: TokenClaims;
  /** What the token itself states; `limits.depth` is {@link ChainToken.hopsLeft}. */
  readonly stated: Grant;
  /** What that means under the parent: the capability rule puts it here once it has proved that it is no more. */
  grant: Grant;
  /** Whether it holds a detail of the profile: an intermediate token need not, a leaf must. */
  readonly capable: boolean;
  /** Not a hop, but its delegator's own narrower token. */
  readonly selfLink: boolean;
  /** `del_max_depth`, its own or the one in force. */
  readonly maxDepth: number;
  /** Hops that may follow, by the token's own word; below zero when it has none and lies too deep itself. */
  readonly hopsLeft: number;
  /** Thumbprint of the key that the token confirms. */
  readonly holder: string;
  /** That key, where the token holds it whole. */
  readonly holderKey: PublicKey | undefined;
  /** What a child carries as `par_hash`; for a link, the id of its hop as well. */
  readonly hash: LateDigest;
  /** Thumbprint of the key that signed it: the signature rule puts it here. */
  signer: string;
  /** Whether the agent proved itself: the identity rule puts it here. */
  identity: "proven" | "asserted";
}

/**
 * Takes a token in.
 *
 * @param before The token that it follows, where that is presented as well: mostly their details are the same, word for word.
 * @throws {DelegationError} `too_large`, `malformed`, `duplicate_member`, `non_finite`, `non_canonical`
 */
export function presentToken(
  text: string,
  index: number,
  profile: Profile,
  before?: PresentedToken,
): PresentedToken {
  const jws = parseJws(text, { bytesMax: TOKEN_BYTES_MAX });
  const rule = index === 0 ? profile.typ.root : profile.typ.child;
  // Where the text must be canonical, who reads it has to see all of it.
  const read = profile.canonical
    ? undefined
    : readClaimsText(decodeUtf8(jws.payloadBytes), jws.payloadBytes, before?.details);
  const raw = read?.claims ?? readAlone(jws, profile);
  checkTyp(typOf(jws), rule);
  return { index, jws, raw, details: read?.details, lineage: read?.lineage };
}

function readAlone(jws: UnverifiedJws, profile: Profile): JsonObject {
  const read = readClaims(jws);
  if (!profile.canonical || read.canonical) return read.claims;
  throw new DelegationError("non_canonical", "token is not in canonical json");
}

/**
 * Reads the claims of a presented token under its parent's.
 *
 * @throws {DelegationError} `malformed`, `key_invalid`, `unknown_constraint`
 */
export function readToken(
  token: PresentedToken,
  parent: ChainToken | undefined,
  profile: Profile,
): ChainToken {
  const hash = new LateDigest(token.jws.signingInput);
  return readRaw(token.raw, parent, profile, hash, { lineage: token.lineage });
}

/**
 * The same from claims that are not signed yet: a minter judges its own work before.
 *
 * @param known.key A key that was taken in before: what confirms its own `jwk`, the very object, confirms it.
 * @param known.lineage What `lineage` says, where that was read before.
 */
export function readRaw(
  raw: JsonObject,
  parent: ChainToken | undefined,
  profile: Profile,
  hash: LateDigest,
  known: { readonly key?: PublicKey; readonly lineage: readonly LineageHop[] | undefined },
): ChainToken {
  const claims = claimsOf(raw, parent === undefined, profile, known.lineage);
  const before = parent && { details: parent.claims.details, tools: parent.stated.tools };
  return makeToken(claims, statedBy(claims, profile, before), parent, profile, hash, known.key);
}

function makeToken(
  claims: TokenClaims,
  stated: Stated,
  parent: ChainToken | undefined,
  profile: Profile,
  hash: LateDigest,
  known: PublicKey | undefined,
): ChainToken {
  const { jwk, jkt } = claims.confirmation;
  const isKnown = known !== undefined && (jwk as unknown) === known.jwk;
  const holderKey = isKnown ? known : jwk === undefined ? undefined : importPublicKey(jwk);
  const maxDepth = claims.maxDepth ?? parent?.maxDepth ?? 0;
  const depthLeft = hopsLeftOf(profile, claims.depth, maxDepth);
  const hopsLeft = Math.min(depthLeft, stated.limits?.depth ?? depthLeft);
  const grant: Grant = {
    tools: stated.tools,
    scopes: stated.scopes,
    ceilings: stated.ceilings,
    audience: profile.audience === "leaf" ? [] : claims.audience,
    limits: { ...stated.limits, depth: Math.max(hopsLeft, 0) },
    expiresAt: claims.expiresAt,
  };
  return {
    index: parent === undefined ? 0 : parent.index + 1,
    parent,
    claims,
    stated: grant,
    grant,
    capable: stated.capable,
    selfLink: claims.link?.self === true,
    maxDepth,
    hopsLeft,
    holder: holderKey?.thumbprint ?? jkt ?? "",
    holderKey,
    hash,
    signer: "",
    identity: "asserted",
  };
}

function claimsOf(
  raw: JsonObject,
  first: boolean,
  profile: Profile,
  lineage: readonly LineageHop[] | undefined,
): TokenClaims {
  switch (profile.claims) {
    case "agent-delegation":
      return readAgentDelegationClaims(raw, first);
    case "attenuating-agent-token":
      return readAatClaims(raw, first);
    case "legate":
      return first ? readAnchorClaims(raw, lineage) : readLinkClaims(raw);
  }
}

function checkTyp(typ: string | undefined, rule: TypRule): void {
  const right = "must" in rule ? typ === rule.must : typ === undefined || !rule.not.includes(typ);
  if (right) return;
  throw new DelegationError("malformed", "token is of another type", { rule: "typ" });
}

/** The token that begins the chain. */
export function rootOf(token: ChainToken): ChainToken {
  let root = token;
  while (root.parent !== undefined) root = root.parent;
  return root;
}

/** Id of the hop that a token speaks for. A link's is its own digest, so nobody chooses it. */
export function hopIdOf(token: ChainToken): string {
  if (token.parent === undefined) {
    return token.claims.anchor?.lineage.at(-1)?.id ?? token.claims.tokenId;
  }
  return token.selfLink ? hopIdOf(token.parent) : token.hash.value;
}
