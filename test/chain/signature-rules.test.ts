/** Who may have signed a token when several keys come into question, and what is known by which trust. @module */
import { describe, expect, test } from "vitest";
import { ChainCache } from "../../src/chain/cache.js";
import { mintLink, mintSelfLink } from "../../src/chain/mint.js";
import { Trust } from "../../src/chain/trust.js";
import { verifyChain, verifyLeaf } from "../../src/chain/verify.js";
import { thumbprintUri } from "../../src/token/key.js";
import {
  anchor,
  COORDINATOR,
  chainOf,
  forge,
  forgedLink,
  holder,
  keyOf,
  linkDraft,
  NOW,
  options,
  proofBelow,
  random,
  refuses,
  STRANGER,
  verified,
} from "./forge.js";

const root = anchor();
const OTHERS = [keyOf(91), keyOf(92)];
const many = new Trust({ keys: [...OTHERS, COORDINATOR].map((key) => ({ key })) });

describe("of several keys that a header could mean", () => {
  test("the one that signed is found, and it alone is named", () => {
    const { keys } = verified([root], { trust: many });
    expect([...keys].sort()).toEqual([COORDINATOR.thumbprint, holder(0).thumbprint].sort());
  });

  test("none passes for a stranger's", () => {
    refuses("signature_invalid", () => verified([forge(root, {}, STRANGER)], { trust: many }));
    const link = forgedLink([root], { iss: thumbprintUri(STRANGER.thumbprint) }, { key: STRANGER });
    refuses("signature_invalid", () =>
      verified([root, link], { trust: many, childSigner: "issuer" }),
    );
  });

  test("none is tried with a list of algorithms that is none", () => {
    const acceptedAlgs = "EdDSA" as unknown as [];
    refuses("config_invalid", () => verified([root], { trust: many, acceptedAlgs }));
  });
});

test("an agent that is proven stays so in its self-link, and one that is asserted does not become so", () => {
  const identity = keyOf(93);
  const agentProof = proofBelow(root, identity);
  const at = { ...options, agentKeys: () => [identity] };
  const draft = { tool: "web.search", audience: "https://files.example", now: NOW, random };
  const identities = (more: object) => {
    const tokens = [root, mintLink(verified([root]), linkDraft(1, more), holder(0))];
    const self = mintSelfLink(verifyChain(tokens, at), draft, holder(1));
    const next = verifyChain([...tokens, self], at);
    return next.hops.map((hop) => hop.identity);
  };
  expect(identities({ agentProof })).toEqual(["asserted", "proven"]);
  expect(identities({})).toEqual(["asserted", "asserted"]);
});

describe("a known chain, under a list of algorithms that stays the same object", () => {
  const acceptedAlgs = ["EdDSA"];
  const three = chainOf(3);
  const known = () => {
    const trust = new Trust({ keys: [{ key: COORDINATOR }] });
    const at = { trust, now: NOW, acceptedAlgs, cache: new ChainCache() };
    verifyChain(three, at);
    return at;
  };

  test("is unknown once the trust has changed", () => {
    const at = known();
    at.trust.change({ keys: [{ key: STRANGER }] });
    refuses("signature_invalid", () => verifyChain(three, at));
    refuses("chain_incomplete", () => verifyLeaf(three[2] ?? "", at), "chain");
  });

  test("is unknown under another trust", () => {
    const at = { ...known(), trust: new Trust({ keys: [{ key: STRANGER }] }) };
    refuses("signature_invalid", () => verifyChain(three, at));
    refuses("chain_incomplete", () => verifyLeaf(three[2] ?? "", at));
  });

  test("is unknown to a cache that was cleared", () => {
    const at = known();
    at.cache.clear();
    expect(at.cache.size).toBe(0);
    refuses("chain_incomplete", () => verifyLeaf(three[2] ?? "", at));
  });
});
