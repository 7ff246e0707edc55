/** The lines that the two chain drafts are known to accept and reject, each on a chain made for it. */
import { compactVerify, importJWK } from "jose";
import { describe, expect, test } from "vitest";
import { canonicalize } from "../../src/base/canonical.js";
import { CODES, type Outcome } from "../../src/base/codes.js";
import { DelegationError } from "../../src/base/error.js";
import { type LinkDraft, mintLink } from "../../src/chain/mint.js";
import { mintRoot, type RootDraft } from "../../src/chain/mint-anchor.js";
import { Trust } from "../../src/chain/trust.js";
import { type VerifyOptions, verifyChain } from "../../src/chain/verify.js";
import { signingInputDigest, signJws } from "../../src/token/jws.js";
import { generateSigningKey, type SigningKey, thumbprintUri } from "../../src/token/key.js";
import type { Authority, Grant } from "../../src/wire/grant.js";
import { WELL_SAID } from "../token/fixtures.js";
import {
  anchor,
  type Claims,
  trust as COORDINATED,
  claimsOf,
  GRANT,
  headerOf,
  holder,
  keyOf,
  linkDraft,
  NOW,
  random,
  refuses,
  verified,
} from "./forge.js";

const ISSUED = NOW / 1_000;
const AS = keyOf(300);
const trust = new Trust({ keys: [{ key: AS, kid: AS.kid }] });
const none = { tools: {}, scopes: [], ceilings: [], audience: [], limits: {} };

/** A child by hand; members that are undefined go. */
function sign(claims: Claims, key: SigningKey, header: Claims): string {
  const stated = (members: Claims) =>
    Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  return signJws(stated(header), stated(claims), key);
}

function outcomeOf(run: () => unknown): Outcome | "accept" {
  try {
    run();
    return "accept";
  } catch (thrown) {
    if (!(thrown instanceof DelegationError)) throw thrown;
    expect(thrown.message).toMatch(WELL_SAID);
    return CODES[thrown.code].outcome;
  }
}

