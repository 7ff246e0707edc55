/** Runs conformance vectors through the verifier. For the command and the tests; no door lists it. @module */
import { CODES } from "../base/codes.js";
import { DelegationError } from "../base/error.js";
import { evaluate } from "../grant/evaluate.js";
import { verifyAatProof } from "../token/aat-proof.js";
import { verifyDpopProof } from "../token/dpop.js";
import { parseJws, readClaims, tokenDigest } from "../token/jws.js";
import { importPublicKey, type VerificationKey } from "../token/key.js";
import { StatusList } from "../token/status-list.js";
import { checkStatuses } from "../token/status-token.js";
import { hmacVerificationKey } from "../token/vector-hmac.js";
import { parseInvocation } from "../wire/invocation.js";
import {
  type ChainVector,
  type DpopVector,
  readEncodedList,
  readVectorFile,
  type StatusListVector,
  type VectorCase,
} from "../wire/vector.js";
import { profileOf } from "./profile.js";
import { Trust, type TrustedKey } from "./trust.js";
import type { ProfileName, VerifiedChain } from "./verified-chain.js";
import { verifyChain } from "./verify.js";

/** What came of one case. */
export interface VectorResult {
  readonly name: string;
  readonly expected: string;
  /** `accept`; or the draft's outcome name where its profile has names, else `deny`. `unreadable`: the case lacks what it needs. */
  readonly observed: string;
  readonly agree: boolean;
  /** Our own code, when it was refused. */
  readonly code?: string;
}

/**
 * Runs every case of a vector file.
 *
 * @param file The parsed JSON of the file.
 * @throws {DelegationError} `invalid_request` when it is no vector file, or of a profile that is not known.
 */
export function runVectors(file: unknown): readonly VectorResult[] {
  const read = readVectorFile(file);
  switch (read.kind) {
    case "dpop":
      return read.cases.map((one) => attempt(one, true, runDpop));
    case "status-list":
      return read.cases.map((one) => attempt(one, true, runStatusList));
    case "chain": {
      const named = profileOf(read.profile).outcomes === "named";
      return read.cases.map((one) =>
        attempt(one, named, (vector) => runChain(vector, read.profile)),
      );
    }
  }
}

/** @param named Whether a refusal shows by the draft's name; a case that asks for `deny` is content with any. */
function attempt<T>(
  { name, expect: expected, vector }: VectorCase<T>,
  named: boolean,
  run: (vector: T) => void,
): VectorResult {
  if (vector === undefined) return { name, expected, observed: "unreadable", agree: false };
  try {
    run(vector);
  } catch (thrown) {
    if (!(thrown instanceof DelegationError)) throw thrown;
    const { outcome } = CODES[thrown.code];
    const shown = outcome === "none" ? thrown.code : outcome;
    const observed = named && expected !== "deny" ? shown : "deny";
    return { name, expected, observed, agree: observed === expected, code: thrown.code };
  }
  return { name, expected, observed: "accept", agree: expected === "accept" };
}

function runChain(vector: ChainVector, profile: ProfileName): void {
  const now = Math.round(vector.now * 1_000);
  const trust = trustOf(vector.trust);
  const chain = verifyChain(vector.tokens as readonly string[], {
    profile,
    now,
    trust,
    ...(vector.trust.childSigner === undefined ? {} : { childSigner: vector.trust.childSigner }),
  });
  const acceptedAlgs = proofAlgs(trust);
  if (vector.dpop !== undefined) checkDpop(vector.dpop, chain, { acceptedAlgs, nowMs: now });
  // A file brings no status lists, so none can be had. The AAT draft has no such claim.
  if (profile !== "attenuating-agent-token") checkStatuses(chain.statuses, () => undefined, now);
  if (vector.request !== undefined) {
    checkRequest(vector, vector.request, chain, { acceptedAlgs, nowMs: now });
  } else if (vector.audience !== undefined) checkAudience(vector.audience, chain);
}

/**
 * HMAC is for vectors alone: only here does a shared secret become a key. What cannot be used is trusted in vain: a key of
 * another kind, and one that is configured for an algorithm that is not accepted.
 */
function trustOf({ keys, algs }: ChainVector["trust"]): Trust {
  const accepted = Array.isArray(algs) ? algs : undefined;
  const trusted = keys.flatMap((jwk): TrustedKey[] => {
    const isUsed = jwk.alg === undefined || accepted === undefined || accepted.includes(jwk.alg);
    const key = isUsed ? keyOf(jwk) : undefined;
    if (key === undefined) return [];
    return [typeof jwk.kid === "string" ? { key, kid: jwk.kid } : { key }];
  });
  return new Trust({ keys: trusted, algs: algs as readonly string[] });
}

