/** Chains of the legate profile, checked by a reader who knows jose, SHA-256 and the two RFCs, and nothing of this code. */
import { createHash } from "node:crypto";
import { calculateJwkThumbprint, compactVerify, importJWK, type JWK } from "jose";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.js";
import { mintLink, mintSelfLink } from "../../src/chain/mint.js";
import { generateSigningKey, type SigningKey } from "../../src/token/key.js";
import {
  anchor,
  COORDINATOR,
  chainOf,
  forgedLink,
  holder,
  linkDraft,
  NOW,
  verified,
} from "./forge.js";

/** What the reader looks at; a chain of ours has all of it. */
interface Read {
  readonly par_hash?: string;
  readonly iat: number;
  readonly exp: number;
  readonly cnf: { readonly jwk: JWK };
  readonly lineage?: readonly { readonly jkt: string }[];
}

/**
 * The coordinator's key opens the first token; the key that each token confirms opens the next, which names its parent's
 * signing input, was not issued before it and does not outlive it.
 */
async function readChain(tokens: readonly string[], coordinator: JWK): Promise<readonly Read[]> {
  const read: Read[] = [];
  for (const [place, token] of tokens.entries()) {
    const parent = read.at(-1);
    const jwk = parent?.cnf.jwk ?? coordinator;
    const { payload, protectedHeader } = await compactVerify(
      token,
      await importJWK(jwk, jwk.crv === "P-256" ? "ES256" : "EdDSA"),
    );
    expect(protectedHeader.alg).toMatch(/^(EdDSA|Ed25519|ES256)$/);
    const claims = JSON.parse(new TextDecoder().decode(payload)) as Read;
    if (parent !== undefined) {
      expect(claims.par_hash).toBe(signingInputHash(tokens[place - 1] ?? ""));
      expect(claims.iat).toBeGreaterThanOrEqual(parent.iat);
      expect(claims.exp).toBeLessThanOrEqual(parent.exp);
    }
    read.push(claims);
  }
  return read;
}

function signingInputHash(token: string): string {
  const input = token.slice(0, token.lastIndexOf("."));
  return createHash("sha256").update(input).digest("base64url");
}

/** Two links below an anchor, all of whose holders use `alg`. */
function chainIn(alg: SigningKey["alg"]): readonly string[] {
  const keys = [1, 2, 3].map((seed) => generateSigningKey(alg, seededRandom(900 + seed)));
  const [first, second, third] = keys;
  if (first === undefined || second === undefined || third === undefined) throw new Error("keys");
  const lineage = [
    { id: "hop-root", agent: "agent-0", identity: "asserted" as const, holder: first.thumbprint },
  ];
  const tokens = [anchor({ holderKey: first, lineage })];
  tokens.push(mintLink(verified(tokens), linkDraft(1, { holderKey: second }), first));
  tokens.push(mintLink(verified(tokens), linkDraft(2, { holderKey: third }), second));
  return tokens;
}

describe("a chain of the legate profile, read by jose alone", () => {
  test.each([1, 2, 4, 16])("is accepted at a length of %i", async (length) => {
    const read = await readChain(chainOf(length), COORDINATOR.jwk);
    expect(read).toHaveLength(length);
  });

  test.each(["EdDSA", "ES256"] as const)("is accepted with holder keys of %s", async (alg) => {
    expect(await readChain(chainIn(alg), COORDINATOR.jwk)).toHaveLength(3);
  });

  test("is accepted with a self-link at its end", async () => {
    const tokens = chainOf(2);
    const draft = { tool: "web.search", audience: "https://files.example", now: NOW };
    const self = mintSelfLink(verified(tokens), draft, holder(1));
    expect(await readChain([...tokens, self], COORDINATOR.jwk)).toHaveLength(3);
  });

  test("names its holder key in the lineage by the thumbprint that RFC 7638 gives", async () => {
    const [root] = await readChain(chainOf(1), COORDINATOR.jwk);
    const own = root?.lineage?.at(-1);
    expect(own).toBeDefined();
    expect(Object.values(own ?? {})).toContain(await calculateJwkThumbprint(holder(0).jwk));
  });

  test("is refused when a link is signed by another key than its parent confirms", async () => {
    const tokens = chainOf(2);
    const stolen = forgedLink(tokens, {}, { key: holder(7) });
    await expect(readChain([...tokens, stolen], COORDINATOR.jwk)).rejects.toMatchObject({
      code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    });
  });
});