describe("agent-delegation", () => {
  const at: VerifyOptions = { profile: "agent-delegation", trust, now: NOW };
  const HEADER = { alg: "Ed25519", c14n: "JCS", typ: "at+jwt" };
  const MAX_ROWS = { key: "max_rows", max: 100 };
  const base: Claims = {
    aud: "https://crm.example",
    authorization_details: [
      { type: "agent_delegation", scopes: ["crm.*", "User.Read"], constraints: [MAX_ROWS] },
    ],
    client_id: "a",
    cnf: { jwk: holder(0).jwk },
    del_depth: 0,
    del_max_depth: 3,
    exp: ISSUED + 600,
    iat: ISSUED,
    iss: "https://as.example",
    jti: "t0",
    sub: "alice",
  };
  const root = (change: Claims = {}, header: Claims = HEADER) =>
    sign({ ...base, ...change }, AS, header);
  function child(tokens: readonly string[], change: Claims = {}, key?: SigningKey): string {
    const claims = {
      ...claimsOf(tokens.at(-1) ?? ""),
      cnf: { jwk: holder(tokens.length).jwk },
      del_depth: tokens.length,
      del_max_depth: undefined,
      jti: `t${tokens.length}`,
      par_hash: signingInputDigest(tokens.at(-1) ?? ""),
      ...change,
    };
    return sign(claims, key ?? holder(tokens.length - 1), HEADER);
  }
  const detail = (scopes: unknown, constraints?: unknown) => ({
    authorization_details: [
      { type: "agent_delegation", scopes, ...(constraints === undefined ? {} : { constraints }) },
    ],
  });
  const two = (change: Claims, parent: Claims = {}) => {
    const first = root(parent);
    return [first, child([first], change)];
  };
  const raw = (payload: string, header = canonicalize(HEADER)) => {
    const input = [header, payload]
      .map((part) => Buffer.from(part).toString("base64url"))
      .join(".");
    return `${input}.${Buffer.from(AS.sign(input)).toString("base64url")}`;
  };
  const verdict = (tokens: readonly string[], more: Partial<VerifyOptions> = {}) =>
    outcomeOf(() => verifyChain(tokens, { ...at, ...more }));
  const unknown = { key: "mood", at_most: "calm" };

  test.each<[string, () => readonly string[]]>([
    ["a chain of one token", () => [root()]],
    ["equal scopes, constraints, expiry and maximum", () => two({ del_max_depth: 3 })],
    [
      "a child that adds a constraint",
      () => two(detail(["crm.*"], [MAX_ROWS, { key: "x", min: 1 }])),
    ],
    ["an array of audiences", () => two({ aud: ["https://a.example", "https://b.example"] })],
    ["an opaque scope, exactly", () => two(detail(["User.Read"], [MAX_ROWS]))],
    ["a narrower wildcard", () => two(detail(["crm.x.*"], [MAX_ROWS]))],
    ["no scope at all", () => two(detail([], [MAX_ROWS]))],
    ["the largest integer", () => [root({ exp: Number.MAX_SAFE_INTEGER })]],
    ["an unknown constraint, byte for byte", () => two({}, detail(["crm.*"], [unknown]))],
    ["a header without c14n", () => [root({}, { alg: "Ed25519", typ: "at+jwt" })]],
    [
      "typ in its long form and any case",
      () => [root({}, { ...HEADER, typ: "application/AT+jwt" })],
    ],
    ["the older name of the algorithm", () => [root({}, { ...HEADER, alg: "EdDSA" })]],
    ["an unknown claim", () => [root({ mood: "good" })]],
    ["one agent twice", () => two({ client_id: "a" })],
  ])("accepts %s", (_what, tokens) => {
    expect(verdict(tokens())).toBe("accept");
  });

  test("accepts now at exp and at nbf, and refuses one second beyond", () => {
    const tokens = [root({ nbf: ISSUED, exp: ISSUED })];
    expect(verdict(tokens)).toBe("accept");
    expect(verdict(tokens, { now: NOW + 1_000 })).toBe("expired");
    expect(verdict(tokens, { now: NOW - 1_000 })).toBe("expired");
  });

  test("accepts as many tokens as del_max_depth says, and refuses one more", () => {
    const tokens = [root()];
    tokens.push(child(tokens));
    tokens.push(child(tokens));
    expect(verdict(tokens)).toBe("accept");
    expect(verdict([...tokens, child(tokens)])).toBe("depth_invalid");
  });

  test.each<[string, Outcome, () => readonly string[]]>([
    ["par_hash in a root", "malformed", () => [root({ par_hash: signingInputDigest("a.b.c") })]],
    ["no par_hash in a child", "par_hash_mismatch", () => two({ par_hash: undefined })],
    ["par_hash of the wrong form", "malformed", () => two({ par_hash: "x" })],
    ["a depth that skips", "depth_invalid", () => two({ del_depth: 2 })],
    ["a root at depth one", "depth_invalid", () => [root({ del_depth: 1 })]],
    ["a raised maximum", "not_narrower", () => two({ del_max_depth: 4 })],
    ["no maximum in a root", "malformed", () => [root({ del_max_depth: undefined })]],
    ["a maximum of zero", "malformed", () => [root({ del_max_depth: 0 })]],
    ["a dropped constraint", "not_narrower", () => two(detail(["crm.*"]))],
    [
      "a wider constraint",
      "not_narrower",
      () => two(detail(["crm.*"], [{ key: "max_rows", max: 101 }])),
    ],
    ["a wider wildcard", "not_narrower", () => two(detail(["crm.*"], []), detail(["crm.x.*"], []))],
    ["a scope that only looks alike", "not_narrower", () => two(detail(["crmx.read"], [MAX_ROWS]))],
    ["a wildcard's bare stem", "not_narrower", () => two(detail(["crm"], [MAX_ROWS]))],
    ["an expiry beyond the parent's", "expired", () => two({ exp: ISSUED + 601 })],
    ["another principal", "principal_altered", () => two({ sub: "mallory" })],
    ["no principal in a child", "principal_altered", () => two({ sub: undefined })],
    ["an empty principal", "malformed", () => [root({ sub: "" })]],
    ["no client_id", "malformed", () => two({ client_id: undefined })],
    ["an empty list of audiences", "malformed", () => two({ aud: [] })],
    ["no audience", "malformed", () => two({ aud: undefined })],
    ["a confirmation without a key", "malformed", () => two({ cnf: { kid: "x" } })],
    [
      "a second detail",
      "malformed",
      () => [
        root({
          authorization_details: [1, 2].map(() => detail(["crm.read"]).authorization_details[0]),
        }),
      ],
    ],
    [
      "a detail of another type",
      "malformed",
      () => [root({ authorization_details: [{ type: "payment", scopes: [] }] })],
    ],
    [
      "a detail with a further member",
      "malformed",
      () => [
        root({ authorization_details: [{ type: "agent_delegation", scopes: [], actions: [] }] }),
      ],
    ],
    ["a star for a scope", "malformed", () => [root(detail(["*"]))]],
    ["a star in a word", "malformed", () => [root(detail(["crm.re*"]))]],
    ["a star in the middle", "malformed", () => [root(detail(["crm.*.read"]))]],
    ["a star after an opaque word", "malformed", () => [root(detail(["User.*"]))]],
    ["a line break after a scope", "malformed", () => [root(detail(["crm.read\n"]))]],
    ["two unknown members", "malformed", () => [root(detail([], [{ key: "k", a: 1, b: 2 }]))]],
    [
      "an unknown constraint that changed",
      "not_narrower",
      () => two(detail([], [{ ...unknown, at_most: "wild" }]), detail([], [unknown])),
    ],
    ["another type of token", "malformed", () => [root({}, { ...HEADER, typ: "JWT" })]],
    ["no type", "malformed", () => [root({}, { alg: "Ed25519", c14n: "JCS" })]],
    [
      "members out of order",
      "non_canonical",
      () => [raw(`{"sub":"alice",${canonicalize(base).slice(1).replace(',"sub":"alice"', "")}`)],
    ],
    ["white space", "non_canonical", () => [raw(canonicalize(base).replace(":", ": "))]],
    [
      "a header out of order",
      "non_canonical",
      () => [raw(canonicalize(base), '{"typ":"at+jwt","alg":"Ed25519"}')],
    ],
    ["a byte order mark", "malformed", () => [raw(`\uFEFF${canonicalize(base)}`)]],
    ["bytes after the object", "malformed", () => [raw(`${canonicalize(base)}x`)]],
    [
      "a member twice",
      "duplicate_member",
      () => [raw(canonicalize(base).replace("{", '{"sub":"bob",'))],
    ],
    ["NaN", "non_finite", () => [raw(canonicalize(base).replace(`"iat":${ISSUED}`, '"iat":NaN'))]],
    [
      "an integer beyond the safe ones",
      "malformed",
      () => [raw(canonicalize(base).replace(`"iat":${ISSUED}`, '"iat":9007199254740992'))],
    ],
    ["padding", "malformed", () => [root().replace(".", "=.")]],
    ["tokens leaf first", "malformed", () => [...two({})].reverse()],
    [
      "an unlisted algorithm",
      "signature_invalid",
      () => [
        root({}, HEADER).replace(
          /^[^.]+/,
          Buffer.from('{"alg":"none","c14n":"JCS","typ":"at+jwt"}').toString("base64url"),
        ),
      ],
    ],
    ["a child by the root's key", "signature_invalid", () => [root(), child([root()], {}, AS)]],
    [
      "a private member in cnf",
      "malformed",
      () => two({ cnf: { jwk: { ...holder(1).jwk, d: holder(1).jwk.x } } }),
    ],
  ])("refuses %s as %s", (_what, outcome, tokens) => {
    expect(verdict(tokens())).toBe(outcome);
  });

  test("judges in the draft's order where two things are wrong", () => {
    expect(verdict(two({ sub: "mallory", par_hash: signingInputDigest("a.b.c") }))).toBe(
      "par_hash_mismatch",
    );
    expect(verdict(two({ sub: "mallory", del_depth: 5 }))).toBe("depth_invalid");
    expect(verdict(two({ exp: ISSUED + 601, ...detail(["other.x"], [MAX_ROWS]) }))).toBe(
      "not_narrower",
    );
    const tokens = [root()];
    const unsigned = child(tokens, { sub: 7 }, keyOf(999));
    expect(verdict([...tokens, unsigned])).toBe("malformed");
    const wide = child(tokens, detail(["other.x"]));
    expect(verdict([...tokens, wide, child([...tokens, wide], {}, keyOf(999))])).toBe(
      "signature_invalid",
    );
  });

  test("takes the child's key from its header where the parent confirms a thumbprint, and only that key", () => {
    const first = root({ cnf: { jkt: holder(0).thumbprint } });
    const claims = { ...claimsOf(child([first])), cnf: { jkt: holder(1).thumbprint } };
    const shown = (jwk: unknown, key = holder(0)) => [first, sign(claims, key, { ...HEADER, jwk })];
    expect(verdict(shown(holder(0).jwk))).toBe("accept");
    expect(verdict(shown(holder(2).jwk, holder(2)))).toBe("signature_invalid");
    expect(verdict(shown({ kty: "none" }))).toBe("signature_invalid");
    expect(verdict(shown(undefined))).toBe("signature_invalid");
    const chain = verifyChain(shown(holder(0).jwk), at);
    expect([chain.holder, chain.holderKey]).toEqual([holder(1).thumbprint, undefined]);
  });

  test("asks only the leaf for its audience", () => {
    const chain = verifyChain(two({ aud: "https://other.example" }), at);
    expect(chain.grants.map(({ audience }) => audience)).toEqual([[], ["https://other.example"]]);
  });

  test("lets a trusted issuer sign every token under the issuer rule, and no holder", () => {
    const first = root();
    expect(verdict([first, child([first], {}, AS)], { childSigner: "issuer" })).toBe("accept");
    expect(verdict([first, child([first])], { childSigner: "issuer" })).toBe("signature_invalid");
  });
});

