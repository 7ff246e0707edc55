/**
 * Verification of a chain: the only maker of {@link VerifiedChain}. Synchronous, so that nothing can come between what was
 * verified and what is decided.
 *
 * @module
 */
import { DelegationError } from "../base/error.js";
import { CHAIN_BYTES_MAX, TOKEN_BYTES_MAX, TOKENS_MAX } from "../base/limits.js";
import type { AgentKeys } from "../token/agent-proof.js";
import { parseJws, readClaims, tokenDigest } from "../token/jws.js";
import { assemble } from "./assemble.js";
import type { Basis, CachedChain, ChainCache } from "./cache.js";
import type { ChainToken } from "./chain-token.js";
import { judgeLeaf, judgeTokens, rejudgeTimes } from "./judge.js";
import { LateDigest } from "./late-digest.js";
import { type ChildSigner, profileOf } from "./profile.js";
import type { Trust } from "./trust.js";
import type { ProfileName, VerifiedChain } from "./verified-chain.js";

/** What a verifier brings itself. Nothing of it comes with the tokens. */
export interface VerifyOptions {
  readonly trust: Trust;
  /** The one instant of this verification, epoch ms. */
  readonly now: number;
  /** `legate` unless told. */
  readonly profile?: ProfileName;
  /** `delegator` unless told. */
  readonly childSigner?: ChildSigner;
  /** The trust's unless told; for a cache to work, the same list object on each call. */
  readonly acceptedAlgs?: readonly string[];
  /** Identity keys of agents, to tell the proven; the same function while the keys are the same. */
  readonly agentKeys?: AgentKeys;
  readonly cache?: ChainCache;
}

/**
 * Verifies a chain, root first: signatures, links, narrowing, times.
 *
 * Without a cache one signature per token; with one, only those after the longest prefix that it knows. When it knows the
 * whole chain, the ancestors that are presented are not looked at: the last token names the chain that was verified.
 * Revocation, audience, possession and the call itself are still due, on every use.
 *
 * @throws {DelegationError} with hop and rule. Before anything is decoded: `chain_empty`, `too_large`, `malformed`.
 *   Bytes and claims: `malformed`, `non_canonical`, `duplicate_member`, `non_finite`, `token_repeated`, `key_invalid`,
 *   `unknown_constraint`. Then `signature_invalid`, `issuer_invalid`, and the codes of the rules in `link-rules.ts` and
 *   `anchor-rules.ts`; `proof_invalid` for an agent's proof. `clock_skewed` when `now` is no time, `config_invalid`.
 */
export function verifyChain(tokens: readonly string[], options: VerifyOptions): VerifiedChain {
  checkSizes(tokens);
  const basis = basisOf(options);
  const leafText = tokens.at(-1) ?? "";
  const { digest, hit } = lookUp(leafText, basis, options.cache);
  if (hit !== undefined && hit.token.index === tokens.length - 1) return use(hit, digest, options);
  const { prefix, digests } = longestPrefix(tokens, basis, options.cache);
  const judged = judgeTokens(tokens, prefix, basis, options.now);
  const leaf = judged.at(-1) ?? prefix;
  if (leaf === undefined) throw new DelegationError("chain_empty", "chain has no tokens");
  judgeLeaf(leaf);
  const chain = make(leaf, digest, basis, options.now);
  if (options.cache === undefined) return chain;
  for (const token of judged) {
    const name = token === leaf ? digest.value : digests[token.index];
    if (name === undefined) continue;
    options.cache.keep(name, { token, chain: token === leaf ? chain : undefined, basis });
  }
  options.cache.texts.keep(leafText, digest.value);
  return chain;
}

/**
 * Verifies a chain of which only the last token comes, or only its digest: the cache knows the rest, or does not.
 *
 * @throws {DelegationError} `chain_incomplete`: send the whole chain; else as {@link verifyChain}.
 */
