/** The way into every verb that a holder calls: the chain verified, and the key of its leaf proved for exactly this request. @module */
import { DelegationError } from "../base/error.js";
import { checkPossession, type PossessionResult } from "../chain/possession.js";
import type { ChainHop, VerifiedChain } from "../chain/verified-chain.js";
import { verifyChain } from "../chain/verify.js";
import type { Possession } from "../wire/proof.js";
import { parseTokens } from "../wire/verb-request.js";
import type { Context } from "./context.js";

/** Verbs that a holder calls with a chain of its own. */
export type Verb =
  | "ask"
  | "claim"
  | "complete"
  | "delegate"
  | "exchange"
  | "lease"
  | "narrow"
  | "renew"
  | "resume"
  | "revoke"
  | "suspend";

/** What a holder shows with a request. */
export interface Presented {
  /** Root first: one anchor, then links. */
  readonly tokens: readonly string[];
  /** Proof for the tool `legate.<verb>`, the coordinator's issuer as audience, and the request itself as arguments. */
  readonly possession: Possession;
}

/**
 * A chain that a guard of this process has just let in, for exactly the request that is made with it: verified, alive, possession of its
 * last key proved. Only an object of this class counts as one, so nothing that came from outside can be taken for it.
 */
export class Vouched {
  readonly chain: VerifiedChain;

  constructor(chain: VerifiedChain) {
    this.chain = chain;
  }
}

/**
 * The chain that was vouched for, if it is one of ours and has not expired since.
 *
 * @throws {DelegationError} `issuer_invalid`, `token_expired`; `bearer_not_allowed`: nobody has proved a key of such an anchor
 */
export function vouchedChain(ctx: Context, { chain }: Vouched, now: number): VerifiedChain {
  if (chain.issuer !== ctx.config.issuer || chain.profile !== "legate") {
    throw new DelegationError("issuer_invalid", "chain is another coordinator's", { rule: "iss" });
  }
  if (!(now < chain.expiresAt)) {
    throw new DelegationError("token_expired", "authority expired since it was let in", {
      hop: actingHop(chain).id,
      rule: "exp",
    });
  }
  if (!chain.bearer) return chain;
  throw new DelegationError("bearer_not_allowed", "a token without proof is not taken here", {
    rule: "possession",
  });
}

/**
 * Verifies the tokens of a chain. Says nothing about possession, nor whether the store has cut it.
 *
 * @throws {DelegationError} as `verifyChain` does
 */
export function verifyTokens(ctx: Context, tokens: readonly string[], now: number): VerifiedChain {
  const texts = parseTokens(tokens);
  return verifyChain(texts, {
    profile: "legate",
    trust: ctx.trust,
    now,
    cache: ctx.cache,
    agentKeys: ctx.agentKeys,
  });
}

/**
 * Checks that whoever presents `chain` holds the key of its leaf and meant exactly this request.
 *
 * @param proof.request As it came in: the proof covers every member. `digest`: of its canonical text, where it is known.
 * @throws {DelegationError} `bearer_not_allowed`, `proof_missing`, `proof_invalid`, `proof_expired`, `proof_replayed`,
 *   `session_unknown`, `replay_store_full`
 */
export async function provePossession(
  ctx: Context,
  chain: VerifiedChain,
  proof: {
    readonly possession: Possession;
    readonly verb: Verb;
    readonly request: object;
    readonly digest?: string | undefined;
  },
  now: number,
): Promise<PossessionResult> {
  return checkPossession(chain, proof.possession, {
    tool: toolOf(proof.verb),
    arguments: proof.request,
    argumentsDigest: proof.digest,
    audience: ctx.config.issuer,
    now,
    replay: ctx.replay,
    sessions: ctx.sessions,
    bearer: false,
  });
}

/** Both at once, for verbs that do nothing in between. */
export async function present(
  ctx: Context,
  presented: Presented | Vouched,
  verb: Verb,
  request: object,
  now: number,
): Promise<{ readonly chain: VerifiedChain } & PossessionResult> {
  if (presented instanceof Vouched) return { chain: vouchedChain(ctx, presented, now) };
  const chain = verifyTokens(ctx, presented.tokens, now);
  const { possession } = presented;
  return { chain, ...(await provePossession(ctx, chain, { possession, verb, request }, now)) };
}

/** The name that a proof of possession carries for a verb. */
export function toolOf(verb: Verb): string {
  return `legate.${verb}`;
}

/** The hop that acts with a chain: its last. */
export function actingHop(chain: VerifiedChain): ChainHop {
  const hop = chain.hops.at(-1);
  if (hop === undefined) throw new DelegationError("chain_empty", "chain has no hop");
  return hop;
}
