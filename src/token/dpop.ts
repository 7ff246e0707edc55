/** DPoP proofs (RFC 9449), made and verified; ours are bound to one invocation besides. @module */

import { equalConstantTime } from "../base/digest.js";
import { DelegationError } from "../base/error.js";
import { opaqueId } from "../base/id.js";
import { PROOF_WINDOW_MS } from "../base/limits.js";
import type { RandomBytes } from "../base/random.js";
import { dpopClaimsSchema } from "../wire/proof.js";
import { normalizeHtu } from "./htu.js";
import { parseJws, readClaims, requireTyp, signJws, tokenDigest, verifyJws } from "./jws.js";
import { importPublicKey, type SigningKey } from "./key.js";
import { checkWindow, proofInvalid, readingProof } from "./proof-fault.js";

const TYP = "dpop+jwt";
const ALGS = ["EdDSA", "Ed25519", "ES256"];

/** The invocation that a proof is bound to: the claim `legate`. */
export interface ProofBinding {
  readonly audience: string;
  readonly tool: string;
  /** SHA-256 (base64url) of the canonical arguments. */
  readonly argumentsDigest: string;
}

/** What a DPoP proof says (RFC 9449 §4.2). `nowMs` (epoch ms) becomes `iat`, in whole seconds. */
export interface DpopDraft {
  readonly key: SigningKey;
  readonly method: string;
  /** Query and fragment are left out of the proof. */
  readonly url: string;
  /** Text of the chain's last token; absent at a token endpoint. */
  readonly accessToken?: string;
  readonly nowMs: number;
  readonly random: RandomBytes;
  /** What the server demanded by `DPoP-Nonce`. */
  readonly nonce?: string;
  readonly binding?: ProofBinding;
  /** X25519 key (base64url) to open a session with. */
  readonly epk?: string;
}

/** Makes a proof for one request. */
export function makeDpopProof(draft: DpopDraft): string {
  const { key, binding, nonce, epk, accessToken } = draft;
  const claims = {
    jti: opaqueId("pop", draft.random),
    htm: draft.method,
    htu: normalizeHtu(draft.url),
    iat: Math.floor(draft.nowMs / 1000),
    ...(accessToken === undefined ? {} : { ath: tokenDigest(accessToken) }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(binding === undefined ? {} : { legate: claimOf(binding) }),
    ...(epk === undefined ? {} : { epk }),
  };
  return signJws({ typ: TYP, jwk: key.jwk }, claims, key);
}

export interface DpopExpectation {
  /** Method and URL of the request as it arrived. */
  readonly method: string;
  readonly url: string;
  /** `ath`: digest of the last token; absent where no token is presented. */
  readonly tokenDigest?: string;
  /** Thumbprint that the last token confirms; absent where a key is only introduced. */
  readonly holder?: string;
  readonly nowMs: number;
  /** The nonce that the server demands. */
  readonly nonce?: string;
  /** The invocation; a proof that names another is refused, and with `bindingRequired` one that names none. */
  readonly binding?: ProofBinding;
  readonly bindingRequired?: boolean;
  readonly acceptedAlgs?: readonly string[];
  readonly windowMs?: number;
}

/** What a signed proof has proved. It may be used once: its (`jkt`, `jti`) is the caller's to claim. */
export interface Proved {
  readonly jti: string;
  /** Thumbprint of the key that signed. */
  readonly jkt: string;
  /** Epoch ms, from the proof's `iat`. */
  readonly issuedAtMs: number;
  readonly epk?: string;
}

/**
 * Verifies a proof against one request, in the order of RFC 9449 §4.3.
 *
 * @throws {DelegationError} `proof_invalid` naming the claim; `proof_expired` outside the window (its edges are inside).
 */
export function verifyDpopProof(text: string, expected: DpopExpectation): Proved {
  const { claims, jkt } = readingProof(() => open(text, expected.acceptedAlgs ?? ALGS));
  if (claims.htm !== expected.method) throw proofInvalid("proof is for another method", "htm");
  if (normalizeHtu(claims.htu) !== normalizeHtu(expected.url)) {
    throw proofInvalid("proof is for another url", "htu");
  }
  if (expected.nonce !== undefined && !same(claims.nonce, expected.nonce)) {
    throw proofInvalid("proof has not the nonce that was asked for", "nonce");
  }
  checkWindow(claims.iat, expected.nowMs, expected.windowMs ?? PROOF_WINDOW_MS);
  if (expected.tokenDigest !== undefined && claims.ath !== expected.tokenDigest) {
    throw proofInvalid("proof is for another token", "ath");
  }
  if (expected.holder !== undefined && jkt !== expected.holder) {
    throw proofInvalid("proof is by another key than the token confirms", "jwk");
  }
  checkBinding(claims.legate, expected);
  const { jti, iat, epk } = claims;
  return { jti, jkt, issuedAtMs: iat * 1000, ...(epk === undefined ? {} : { epk }) };
}

type DpopClaims = ReturnType<typeof dpopClaimsSchema.parse>;

/** Typ, algorithm, public key, signature, claims. */
function open(text: string, acceptedAlgs: readonly string[]): { claims: DpopClaims; jkt: string } {
  const jws = parseJws(text);
  requireTyp(jws, TYP);
  if (jws.header.jwk === undefined) throw proofInvalid("proof shows no key", "jwk");
  const key = importPublicKey(jws.header.jwk);
  verifyJws(jws, key, acceptedAlgs);
  const parsed = dpopClaimsSchema.safeParse(readClaims(jws).claims);
  if (!parsed.success) throw new DelegationError("malformed", "claims are not a dpop proof's");
  return { claims: parsed.data, jkt: key.thumbprint };
}

function checkBinding(claim: DpopClaims["legate"], expected: DpopExpectation): void {
  const { binding } = expected;
  if (claim === undefined) {
    if (expected.bindingRequired !== true) return;
    throw proofInvalid("proof is bound to no invocation", "legate");
  }
  if (binding === undefined) throw proofInvalid("proof is for an invocation", "legate");
  if (claim.aud !== binding.audience) throw proofInvalid("proof is for another audience", "aud");
  if (claim.tool !== binding.tool) throw proofInvalid("proof is for another tool", "tool");
  if (claim.args !== binding.argumentsDigest) {
    throw proofInvalid("proof is for other arguments", "args");
  }
}

function claimOf({ audience, tool, argumentsDigest }: ProofBinding): DpopClaims["legate"] {
  return { aud: audience, tool, args: argumentsDigest };
}

function same(given: string | undefined, nonce: string): boolean {
  return given !== undefined && equalConstantTime(given, nonce);
}
