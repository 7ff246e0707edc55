import { describe, expect, test } from "vitest";
import { ChainCache } from "../../src/chain/cache.js";
import { mintLink } from "../../src/chain/mint.js";
import { Trust } from "../../src/chain/trust.js";
import { type VerifyOptions, verifyChain, verifyLeaf } from "../../src/chain/verify.js";
import { makeAgentProof } from "../../src/token/agent-proof.js";
import { tokenDigest } from "../../src/token/jws.js";
import type { PublicKey, VerificationKey } from "../../src/token/key.js";
import {
  anchor,
  COORDINATOR,
  chainOf,
  claimsOf,
  forgedLink,
  holder,
  ISSUER,
  keyOf,
  linkDraft,
  NOW,
  random,
  refuses,
  STRANGER,
} from "./forge.js";

const four = chainOf(4);
const [root = "", , , leaf = ""] = four;

/** A trust whose key counts how often it is asked. */
function counting(): { readonly trust: Trust; readonly asked: () => number } {
  let count = 0;
  const { alg, thumbprint } = COORDINATOR;
  const key: VerificationKey = {
    alg,
    thumbprint,
    verify: (input, signature) => {
      count += 1;
      return COORDINATOR.verify(input, signature);
    },
  };
  return { trust: new Trust({ keys: [{ key }] }), asked: () => count };
}

function warm(): {
  readonly asked: () => number;
  readonly at: VerifyOptions & { cache: ChainCache };
} {
  const { trust, asked } = counting();
  const at = { trust, now: NOW, cache: new ChainCache() };
  verifyChain(four, at);
  return { asked, at };
}

describe("a known chain", () => {
  test("is the same result, without a signature", () => {
    const { asked, at } = warm();
    const first = verifyChain(four, at);
    expect(asked()).toBe(1);
    expect(verifyChain(four, at)).toBe(first);
    expect(asked()).toBe(1);
    const { cache: _, ...cold } = at;
    const fresh = verifyChain(four, cold);
    expect({ ...fresh, digest: fresh.digest, parHash: fresh.parHash }).toMatchObject({
      digest: first.digest,
      parHash: first.parHash,
      hops: first.hops,
      grants: first.grants,
      expiresAt: first.expiresAt,
    });
  });

  test("is known by its last token alone, or by that token's digest", () => {
    const { at } = warm();
    const chain = verifyChain(four, at);
    expect(verifyLeaf(leaf, at)).toBe(chain);
    expect(verifyLeaf(tokenDigest(leaf), at)).toBe(chain);
  });

  test("spares the signatures of its ancestors to a sibling leaf", () => {
    const { asked, at } = warm();
    const parent = verifyChain(four.slice(0, 3), at);
    const sibling = mintLink(parent, linkDraft(7), holder(2));
    expect(verifyChain([...four.slice(0, 3), sibling], at).hops).toHaveLength(4);
    expect(asked()).toBe(1);
    expect(verifyLeaf(sibling, at).hops.at(-1)?.agent).toBe("agent-7");
  });

  test("is not looked up under another length, so that a token put inside is judged", () => {
    const { at } = warm();
    refuses("signature_invalid", () => verifyChain([root, leaf], at));
    refuses("par_hash_mismatch", () =>
      verifyChain([root, forgedLink([root], { jti: "x" }), ...four.slice(2)], {
        ...at,
        cache: new ChainCache(),
      }),
    );
  });

  test("P16 expires on every use, whatever was found before, and comes back for no clock", () => {
    const { at } = warm();
    refuses("token_expired", () => verifyChain(four, { ...at, now: NOW + 300_000 }));
    refuses("token_expired", () => verifyLeaf(leaf, { ...at, now: NOW + 300_000 }));
    refuses("lifetime_invalid", () => verifyChain(four, { ...at, now: NOW - 31_000 }), "iat");
    expect(verifyChain(four, at).hops).toHaveLength(4);
  });

  test("is unknown again once the trust has changed", () => {
    const { asked, at } = warm();
    at.trust.change({ keys: [{ key: STRANGER }] });
    refuses("signature_invalid", () => verifyChain(four, at));
    refuses("chain_incomplete", () => verifyLeaf(leaf, at));
    at.trust.change({ keys: [{ key: COORDINATOR }] });
    expect(verifyChain(four, at).hops).toHaveLength(4);
    expect(asked()).toBe(1);
  });

  test("is unknown under another profile, signer rule, list of algorithms or trust", () => {
    const { at } = warm();
    for (const other of [
      { profile: "attenuating-agent-token" as const },
      { childSigner: "issuer" as const },
      { acceptedAlgs: ["EdDSA"] },
      { trust: new Trust({ keys: [{ key: COORDINATOR }] }) },
    ]) {
      refuses("chain_incomplete", () => verifyLeaf(leaf, { ...at, ...other }));
    }
  });

  test("refuses a leaf that it does not know, and takes an anchor that can stand alone", () => {
    const cache = new ChainCache();
    const { trust } = counting();
    const at = { trust, now: NOW, cache };
    refuses("chain_incomplete", () => verifyLeaf(leaf, at));
    refuses("chain_incomplete", () => verifyLeaf(tokenDigest(leaf), at));
    expect(verifyLeaf(root, at).hops).toHaveLength(1);
    refuses("malformed", () => verifyLeaf("a.b.c", at));
  });

  test("has kept no refusal", () => {
    const cache = new ChainCache();
    const { trust } = counting();
    const bad = [root, forgedLink([root], { del_depth: 5 })];
    refuses("depth_invalid", () => verifyChain(bad, { trust, now: NOW, cache }));
    expect(cache.size).toBe(0);
  });
});

