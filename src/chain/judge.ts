/** Judging tokens in the order that their profile sets. @module */
import { DelegationError } from "../base/error.js";
import type { JsonObject } from "../base/json-value.js";
import { signingInputDigest } from "../token/jws.js";
import type { PublicKey } from "../token/key.js";
import { readTokenId } from "../wire/claims.js";
import type { Basis } from "./cache.js";
import {
  type ChainToken,
  hopIdOf,
  type PresentedToken,
  presentToken,
  readRaw,
  readToken,
} from "./chain-token.js";
import { LateDigest } from "./late-digest.js";
import {
  CHILD_ORDER,
  judgeLeafCapable,
  judgeLifetime,
  judgeTimes,
  PARSE_FIRST_ORDER,
  ROOT_ORDER,
} from "./link-rules.js";
import type { Profile } from "./profile.js";
import type { Judgement, Rule } from "./rule.js";
import { judgeIdentity, verifySignature } from "./signature-rules.js";

/**
 * Judges the tokens that follow `prefix`, which is verified but for the time that has passed since.
 *
 * @returns One for each token after the prefix, root first; all rules hold.
 * @throws {DelegationError} the first refusal in the profile's order.
 */
export function judgeTokens(
  tokens: readonly string[],
  prefix: ChainToken | undefined,
  basis: Basis,
  now: number,
): readonly ChainToken[] {
  const rest = tokens.slice(prefix === undefined ? 0 : prefix.index + 1);
  return basis.profile.order === "parse-first"
    ? parseFirst(rest, prefix, basis, now)
    : verifyFirst(rest, prefix, basis, now);
}

/** A leaf states authority. */
export function judgeLeaf(leaf: ChainToken): void {
  naming(leaf, () => judgeLeafCapable(leaf));
}

/** A draft has no signing input yet, and no rule asks for one. */
const NO_DIGEST = new LateDigest("", "");

/**
 * Judges claims that are not signed yet, as a verifier will: every rule but the signature, and the leaf's. A refusal
 * names the delegator's hop.
 *
 * @param by.signer Thumbprint of the key that is going to sign.
 * @param by.holderKey The key whose own `jwk` the claims confirm, where the drafter has it: it was taken in before.
 */
export function judgeDraft(
  raw: JsonObject,
  parent: ChainToken | undefined,
  judgement: Judgement,
  by: { readonly signer: string; readonly holderKey: PublicKey },
): void {
  const { profile } = judgement;
  const judge = (): void => {
    const token = readRaw(raw, parent, profile, NO_DIGEST, {
      key: by.holderKey,
      lineage: undefined,
    });
    token.signer = by.signer;
    const order = profile.order === "parse-first" ? PARSE_FIRST_ORDER : orderOf(token);
    for (const rule of order) rule(token, judgement);
    judgeLeafCapable(token);
  };
  if (parent === undefined) judge();
  else naming(parent, judge);
}

/** Judges again what time alone can change in a verified prefix, root first. */
export function rejudgeTimes(token: ChainToken, basis: Omit<Judgement, "now">, now: number): void {
  if (token.parent !== undefined) rejudgeTimes(token.parent, basis, now);
  const judgement = { profile: basis.profile, trust: basis.trust, now };
  naming(token, () => {
    judgeTimes(token, judgement);
    judgeLifetime(token, judgement);
  });
}

/** Agent-delegation draft, steps 0 to 5: all forms, all signatures, then rule by rule. */
function parseFirst(
  rest: readonly string[],
  prefix: ChainToken | undefined,
  basis: Basis,
  now: number,
): readonly ChainToken[] {
  const { profile, trust } = basis;
  const judgement = { profile, trust, now };
  const first = prefix === undefined ? 0 : prefix.index + 1;
  const presented: PresentedToken[] = [];
  const judged: ChainToken[] = [];
  for (const [place, text] of rest.entries()) {
    locating(text, first + place, () => {
      const token = presentToken(text, first + place, profile, presented.at(-1));
      presented.push(token);
      judged.push(readToken(token, judged.at(-1) ?? prefix, profile));
    });
  }
  for (const [place, source] of presented.entries()) {
    const token = judged[place];
    if (token === undefined) continue;
    naming(token, () => {
      token.signer = verifySignature(source, token.parent, basis);
    });
  }
  for (const rule of PARSE_FIRST_ORDER) {
    if (rule === judgeTimes && prefix !== undefined) rejudgeTimes(prefix, basis, now);
    for (const token of judged) naming(token, () => rule(token, judgement));
  }
  return judged;
}

