/** What the profiles ask for beyond what the other tests show: kinds of tokens, spans and sizes at their very ends. */
import { describe, expect, test } from "vitest";
import {
  CHAIN_BYTES_MAX,
  LIFETIME_MS_MAX,
  TOKEN_BYTES_MAX,
  TOKENS_MAX,
} from "../../src/base/limits.js";
import { handOn, holdChain, parseChainText } from "../../src/chain/holder.js";
import { mintRoot } from "../../src/chain/mint-anchor.js";
import { hopsLeftOf, maxDepthOf, profileOf } from "../../src/chain/profile.js";
import { verifyChain } from "../../src/chain/verify.js";
import {
  anchor,
  COORDINATOR,
  chainOf,
  forge,
  forgedLink,
  GRANT,
  headerOf,
  holder,
  ISSUER,
  linkDraft,
  NOW,
  options,
  refuses,
  verified,
} from "./forge.js";

const AAT = "attenuating-agent-token";
const ROOT = {
  tokenId: "t0",
  issuer: ISSUER,
  holderKey: holder(0),
  issuedAt: NOW,
};
const BARE = { tools: {}, scopes: [], ceilings: [], audience: ["https://files.example"] };
const tools = { "web.search": {} };

describe("a token of the AAT draft", () => {
  const draft = { ...BARE, tools, limits: {}, expiresAt: NOW + 60_000 };
  const root = mintRoot({ ...ROOT, profile: AAT, grant: draft }, COORDINATOR);
  const at = { profile: AAT } as const;

  test.each([undefined, "at+jwt", "jwt"])("may be of type %s", (typ) => {
    expect(verified([forge(root, {}, COORDINATOR, { typ })], at).hops).toHaveLength(1);
  });

  test.each([
    "dpop+jwt",
    "statuslist+jwt",
    "secevent+jwt",
    "kb+jwt",
    "agent-proof+jwt",
    "audit-checkpoint+jwt",
  ])("S16 is never of type %s", (typ) => {
    refuses("malformed", () => verified([forge(root, {}, COORDINATOR, { typ })], at), "typ");
  });

  test("names the key that signed a root, has no type, and calls the algorithm EdDSA", () => {
    expect(headerOf(root)).toEqual({ alg: "EdDSA", kid: COORDINATOR.kid });
  });

  test("has no room for an agent's name", () => {
    const named = { ...ROOT, profile: AAT, grant: draft, agent: "planner" } as const;
    refuses("profile_cannot_carry", () => mintRoot(named, COORDINATOR), "agent");
  });
});

test("a token of the agent-delegation draft names Ed25519, its type and its spelling in the header", () => {
  const grant = { ...BARE, scopes: ["crm.read"], limits: {}, expiresAt: NOW + 60_000 };
  const draft = { ...ROOT, profile: "agent-delegation", grant, subject: "alice" } as const;
  const header = { alg: "Ed25519", c14n: "JCS", kid: COORDINATOR.kid, typ: "at+jwt" };
  expect(headerOf(mintRoot({ ...draft, agent: "a" }, COORDINATOR))).toEqual(header);
});

test("depth counts tokens in one draft, and hops that may follow in the others", () => {
  const length = profileOf("agent-delegation");
  const absolute = profileOf("legate");
  expect([hopsLeftOf(length, 1, 5), maxDepthOf(length, 1, 3)]).toEqual([3, 5]);
  expect([hopsLeftOf(absolute, 1, 5), maxDepthOf(absolute, 1, 4)]).toEqual([4, 5]);
  const strict = profileOf("legate", "issuer");
  expect([absolute.childSigner, strict.childSigner]).toEqual(["delegator", "issuer"]);
  expect(strict).toEqual({ ...absolute, childSigner: "issuer" });
});

describe("at the very end of what may be", () => {
  test("A29 a life of exactly the ceiling passes", () => {
    const long = { ...GRANT, expiresAt: NOW + LIFETIME_MS_MAX };
    expect(verified([anchor({ grant: long })]).expiresAt).toBe(NOW + LIFETIME_MS_MAX);
  });

  test("S29 a token and a chain of exactly their ceilings are read", () => {
    const full = "x".repeat(TOKEN_BYTES_MAX);
    refuses("malformed", () => verified([full]));
    refuses("too_large", () => verified([`${full}x`]), "token");
    const count = Math.floor(CHAIN_BYTES_MAX / TOKEN_BYTES_MAX);
    if (count <= TOKENS_MAX && count * TOKEN_BYTES_MAX === CHAIN_BYTES_MAX) {
      refuses("malformed", () => verified(Array(count).fill(full)));
      refuses("too_large", () => verified([...Array(count).fill(full), "x"]), "chain");
    }
    refuses("too_large", () => verified(Array(TOKENS_MAX + 1).fill("x")), "tokens");
    refuses("malformed", () => verified(Array(TOKENS_MAX).fill("x")));
  });

  test("a text of exactly as many tokens as may be is taken apart", () => {
    const most = Array(TOKENS_MAX).fill("a");
    expect(parseChainText(most.join("~"))).toEqual(most);
    refuses("too_large", () => parseChainText([...most, "a"].join("~")), "chain");
    expect(parseChainText("x".repeat(CHAIN_BYTES_MAX + 4 * TOKENS_MAX))).toHaveLength(1);
    refuses("too_large", () => parseChainText("x".repeat(CHAIN_BYTES_MAX + 4 * TOKENS_MAX + 1)));
  });

  test("C16 a holder makes a chain of exactly the ceiling, and none beyond", () => {
    const held = holdChain(holder(1), chainOf(2), options);
    const link = handOn(held, linkDraft(2)).at(-1) ?? "";
    const room = CHAIN_BYTES_MAX - link.length;
    expect(handOn({ ...held, tokens: ["x".repeat(room)] }, linkDraft(2))).toHaveLength(2);
    const over = { ...held, tokens: ["x".repeat(room + 1)] };
    refuses("too_large", () => handOn(over, linkDraft(2)), "chain");
  });
});

describe("a refusal names its rule", () => {
  const root = anchor();

  test("when a link speaks for another tenant", () => {
    const link = forgedLink([root], { tenant: "other" });
    refuses("tenant_altered", () => verified([root, link]), "tenant");
  });

  test("when there is no chain, or none that is known", () => {
    refuses("chain_empty", () => verifyChain([], options));
    refuses("malformed", () => verifyChain("a.b.c" as never, options));
    refuses("malformed", () => verifyChain([7] as never, options));
  });

  test("when a detail stands twice", () => {
    const twice = forge(
      root,
      {
        authorization_details: [
          { type: AAT_DETAIL, tools: {} },
          { type: AAT_DETAIL, tools: {} },
        ],
      },
      COORDINATOR,
    );
    refuses("malformed", () => verified([twice]), "authorization_details");
  });
});

const AAT_DETAIL = "attenuating_agent_token";
