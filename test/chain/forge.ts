/** What the tests of this room share: a coordinator, agents, a chain of any length, and a forger who signs past the builders. @module */
import { expect } from "vitest";
import type { Code } from "../../src/base/codes.js";
import { DelegationError } from "../../src/base/error.js";
import { seededRandom } from "../../src/base/random.js";
import { type LinkDraft, mintLink } from "../../src/chain/mint.js";
import { type AnchorDraft, mintAnchor } from "../../src/chain/mint-anchor.js";
import { Trust } from "../../src/chain/trust.js";
import type { VerifiedChain } from "../../src/chain/verified-chain.js";
import { type VerifyOptions, verifyChain } from "../../src/chain/verify.js";
import { makeAgentProof } from "../../src/token/agent-proof.js";
import { signingInputDigest, signJws } from "../../src/token/jws.js";
import { generateSigningKey, type SigningKey, thumbprintUri } from "../../src/token/key.js";
import type { Grant } from "../../src/wire/grant.js";
import { WELL_SAID } from "../token/fixtures.js";

export const NOW = 1_800_000_000_000;
export const ISSUER = "https://coordinator.example";
export const random = seededRandom(42);

export function keyOf(seed: number): SigningKey {
  return generateSigningKey("EdDSA", seededRandom(seed));
}

export const COORDINATOR = keyOf(1);
/** Another coordinator, whom nobody here trusts. */
export const STRANGER = keyOf(2);
/** Holder keys by hop, root first. */
const HOLDERS: readonly SigningKey[] = Array.from({ length: 40 }, (_, at) => keyOf(100 + at));

export function holder(at: number): SigningKey {
  const key = HOLDERS[at];
  if (key === undefined) throw new Error("no such holder");
  return key;
}

export const trust = new Trust({
  keys: [{ key: COORDINATOR, kid: COORDINATOR.kid }],
  issuers: [ISSUER],
});
export const options: VerifyOptions = { trust, now: NOW };

export const GRANT: Grant = {
  tools: {
    "files.read": { path: { constraint_type: "path", under: "/reports" } },
    "pay.refund": {
      amount: { constraint_type: "range", max: 100 },
      currency: { constraint_type: "one_of", values: ["EUR", "USD"] },
    },
    "web.search": {},
  },
  scopes: ["crm.*"],
  ceilings: [],
  audience: ["https://files.example", "https://pay.example"],
  limits: { calls: 50, spend: { EUR: "200.00" }, depth: 30 },
  expiresAt: NOW + 600_000,
};

export type Claims = Record<string, unknown>;

export function anchorDraft(more: Partial<AnchorDraft> = {}): AnchorDraft {
  return {
    issuer: ISSUER,
    tokenId: "anchor-1",
    tenant: "acme",
    tree: "hop-root",
    principal: { issuer: "https://people.example", subject: "alice" },
    lineage: [
      { id: "hop-root", agent: "agent-0", identity: "asserted", holder: holder(0).thumbprint },
    ],
    grant: GRANT,
    holderKey: holder(0),
    generation: "generation-1",
    position: 7,
    issuedAt: NOW,
    ...more,
  };
}

export function anchor(more: Partial<AnchorDraft> = {}): string {
  return mintAnchor(anchorDraft(more), COORDINATOR);
}

export function linkDraft(at: number, more: Partial<LinkDraft> = {}): LinkDraft {
  const { tools, scopes } = GRANT;
  const grant = { tools, scopes };
  return { agent: `agent-${at}`, holderKey: holder(at), grant, now: NOW, random, ...more };
}

/** A chain of `length` tokens that hands the same authority on. */
export function chainOf(length: number, grant: Grant = GRANT): readonly string[] {
  const tokens = [anchor({ grant })];
  for (let at = 1; at < length; at += 1) {
    tokens.push(mintLink(verifyChain(tokens, options), linkDraft(at), holder(at - 1)));
  }
  return tokens;
}

export function verified(
  tokens: readonly string[],
  more: Partial<VerifyOptions> = {},
): VerifiedChain {
  return verifyChain(tokens, { ...options, ...more });
}

/** What the first agent below `parent` signs of itself with its identity key. */
export function proofBelow(parent: string, identity: SigningKey): string {
  return makeAgentProof({
    key: identity,
    agent: "agent-1",
    holder: holder(1).thumbprint,
    parent: signingInputDigest(parent),
    audience: ISSUER,
    nowMs: NOW,
    random,
  });
}

export function headerOf(token: string): Claims {
  return decode(token.split(".")[0]);
}

export function claimsOf(token: string): Claims {
  return decode(token.split(".")[1]);
}

/** Takes a token apart, changes its claims, and signs what came of it. Members that are undefined go. */
export function forge(token: string, change: Claims, key: SigningKey, header: Claims = {}): string {
  const claims = without({ ...claimsOf(token), ...change });
  return signJws(without({ ...headerOf(token), ...header }), claims, key);
}

/** A child of the last of `tokens`, put together by hand and signed by its holder: right in everything but `change`. */
export function forgedLink(
  tokens: readonly string[],
  change: Claims,
  { key = holder(tokens.length - 1), header = {} }: { key?: SigningKey; header?: Claims } = {},
): string {
  const parent = tokens.at(-1) ?? "";
  const { exp, del_max_depth, scope } = claimsOf(parent);
  const claims = {
    authorization_details: (claimsOf(parent).authorization_details as Claims[]).slice(0, 1),
    client_id: `agent-${tokens.length}`,
    cnf: { jwk: holder(tokens.length).jwk },
    del_depth: tokens.length,
    del_max_depth,
    exp,
    iat: NOW / 1_000,
    iss: thumbprintUri(key.thumbprint),
    jti: `forged-${tokens.length}`,
    par_hash: signingInputDigest(parent),
    scope,
    ...change,
  };
  return signJws(without({ typ: "delegation-link+jwt", ...header }), without(claims), key);
}

/** The AAT detail with these tools. */
export function aat(tools: unknown): Claims {
  return { type: "attenuating_agent_token", tools };
}

/** A refusal with this code, and nothing else that was thrown. */
export function refuses(code: Code, run: () => unknown, rule?: string): DelegationError {
  try {
    run();
  } catch (thrown) {
    if (!(thrown instanceof DelegationError)) throw thrown;
    expect(thrown.message).toMatch(WELL_SAID);
    expect({ code: thrown.code, ...(rule === undefined ? {} : { rule: thrown.rule }) }).toEqual({
      code,
      ...(rule === undefined ? {} : { rule }),
    });
    return thrown;
  }
  throw new Error(`nothing was thrown where ${code} is due`);
}

function decode(part: string | undefined): Claims {
  return JSON.parse(Buffer.from(part ?? "", "base64url").toString()) as Claims;
}

function without(claims: Claims): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}
