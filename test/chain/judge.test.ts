/** What a refusal names, and how chains of the drafts are judged below a prefix that is known. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.js";
import { ChainCache } from "../../src/chain/cache.js";
import { mintLink, mintSelfLink } from "../../src/chain/mint.js";
import { mintRoot } from "../../src/chain/mint-anchor.js";
import { Trust } from "../../src/chain/trust.js";
import { type VerifyOptions, verifyChain } from "../../src/chain/verify.js";
import { signingInputDigest } from "../../src/token/jws.js";
import {
  anchor,
  COORDINATOR,
  claimsOf,
  forge,
  forgedLink,
  GRANT,
  headerOf,
  holder,
  ISSUER,
  keyOf,
  linkDraft,
  NOW,
  options,
  refuses,
  verified,
} from "./forge.js";

const root = anchor();
const FILES = "https://files.example";
const SCOPED = {
  tools: {},
  scopes: ["crm.read"],
  ceilings: [],
  audience: [FILES],
  limits: { depth: 5 },
  expiresAt: NOW + 600_000,
};
const scoped = (more: object = {}) =>
  mintRoot(
    {
      profile: "agent-delegation",
      tokenId: "t0",
      issuer: ISSUER,
      holderKey: holder(0),
      grant: SCOPED,
      issuedAt: NOW,
      subject: "alice",
      agent: "agent-0",
      ...more,
    },
    COORDINATOR,
  );
const scopedLink = (at: number, more: object = {}) =>
  linkDraft(at, { grant: { scopes: ["crm.read"] }, ...more });

describe("a refusal", () => {
  test("names the hop of a link that cannot be read, by the digest of what it signs", () => {
    const [header = "", , signature] = forgedLink([root], {}).split(".");
    const broken = `${header}.e30.${signature}`;
    const refusal = refuses("malformed", () => verified([root, broken]));
    expect(refusal.hop).toBe(signingInputDigest(broken));
  });

  test.each(["nothing", ".one", "one.", ".", "a.b"])("names no hop for the text %j", (text) => {
    expect(refuses("malformed", () => verified([root, text])).hop).toBeUndefined();
  });

  test("names no hop for a root that cannot be read", () => {
    expect(refuses("malformed", () => verified([`${root}x.y`])).hop).toBeUndefined();
    const odd = forge(root, {}, COORDINATOR, { typ: "jwt" });
    expect(refuses("malformed", () => verified([odd])).hop).toBeUndefined();
  });
});

describe("a chain of the agent-delegation draft", () => {
  const at: VerifyOptions & { cache: ChainCache } = {
    profile: "agent-delegation",
    trust: new Trust({ keys: [{ key: COORDINATOR }] }),
    now: NOW,
    cache: new ChainCache(),
  };
  const tokens = [scoped()];
  for (const place of [1, 2, 3]) {
    tokens.push(mintLink(verifyChain(tokens, at), scopedLink(place), holder(place - 1)));
  }

  test("is judged below a known prefix as it is without", () => {
    const { cache: _, ...cold } = at;
    const sibling = mintLink(verifyChain(tokens.slice(0, 3), at), scopedLink(9), holder(2));
    const chain = [...tokens.slice(0, 3), sibling];
    expect(verifyChain(chain, at).hops).toEqual(verifyChain(chain, cold).hops);
    const wrong = forge(sibling, { del_depth: 2 }, holder(2));
    const refusal = refuses("depth_invalid", () => verifyChain([...chain.slice(0, 3), wrong], at));
    expect(refusal.hop).toBe(signingInputDigest(wrong));
    refuses("malformed", () => verifyChain([...chain.slice(0, 3), "a.b.c"], at));
  });

  test("C12 has no child that raises the maximum, nor one beyond it", () => {
    const shallow = scoped({ grant: { ...SCOPED, limits: { depth: 1 } } });
    const child = mintLink(verifyChain([shallow], at), scopedLink(1), holder(0));
    const raised = forge(child, { del_max_depth: 9 }, holder(0));
    const parent = verifyChain([shallow, child], at);
    const draft = scopedLink(2, { grant: { scopes: ["crm.read"], limits: { depth: 0 } } });
    refuses("depth_invalid", () => mintLink(parent, draft, holder(1)), "del_max_depth");
    const below = forge(
      child,
      {
        del_depth: 2,
        par_hash: signingInputDigest(raised),
        cnf: { jwk: holder(2).jwk },
      },
      holder(1),
    );
    refuses("depth_invalid", () => verifyChain([shallow, raised, below], at), "del_max_depth");
  });

  test("shows the key in a link's header where its parent confirms a thumbprint alone", () => {
    const short = scoped({ byThumbprint: true });
    expect(claimsOf(short).cnf).toEqual({ jkt: holder(0).thumbprint });
    const parent = verifyChain([short], at);
    const link = mintLink(parent, scopedLink(1), holder(0));
    expect(headerOf(link)).toEqual({
      alg: "Ed25519",
      c14n: "JCS",
      jwk: holder(0).jwk,
      typ: "at+jwt",
    });
    const other = forge(link, {}, holder(0), { jwk: holder(5).jwk });
    refuses("signature_invalid", () => verifyChain([short, other], at), "jwk");
    const none = forge(link, {}, holder(0), { jwk: undefined });
    refuses("signature_invalid", () => verifyChain([short, none], at), "jwk");
  });

  test("has no self-links, and no proofs of agents", () => {
    const parent = verifyChain(tokens.slice(0, 1), at);
    const draft = { tool: "web.search", audience: FILES, now: NOW };
    refuses("profile_cannot_carry", () => mintSelfLink(parent, draft, holder(0)), "self");
    const proved = scopedLink(1, { agentProof: "a.b.c" });
    refuses("profile_cannot_carry", () => mintLink(parent, proved, holder(0)), "agentProof");
  });
});

describe("a link", () => {
  test("has an id of the time and the randomness that it is made with", () => {
    const parent = verified([root]);
    const ids = [7, 7, 8].map((seed) =>
      String(
        claimsOf(mintLink(parent, linkDraft(1, { random: seededRandom(seed) }), holder(0))).jti,
      ),
    );
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
    const draft = { tool: "web.search", audience: FILES, now: NOW };
    const selves = [7, 7].map((seed) =>
      mintSelfLink(parent, { ...draft, random: seededRandom(seed) }, holder(0)),
    );
    expect(selves[0]).toBe(selves[1]);
    expect(mintSelfLink(parent, draft, holder(0))).not.toBe(selves[0]);
  });

  test("is made no earlier than its parent, whatever its maker's clock says", () => {
    const ahead = verified([anchor({ issuedAt: NOW + 5_000 })]);
    expect(claimsOf(mintLink(ahead, linkDraft(1), holder(0))).iat).toBe((NOW + 5_000) / 1_000);
  });

  test("leaves as little depth as its limits say", () => {
    const limited = anchor({ grant: { ...GRANT, limits: { depth: 9 } } });
    const detail = { type: "delegation_limits", depth: 1 };
    const [tools] = claimsOf(limited).authorization_details as object[];
    const link = forgedLink([limited], { authorization_details: [tools, detail] });
    expect(verified([limited, link]).hopsLeft).toBe(1);
  });

  test("under the issuer rule names its issuer's key, and is signed by one of the right id and thumbprint", () => {
    const issued = { ...options, childSigner: "issuer" as const };
    const parent = verified([root], issued);
    const link = mintLink(parent, linkDraft(1), COORDINATOR);
    expect(headerOf(link)).toEqual({
      alg: "EdDSA",
      kid: COORDINATOR.kid,
      typ: "delegation-link+jwt",
    });
    const named = { ...keyOf(94), kid: COORDINATOR.kid };
    refuses("signature_invalid", () => mintLink(parent, linkDraft(1), named as never), "cnf");
  });
});
