import fc from "fast-check";
import { compactVerify } from "jose";
import { describe, expect, test } from "vitest";
import { PROOF_WINDOW_MS, TOKEN_BYTES_MAX } from "../../src/base/limits.js";
import { seededRandom } from "../../src/base/random.js";
import {
  type AatProofExpectation,
  makeAatProof,
  verifyAatProof,
} from "../../src/token/aat-proof.js";
import { parseJws, readClaims, tokenDigest } from "../../src/token/jws.js";
import { importPublicKey } from "../../src/token/key.js";
import vectors from "../vectors/attenuating-agent-token.json" with { type: "json" };
import { fault, keyOf, NOW, signed, thrownBy } from "./fixtures.js";

const key = keyOf(1);
const accessToken = "the.leaf.token";
const call = {
  tokenId: "01957a41-0081-7c20-bf3a-00a0c91e1234",
  tool: "read_file",
  arguments: { path: "/data/q3.pdf", page: 1 },
  audience: "https://tools.example.com",
};
const draft = { key, ...call, accessToken, nowMs: NOW, random: seededRandom(1) };
const expected: AatProofExpectation = {
  key,
  ...call,
  tokenDigest: tokenDigest(accessToken),
  tokenDigestRequired: true,
  nowMs: NOW,
};
const proof = makeAatProof(draft);

function forge(claims: object, header: object = {}): string {
  const jws = parseJws(proof);
  return signed({ ...jws.header, ...header }, { ...readClaims(jws).claims, ...claims }, key);
}

