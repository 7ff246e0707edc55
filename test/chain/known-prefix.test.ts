/** Chains that begin with what is known: judged as without, and no known token stands where it does not belong. @module */
import { describe, expect, test } from "vitest";
import { ChainCache } from "../../src/chain/cache.js";
import { mintLink } from "../../src/chain/mint.js";
import { mintRoot } from "../../src/chain/mint-anchor.js";
import { Trust } from "../../src/chain/trust.js";
import { type VerifyOptions, verifyChain } from "../../src/chain/verify.js";
import { signingInputDigest } from "../../src/token/jws.js";
import type { VerificationKey } from "../../src/token/key.js";
import {
  anchor,
  COORDINATOR,
  chainOf,
  claimsOf,
  forge,
  forgedLink,
  holder,
  ISSUER,
  linkDraft,
  NOW,
  options,
  refuses,
} from "./forge.js";

const four = chainOf(4);
const [root = "", middle = "", , leaf = ""] = four;

type Warm = VerifyOptions & { readonly cache: ChainCache };

function warm(tokens: readonly string[], more: Partial<VerifyOptions> = {}): Warm {
  const at = { ...options, ...more, cache: new ChainCache() };
  verifyChain(tokens, at);
  return at;
}

describe("below a known anchor", () => {
  test("several tokens are taken, each in its place", () => {
    expect(verifyChain(four, warm([root])).hops).toHaveLength(4);
  });

  test("a token is spared the anchor's signature", () => {
    let asked = 0;
    const { alg, thumbprint } = COORDINATOR;
    const key: VerificationKey = {
      alg,
      thumbprint,
      verify: (input, signature) => {
        asked += 1;
        return COORDINATOR.verify(input, signature);
      },
    };
    const at = warm([root], { trust: new Trust({ keys: [{ key }] }) });
    verifyChain([root, middle], at);
    expect(asked).toBe(1);
  });

  test("C08 its token id does not stand again", () => {
    const again = forgedLink([root], { jti: claimsOf(root).jti });
    refuses("token_repeated", () => verifyChain([root, again], warm([root])), "jti");
  });
});

describe("a known token", () => {
  test("stands for nothing in another place", () => {
    const at = warm(four);
    const unknown = forgedLink([root, middle], { jti: "unknown" });
    refuses("signature_invalid", () => verifyChain([root, leaf, unknown], at));
    refuses("signature_invalid", () => verifyChain([root, leaf, middle], at));
  });

  test("is not known to a clock that was set back behind its start, nor is anything below it", () => {
    const late = anchor({ notBefore: NOW });
    const link = mintLink(verifyChain([late], options), linkDraft(1), holder(0));
    const at = warm([late, link]);
    const before = { ...at, now: NOW - 1_000 };
    refuses("token_not_yet_valid", () => verifyChain([late, link], before), "nbf");
    const sibling = forgedLink([late], {});
    refuses("token_not_yet_valid", () => verifyChain([late, sibling], before), "nbf");
  });
});

describe("in the agent-delegation draft, below a known token", () => {
  const scopes = ["crm.read"];
  const draft = {
    profile: "agent-delegation",
    tokenId: "t0",
    issuer: ISSUER,
    holderKey: holder(0),
    issuedAt: NOW,
    notBefore: NOW,
    subject: "alice",
    agent: "agent-0",
    grant: {
      tools: {},
      scopes,
      ceilings: [],
      audience: ["https://files.example"],
      limits: { depth: 5 },
      expiresAt: NOW + 600_000,
    },
  } as const;
  const at = { ...options, profile: draft.profile };
  const tokens = [mintRoot(draft, COORDINATOR)];
  for (const place of [1, 2]) {
    const parent = verifyChain(tokens, at);
    tokens.push(mintLink(parent, linkDraft(place, { grant: { scopes } }), holder(place - 1)));
  }
  const [first = "", second = ""] = tokens;

  test("several tokens are taken, each in its place", () => {
    expect(verifyChain(tokens, warm([first], at)).hops).toHaveLength(3);
  });

  test("a refusal of what cannot be read names its hop", () => {
    const broken = `${second.slice(0, second.indexOf("."))}.e30.AA`;
    for (const chain of [
      [first, broken],
      [first, second, broken],
    ]) {
      const refusal = refuses("malformed", () => verifyChain(chain, warm([first], at)));
      expect(refusal.hop).toBe(signingInputDigest(broken));
    }
  });

  test("that token's start is judged again, at the place that the draft has for times", () => {
    const before = { ...warm([first], at), now: NOW - 1_000 };
    refuses("token_not_yet_valid", () => verifyChain([first, second], before), "nbf");
    const deep = forge(second, { del_depth: 5 }, holder(0));
    refuses("depth_invalid", () => verifyChain([first, deep], before), "del_depth");
  });
});
