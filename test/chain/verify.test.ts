import { describe, expect, test } from "vitest";
import { CHAIN_BYTES_MAX, HOPS_MAX, TOKEN_BYTES_MAX, TOKENS_MAX } from "../../src/base/limits.js";
import { mintAnchor } from "../../src/chain/mint-anchor.js";
import { Trust } from "../../src/chain/trust.js";
import { verifyChain } from "../../src/chain/verify.js";
import { signingInputDigest, signJws } from "../../src/token/jws.js";
import { thumbprintUri } from "../../src/token/key.js";
import {
  aat,
  anchor,
  anchorDraft,
  type Claims,
  COORDINATOR,
  chainOf,
  claimsOf,
  forge,
  forgedLink,
  GRANT,
  holder,
  ISSUER,
  NOW,
  options,
  refuses,
  STRANGER,
  trust,
  verified,
} from "./forge.js";

const three = chainOf(3);
const [root = "", middle = "", leaf = ""] = three;

describe("a verified chain", () => {
  test("tells who asked, who acts, and what is allowed", () => {
    const chain = verified(three);
    expect(chain).toMatchObject({
      profile: "legate",
      tenant: "acme",
      tree: "hop-root",
      issuer: ISSUER,
      principal: { issuer: "https://people.example", subject: "alice" },
      holder: holder(2).thumbprint,
      hopsLeft: 28,
      generation: "generation-1",
      position: 7,
      bearer: false,
      selfLink: false,
      expiresAt: NOW + 300_000,
      issuedAt: NOW,
      notBefore: 0,
      verifiedAt: NOW,
      unregistered: [],
    });
    expect(chain.hops.map(({ agent }) => agent)).toEqual(["agent-0", "agent-1", "agent-2"]);
    expect(chain.offline).toEqual([signingInputDigest(middle), signingInputDigest(leaf)]);
    expect(chain.grants).toHaveLength(3);
    expect(chain.grant).toBe(chain.grants[2]);
    expect(chain.grant.audience).toEqual(GRANT.audience);
    expect(chain.grant.ceilings).toEqual([]);
    expect(chain.grant.limits).toMatchObject({ calls: 50, depth: 28 });
    expect([...chain.keys].sort()).toEqual(
      [COORDINATOR, holder(0), holder(1), holder(2)].map((key) => key.thumbprint).sort(),
    );
  });

  test("is the anchor alone where only that comes, and its lineage tells the tree's depth", () => {
    const lineage = [0, 1, 2].map((at) => ({
      id: `hop-${at}`,
      agent: `agent-${at}`,
      identity: at === 1 ? ("proven" as const) : ("asserted" as const),
      holder: holder(at).thumbprint,
    }));
    const chain = verified([anchor({ lineage, tree: "hop-0", holderKey: holder(2) })]);
    expect(chain.hops).toEqual(lineage);
    expect(chain.offline).toEqual([]);
    expect(chain.keys.has(holder(0).thumbprint)).toBe(true);
  });

  test("A31 is alive only inside the window of every token", () => {
    const late = forgedLink([root], { nbf: NOW / 1_000 + 10, exp: NOW / 1_000 + 20 });
    refuses("token_not_yet_valid", () => verified([root, late]), "nbf");
    expect(verified([root, late], { now: NOW + 10_000 }).notBefore).toBe(NOW + 10_000);
    expect(verified([root, late], { now: NOW + 19_999 }).expiresAt).toBe(NOW + 20_000);
    refuses("token_expired", () => verified([root, late], { now: NOW + 20_000 }), "exp");
    const deeper = forgedLink([root, late], { nbf: NOW / 1_000, exp: NOW / 1_000 + 15 });
    refuses("token_not_yet_valid", () => verified([root, late, deeper], { now: NOW + 9_999 }));
  });

  test("names the hops that only the coordinator could have counted", () => {
    const counted = chainOf(3, { ...GRANT, limits: { ...GRANT.limits, children: 3 } });
    const chain = verified(counted);
    expect(chain.unregistered).toEqual(chain.offline);
    const later = forgedLink([root], {
      authorization_details: [aat(GRANT.tools), { type: "delegation_limits", descendants: 2 }],
    });
    const last = forgedLink([root, later], {});
    expect(verified([root, later, last]).unregistered).toEqual([signingInputDigest(last)]);
  });

  test("S19 ignores claims that nobody knows, and refuses members that nobody knows inside a detail", () => {
    expect(verified([root, forgedLink([root], { mood: "good" })]).hops).toHaveLength(2);
    const detail = { ...aat(GRANT.tools), actions: ["read"] };
    refuses("malformed", () =>
      verified([root, forgedLink([root], { authorization_details: [detail] })]),
    );
    const constraint = { "web.search": { q: { constraint_type: "exact", value: 1, or: 2 } } };
    const trojan = forgedLink([root], { authorization_details: [aat(constraint)] });
    refuses("malformed", () => verified([root, trojan]));
  });

  test("S20 does not come of a token with a constraint type that nobody knows", () => {
    const tools = { "web.search": { q: { constraint_type: "feeling" } } };
    const link = forgedLink([root], { authorization_details: [aat(tools)] });
    refuses("unknown_constraint", () => verified([root, link]));
  });
});

