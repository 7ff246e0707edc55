/** Possession: whoever presents a chain proves, on every presentation, that the leaf's key is theirs. @module */
import { canonicalDigest } from "../base/canonical.js";
import { sha256Base64url } from "../base/digest.js";
import { DelegationError } from "../base/error.js";
import { PROOF_KEPT_MS } from "../base/limits.js";
import { verifyAatProof } from "../token/aat-proof.js";
import { type Proved, verifyDpopProof } from "../token/dpop.js";
import type { ReplayStore } from "../token/replay.js";
import type { SessionAnswer, Sessions } from "../token/session.js";
import type { Possession } from "../wire/proof.js";
import type { VerifiedChain } from "./verified-chain.js";

/** What is asked with the chain, and what the verifier remembers. */
export interface Presentation {
  /** Tool of the call; for a verb of the coordinator, the verb's name. */
  readonly tool: string;
  readonly arguments: object;
  /** Canonical text of the arguments, when the caller has it already. */
  readonly canonicalArguments?: string;
  /** Digest of the canonical arguments, when the caller has it already. */
  readonly argumentsDigest?: string | undefined;
  /** The audience that this enforcement point is, in its one spelling. */
  readonly audience: string;
  /** Epoch ms, the one instant of this verification. */
  readonly now: number;
  readonly replay: ReplayStore;
  readonly sessions: Sessions;
  /** The DPoP nonce that this server demands. */
  readonly nonce?: string;
  /** False: not even an anchor minted as bearer comes without proof. */
  readonly bearer?: boolean;
}

/** What came of it besides the proof. */
export interface PossessionResult {
  /** To hand to the presenter, who offered a key with a signed proof. */
  readonly session?: SessionAnswer;
}

/**
 * Checks that the presenter holds the key that the leaf confirms, for exactly this invocation.
 *
 * Synchronous, and so throwing, unless the replay store is not: a session's MAC and a bearer anchor never make a promise.
 * A signed proof is claimed last, so that one that is refused is not used up. A full table opens no session; that is no
 * refusal.
 *
 * @throws {DelegationError} `proof_missing`; `bearer_not_allowed`; `proof_invalid`, `proof_expired`, `proof_replayed`;
 *   `session_unknown`; `replay_store_full`.
 */
export function checkPossession(
  chain: VerifiedChain,
  possession: Possession,
  asked: Presentation,
): PossessionResult | Promise<PossessionResult> {
  switch (possession.kind) {
    case "session":
      return checkSession(chain, possession, asked);
    case "dpop":
      return claim(checkDpop(chain, possession, asked), asked);
    case "aat":
      return claim(checkAat(chain, possession.proof, asked), asked);
    case "none":
      return checkBearer(chain, asked);
    default:
      return refuseKind(possession);
  }
}

type Kind<K extends Possession["kind"]> = Extract<Possession, { kind: K }>;

const NOTHING_MORE: PossessionResult = Object.freeze({});

function checkSession(
  chain: VerifiedChain,
  possession: Kind<"session">,
  asked: Presentation,
): PossessionResult {
  const { audience, tool, now } = asked;
  const { holder } = chain;
  const call = { leafDigest: chain.digest, tool, argumentsDigest: argumentsDigestOf(asked) };
  asked.sessions.check(possession, { holder, audience }, call, now);
  return NOTHING_MORE;
}

/** The `agent-delegation` draft knows plain DPoP; elsewhere a proof that names no invocation is refused. */
function checkDpop(
  chain: VerifiedChain,
  { proof, method, url }: Kind<"dpop">,
  asked: Presentation,
): Proved {
  const { audience, tool, now, nonce } = asked;
  return verifyDpopProof(proof, {
    method,
    url,
    tokenDigest: chain.digest,
    holder: chain.holder,
    nowMs: now,
    binding: { audience, tool, argumentsDigest: argumentsDigestOf(asked) },
    bindingRequired: chain.profile !== "agent-delegation",
    ...(nonce === undefined ? {} : { nonce }),
  });
}

/** The AAT draft names the leaf by its `jti`; elsewhere its digest is due as well. */
function checkAat(chain: VerifiedChain, proof: string, asked: Presentation): Proved {
  if (chain.holderKey === undefined) {
    throw new DelegationError(
      "proof_invalid",
      "token confirms a thumbprint: the proof must show the key",
      {
        rule: "cnf",
      },
    );
  }
  return verifyAatProof(proof, {
    key: chain.holderKey,
    tokenId: chain.tokenId,
    tool: asked.tool,
    arguments: asked.arguments,
    canonicalArguments: asked.canonicalArguments,
    audience: asked.audience,
    tokenDigest: chain.digest,
    tokenDigestRequired: chain.profile !== "attenuating-agent-token",
    nowMs: asked.now,
  });
}

function checkBearer(chain: VerifiedChain, asked: Presentation): PossessionResult {
  if (!chain.bearer) {
    throw new DelegationError("proof_missing", "token is bound to a key, and no proof came", {
      rule: "possession",
    });
  }
  if (asked.bearer !== false) return NOTHING_MORE;
  throw new DelegationError("bearer_not_allowed", "a token without proof is not taken here", {
    rule: "possession",
  });
}

function claim(proved: Proved, asked: Presentation): PossessionResult | Promise<PossessionResult> {
  // One spelling of both parts, and of a length that an index likes.
  const key = sha256Base64url(`legate-proof\n${proved.jkt}\n${proved.jti}`);
  const expiresAt = proved.issuedAtMs + PROOF_KEPT_MS;
  const first = asked.replay.claim(key, expiresAt, asked.now);
  if (typeof first === "boolean") return settle(first, proved, asked);
  return first.then((answer) => settle(answer, proved, asked));
}

function settle(first: boolean, proved: Proved, asked: Presentation): PossessionResult {
  if (first !== true) {
    throw new DelegationError("proof_replayed", "proof was shown before", { rule: "jti" });
  }
  if (proved.epk === undefined) return NOTHING_MORE;
  const parties = { holder: proved.jkt, audience: asked.audience };
  const session = asked.sessions.open(parties, proved.epk, asked.now);
  return session === undefined ? NOTHING_MORE : { session };
}

function argumentsDigestOf(asked: Presentation): string {
  return asked.argumentsDigest ?? canonicalDigest(asked.arguments);
}

function refuseKind(possession: never): never {
  void possession;
  throw new DelegationError("proof_invalid", "no such kind of proof", { rule: "possession" });
}
