import fc from "fast-check";
import { decodeProtectedHeader, EmbeddedJWK, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { canonicalDigest } from "../../src/base/canonical.js";
import { PROOF_WINDOW_MS } from "../../src/base/limits.js";
import { seededRandom } from "../../src/base/random.js";
import { type DpopExpectation, makeDpopProof, verifyDpopProof } from "../../src/token/dpop.js";
import { parseJws, readClaims, signJws, tokenDigest } from "../../src/token/jws.js";
import chains from "../vectors/delegator-bound.json" with { type: "json" };
import rfc from "../vectors/dpop-rfc9449.json" with { type: "json" };
import { ALGS, compact, fault, keyOf, NOW, signed, thrownBy } from "./fixtures.js";

const key = keyOf(1);
const accessToken = signJws({ typ: "at+jwt" }, { jti: "leaf" }, keyOf(2));
const binding = {
  audience: "https://files.example.com",
  tool: "files.read",
  argumentsDigest: canonicalDigest({ path: "/reports/a.txt" }),
};
const request = { method: "POST", url: "https://files.example.com/mcp?x=1#y" };
const draft = { key, ...request, accessToken, nowMs: NOW, random: seededRandom(1), binding };
const expected: DpopExpectation = {
  ...request,
  tokenDigest: tokenDigest(accessToken),
  holder: key.thumbprint,
  nowMs: NOW,
  binding,
  bindingRequired: true,
};
const proof = makeDpopProof(draft);

/** The proof's own header and claims, with some changed, signed again by the same key. */
function forge(claims: object, header: object = {}): string {
  const jws = parseJws(proof);
  return signed({ ...jws.header, ...header }, { ...readClaims(jws).claims, ...claims }, key);
}

describe("a DPoP proof", () => {
  test.each(["EdDSA", "ES256"] as const)("proves what it was made for (%s)", (alg) => {
    const holder = keyOf(5, alg);
    const own = makeDpopProof({ ...draft, key: holder, epk: "A".repeat(43), nonce: "n" });
    const proved = verifyDpopProof(own, { ...expected, holder: holder.thumbprint, nonce: "n" });
    expect(proved).toEqual({
      jti: expect.stringMatching(/^pop_/),
      jkt: holder.thumbprint,
      issuedAtMs: NOW,
      epk: "A".repeat(43),
    });
  });

  test("is one that jose accepts", async () => {
    const { payload } = await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt" });
    expect(payload).toMatchObject({ htm: "POST", htu: "https://files.example.com/mcp" });
    expect(decodeProtectedHeader(proof).jwk).toEqual(key.jwk);
  });

  const [examples] = rfc.vectors;
  if (examples === undefined) throw new Error("no examples");
  test.each([
    [
      "token endpoint",
      examples.proof_token_endpoint,
      { method: "POST", url: "https://server.example.com/token" },
      1562262616,
    ],
    [
      "resource",
      examples.proof_resource,
      {
        method: "GET",
        url: "https://resource.example.org/protectedresource",
        tokenDigest: tokenDigest(examples.access_token),
      },
      1562262618,
    ],
  ])("RFC 9449's example for the %s verifies", (_where, text, asked, iat) => {
    expect(tokenDigest(examples.access_token)).toBe(examples.ath);
    const proved = verifyDpopProof(text, { ...asked, holder: examples.jkt, nowMs: iat * 1000 });
    expect(proved.jkt).toBe(examples.jkt);
  });

  test.each(
    chains.vectors.flatMap((vector) =>
      vector.dpop === undefined ? [] : [{ ...vector, dpop: vector.dpop }],
    ),
  )("the vector $name gives $expect", ({ tokens, dpop, now, expect: outcome }) => {
    const leaf = tokens.at(-1) ?? "";
    const { cnf } = readClaims(parseJws(leaf)).claims as { cnf: { jkt: string } };
    const asked = {
      method: dpop.htm,
      url: dpop.htu,
      tokenDigest: tokenDigest(leaf),
      holder: cnf.jkt,
      nowMs: now * 1000,
    };
    if (outcome === "accept") return void verifyDpopProof(dpop.proof, asked);
    const { row } = thrownBy(() => verifyDpopProof(dpop.proof, asked));
    expect(row.outcome).toBe(outcome);
  });

  test.each([
    ["P02 S15 of another token", { tokenDigest: tokenDigest(`${accessToken}x`) }, "ath"],
    ["P05 by another key than the leaf's", { holder: keyOf(2).thumbprint }, "jwk"],
    ["for another method", { method: "GET" }, "htm"],
    ["for a method in other case", { method: "post" }, "htm"],
    ["for another path", { url: "https://files.example.com/other" }, "htu"],
    ["without the nonce that was asked for", { nonce: "fresh" }, "nonce"],
    ["P11 for http instead of https", { url: "http://files.example.com/mcp" }, "htu"],
    ["P11 for another port", { url: "https://files.example.com:8443/mcp" }, "htu"],
    ["P11 for a subdomain", { url: "https://a.files.example.com/mcp" }, "htu"],
    ["P11 for a path in other case", { url: "https://files.example.com/MCP" }, "htu"],
    ["at a server whose own url is none", { url: "/mcp" }, "htu"],
    [
      "P10 for another audience",
      { binding: { ...binding, audience: "https://FILES.example.com" } },
      "aud",
    ],
    ["P13 for another tool", { binding: { ...binding, tool: "files.Read" } }, "tool"],
    [
      "P13 for other arguments",
      { binding: { ...binding, argumentsDigest: canonicalDigest({}) } },
      "args",
    ],
    ["bound where nothing is bound", { binding: undefined }, "legate"],
  ])("%s is refused", (_what, change, rule) => {
    const asked = { ...expected, ...change } as DpopExpectation;
    expect(() => verifyDpopProof(proof, asked)).toThrow(
      expect.objectContaining({ code: "proof_invalid", rule }),
    );
  });

  test.each([
    ["of another type", forge({}, { typ: "at+jwt" })],
    ["without a type", forge({}, { typ: undefined })],
    ["without a key", forge({}, { jwk: undefined })],
    ["S10 with a private key", forge({}, { jwk: { ...key.jwk, d: "A".repeat(43) } })],
    ["S14 under a key that did not sign", forge({}, { jwk: keyOf(9).jwk })],
    ["S06 with alg none", forge({}, { alg: "none" })],
    ["S07 with HS256", forge({}, { alg: "HS256" })],
    ["S07 with ES256 over Ed25519", forge({}, { alg: "ES256" })],
    ["without jti", forge({ jti: undefined })],
    ["with an empty jti", forge({ jti: "" })],
    ["with an endless jti", forge({ jti: "x".repeat(1_000) })],
    ["without htm", forge({ htm: undefined })],
    ["without htu", forge({ htu: undefined })],
    ["without iat", forge({ iat: undefined })],
    ["S32 with iat as text", forge({ iat: String(NOW / 1000) })],
    ["without ath", forge({ ath: undefined })],
    ["with an htu that is no url", forge({ htu: "mcp" })],
    ["with credentials in htu", forge({ htu: "https://a:b@files.example.com/mcp" })],
    ["bound to nothing", forge({ legate: undefined })],
    ["bound to more than is known", forge({ legate: { aud: "a", tool: "b", args: "c", x: 1 } })],
    ["S30 that is garbage", "garbage"],
    ["S30 that is empty", ""],
    ["with a bad signature", compact(parseJws(proof).header, readClaims(parseJws(proof)).claims)],
    ["S16 that is a token", accessToken],
  ])("one %s is refused as proof_invalid", (_what, text) => {
    expect(() => verifyDpopProof(text, expected)).toThrow(fault("proof_invalid"));
  });

  test("S07 is refused when its algorithm is not on the verifier's list", () => {
    expect(() => verifyDpopProof(proof, { ...expected, acceptedAlgs: ["ES256"] })).toThrow(
      fault("proof_invalid"),
    );
    const bare = "EdDSA" as unknown as string[];
    expect(() => verifyDpopProof(proof, { ...expected, acceptedAlgs: bare })).toThrow(
      fault("config_invalid"),
    );
  });

  test.each([
    ["at its own instant", 0, true],
    ["at the edge, late", PROOF_WINDOW_MS, true],
    ["one past the edge, late", PROOF_WINDOW_MS + 1, false],
    ["at the edge, early", -PROOF_WINDOW_MS, true],
    ["one past the edge, early", -PROOF_WINDOW_MS - 1, false],
    ["by a clock that shows nothing", Number.NaN, false],
  ])("P06 P17 P16 judged %s", (_when, offset, passes) => {
    const run = () => verifyDpopProof(proof, { ...expected, nowMs: NOW + offset });
    if (passes) expect(run()).toMatchObject({ jkt: key.thumbprint });
    else expect(run).toThrow(fault("proof_expired"));
  });

  test.each([
    ["https://a.example/p", "HTTPS://A.EXAMPLE:443/p?q#f"],
    ["https://a.example/p/x", "https://a.example/p/./y/../x"],
    ["https://a.example/%7Euser/%C3%A9", "https://a.example/~user/%c3%a9"],
    ["https://a.example/", "https://a.example"],
  ])("%s and %s are one url", (one, other) => {
    const text = makeDpopProof({ ...draft, url: one });
    expect(verifyDpopProof(text, { ...expected, url: other }).jkt).toBe(key.thumbprint);
  });

  test("an escaped slash is not a slash", () => {
    const text = makeDpopProof({ ...draft, url: "https://a.example/a%2fb" });
    const asked = { ...expected, url: "https://a.example/a/b" };
    expect(() => verifyDpopProof(text, asked)).toThrow(fault("proof_invalid"));
  });

  test("S04 is refused with any one byte changed", () => {
    for (let at = 0; at < proof.length; at++) {
      const byte = String.fromCharCode(proof.charCodeAt(at) ^ 1);
      thrownBy(() => verifyDpopProof(proof.slice(0, at) + byte + proof.slice(at + 1), expected));
    }
  });

  test("S30 answers any claims and any text with a DelegationError", () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.jsonValue().map((claims) => signed(parseJws(proof).header, claims, key)),
      fc.jsonValue().map((header) => signed(header, {}, key)),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        thrownBy(() => verifyDpopProof(text, expected));
      }),
    );
  });

  test("is as good under any accepted name of its algorithm", () => {
    expect(ALGS).toContain("Ed25519");
    expect(verifyDpopProof(forge({}, { alg: "Ed25519" }), expected).jkt).toBe(key.thumbprint);
  });
});