describe("signatures", () => {
  test("S12 C17 a chain under another root is nobody's, however it vouches for itself", () => {
    const foreign = mintAnchor(anchorDraft(), STRANGER);
    refuses("signature_invalid", () => verified([foreign]));
    refuses("signature_invalid", () =>
      verified([forge(foreign, {}, STRANGER, { kid: undefined })]),
    );
    const posing = forge(foreign, {}, STRANGER, { kid: COORDINATOR.kid });
    refuses("signature_invalid", () => verified([posing]));
    refuses("signature_invalid", () =>
      verified([forge(root, {}, STRANGER, { jwk: STRANGER.jwk })]),
    );
  });

  test("S14 a token that verifies only under the key it confirms is refused", () => {
    const own = holder(0);
    refuses("signature_invalid", () => verified([forge(root, {}, own)]));
    const self = holder(1);
    const link = forgedLink([root], { iss: thumbprintUri(self.thumbprint) }, { key: self });
    refuses("signature_invalid", () => verified([root, link]));
  });

  test("S09 a key in the header counts for nothing where the parent confirms one", () => {
    const link = forgedLink([root], {}, { header: { jwk: holder(0).jwk } });
    refuses("signature_invalid", () => verified([root, link]), "jwk");
  });

  test("S15 the signature of one token does not carry another", () => {
    const [head = "", body = ""] = leaf.split(".");
    const stolen = middle.split(".")[2] ?? "";
    refuses("signature_invalid", () => verified([root, middle, `${head}.${body}.${stolen}`]));
  });

  test("S01 a flipped bit in a link's signature is refused", () => {
    const at = leaf.length - 20;
    const flipped = `${leaf.slice(0, at)}${leaf[at] === "A" ? "B" : "A"}${leaf.slice(at + 1)}`;
    refuses("signature_invalid", () => verified([root, middle, flipped]));
  });

  test("C06 a link that is not signed by its parent's holder is refused", () => {
    const signer = holder(9);
    const link = forgedLink([root], { iss: thumbprintUri(signer.thumbprint) }, { key: signer });
    refuses("signature_invalid", () => verified([root, link]));
    const named = forgedLink([root], { iss: thumbprintUri(signer.thumbprint) });
    refuses("issuer_invalid", () => verified([root, named]), "iss");
  });

  test("C07 a link by the trusted coordinator is refused under the delegator rule, and taken under the issuer rule", () => {
    const issued = forgedLink(
      [root],
      { iss: thumbprintUri(COORDINATOR.thumbprint) },
      { key: COORDINATOR },
    );
    refuses("signature_invalid", () => verified([root, issued]));
    expect(verified([root, issued], { childSigner: "issuer" }).hops).toHaveLength(2);
    refuses("signature_invalid", () => verified([root, middle], { childSigner: "issuer" }));
  });

  test("S07 an algorithm that the verifier does not list, or that is not the key's, is refused", () => {
    refuses("signature_invalid", () => verified(three, { acceptedAlgs: ["ES256"] }), "alg");
    refuses("config_invalid", () => verified(three, { acceptedAlgs: "EdDSA" as unknown as [] }));
    const confused = root.split(".");
    confused[0] = Buffer.from('{"alg":"ES256","typ":"at+jwt"}').toString("base64url");
    refuses("signature_invalid", () => verified([confused.join(".")]), "alg");
  });

  test("S10 a confirmed key with a private member is refused", () => {
    const cnf = { jwk: { ...holder(1).jwk, d: holder(3).jwk.x } };
    refuses("key_invalid", () => verified([root, forgedLink([root], { cnf })]));
  });

  test("S11 a confirmed key of low order is refused", () => {
    const x = Buffer.alloc(32).toString("base64url");
    const cnf = { jwk: { crv: "Ed25519", kty: "OKP", x } };
    refuses("key_invalid", () => verified([root, forgedLink([root], { cnf })]));
  });

  test("S16 another kind of signed message does not pass for a token", () => {
    for (const typ of ["dpop+jwt", "statuslist+jwt", "at+jwt", undefined]) {
      const link = forgedLink([root], {}, { header: { typ } });
      refuses("malformed", () => verified([root, link]), "typ");
    }
    const asLink = forge(root, {}, COORDINATOR, { typ: "delegation-link+jwt" });
    refuses("malformed", () => verified([asLink]), "typ");
    expect(verified([forge(root, {}, COORDINATOR, { typ: "application/AT+JWT" })]).tree).toBe(
      "hop-root",
    );
  });

  test("S21 a token of a kind that nobody knows is refused", () => {
    refuses("malformed", () => verified([forge(root, {}, COORDINATOR, { typ: "at2+jwt" })]), "typ");
  });
});