test("an intermediate token without authority is no leaf, known or not", () => {
  const { trust } = counting();
  const cache = new ChainCache();
  const at = { trust, now: NOW, cache };
  const empty = forgedLink([root], { authorization_details: [], scope: undefined });
  const below = forgedLink([root, empty], {
    authorization_details: [{ type: "attenuating_agent_token", tools: {} }],
    scope: undefined,
  });
  expect(verifyChain([root, empty, below], at).hops).toHaveLength(3);
  refuses("malformed", () => verifyChain([root, empty], at), "authorization_details");
  refuses("malformed", () => verifyLeaf(empty, at), "authorization_details");
  refuses("malformed", () => verifyChain([root, empty], { trust, now: NOW }));
});

describe("room", () => {
  test("is bounded for each root, so that one holder pushes out nobody", () => {
    const { trust } = counting();
    const cache = new ChainCache({ entriesMax: 100, perRootMax: 8 });
    const at = { trust, now: NOW, cache };
    const other = anchor({ tree: "other-tree", tokenId: "other" });
    verifyChain([other], at);
    const parent = verifyChain([root], at);
    for (let leaves = 0; leaves < 20; leaves += 1) {
      const link = mintLink(parent, linkDraft(1), holder(0));
      expect(verifyChain([root, link], at).hops).toHaveLength(2);
    }
    expect(cache.size).toBe(5);
    expect(verifyLeaf(tokenDigest(other), at).tree).toBe("other-tree");
  });

  test("is bounded in all, and what is used stays", () => {
    const { trust } = counting();
    const cache = new ChainCache({ entriesMax: 8, perRootMax: 1_000 });
    const at = { trust, now: NOW, cache };
    const parent = verifyChain([root], at);
    for (let leaves = 0; leaves < 50; leaves += 1) {
      verifyChain([root, mintLink(parent, linkDraft(1), holder(0))], at);
      expect(cache.size).toBeLessThanOrEqual(8);
      expect(verifyLeaf(tokenDigest(root), at)).toBe(parent);
    }
    cache.clear();
    expect(cache.size).toBe(0);
  });
});

describe("proven and asserted", () => {
  const identity = keyOf(900);
  const proof = (more: object = {}) =>
    makeAgentProof({
      key: identity,
      agent: "agent-1",
      holder: holder(1).thumbprint,
      parent: String(claimsOf(forgedLink([root], {})).par_hash),
      audience: ISSUER,
      nowMs: NOW,
      random,
      ...more,
    });
  const linked = (agentProof: string) => [
    root,
    mintLink(verifyChain([root], base()), linkDraft(1, { agentProof }), holder(0)),
  ];
  const knows = (agent: string): readonly PublicKey[] => (agent === "agent-1" ? [identity] : []);
  function base(): VerifyOptions {
    return { trust: counting().trust, now: NOW };
  }
  const identities = (tokens: readonly string[], more: Partial<VerifyOptions> = {}) =>
    verifyChain(tokens, { ...base(), ...more }).hops.map((hop) => hop.identity);

  test("an agent whose identity key signed the link's key and parent is proven", () => {
    const tokens = linked(proof());
    expect(identities(tokens, { agentKeys: knows })).toEqual(["asserted", "proven"]);
    expect(identities(tokens)).toEqual(["asserted", "asserted"]);
    expect(identities(tokens, { agentKeys: () => [] })).toEqual(["asserted", "asserted"]);
  });

  test.each([
    ["another key", { holder: holder(2).thumbprint }],
    ["another parent", { parent: tokenDigest(root) }],
    ["another agent", { agent: "agent-2" }],
    ["another audience", { audience: "https://other.example" }],
    ["another identity key", { key: keyOf(901) }],
  ])("a proof for %s is refused, not overlooked", (_what, more) => {
    refuses("proof_invalid", () => identities(linked(proof(more)), { agentKeys: knows }));
  });

  test("a known chain with a proof is judged again under other identity keys", () => {
    const { trust } = counting();
    const cache = new ChainCache();
    const tokens = linked(proof());
    const at = { trust, now: NOW, cache };
    const proven = verifyChain(tokens, { ...at, agentKeys: knows });
    expect(proven.hops.at(-1)?.identity).toBe("proven");
    expect(verifyChain(tokens, { ...at, agentKeys: () => [] }).hops.at(-1)?.identity).toBe(
      "asserted",
    );
    expect(verifyChain(four, { ...at, agentKeys: knows })).toBe(
      verifyChain(four, { ...at, agentKeys: () => [] }),
    );
  });
});
