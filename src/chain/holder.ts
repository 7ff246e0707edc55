/** The holder's side: a key, the chain that it holds, and what can be made of both without asking anybody. @module */
import { DelegationError } from "../base/error.js";
import { parseJson } from "../base/json.js";
import { CHAIN_BYTES_MAX, TOKENS_MAX } from "../base/limits.js";
import type { SigningKey } from "../token/key.js";
import { type LinkDraft, mintLink, mintSelfLink, type SelfLinkDraft } from "./mint.js";
import type { VerifiedChain } from "./verified-chain.js";
import { type VerifyOptions, verifyChain } from "./verify.js";

/** Whoever may act with a chain. The key stays where it was made; the tokens may be shown. */
export interface Holder {
  readonly key: SigningKey;
  /** Root first. */
  readonly tokens: readonly string[];
  readonly chain: VerifiedChain;
}

/**
 * Takes hold of a chain: verifies it, and that `key` is the one that its leaf confirms.
 *
 * @throws {DelegationError} `key_invalid` for another key; else as `verifyChain`.
 */
export function holdChain(
  key: SigningKey,
  tokens: readonly string[],
  options: VerifyOptions,
): Holder {
  const chain = verifyChain(tokens, options);
  if (chain.holder === key.thumbprint) return { key, tokens: [...tokens], chain };
  throw new DelegationError("key_invalid", "key is not the one that the chain confirms", {
    rule: "cnf",
  });
}

/**
 * Hands authority on, offline: the tokens for whoever holds `draft.holderKey`'s private part.
 *
 * @throws {DelegationError} as `mintLink`; `too_large` when the chain would be.
 */
export function handOn({ key, tokens, chain }: Holder, draft: LinkDraft): readonly string[] {
  return extended(tokens, mintLink(chain, draft, key));
}

/**
 * Narrows the holder's own chain to one call.
 *
 * @throws {DelegationError} as `mintSelfLink`; `too_large` when the chain would be.
 */
export function narrowToCall(
  { key, tokens, chain }: Holder,
  draft: SelfLinkDraft,
): readonly string[] {
  return extended(tokens, mintSelfLink(chain, draft, key));
}

/** A chain as one line of text: its tokens, root first, joined with `~`. */
export function formatChain(tokens: readonly string[]): string {
  return tokens.join("~");
}

/**
 * Tokens of a chain, from one line (`~`) or from the text of a JSON array. They are not looked into.
 *
 * @throws {DelegationError} `chain_empty`, `too_large`, `malformed`
 */
export function parseChainText(text: string): readonly string[] {
  const bytesMax = CHAIN_BYTES_MAX + 4 * TOKENS_MAX;
  if (text.length > bytesMax) throw tooLarge();
  const tokens: unknown = text.startsWith("[") ? parseJson(text, { bytesMax }) : text.split("~");
  if (!Array.isArray(tokens) || tokens.length === 0 || text === "") {
    throw new DelegationError("chain_empty", "chain has no tokens");
  }
  if (tokens.length > TOKENS_MAX) throw tooLarge();
  return tokens.map((token: unknown) => {
    if (typeof token === "string" && token !== "") return token;
    throw new DelegationError("malformed", "token is not text");
  });
}

function extended(tokens: readonly string[], link: string): readonly string[] {
  const longer = [...tokens, link];
  const chars = longer.reduce((sum, token) => sum + token.length, 0);
  if (chars <= CHAIN_BYTES_MAX) return longer;
  throw tooLarge();
}

function tooLarge(): DelegationError {
  return new DelegationError("too_large", "chain is larger than its ceiling", { rule: "chain" });
}