describe("the shape of a chain", () => {
  test("C01 an empty chain is refused", () => {
    refuses("chain_empty", () => verified([]));
  });

  test("C02 a chain with a link left out is refused", () => {
    refuses("signature_invalid", () => verified([root, leaf]));
  });

  test("C03 S34 a chain that is reversed or shuffled is refused", () => {
    refuses("malformed", () => verified([leaf, middle, root]));
    refuses("signature_invalid", () => verified([root, leaf, middle]));
  });

  test("S35 a chain with a foreign token inside is refused", () => {
    const foreign = forge(forgedLink([root], {}), { jti: "foreign" }, STRANGER);
    refuses("signature_invalid", () => verified([root, foreign, middle, leaf]));
    const again = forgedLink([root, middle], { del_depth: 1 });
    refuses("depth_invalid", () => verified([root, middle, again, leaf]), "del_depth");
  });

  test("C05 a link moved under a sibling of its parent with the same key falls by par_hash alone", () => {
    const sibling = forgedLink([root], { jti: "sibling" });
    expect(claimsOf(sibling).cnf).toEqual(claimsOf(middle).cnf);
    refuses("par_hash_mismatch", () => verified([root, sibling, leaf]), "par_hash");
  });

  test("C18 a link that names another parent, or none, is refused", () => {
    const other = forgedLink([root], { par_hash: signingInputDigest(middle) });
    refuses("par_hash_mismatch", () => verified([root, other]));
    refuses("par_hash_mismatch", () =>
      verified([root, forgedLink([root], { par_hash: undefined })]),
    );
    refuses("malformed", () => verified([root, forgedLink([root], { par_hash: "short" })]));
  });

  test("C08 one token id may not stand twice; one agent may act twice", () => {
    const again = forgedLink([root], { jti: claimsOf(root).jti });
    refuses("token_repeated", () => verified([root, again]), "jti");
    const back = forgedLink([root, middle], { client_id: "agent-0" });
    expect(verified([root, middle, back]).hops.map(({ agent }) => agent)).toEqual([
      "agent-0",
      "agent-1",
      "agent-0",
    ]);
  });

  test("C10 a depth that is not the parent's plus one is refused", () => {
    for (const del_depth of [0, 2, 3]) {
      refuses(
        "depth_invalid",
        () => verified([root, forgedLink([root], { del_depth })]),
        "del_depth",
      );
    }
    refuses("depth_invalid", () => verified([forge(root, { del_depth: 1 }, COORDINATOR)]));
  });

  test("C11 S37 a token that allows no further hop has no child", () => {
    const end = forgedLink([root], { del_max_depth: 1 });
    expect(verified([root, end]).hopsLeft).toBe(0);
    const beyond = forgedLink([root, end], { del_max_depth: 2 });
    refuses("depth_invalid", () => verified([root, end, beyond]), "del_max_depth");
  });

  test("C12 a child that raises the maximum is refused", () => {
    const raised = forgedLink([root], { del_max_depth: 31 });
    refuses("depth_invalid", () => verified([root, raised]), "del_max_depth");
  });

  test("C13 a maximum below the token's own depth is refused", () => {
    const short = forgedLink([root], { del_max_depth: 0 });
    refuses("depth_invalid", () => verified([root, short]), "del_max_depth");
  });

  test("C15 too many tokens or hops are refused before any signature", () => {
    const garbage = Array.from({ length: TOKENS_MAX + 1 }, () => "not even a token");
    refuses("too_large", () => verified(garbage), "tokens");
    const many = Array.from({ length: HOPS_MAX + 1 }, (_, at) => ({
      agent: "a",
      hop: `hop-${at}`,
      identity: "asserted",
      jkt: holder(0).thumbprint,
    }));
    refuses("malformed", () => verified([forge(root, { lineage: many }, COORDINATOR)]), "lineage");
    const lineage = many.slice(0, HOPS_MAX).map((hop) => ({ ...hop, agent: "agent-0" }));
    const full = forge(root, { lineage, txn: "hop-0" }, COORDINATOR);
    expect(verified([full]).hops).toHaveLength(HOPS_MAX);
    refuses("depth_invalid", () => verified([full, forgedLink([full], {})]), "hops");
  });

  test("S29 a token or chain over its ceiling is refused before it is decoded", () => {
    refuses("too_large", () => verified(["x".repeat(TOKEN_BYTES_MAX + 1)]), "token");
    const heavy = Array.from({ length: 5 }, () => "x".repeat(CHAIN_BYTES_MAX / 5 + 1));
    refuses("too_large", () => verified(heavy), "chain");
  });

  test.each([
    ["null", null],
    ["a number", 7],
    ["empty text", ""],
    ["white space", " \n"],
    ["garbage", "a.b.c"],
    ["two parts", "e30.e30"],
  ])("S30 %s as a token is malformed", (_what, token) => {
    refuses("malformed", () => verified([token as string]));
    refuses("malformed", () => verified([root, token as string]));
  });

  test("S31 S32 what has the wrong type is malformed, never coerced", () => {
    refuses("malformed", () => verifyChain({} as unknown as string[], options));
    const wrong: readonly Claims[] = [
      { authorization_details: {} },
      { del_depth: true },
      { del_depth: "1" },
      { del_depth: 1.5 },
      { del_max_depth: null },
      { exp: "1800000300" },
      { iat: -1 },
      { nbf: 0.5 },
      { jti: "" },
      { jti: 7 },
      { iss: null },
      { cnf: {} },
      { cnf: { jkt: holder(1).thumbprint } },
      { aud: [] },
      { aud: null },
      { aud: [7] },
      { scope: ["crm.read"] },
      { client_id: "" },
      { client_id: undefined },
      { self: "yes" },
      { self: false },
      { status: {} },
      { status: { status_list: { idx: -1, uri: "https://status.example" } } },
      { authorization_details: [7] },
      { authorization_details: [aat([])] },
      { authorization_details: [aat(GRANT.tools), aat(GRANT.tools)] },
    ];
    for (const change of wrong) {
      refuses("malformed", () => verified([root, forgedLink([root], change)]));
    }
  });

  test("a refusal names the hop that refuses, and no token", () => {
    const link = forgedLink([root], { del_depth: 9 });
    const refusal = refuses("depth_invalid", () => verified([root, link]));
    expect(refusal.hop).toBe(signingInputDigest(link));
    const unread = forgedLink([root], { exp: "never" });
    expect(refuses("malformed", () => verified([root, unread])).hop).toBe(
      signingInputDigest(unread),
    );
    const late = refuses("token_expired", () => verified([root], { now: NOW + 600_000 }));
    expect(late.hop).toBe("hop-root");
  });

  test("a time that is no time refuses", () => {
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY, 1.5]) {
      refuses("clock_skewed", () => verified(three, { now }));
    }
  });
});

