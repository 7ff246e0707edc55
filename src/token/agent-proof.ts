/** An agent's identity proof at a hop: its identity key signs the hop's key and the parent's digest. @module */
import { DelegationError } from "../base/error.js";
import { opaqueId } from "../base/id.js";
import { AGENT_PROOF_LIFETIME_MS_MAX, IAT_SKEW_MS } from "../base/limits.js";
import type { RandomBytes } from "../base/random.js";
import { agentProofClaimsSchema } from "../wire/proof.js";
import { parseJws, readClaims, requireTyp, signJws, type UnverifiedJws, verifyJws } from "./jws.js";
import type { PublicKey, SigningKey } from "./key.js";
import { proofInvalid, readingProof } from "./proof-fault.js";

const TYP = "agent-proof+jwt";
const ALGS = ["EdDSA", "Ed25519", "ES256"];

/** The identity keys of an agent, as far as the verifier knows them; none for an agent it does not know. */
export type AgentKeys = (agent: string) => readonly PublicKey[];

/** What an agent's identity proof says. `nowMs` is epoch ms; the proof tells whole seconds. */
export interface AgentProofDraft {
  /** The agent's identity key; not the holder key of any hop. */
  readonly key: SigningKey;
  readonly agent: string;
  /** Thumbprint of the holder key of the hop to come. */
  readonly holder: string;
  /** `par_hash` that the hop will have; empty at the root. */
  readonly parent: string;
  /** Who is to believe it: the coordinator. */
  readonly audience: string;
  readonly nowMs: number;
  readonly lifetimeMs?: number;
  readonly random: RandomBytes;
}

/** Makes the proof; it lives a minute unless told. */
export function makeAgentProof(draft: AgentProofDraft): string {
  const iat = Math.floor(draft.nowMs / 1000);
  const claims = {
    iss: draft.agent,
    sub: draft.holder,
    par: draft.parent,
    aud: draft.audience,
    iat,
    exp: iat + Math.ceil((draft.lifetimeMs ?? 60_000) / 1000),
    jti: opaqueId("agp", draft.random),
  };
  return signJws({ typ: TYP, kid: draft.key.kid }, claims, draft.key);
}

export interface AgentProofExpectation {
  readonly agent: string;
  readonly holder: string;
  readonly parent: string;
  readonly audience: string;
  readonly keys: AgentKeys;
  readonly nowMs: number;
}

/** What was proved; it is bound to one holder key under one parent, so showing it again proves nothing new. */
export interface ProvedAgent {
  readonly jti: string;
  /** Thumbprint of the identity key that signed. */
  readonly identityKey: string;
  readonly expiresAtMs: number;
}

/**
 * Verifies that `agent` itself took on the hop with this holder key under this parent.
 *
 * @throws {DelegationError} `proof_invalid` naming the claim; `proof_expired` before `iat` (less the tolerance), from
 *   `exp` on, and for a proof that would live longer than `AGENT_PROOF_LIFETIME_MS_MAX`.
 */
export function verifyAgentProof(text: string, expected: AgentProofExpectation): ProvedAgent {
  const { claims, key } = readingProof(() => open(text, expected));
  if (claims.iss !== expected.agent) throw proofInvalid("proof is another agent's", "iss");
  if (claims.sub !== expected.holder) throw proofInvalid("proof is for another key", "sub");
  if (claims.par !== expected.parent) throw proofInvalid("proof is under another parent", "par");
  if (claims.aud !== expected.audience) throw proofInvalid("proof is for another audience", "aud");
  const [from, until] = [claims.iat * 1000, claims.exp * 1000];
  const alive = expected.nowMs >= from - IAT_SKEW_MS && expected.nowMs < until;
  const short = until > from && until - from <= AGENT_PROOF_LIFETIME_MS_MAX;
  if (alive && short) return { jti: claims.jti, identityKey: key.thumbprint, expiresAtMs: until };
  throw new DelegationError("proof_expired", "proof is not of this time", { rule: "exp" });
}

function open(text: string, expected: AgentProofExpectation) {
  const jws = parseJws(text);
  requireTyp(jws, TYP);
  const key = expected.keys(expected.agent).find((candidate) => fits(jws, candidate));
  if (key === undefined) throw proofInvalid("proof is by no known key of the agent", "iss");
  const parsed = agentProofClaimsSchema.safeParse(readClaims(jws).claims);
  if (parsed.success) return { claims: parsed.data, key };
  throw new DelegationError("malformed", "claims are not an agent proof's");
}

function fits(jws: UnverifiedJws, key: PublicKey): boolean {
  try {
    verifyJws(jws, key, ALGS);
    return true;
  } catch (thrown) {
    if (thrown instanceof DelegationError && thrown.code === "signature_invalid") return false;
    throw thrown;
  }
}