describe("attenuating-agent-token", () => {
  const at: VerifyOptions = { profile: "attenuating-agent-token", trust, now: NOW };
  const FILES = ["/a", "/b"];
  const one = (...values: unknown[]) => ({ constraint_type: "one_of", values });
  const detail = (tools: unknown) => ({ type: "attenuating_agent_token", tools });
  const base: Claims = {
    authorization_details: [detail({ read: { path: one(...FILES) }, search: {} })],
    cnf: { jwk: holder(0).jwk },
    del_depth: 0,
    del_max_depth: 3,
    exp: ISSUED + 600,
    iat: ISSUED,
    iss: "https://as.example",
    jti: "t0",
  };
  const root = (change: Claims = {}, header: Claims = {}) =>
    sign({ ...base, ...change }, AS, header);
  function child(tokens: readonly string[], change: Claims = {}): string {
    const key = holder(tokens.length - 1);
    const claims = {
      ...claimsOf(tokens.at(-1) ?? ""),
      cnf: { jwk: holder(tokens.length).jwk },
      del_depth: tokens.length,
      iss: thumbprintUri(key.thumbprint),
      jti: `t${tokens.length}`,
      par_hash: signingInputDigest(tokens.at(-1) ?? ""),
      ...change,
    };
    return sign(claims, key, {});
  }
  const two = (change: Claims, parent: Claims = {}) => {
    const first = root(parent);
    return [first, child([first], change)];
  };
  const tools = (map: unknown) => ({ authorization_details: [detail(map)] });
  const pair = (parent: unknown, own: unknown) =>
    two(tools({ read: { path: own } }), tools({ read: { path: parent } }));
  const exact = (value: unknown) => ({ constraint_type: "exact", value });
  const range = (more: object) => ({ constraint_type: "range", ...more });
  const all = (...constraints: unknown[]) => ({ constraint_type: "all", constraints });
  const any = (...constraints: unknown[]) => ({ constraint_type: "any", constraints });
  const nested = (levels: number): unknown => (levels === 1 ? exact(1) : all(nested(levels - 1)));
  const verdict = (tokens: readonly string[], now = NOW) =>
    outcomeOf(() => verifyChain(tokens, { ...at, now })) === "accept" ? "accept" : "deny";

  test.each<[string, () => readonly string[]]>([
    ["an open tool closed", () => two(tools({ search: { q: one("x") } }))],
    ["a tool left out", () => two(tools({ search: {} }))],
    ["exact under one_of", () => pair(one("a", "b"), exact("a"))],
    ["exact under range", () => pair(range({ max: 9 }), exact(9))],
    ["exact under wildcard", () => pair({ constraint_type: "wildcard" }, exact("a"))],
    ["the same scope", () => two({})],
    ["an unknown claim", () => two({ mood: "good", sub: 7, client_id: [], status: "fine" })],
    [
      "an entry of another type",
      () => [root({ authorization_details: [{ type: "payment", amount: 1 }, detail({})] })],
    ],
    ["nesting of 32", () => [root(tools({ read: { path: nested(32) } }))]],
    ["another typ", () => [root({}, { typ: "aat+jwt" })]],
    ["an issuer by urn", () => [root({ iss: "urn:example:as" })]],
    ["iat thirty seconds ahead", () => [root({ iat: ISSUED + 30 })]],
    ["as deep as the maximum", () => [root({ del_max_depth: 0 })]],
  ])("accepts %s", (_what, tokens) => {
    expect(verdict(tokens())).toBe("accept");
  });

  test("accepts an intermediate without details, and no leaf or root", () => {
    const first = root();
    const empty = child([first], { authorization_details: [] });
    const last = child([first, empty], tools({}));
    expect(verdict([first, empty, last])).toBe("accept");
    expect(verdict([first, empty])).toBe("deny");
    expect(verdict([root({ authorization_details: [] })])).toBe("deny");
    const wide = child([first, empty], tools({ search: {} }));
    expect(verdict([first, empty, wide])).toBe("deny");
  });

  test.each<[string, () => readonly string[]]>([
    [
      "not_one_of under one_of",
      () => pair(one("a", "b"), { constraint_type: "not_one_of", excluded: ["a"] }),
    ],
    [
      "a bound made inclusive",
      () => pair(range({ max: 9, max_inclusive: false }), range({ max: 9 })),
    ],
    ["any with a new clause", () => pair(any(exact("a")), any(exact("a"), exact("b")))],
    ["all with a clause dropped", () => pair(all(exact("a"), one("a", "b")), all(exact("a")))],
    ["one clause of all for two", () => pair(all(one("a", "b"), one("a", "c")), all(exact("a")))],
    ["nesting of 33", () => [root(tools({ read: { path: nested(33) } }))]],
    [
      "a constraint type of our own",
      () => [root(tools({ read: { path: { constraint_type: "path", under: "/" } } }))],
    ],
    [
      "an unknown constraint type",
      () => [root(tools({ read: { path: { constraint_type: "feeling" } } }))],
    ],
    ["a wildcard under anything else", () => pair(one("a"), { constraint_type: "wildcard" })],
    ["a closed tool opened", () => two(tools({ read: {} }))],
    ["two entries", () => [root({ authorization_details: [detail({}), detail({})] })]],
    ["an issuer that is no uri", () => [root({ iss: "as" })]],
    ["a child with the root's issuer", () => two({ iss: "https://as.example" })],
    ["iat thirty-one seconds ahead", () => [root({ iat: ISSUED + 31 })]],
    ["ninety-one days", () => [root({ exp: ISSUED + 91 * 86_400 })]],
    ["a child older than its parent", () => two({ iat: ISSUED - 1 })],
    ["no jti", () => [root({ jti: undefined })]],
    ["the same jti twice", () => two({ jti: "t0" })],
    ["no par_hash", () => two({ par_hash: undefined })],
    ["par_hash in a root", () => [root({ par_hash: signingInputDigest("a.b.c") })]],
    ["a thumbprint for a key", () => [root({ cnf: { jkt: holder(0).thumbprint } })]],
    [
      "256 tools and one",
      () => [root(tools(Object.fromEntries(Array.from({ length: 257 }, (_, n) => [`t${n}`, {}]))))],
    ],
    ["a proof for a token", () => [root({}, { typ: "dpop+jwt" })]],
  ])("denies %s", (_what, tokens) => {
    expect(verdict(tokens())).toBe("deny");
  });

  test("denies exp at now", () => {
    expect(verdict([root({ exp: ISSUED + 10 })], NOW + 9_999)).toBe("accept");
    expect(verdict([root({ exp: ISSUED + 10 })], NOW + 10_000)).toBe("deny");
  });

  test("denies HS256 and an algorithm that is not the key's", () => {
    for (const alg of ["HS256", "ES256", "none"]) {
      const head = Buffer.from(JSON.stringify({ alg })).toString("base64url");
      expect(verdict([root().replace(/^[^.]+/, head)])).toBe("deny");
    }
  });

  test("reads no claim before its signature: what is wrong with both is the signature", () => {
    const [head = "", , signature = ""] = root().split(".");
    const payload = Buffer.from(JSON.stringify({ jti: "x", exp: "never" })).toString("base64url");
    refuses("signature_invalid", () => verifyChain([`${head}.${payload}.${signature}`], at));
  });
});