describe("what never changes in a tree", () => {
  test("C22 a link with another principal is refused", () => {
    refuses(
      "principal_altered",
      () => verified([root, forgedLink([root], { sub: "mallory" })]),
      "sub",
    );
    expect(verified([root, forgedLink([root], { sub: "alice" })]).principal.subject).toBe("alice");
  });

  test("C25 a root without a subject is refused", () => {
    refuses("malformed", () => verified([forge(root, { sub: undefined }, COORDINATOR)]), "sub");
    refuses("malformed", () => verified([forge(root, { sub: null }, COORDINATOR)]), "sub");
  });

  test("a link with another tenant is refused", () => {
    refuses("tenant_altered", () => verified([root, forgedLink([root], { tenant: "other" })]));
    expect(verified([root, forgedLink([root], { tenant: "acme" })]).tenant).toBe("acme");
  });

  test("C26 an anchor of another tenant is answered as one that nobody signed", () => {
    const mine = new Trust({ keys: [{ key: COORDINATOR }], tenants: ["other"] });
    const foreign = refuses("signature_invalid", () => verified([root], { trust: mine }));
    const unsigned = refuses("signature_invalid", () =>
      verified([mintAnchor(anchorDraft(), STRANGER)]),
    );
    expect(foreign.message).toBe(unsigned.message);
  });

  test("an issuer that the verifier does not know is refused, and so is one that is no uri", () => {
    const other = forge(root, { iss: "https://other.example" }, COORDINATOR);
    refuses("issuer_invalid", () => verified([other]), "iss");
    refuses("malformed", () => verified([forge(root, { iss: "coordinator" }, COORDINATOR)]), "iss");
  });
});