export function verifyLeaf(
  leaf: string,
  options: VerifyOptions & { readonly cache: ChainCache },
): VerifiedChain {
  checkSizes([leaf]);
  const isText = leaf.includes(".");
  const basis = basisOf(options);
  const { digest, hit } = isText
    ? lookUp(leaf, basis, options.cache)
    : { digest: new LateDigest("", leaf), hit: options.cache.find(leaf, basis) };
  if (hit !== undefined) return use(hit, digest, options);
  if (isText && isRoot(leaf)) return verifyChain([leaf], options);
  throw new DelegationError("chain_incomplete", "the chain of this token is not known here", {
    rule: "chain",
  });
}

/** Whether a token could stand alone. It is not verified yet: this only decides which refusal it gets. */
function isRoot(text: string): boolean {
  return readClaims(parseJws(text)).claims.par_hash === undefined;
}

/** Nothing is hashed, decoded or verified before this. */
function checkSizes(tokens: readonly string[]): void {
  if (!Array.isArray(tokens)) throw new DelegationError("malformed", "chain is not a list");
  if (tokens.length === 0) throw new DelegationError("chain_empty", "chain has no tokens");
  if (tokens.length > TOKENS_MAX) throw tooLarge("tokens");
  let bytes = 0;
  for (const text of tokens as readonly unknown[]) {
    if (typeof text !== "string") throw new DelegationError("malformed", "token is not text");
    if (text.length > TOKEN_BYTES_MAX) throw tooLarge("token");
    bytes += text.length;
  }
  if (bytes > CHAIN_BYTES_MAX) throw tooLarge("chain");
}

function basisOf(options: VerifyOptions): Basis {
  const { trust, now, acceptedAlgs, agentKeys } = options;
  if (!Number.isSafeInteger(now)) {
    throw new DelegationError("clock_skewed", "now is no whole number of milliseconds");
  }
  return {
    profile: profileOf(options.profile ?? "legate", options.childSigner),
    trust,
    epoch: trust.epoch,
    algs: acceptedAlgs ?? trust.algs,
    agentKeys,
  };
}

/** What is known of the chain that ends in this text. Hashing is most of what a hit costs, so the cache knows texts as well. */
function lookUp(
  text: string,
  basis: Basis,
  cache: ChainCache | undefined,
): { readonly digest: LateDigest; readonly hit: CachedChain | undefined } {
  if (cache === undefined) return { digest: new LateDigest(text), hit: undefined };
  const known = cache.texts.find(text);
  const digest = known ?? tokenDigest(text);
  const hit = cache.find(digest, basis);
  if (hit !== undefined && known === undefined) cache.texts.keep(text, digest);
  return { digest: new LateDigest(text, digest), hit };
}

/** A hit: what can have changed since is judged again. */
function use(entry: CachedChain, digest: LateDigest, { now }: VerifyOptions): VerifiedChain {
  const { token, basis } = entry;
  rejudgeTimes(token, basis, now);
  if (entry.chain !== undefined) return entry.chain;
  judgeLeaf(token);
  entry.chain = make(token, digest, basis, now);
  return entry.chain;
}

function make(token: ChainToken, digest: LateDigest, basis: Basis, now: number): VerifiedChain {
  const { profile, trust } = basis;
  return assemble(token, { profile, trust, digest, now });
}

/** The deepest known prefix that is not the whole, and the digests of the tokens before the last. */
function longestPrefix(
  tokens: readonly string[],
  basis: Basis,
  cache: ChainCache | undefined,
): { prefix: ChainToken | undefined; digests: readonly string[] } {
  const digests: string[] = [];
  if (cache === undefined) return { prefix: undefined, digests };
  for (let index = tokens.length - 2; index >= 0; index -= 1) {
    const digest = tokenDigest(tokens[index] ?? "");
    digests[index] = digest;
    const known = cache.find(digest, basis);
    if (known !== undefined && known.token.index === index) return { prefix: known.token, digests };
  }
  return { prefix: undefined, digests };
}

function tooLarge(rule: string): DelegationError {
  return new DelegationError("too_large", "chain is larger than its ceiling", { rule });
}
