/** The AAT draft's proof of possession, made and verified; ours names the leaf by its digest besides. @module */
import { canonicalize } from "../base/canonical.js";
import { DelegationError } from "../base/error.js";
import { uuidv7 } from "../base/id.js";
import { PROOF_BYTES_MAX, PROOF_WINDOW_MS } from "../base/limits.js";
import type { RandomBytes } from "../base/random.js";
import { aatProofClaimsSchema } from "../wire/proof.js";
import { type ExpectedClaims, type OwnClaims, ownClaims } from "./aat-text.js";
import type { Proved } from "./dpop.js";
import {
  parseJws,
  readClaims,
  signJws,
  tokenDigest,
  typOf,
  type UnverifiedJws,
  verifyJws,
} from "./jws.js";
import type { SigningKey } from "./key.js";
import { checkWindow, proofInvalid, readingProof } from "./proof-fault.js";

const ALGS = ["EdDSA", "Ed25519", "ES256"];
const LIMITS = { bytesMax: PROOF_BYTES_MAX };

/** What an AAT proof says: the leaf, the call, and when. `nowMs` (epoch ms) becomes `iat`, in whole seconds. */
export interface AatProofDraft {
  readonly key: SigningKey;
  /** `jti` of the leaf. */
  readonly tokenId: string;
  readonly tool: string;
  readonly arguments: object;
  readonly audience?: string;
  /** Text of the leaf: its digest goes in as `ath`. */
  readonly accessToken?: string;
  readonly nowMs: number;
  readonly random: RandomBytes;
  /** X25519 key (base64url) to open a session with. */
  readonly epk?: string;
}

/**
 * Makes a proof for one call. It restates the arguments; where they are large, a DPoP proof is smaller.
 *
 * @throws {DelegationError} `too_large`; `malformed` when the arguments are not JSON.
 */
export function makeAatProof(draft: AatProofDraft): string {
  const { key, audience, accessToken, epk } = draft;
  const claims = {
    jti: uuidv7(draft.nowMs, draft.random),
    iat: Math.floor(draft.nowMs / 1000),
    aat_id: draft.tokenId,
    aat_tool: draft.tool,
    hta: draft.arguments,
    ...(audience === undefined ? {} : { aat_aud: audience }),
    ...(accessToken === undefined ? {} : { ath: tokenDigest(accessToken) }),
    ...(epk === undefined ? {} : { epk }),
  };
  return signJws({}, claims, key, LIMITS);
}

/**
 * The call, and the leaf. `audience`, when given, is the one that the proof must name; a proof that names another leaf than
 * `tokenDigest` is refused, and with `tokenDigestRequired` one that names none.
 */
export interface AatProofExpectation extends ExpectedClaims {
  readonly tokenDigestRequired?: boolean;
  readonly nowMs: number;
  readonly acceptedAlgs?: readonly string[];
  readonly windowMs?: number;
}

/**
 * Verifies a proof against one call. Arguments are compared as values: `1.0` equals `1`.
 *
 * @throws {DelegationError} `proof_invalid` naming the claim; `proof_expired` outside the window (its edges are inside).
 */
export function verifyAatProof(text: string, expected: AatProofExpectation): Proved {
  const { jti, iat, epk } = readingProof(() => open(text, expected));
  const jkt = expected.key.thumbprint;
  return { jti, jkt, issuedAtMs: iat * 1000, ...(epk === undefined ? {} : { epk }) };
}

/** Type, signature, claims. */
function open(text: string, expected: AatProofExpectation): OwnClaims {
  const jws = parseJws(text, LIMITS);
  const typ = typOf(jws);
  if (typ !== undefined && typ !== "jwt") throw proofInvalid("proof is of another type", "typ");
  verifyJws(jws, expected.key, expected.acceptedAlgs ?? ALGS);
  const own = ownClaims(jws.payloadBytes, expected);
  if (own === undefined) return judgeClaims(jws, expected);
  checkWindow(own.iat, expected.nowMs, expected.windowMs ?? PROOF_WINDOW_MS);
  return own;
}

/** Claim by claim. */
function judgeClaims(jws: UnverifiedJws, expected: AatProofExpectation): OwnClaims {
  const { claims, hta } = claimsOf(jws);
  if (claims.aat_id !== expected.tokenId)
    throw proofInvalid("proof is for another token", "aat_id");
  if (claims.aat_tool !== expected.tool)
    throw proofInvalid("proof is for another tool", "aat_tool");
  if (expected.audience !== undefined && claims.aat_aud !== expected.audience) {
    throw proofInvalid("proof is for another audience", "aat_aud");
  }
  checkWindow(claims.iat, expected.nowMs, expected.windowMs ?? PROOF_WINDOW_MS);
  const named = claims.ath !== undefined || expected.tokenDigestRequired === true;
  if (named && claims.ath !== expected.tokenDigest) {
    throw proofInvalid("proof is for another token", "ath");
  }
  if (canonicalize(hta) !== canonicalize(expected.arguments)) {
    throw proofInvalid("proof is for other arguments", "hta");
  }
  const { jti, iat, epk } = claims;
  return epk === undefined ? { jti, iat } : { jti, iat, epk };
}

function claimsOf(jws: UnverifiedJws) {
  const { claims } = readClaims(jws);
  const parsed = aatProofClaimsSchema.safeParse(claims);
  const { hta } = claims;
  const isObject = typeof hta === "object" && hta !== null && !Array.isArray(hta);
  if (parsed.success && isObject) return { claims: parsed.data, hta };
  throw new DelegationError("malformed", "claims are not a proof's");
}