/** AAT draft §3.4: forms and token ids of all; then, token by token, signature, claims, rules. */
function verifyFirst(
  rest: readonly string[],
  prefix: ChainToken | undefined,
  basis: Basis,
  now: number,
): readonly ChainToken[] {
  const { profile, trust } = basis;
  const judgement = { profile, trust, now };
  const presented = presentAll(rest, prefix === undefined ? 0 : prefix.index + 1, profile);
  if (profile.uniqueTokenIds) refuseRepeated(presented, prefix);
  if (prefix !== undefined) rejudgeTimes(prefix, basis, now);
  const judged: ChainToken[] = [];
  let parent = prefix;
  for (const source of presented) {
    const token = readSigned(source, parent, basis);
    try {
      for (const rule of orderOf(token)) rule(token, judgement);
      judgeIdentity(token, basis);
    } catch (thrown) {
      throw named(thrown, token);
    }
    judged.push(token);
    parent = token;
  }
  return judged;
}

function presentAll(
  texts: readonly string[],
  first: number,
  profile: Profile,
): readonly PresentedToken[] {
  const presented: PresentedToken[] = [];
  let before: PresentedToken | undefined;
  for (const text of texts) {
    const index = first + presented.length;
    try {
      before = presentToken(text, index, profile, before);
    } catch (thrown) {
      throw located(thrown, text, index);
    }
    presented.push(before);
  }
  return presented;
}

function readSigned(
  source: PresentedToken,
  parent: ChainToken | undefined,
  basis: Basis,
): ChainToken {
  try {
    const signer = verifySignature(source, parent, basis);
    const token = readToken(source, parent, basis.profile);
    token.signer = signer;
    return token;
  } catch (thrown) {
    throw located(thrown, source.jws.text, source.index);
  }
}

function orderOf({ parent }: ChainToken): readonly Rule[] {
  return parent === undefined ? ROOT_ORDER : CHILD_ORDER;
}

/** One token id, one place (AAT draft, step 2). The ids are not verified yet; that they differ is enough. */
function refuseRepeated(
  presented: readonly PresentedToken[],
  prefix: ChainToken | undefined,
): void {
  if (presented.length === 1 && prefix === undefined) {
    for (const { raw } of presented) readTokenId(raw);
    return;
  }
  const ids = new Set<string>();
  for (let token = prefix; token !== undefined; token = token.parent) ids.add(token.claims.tokenId);
  for (const { raw, jws, index } of presented) {
    const id = locating(jws.text, index, () => readTokenId(raw));
    if (!ids.has(id)) {
      ids.add(id);
      continue;
    }
    throw new DelegationError("token_repeated", "a token id stands twice in the chain", {
      rule: "jti",
    });
  }
}

/** Lets a refusal name the hop of a token that is read. */
function naming<T>(token: ChainToken, judge: () => T): T {
  try {
    return judge();
  } catch (thrown) {
    throw named(thrown, token);
  }
}

function named(thrown: unknown, token: ChainToken): unknown {
  return thrown instanceof DelegationError ? thrown.at(hopIdOf(token)) : thrown;
}

/** The same for a token that is not read yet: a link's id is its digest, an anchor's is not known. */
function locating<T>(text: string, index: number, judge: () => T): T {
  try {
    return judge();
  } catch (thrown) {
    throw located(thrown, text, index);
  }
}

function located(thrown: unknown, text: string, index: number): unknown {
  if (!(thrown instanceof DelegationError) || index === 0) return thrown;
  return hasTwoDots(text) ? thrown.at(signingInputDigest(text)) : thrown;
}

function hasTwoDots(text: string): boolean {
  const last = text.lastIndexOf(".");
  return last > 0 && text.lastIndexOf(".", last - 1) >= 0;
}
