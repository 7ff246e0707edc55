/** Runs conformance vectors through the verifier. For the command and the tests; no door lists it. @module */
import { CODES } from "../base/codes.js";
import { DelegationError } from "../base/error.js";
import { evaluate } from "../grant/evaluate.js";
import { verifyAatProof } from "../token/aat-proof.js";
import { verifyDpopProof } from "../token/dpop.js";
import { parseJws, readClaims, tokenDigest } from "../token/jws.js";
import { importPublicKey } from "../token/key.js";
import { StatusList } from "../token/status-list.js";
import { hmacVerificationKey } from "../token/vector-hmac.js";
import { parseInvocation } from "../wire/invocation.js";
import { parseShape } from "../wire/shape.js";
import {
  type ChainVector,
  type DpopVector,
  type StatusListVector,
  vectorFileSchema,
} from "../wire/vector.js";
import { profileOf } from "./profile.js";
import { Trust, type TrustedKey } from "./trust.js";
import type { ProfileName, VerifiedChain } from "./verified-chain.js";
import { verifyChain } from "./verify.js";

/** What came of one case. */
export interface VectorResult {
  readonly name: string;
  readonly expected: string;
  /** `accept`; or the draft's outcome name where its profile has names, else `deny`. */
  readonly observed: string;
  readonly agree: boolean;
  /** Our own code, when it was refused. */
  readonly code?: string;
}

/**
 * Runs every case of a vector file.
 *
 * @param file The parsed JSON of the file.
 * @throws {DelegationError} `invalid_request` when it is no vector file.
 */
export function runVectors(file: unknown): readonly VectorResult[] {
  const parsed = parseShape(vectorFileSchema, file, "invalid_request");
  switch (parsed.profile) {
    case "dpop":
      return parsed.vectors.map((vector) => attempt(vector, "accept", true, () => runDpop(vector)));
    case "status-list":
      return parsed.vectors.map((vector) =>
        attempt(vector, vector.expect, vector.expect !== "deny", () => runStatusList(vector)),
      );
    default: {
      const { profile, vectors } = parsed;
      const named = profileOf(profile).outcomes === "named";
      return vectors.map((vector) =>
        attempt(vector, vector.expect, named, () => runChain(vector, profile)),
      );
    }
  }
}

function attempt(
  { name }: { readonly name: string },
  expected: string,
  named: boolean,
  run: () => void,
): VectorResult {
  try {
    run();
  } catch (thrown) {
    if (!(thrown instanceof DelegationError)) throw thrown;
    const outcome = CODES[thrown.code].outcome;
    const observed = named ? (outcome === "none" ? thrown.code : outcome) : "deny";
    return { name, expected, observed, agree: observed === expected, code: thrown.code };
  }
  return { name, expected, observed: "accept", agree: expected === "accept" };
}

function runChain(vector: ChainVector, profile: ProfileName): void {
  const now = vector.now * 1_000;
  const chain = verifyChain(vector.tokens as readonly string[], {
    profile,
    now,
    trust: trustOf(vector.trust),
    ...(vector.trust.childSigner === undefined ? {} : { childSigner: vector.trust.childSigner }),
  });
  if (vector.dpop !== undefined) checkDpop(vector.dpop, chain, now);
  if (vector.request !== undefined) checkRequest(vector, vector.request, chain, now);
  else if (vector.audience !== undefined) checkAudience(vector.audience, chain);
}

/** HMAC is for vectors alone: only here does a shared secret become a key. */
function trustOf({ keys, algs }: ChainVector["trust"]): Trust {
  const trusted = keys.map((jwk): TrustedKey => {
    const key = jwk.kty === "oct" ? hmacVerificationKey(jwk) : importPublicKey(jwk);
    return typeof jwk.kid === "string" ? { key, kid: jwk.kid } : { key };
  });
  return new Trust({ keys: trusted, algs: algs as readonly string[] });
}

function checkDpop(
  dpop: NonNullable<ChainVector["dpop"]>,
  chain: VerifiedChain,
  now: number,
): void {
  verifyDpopProof(dpop.proof, {
    method: dpop.htm,
    url: dpop.htu,
    tokenDigest: chain.digest,
    holder: chain.holder,
    nowMs: now,
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
  now: number,
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
  verifyAatProof(pop, {
    key: chain.holderKey,
    tokenId: chain.tokenId,
    tool: invocation.tool,
    arguments: invocation.arguments,
    nowMs: now,
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
  const { bits, lst, values, entries, nonzero } = vector;
  const list = StatusList.decode({ bits, lst });
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
