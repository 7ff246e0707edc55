/** Who may have signed a token, and who the agent is that it names. @module */
import { DelegationError } from "../base/error.js";
import { verifyAgentProof } from "../token/agent-proof.js";
import { verifyJws } from "../token/jws.js";
import { importPublicKey, type PublicKey, type VerificationKey } from "../token/key.js";
import type { Basis } from "./cache.js";
import { type ChainToken, type PresentedToken, rootOf } from "./chain-token.js";

/**
 * Verifies the signature of a token and returns the thumbprint of its key: a trusted one for a root, and for a child
 * under the `issuer` rule; the one that the parent confirms under the `delegator` rule.
 *
 * A key in the header counts in one place only: where the parent confirms a thumbprint and this is the key that has it.
 *
 * @throws {DelegationError} `signature_invalid`; `config_invalid` for a list of algorithms that is none.
 * @see draft-nandakumar-wimse-delegator-bound-chains-00; AAT draft, I1
 */
export function verifySignature(
  { jws }: PresentedToken,
  parent: ChainToken | undefined,
  { profile, trust, algs }: Pick<Basis, "profile" | "trust" | "algs">,
): string {
  const { kid, jwk } = jws.header;
  const byDelegator = parent !== undefined && profile.childSigner === "delegator";
  if (byDelegator && parent.holderKey === undefined) {
    const key = keyInHeader(jwk, parent.holder);
    verifyJws(jws, key, algs);
    return key.thumbprint;
  }
  if (jwk !== undefined) throw signatureInvalid("header offers a key that nobody asked for", "jwk");
  const keys = byDelegator ? delegatorKeys(parent) : trust.candidates(kid);
  const [only] = keys;
  if (only !== undefined && keys.length === 1) {
    verifyJws(jws, only, algs);
    return only.thumbprint;
  }
  const key = keys.find((candidate) => passes(() => verifyJws(jws, candidate, algs)));
  if (key !== undefined) return key.thumbprint;
  // The same words as for a signature that fails: which keys there are is nobody's business.
  throw new DelegationError("signature_invalid", "signature does not verify");
}

/**
 * Whether the agent of a link proved itself: its identity key signed the link's holder key and parent, at the time when
 * the link was made. An agent without proof, or whose keys nobody here knows, is asserted.
 *
 * @throws {DelegationError} `proof_invalid`, `proof_expired` when there is a proof, keys are known, and it does not hold.
 */
export function judgeIdentity(token: ChainToken, { agentKeys }: Pick<Basis, "agentKeys">): void {
  const { claims, holder, parent } = token;
  const proof = claims.link?.agentProof;
  if (parent !== undefined && token.selfLink) token.identity = parent.identity;
  if (proof === undefined || agentKeys === undefined || claims.agent === undefined) return;
  if (agentKeys(claims.agent).length === 0) return;
  verifyAgentProof(proof, {
    agent: claims.agent,
    holder,
    parent: parent?.hash.value ?? "",
    audience: rootOf(token).claims.issuer,
    keys: agentKeys,
    nowMs: claims.issuedAt,
  });
  token.identity = "proven";
}

function delegatorKeys(parent: ChainToken): readonly VerificationKey[] {
  return parent.holderKey === undefined ? [] : [parent.holderKey];
}

function keyInHeader(jwk: unknown, thumbprint: string): PublicKey {
  let key: PublicKey;
  try {
    key = importPublicKey(jwk);
  } catch (cause) {
    throw signatureInvalid("header does not hold the key that the parent confirms", "jwk", cause);
  }
  if (key.thumbprint === thumbprint) return key;
  throw signatureInvalid("key in the header is not the one that the parent confirms", "jwk");
}

function passes(verify: () => void): boolean {
  try {
    verify();
    return true;
  } catch (thrown) {
    if (thrown instanceof DelegationError && thrown.code === "signature_invalid") return false;
    throw thrown;
  }
}

function signatureInvalid(message: string, rule: string, cause?: unknown): DelegationError {
  return new DelegationError("signature_invalid", message, { rule, cause });
}