describe("an AAT proof", () => {
  test.each(["EdDSA", "ES256"] as const)("proves what it was made for (%s)", async (alg) => {
    const holder = keyOf(5, alg);
    const own = makeAatProof({ ...draft, key: holder, epk: "A".repeat(43) });
    expect(verifyAatProof(own, { ...expected, key: holder })).toEqual({
      jti: expect.any(String),
      jkt: holder.thumbprint,
      issuedAtMs: NOW,
      epk: "A".repeat(43),
    });
    const { protectedHeader } = await compactVerify(own, holder.key);
    expect(protectedHeader).toEqual({ alg });
    expect(readClaims(parseJws(own)).canonical).toBe(true);
  });

  test.each(vectors.vectors.filter(({ pop, tokens }) => pop !== undefined && tokens.length > 0))(
    "the proof of the vector $name is judged as it says",
    (vector) => {
      const leaf = readClaims(parseJws(vector.tokens.at(-1) ?? "")).claims;
      const { cnf, jti } = leaf as { cnf: { jwk: Record<string, unknown> }; jti: string };
      const { d: _secret, ...jwk } = cnf.jwk;
      const asked = {
        key: importPublicKey(jwk),
        tokenId: jti,
        tool: vector.request?.tool ?? "",
        arguments: vector.request?.arguments ?? {},
        audience: vector.audience,
        nowMs: vector.now * 1000,
      };
      const run = () => verifyAatProof(vector.pop ?? "", asked);
      if (vector.name === "reject_pop_other_key")
        return expect(run).toThrow(fault("proof_invalid"));
      if (vector.name === "reject_pop_stale") return expect(run).toThrow(fault("proof_expired"));
      if (vector.expect === "accept") expect(run().jti).toBeTypeOf("string");
    },
  );

  test("compares arguments as values: 1.0 is 1, and order does not count", () => {
    const claims = JSON.stringify({ ...readClaims(parseJws(proof)).claims, hta: 0 });
    const loose = claims.replace('"hta":0', '"hta":{ "page": 1.0, "path": "/data/q3.pdf" }');
    expect(verifyAatProof(signed({ alg: "EdDSA" }, loose, key), expected).jkt).toBe(key.thumbprint);
  });

  test.each([
    ["P02 S15 for another token's id", { tokenId: "another" }, "aat_id"],
    ["P13 for another tool", { tool: "Read_file" }, "aat_tool"],
    ["P13 for another leaf", { tokenDigest: tokenDigest("another.leaf.token") }, "ath"],
    ["P13 S24 for other arguments", { arguments: { ...call.arguments, page: true } }, "hta"],
    ["P13 for fewer arguments", { arguments: { path: "/data/q3.pdf" } }, "hta"],
    [
      "S25 for an argument that is null instead of absent",
      { arguments: { ...call.arguments, n: null } },
      "hta",
    ],
    ["P10 for another audience", { audience: "https://other.example.com" }, "aat_aud"],
    ["P11 for the audience in http", { audience: "http://tools.example.com" }, "aat_aud"],
    ["P11 for the audience with a port", { audience: "https://tools.example.com:443" }, "aat_aud"],
    ["P11 for the audience in other case", { audience: "https://Tools.example.com" }, "aat_aud"],
  ])("%s is refused", (_what, change, rule) => {
    expect(() => verifyAatProof(proof, { ...expected, ...change })).toThrow(
      expect.objectContaining({ code: "proof_invalid", rule }),
    );
  });

  test.each([
    ["P05 by another key", makeAatProof({ ...draft, key: keyOf(2) })],
    ["S07 under another algorithm's name", forge({}, { alg: "ES256" })],
    ["S06 without a signature's algorithm", forge({}, { alg: "none" })],
    ["without audience", forge({ aat_aud: undefined })],
    ["without the leaf's digest", forge({ ath: undefined })],
    ["without jti", forge({ jti: undefined })],
    ["without iat", forge({ iat: undefined })],
    ["S31 with arguments as a list", forge({ hta: [] })],
    ["without arguments", forge({ hta: undefined })],
    ["S16 of a token's type", forge({}, { typ: "at+jwt" })],
    ["S16 of a DPoP proof's type", forge({}, { typ: "dpop+jwt" })],
    ["S16 that could be a link", forge({ par_hash: "A".repeat(43) })],
    ["S16 that could be an anchor", forge({ cnf: { jwk: key.jwk } })],
    ["S30 that is garbage", "garbage"],
  ])("one %s is refused as proof_invalid", (_what, text) => {
    expect(() => verifyAatProof(text, expected)).toThrow(fault("proof_invalid"));
  });

  test("no member's name is special: __proto__ is an argument like any other", () => {
    const odd = JSON.parse('{"path":"/a","__proto__":{"page":1}}');
    const text = makeAatProof({ ...draft, arguments: odd });
    expect(verifyAatProof(text, { ...expected, arguments: odd }).jkt).toBe(key.thumbprint);
    expect(() => verifyAatProof(text, { ...expected, arguments: { path: "/a" } })).toThrow(
      fault("proof_invalid"),
    );
  });

  test.each([
    ["at the edge, late", PROOF_WINDOW_MS, true],
    ["one past the edge, late", PROOF_WINDOW_MS + 1, false],
    ["at the edge, early", -PROOF_WINDOW_MS, true],
    ["one past the edge, early", -PROOF_WINDOW_MS - 1, false],
  ])("P06 P17 judged %s", (_when, offset, passes) => {
    const run = () => verifyAatProof(proof, { ...expected, nowMs: NOW + offset });
    if (passes) expect(run().issuedAtMs).toBe(NOW);
    else expect(run).toThrow(fault("proof_expired"));
  });

  test("holds arguments larger than a token may be, up to its own ceiling", () => {
    const large = { text: "x".repeat(2 * TOKEN_BYTES_MAX) };
    const text = makeAatProof({ ...draft, arguments: large });
    expect(verifyAatProof(text, { ...expected, arguments: large }).jkt).toBe(key.thumbprint);
    const huge = { text: "x".repeat(2_000_000) };
    expect(() => makeAatProof({ ...draft, arguments: huge })).toThrow(fault("too_large"));
  });

  test("S30 answers any claims with a DelegationError, and passes for exactly its own arguments", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (claims) => {
        thrownBy(() => verifyAatProof(signed({ alg: "EdDSA" }, claims, key), expected));
      }),
    );
    const small = fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom(0, 1, true, null, "1"));
    fc.assert(
      fc.property(small, small, (shown, asked) => {
        const text = makeAatProof({ ...draft, arguments: shown });
        const run = () => verifyAatProof(text, { ...expected, arguments: asked });
        const same = Object.keys({ ...shown, ...asked }).every(
          (name) => shown[name] === asked[name],
        );
        if (same) expect(run().jkt).toBe(key.thumbprint);
        else expect(run).toThrow(fault("proof_invalid"));
      }),
    );
  });
});