const FILES: Authority["tools"] = { read: { path: { constraint_type: "one_of", values: ["a"] } } };
const DELEGATION = { scopes: ["crm.*"], ceilings: [{ key: "max_rows", max: 5 }] };
const grants: Record<RootDraft["profile"], Partial<Authority>> = {
  "attenuating-agent-token": { tools: FILES },
  "agent-delegation": DELEGATION,
};

function rootDraft(
  profile: RootDraft["profile"],
  key: SigningKey,
  more: Partial<RootDraft> = {},
): RootDraft {
  const grant: Grant = {
    ...none,
    audience: ["https://crm.example"],
    limits: { depth: 3 },
    expiresAt: NOW + 600_000,
    ...grants[profile],
  };
  const named = profile === "agent-delegation" ? { subject: "alice", agent: "a" } : {};
  return {
    profile,
    tokenId: "t0",
    issuer: "https://as.example",
    holderKey: key,
    grant,
    issuedAt: NOW,
    ...named,
    ...more,
  };
}

describe.each(["agent-delegation", "attenuating-agent-token"] as const)(
  "a minted %s chain",
  (profile) => {
    const named = (agent: string) => (profile === "agent-delegation" ? { agent } : {});
    const link = (key: SigningKey, more: Partial<LinkDraft> = {}): LinkDraft => ({
      ...named("b"),
      holderKey: key,
      grant: grants[profile],
      now: NOW,
      random,
      ...more,
    });

    test.each(["EdDSA", "ES256"] as const)(
      "is accepted, and by jose for its signatures (%s)",
      async (alg) => {
        const keys = [0, 1, 2].map(() => generateSigningKey(alg));
        const [k0, k1, k2] = keys as [SigningKey, SigningKey, SigningKey];
        const issuer = generateSigningKey(alg);
        const at = { profile, trust: new Trust({ keys: [{ key: issuer }] }), now: NOW };
        const byThumbprint = profile === "agent-delegation";
        const tokens = [mintRoot(rootDraft(profile, k0, { byThumbprint }), issuer)];
        tokens.push(mintLink(verifyChain(tokens, at), link(k1), k0));
        tokens.push(mintLink(verifyChain(tokens, at), link(k2), k1));
        const chain = verifyChain(tokens, at);
        expect(chain).toMatchObject({
          profile,
          tenant: "default",
          hopsLeft: 1,
          holder: k2.thumbprint,
        });
        for (const [place, key] of [issuer, k0, k1].entries()) {
          const token = tokens[place] ?? "";
          const { payload } = await compactVerify(
            token,
            await importJWK(key.jwk, String(headerOf(token).alg)),
          );
          expect(new TextDecoder().decode(payload)).toBe(canonicalize(claimsOf(token)));
        }
      },
    );

    test("is minted under the issuer rule by the issuer, and by nobody else", () => {
      const at = { profile, trust, now: NOW, childSigner: "issuer" as const };
      const tokens = [mintRoot(rootDraft(profile, holder(0)), AS)];
      const parent = verifyChain(tokens, at);
      expect(verifyChain([...tokens, mintLink(parent, link(holder(1)), AS)], at).hops).toHaveLength(
        2,
      );
      refuses("signature_invalid", () => mintLink(parent, link(holder(1)), holder(0)));
    });

    const refused: readonly (readonly [string, Partial<Authority>])[] =
      profile === "agent-delegation"
        ? [
            ["tools", { ...DELEGATION, tools: FILES }],
            ["limits", { ...DELEGATION, limits: { calls: 1 } }],
          ]
        : [
            ["scopes", { tools: FILES, scopes: ["crm.read"] }],
            ["limits", { tools: FILES, limits: { calls: 1 } }],
            ["ceilings", { tools: FILES, ceilings: DELEGATION.ceilings }],
            ["tools", { tools: { t: { a: { constraint_type: "path", under: "/" } } } }],
          ];
    test.each(refused)("cannot carry %s beyond the draft's", (rule, grant) => {
      const draft = rootDraft(profile, holder(0));
      const wide = { ...draft, grant: { ...draft.grant, ...grant } };
      refuses("profile_cannot_carry", () => mintRoot(wide, AS), rule);
    });

    test("cannot carry a proof of identity", () => {
      const parent = verifyChain([mintRoot(rootDraft(profile, holder(0)), AS)], {
        profile,
        trust,
        now: NOW,
      });
      refuses("profile_cannot_carry", () =>
        mintLink(parent, link(holder(1), { agentProof: "a.b.c" }), holder(0)),
      );
    });
  },
);

test("a legate chain without limits and types of its own is a chain of the AAT draft", () => {
  const grant = { ...GRANT, tools: FILES, scopes: [], limits: { depth: 3 } };
  const tokens = [anchor({ grant })];
  tokens.push(mintLink(verified(tokens), linkDraft(1, { grant: { tools: FILES } }), holder(0)));
  const at = { profile: "attenuating-agent-token", trust: COORDINATED, now: NOW } as const;
  expect(verifyChain(tokens, at).grants.map((each) => each.tools)).toEqual([FILES, FILES]);
});

test("the AAT draft names no agents, so a minter of its tokens refuses one", () => {
  const draft = { ...rootDraft("attenuating-agent-token", holder(0)), agent: "a" };
  refuses("profile_cannot_carry", () => mintRoot(draft, AS), "agent");
});