describe("lives", () => {
  test("A29 a life beyond the ceiling is refused", () => {
    const exp = NOW / 1_000 + 91 * 86_400;
    refuses("lifetime_invalid", () => verified([forge(root, { exp }, COORDINATOR)]), "exp");
  });

  test("A30 a child that outlives its parent is refused", () => {
    const exp = Number(claimsOf(root).exp);
    expect(verified([root, forgedLink([root], { exp })]).hops).toHaveLength(2);
    refuses(
      "lifetime_invalid",
      () => verified([root, forgedLink([root], { exp: exp + 1 })]),
      "exp",
    );
  });

  test("P17 iat may lie thirty seconds ahead, and not one more", () => {
    const at = (iat: number) => forge(root, { iat: NOW / 1_000 + iat }, COORDINATOR);
    expect(verified([at(30)]).hops).toHaveLength(1);
    refuses("lifetime_invalid", () => verified([at(31)]), "iat");
  });

  test("a token is made after its parent, and ends after it begins", () => {
    const early = forgedLink([root], { iat: NOW / 1_000 - 1 });
    refuses("lifetime_invalid", () => verified([root, early]), "iat");
    const void_ = forge(root, { iat: NOW / 1_000 + 20, exp: NOW / 1_000 + 20 }, COORDINATOR);
    refuses("lifetime_invalid", () => verified([void_]), "exp");
  });

  test("a token has expired at the very second that it names", () => {
    expect(verified([root], { now: NOW + 599_999 }).hops).toHaveLength(1);
    refuses("token_expired", () => verified([root], { now: NOW + 600_000 }));
  });
});