function keyOf(jwk: Readonly<Record<string, unknown>>): VerificationKey | undefined {
  try {
    return jwk.kty === "oct" ? hmacVerificationKey(jwk) : importPublicKey(jwk);
  } catch (thrown) {
    if (thrown instanceof DelegationError) return undefined;
    throw thrown;
  }
}

/** A proof is by the algorithms that the verifier accepts; a list of shared secrets' says nothing of proofs. */
function proofAlgs({ algs }: Trust): readonly string[] | undefined {
  return algs.every((alg) => alg.startsWith("HS")) ? undefined : algs;
}

interface ProofBasis {
  readonly acceptedAlgs: readonly string[] | undefined;
  readonly nowMs: number;
}

function checkDpop(
  dpop: NonNullable<ChainVector["dpop"]>,
  chain: VerifiedChain,
  { acceptedAlgs, nowMs }: ProofBasis,
): void {
  verifyDpopProof(dpop.proof as string, {
    method: dpop.htm,
    url: dpop.htu,
    tokenDigest: chain.digest,
    holder: chain.holder,
    nowMs,
    ...(acceptedAlgs === undefined ? {} : { acceptedAlgs }),
  });
}

/** Agent-delegation draft, step 8, of which a vector asks for the audience. */
function checkAudience(audience: string, { grant }: VerifiedChain): void {
  if (grant.audience.includes(audience)) return;
  throw new DelegationError("audience_mismatch", "chain is for another resource", { rule: "aud" });
}

/** AAT draft, steps 6 and 7. */
function checkRequest(
  { audience, pop }: ChainVector,
  request: NonNullable<ChainVector["request"]>,
  chain: VerifiedChain,
  { acceptedAlgs, nowMs }: ProofBasis,
): void {
  const { tool, arguments: given } = request;
  const invocation = parseInvocation({
    tool,
    arguments: given,
    audience: audience ?? chain.grant.audience[0] ?? "any",
  });
  const refusal = evaluate(chain.grants, invocation);
  if (refusal !== undefined) {
    throw new DelegationError(refusal.code, "request is not granted", { rule: refusal.rule });
  }
  if (pop === undefined || chain.holderKey === undefined) {
    throw new DelegationError("proof_missing", "request comes without proof");
  }
  verifyAatProof(pop as string, {
    key: chain.holderKey,
    tokenId: chain.tokenId,
    tool: invocation.tool,
    arguments: invocation.arguments,
    nowMs,
    ...(acceptedAlgs === undefined ? {} : { acceptedAlgs }),
    ...(audience === undefined ? {} : { audience }),
  });
}

/** The RFC's proofs verify at their own time, by the key and for the token that the file names. */
function runDpop(vector: DpopVector): void {
  if (tokenDigest(vector.access_token) !== vector.ath) throw differs("ath");
  checkExample(vector.proof_token_endpoint, vector.jkt, undefined);
  checkExample(vector.proof_resource, vector.jkt, vector.ath);
}

function checkExample(proof: string, jkt: string, ath: string | undefined): void {
  const { htm, htu, iat } = readClaims(parseJws(proof)).claims;
  const proved = verifyDpopProof(proof, {
    method: String(htm),
    url: String(htu),
    nowMs: Number(iat) * 1_000,
    holder: jkt,
    ...(ath === undefined ? {} : { tokenDigest: ath }),
  });
  if (proved.jkt !== jkt) throw differs("jkt");
}

function runStatusList(vector: StatusListVector): void {
  const { values, entries, nonzero } = vector;
  const list = StatusList.decode(readEncodedList(vector));
  const length = entries ?? values?.length ?? list.length;
  if (list.length < length) throw differs("entries");
  const expected = new Map<number, number>(values?.entries() ?? []);
  const pairs = Array.isArray(nonzero) ? nonzero : Object.entries(nonzero ?? {});
  for (const [index, value] of pairs) expected.set(Number(index), value);
  for (let index = 0; index < length; index += 1) {
    if (list.get(index) !== (expected.get(index) ?? 0)) throw differs(`entry ${index}`);
  }
}

function differs(rule: string): DelegationError {
  return new DelegationError("malformed", "does not give what the file says", { rule });
}
