/**
 * Verified prefixes, by the digest of their last token: it names the whole chain, since every token names its parent.
 *
 * Positive results only. A hit spares signatures and nothing else: times and trust are judged again on every use.
 *
 * @module
 */
import { CHAIN_CACHE_MAX, CHAIN_CACHE_PER_ROOT_MAX } from "../base/limits.js";
import type { AgentKeys } from "../token/agent-proof.js";
import { type ChainToken, rootOf } from "./chain-token.js";
import type { Profile } from "./profile.js";
import { TokenTexts } from "./token-texts.js";
import type { Trust } from "./trust.js";
import type { VerifiedChain } from "./verified-chain.js";

/** What a result was verified by: under anything else it is no result. */
export interface Basis {
  readonly profile: Profile;
  readonly trust: Trust;
  readonly epoch: number;
  readonly algs: readonly string[];
  readonly agentKeys: AgentKeys | undefined;
}

/** A verified prefix. */
export interface CachedChain {
  readonly token: ChainToken;
  /** Made when it is first presented as a whole chain. */
  chain: VerifiedChain | undefined;
  readonly basis: Basis;
}

/** How much a {@link ChainCache} holds, in verified prefixes. */
export interface CacheLimits {
  /** `CHAIN_CACHE_MAX` unless told. */
  readonly entriesMax?: number;
  /** `CHAIN_CACHE_PER_ROOT_MAX` unless told. */
  readonly perRootMax?: number;
}

/** A generation, and how much of it each root occupies. */
interface Generation {
  readonly entries: Map<string, CachedChain>;
  readonly roots: Map<string, number>;
}

/**
 * A cache in two generations: when the younger is full it becomes the older, and the older is forgotten. What is used
 * stays. A root that fills its quota keeps what it has and gets no more, so that a holder who mints leaves without end
 * pushes out nobody.
 */
export class ChainCache {
  /** Digests of the last tokens that were verified whole. @internal */
  readonly texts: TokenTexts;
  readonly #generationMax: number;
  readonly #perRootMax: number;
  #young = emptyGeneration();
  #old = emptyGeneration();

  constructor({
    entriesMax = CHAIN_CACHE_MAX,
    perRootMax = CHAIN_CACHE_PER_ROOT_MAX,
  }: CacheLimits = {}) {
    this.#generationMax = Math.max(1, Math.floor(entriesMax / 2));
    this.texts = new TokenTexts(entriesMax);
    this.#perRootMax = Math.max(1, Math.floor(perRootMax / 2));
  }

  /** Entries in both generations; one that was used since may count twice. */
  get size(): number {
    return this.#young.entries.size + this.#old.entries.size;
  }

  /** What was verified of the chain that ends in the token of this digest, by this very basis. @internal */
  find(digest: string, basis: Basis): CachedChain | undefined {
    const young = this.#young.entries.get(digest);
    if (young !== undefined) return isBy(young, basis) ? young : undefined;
    const old = this.#old.entries.get(digest);
    if (old === undefined || !isBy(old, basis)) return undefined;
    this.keep(digest, old);
    return old;
  }

  /** Keeps a verified prefix, as far as its root's quota allows. @internal */
  keep(digest: string, entry: CachedChain): void {
    if (this.#young.entries.size >= this.#generationMax && !this.#young.entries.has(digest)) {
      this.#old = this.#young;
      this.#young = emptyGeneration();
    }
    const { entries, roots } = this.#young;
    if (!entries.has(digest)) {
      const root = rootKeyOf(entry.token);
      const held = roots.get(root) ?? 0;
      if (held >= this.#perRootMax) return;
      roots.set(root, held + 1);
    }
    entries.set(digest, entry);
  }

  /** Forgets everything. */
  clear(): void {
    this.#young = emptyGeneration();
    this.#old = emptyGeneration();
  }
}

function emptyGeneration(): Generation {
  return { entries: new Map(), roots: new Map() };
}

/** One tree, however many anchors it has; for the drafts' chains, one root token. */
function rootKeyOf(token: ChainToken): string {
  const root = rootOf(token);
  const { anchor } = root.claims;
  return anchor === undefined ? root.hash.value : `${anchor.tenant} ${anchor.tree}`;
}

function isBy({ basis, token }: CachedChain, other: Basis): boolean {
  return (
    basis.trust === other.trust &&
    basis.epoch === other.epoch &&
    basis.profile === other.profile &&
    basis.algs === other.algs &&
    (basis.agentKeys === other.agentKeys || !showsProof(token))
  );
}

/** Whether agents' identity keys had a say in the result. */
function showsProof(leaf: ChainToken): boolean {
  for (let token: ChainToken | undefined = leaf; token; token = token.parent) {
    if (token.claims.link?.agentProof !== undefined) return true;
  }
  return false;
}