describe("the lineage of an anchor", () => {
  const first = {
    agent: "agent-0",
    hop: "hop-root",
    identity: "asserted",
    jkt: holder(0).thumbprint,
  };
  test.each([
    ["ends at another agent", [{ ...first, agent: "other" }]],
    ["ends at another key", [{ ...first, jkt: holder(1).thumbprint }]],
    ["names a hop twice", [first, first]],
    ["is empty", []],
    ["knows a third kind of identity", [{ ...first, identity: "known" }]],
    ["has a hop without a name", [{ ...first, hop: "" }]],
  ])("is refused when it %s", (_why, lineage) => {
    refuses("malformed", () => verified([forge(root, { lineage }, COORDINATOR)]), "lineage");
  });

  test("decides the hops, whatever act says", () => {
    const act = { sub: "somebody else" };
    expect(verified([forge(root, { act }, COORDINATOR)]).hops.at(-1)?.agent).toBe("agent-0");
  });

  test("D-chosen-id a link's hop id is its own digest, whatever it calls itself", () => {
    const link = forgedLink([root], { hop: "hop-root", jti: "hop-chosen", txn: "mine" });
    const chain = verified([root, link]);
    expect(chain.hops.at(-1)?.id).toBe(signingInputDigest(link));
    expect(chain.tree).toBe("hop-root");
  });
});

test("D-stripped-link a chain stripped of its last link is bound to the key of what is left", () => {
  const stripped = verified(three.slice(0, -1));
  expect(stripped.holder).toBe(holder(1).thumbprint);
  expect(verified(three).holder).toBe(holder(2).thumbprint);
  refuses("malformed", () => verified(three.slice(1)));
});

test("S17 the grant that is decided on comes from the bytes that were signed", () => {
  const parts = root.split(".");
  const payload = { ...claimsOf(root), sub: "mallory" };
  parts[1] = Buffer.from(JSON.stringify(payload)).toString("base64url");
  refuses("signature_invalid", () => verified([parts.join(".")]));
});

test("S22 a token in any other spelling than canonical json means the same, or is refused", () => {
  const claims = claimsOf(root);
  const spaced = JSON.stringify(claims, null, 1);
  const head = Buffer.from('{"typ":"at+jwt","alg":"EdDSA"}').toString("base64url");
  const input = `${head}.${Buffer.from(spaced).toString("base64url")}`;
  const token = `${input}.${Buffer.from(COORDINATOR.sign(input)).toString("base64url")}`;
  expect(verified([token]).grant).toEqual(verified([root]).grant);
  const twice = `${input.split(".")[0]}.${Buffer.from(`{"sub":"bob",${spaced.slice(1)}`).toString("base64url")}`;
  const doubled = `${twice}.${Buffer.from(COORDINATOR.sign(twice)).toString("base64url")}`;
  refuses("duplicate_member", () => verified([doubled]));
});

test("P20 after a rotation the key before still verifies, and one that was dropped does not", () => {
  const next = STRANGER;
  const rotating = new Trust({ keys: [{ key: COORDINATOR, kid: COORDINATOR.kid }] });
  rotating.change({
    keys: [
      { key: next, kid: next.kid },
      { key: COORDINATOR, kid: COORDINATOR.kid },
    ],
  });
  expect(verified([root], { trust: rotating }).hops).toHaveLength(1);
  expect(verified([mintAnchor(anchorDraft(), next)], { trust: rotating }).hops).toHaveLength(1);
  rotating.change({ keys: [{ key: next, kid: next.kid }] });
  refuses("signature_invalid", () => verified([root], { trust: rotating }));
});

test("a signature is tried under every key that the header could mean", () => {
  const many = new Trust({ keys: [{ key: STRANGER }, { key: COORDINATOR }] });
  expect(verified([root], { trust: many }).hops).toHaveLength(1);
  expect(trust.candidates("unknown")).toEqual([]);
  const unnamed = signJws({ typ: "at+jwt" }, claimsOf(root), COORDINATOR);
  expect(verified([unnamed]).hops).toHaveLength(1);
});
