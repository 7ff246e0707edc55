/** Whose room a known chain takes up, and under which identity keys it stays known. @module */
import { describe, expect, test } from "vitest";
import { ChainCache } from "../../src/chain/cache.js";
import { mintLink } from "../../src/chain/mint.js";
import { mintRoot } from "../../src/chain/mint-anchor.js";
import { Trust } from "../../src/chain/trust.js";
import { verifyChain, verifyLeaf } from "../../src/chain/verify.js";
import {
  anchor,
  COORDINATOR,
  holder,
  ISSUER,
  keyOf,
  linkDraft,
  NOW,
  options,
  proofBelow,
  refuses,
  verified,
} from "./forge.js";

const root = anchor();
const trusting = () => new Trust({ keys: [{ key: COORDINATOR }] });

describe("room in a cache", () => {
  const one = { entriesMax: 100, perRootMax: 2 };

  test("is one tree's, however many anchors it has, and another tree's is its own", () => {
    const at = { ...options, cache: new ChainCache(one) };
    const again = anchor({ tokenId: "anchor-2" });
    const other = anchor({ tokenId: "anchor-3", tree: "another" });
    const elsewhere = anchor({ tokenId: "anchor-4", tenant: "other" });
    for (const token of [root, again, other, elsewhere]) verifyChain([token], at);
    expect(at.cache.size).toBe(3);
  });

  test("is each first token's in the drafts", () => {
    const at = {
      ...options,
      cache: new ChainCache(one),
      profile: "attenuating-agent-token",
    } as const;
    const tokens = ["t0", "t1"].map((tokenId) => {
      const authority = { tools: { "web.search": {} }, scopes: [], ceilings: [], limits: {} };
      const grant = { ...authority, audience: ["https://files.example"], expiresAt: NOW + 60_000 };
      const draft = { profile: at.profile, tokenId, issuer: ISSUER, issuedAt: NOW, grant };
      return mintRoot({ ...draft, holderKey: holder(0) }, COORDINATOR);
    });
    for (const token of tokens) verifyChain([token], at);
    expect(at.cache.size).toBe(2);
    for (const token of tokens) expect(verifyLeaf(token, at).hops).toHaveLength(1);
  });

  test("is not taken twice by a chain that is verified again", () => {
    const at = { now: NOW, trust: trusting(), cache: new ChainCache({ ...one, perRootMax: 4 }) };
    for (let turn = 0; turn < 3; turn += 1) {
      verifyChain([root], at);
      at.trust.change({ keys: [{ key: COORDINATOR }] });
    }
    const link = mintLink(verifyChain([root], at), linkDraft(1), holder(0));
    verifyChain([root, link], at);
    expect(at.cache.size).toBe(2);
  });

  test("is counted in both generations", () => {
    const at = { ...options, cache: new ChainCache({ entriesMax: 6, perRootMax: 100 }) };
    for (const tree of ["a", "b", "c", "d", "e"]) verifyChain([anchor({ tree })], at);
    expect(at.cache.size).toBe(5);
  });
});

test("a chain with an agent's proof stays known while the identity keys are the same", () => {
  const identity = keyOf(910);
  const agentProof = proofBelow(root, identity);
  const link = mintLink(verified([root]), linkDraft(1, { agentProof }), holder(0));
  const at = { ...options, cache: new ChainCache(), agentKeys: () => [identity] };
  const chain = verifyChain([root, link], at);
  expect(verifyLeaf(link, at)).toBe(chain);
  refuses("chain_incomplete", () => verifyLeaf(link, { ...at, agentKeys: () => [identity] }));
});
