/** Chains to measure on: minted by the engine, with the bare signatures that they hold beside them. @module */
import type { KeyObject } from "node:crypto";
import { verify } from "node:crypto";
import { uuidv7 } from "../src/base/id.js";
import { HOPS_MAX } from "../src/base/limits.js";
import { systemRandom } from "../src/base/random.js";
import { mintLink } from "../src/chain/mint.js";
import { mintAnchor } from "../src/chain/mint-anchor.js";
import { Trust } from "../src/chain/trust.js";
import type { VerifiedChain } from "../src/chain/verified-chain.js";
import { verifyChain } from "../src/chain/verify.js";
import { type Alg, generateSigningKey, type SigningKey } from "../src/token/key.js";
import type { Grant } from "../src/wire/grant.js";

/** Who signs anchors, and when everything happens. */
export interface Issuer {
  readonly key: SigningKey;
  readonly trust: Trust;
  readonly now: number;
  readonly alg: Alg;
}

export function makeIssuer(now: number, alg: Alg = "EdDSA"): Issuer {
  const key = generateSigningKey(alg);
  return { key, trust: new Trust({ keys: [{ key, kid: key.kid }] }), now, alg };
}

/** A chain, its holder's key, and its signatures as node:crypto takes them. */
export interface MadeChain {
  readonly tokens: readonly string[];
  readonly holder: SigningKey;
  readonly signatures: readonly Signed[];
}

interface Signed {
  readonly input: Buffer;
  readonly signature: Buffer;
  readonly key: KeyObject;
}

/** An anchor at `depth` of its tree (1 is the root). */
export function makeAnchor(
  issuer: Issuer,
  grant: Grant,
  depth = 1,
  holder: SigningKey = generateSigningKey(issuer.alg),
): MadeChain {
  const { now, key } = issuer;
  const lineage = Array.from({ length: depth }, (_, hop) => ({
    id: uuidv7(now, systemRandom),
    agent: agentOf(hop),
    identity: "asserted" as const,
    holder: hop === depth - 1 ? holder.thumbprint : generateSigningKey().thumbprint,
  }));
  const token = mintAnchor(
    {
      issuer: "https://as.example.com",
      tokenId: uuidv7(now, systemRandom),
      tenant: "default",
      tree: lineage[0]?.id ?? "",
      principal: { issuer: "https://idp.example.com", subject: "alice" },
      lineage,
      grant: { ...grant, limits: { ...grant.limits, depth: HOPS_MAX - depth } },
      holderKey: holder,
      generation: "g1",
      position: 0,
      issuedAt: now,
    },
    key,
  );
  return { tokens: [token], holder, signatures: [signedOf(token, key)] };
}

/** An anchor and links below it: `length` tokens, each with an agent and a key of its own. */
export function makeChain(issuer: Issuer, grant: Grant, length: number): MadeChain {
  let chain = makeAnchor(issuer, grant);
  while (chain.tokens.length < length) chain = extendChain(issuer, chain, grant);
  return chain;
}

/** The chain with one more link, made by its holder. */
export function extendChain(issuer: Issuer, parent: MadeChain, grant: Grant): MadeChain {
  const holder = generateSigningKey(issuer.alg);
  const { expiresAt, ...authority } = grant;
  const link = mintLink(
    believe(issuer, parent),
    {
      agent: agentOf(parent.tokens.length),
      holderKey: holder,
      grant: authority,
      expiresAt,
      now: issuer.now,
    },
    parent.holder,
  );
  return {
    tokens: [...parent.tokens, link],
    holder,
    signatures: [...parent.signatures, signedOf(link, parent.holder)],
  };
}

/** The chain, verified without a cache. */
export function believe({ trust, now }: Issuer, { tokens }: MadeChain): VerifiedChain {
  return verifyChain(tokens, { trust, now });
}

/** Verifies nothing but the signatures: what the limits count in. */
export function verifyBare({ signatures }: MadeChain): void {
  for (const { input, signature, key } of signatures) {
    const digest = key.asymmetricKeyType === "ed25519" ? null : "sha256";
    const right = verify(digest, input, { key, dsaEncoding: "ieee-p1363" }, signature);
    if (!right) throw new Error("signature does not verify");
  }
}

function signedOf(token: string, { key }: SigningKey): Signed {
  const dot = token.lastIndexOf(".");
  return {
    input: Buffer.from(token.slice(0, dot)),
    signature: Buffer.from(token.slice(dot + 1), "base64url"),
    key,
  };
}

function agentOf(hop: number): string {
  return `spiffe://example.com/agent/${hop}`;
}
