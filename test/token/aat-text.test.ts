import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalize } from "../../src/base/canonical.js";
import { JSON_DEPTH_MAX } from "../../src/base/limits.js";
import { seededRandom } from "../../src/base/random.js";
import {
  type AatProofExpectation,
  makeAatProof,
  verifyAatProof,
} from "../../src/token/aat-proof.js";
import { ownClaims } from "../../src/token/aat-text.js";
import { parseJws, readClaims, tokenDigest } from "../../src/token/jws.js";
import { fault, keyOf, NOW, signed, thrownBy } from "./fixtures.js";

const key = keyOf(1);
const call = {
  tokenId: "01957a41-0081-7c20-bf3a-00a0c91e1234",
  tool: "read_file",
  arguments: { path: "/data/q3.pdf" },
  audience: "https://tools.example.com",
};
const leaf = "the.leaf.token";
const expected = {
  key,
  ...call,
  canonicalArguments: canonicalize(call.arguments),
  tokenDigest: tokenDigest(leaf),
  tokenDigestRequired: true,
  nowMs: NOW,
} satisfies AatProofExpectation;
const draft = { key, ...call, accessToken: leaf, nowMs: NOW, random: seededRandom(1) };
const claims = readClaims(parseJws(makeAatProof(draft))).claims;
const payloadOf = (text: string) => new TextEncoder().encode(text);

describe("the quick way to read a proof", () => {
  test.each([undefined, "A".repeat(43)])("takes what we sign ourselves, epk %s", (epk) => {
    const proof = makeAatProof(epk === undefined ? draft : { ...draft, epk });
    const own = ownClaims(parseJws(proof).payloadBytes, expected);
    expect(own).toEqual({
      jti: expect.any(String),
      iat: Math.floor(NOW / 1000),
      ...(epk === undefined ? {} : { epk }),
    });
  });

  test("takes nothing where the arguments' text, audience or leaf are not known", () => {
    const payload = payloadOf(canonicalize(claims));
    expect(ownClaims(payload, expected)).toBeDefined();
    const { canonicalArguments: _text, ...withoutText } = expected;
    const { audience: _audience, ...withoutAudience } = expected;
    const { tokenDigest: _digest, ...withoutDigest } = expected;
    for (const less of [withoutText, withoutAudience, withoutDigest]) {
      expect(ownClaims(payload, less)).toBeUndefined();
    }
  });

  test.each<[string, object, object]>([
    ["tool", { tool: "write_file" }, { aat_tool: "write_file" }],
    ["token", { tokenId: "other" }, { aat_id: "other" }],
    [
      "audience",
      { audience: "https://other.example.com" },
      { aat_aud: "https://other.example.com" },
    ],
    ["leaf", { tokenDigest: "B".repeat(43) }, { ath: "B".repeat(43) }],
  ])("takes what is expected now, when another %s was before", (_what, change, said) => {
    const now = { ...expected, ...change };
    const [before, after] = [claims, { ...claims, ...said }].map((all) =>
      payloadOf(canonicalize(all)),
    );
    for (let times = 0; times < 2; times++) {
      expect(before && ownClaims(before, expected)).toBeDefined();
      expect(after && ownClaims(after, expected)).toBeUndefined();
      expect(after && ownClaims(after, now)).toBeDefined();
      expect(before && ownClaims(before, now)).toBeUndefined();
    }
  });

  test.each([
    ["another tool", { aat_tool: "write_file" }],
    ["another token", { aat_id: "other" }],
    ["another audience", { aat_aud: "https://other.example.com" }],
    ["another leaf", { ath: "B".repeat(43) }],
    ["other arguments", { hta: { path: "/data/q4.pdf" } }],
    ["a member more", { zzz: 1 }],
    ["a member more in front", { a: 1 }],
    ["a confirmation, as a token has", { cnf: {} }],
    ["a time that is no whole number", { iat: 1.5 }],
    ["a time beyond whole numbers", { iat: 9_007_199_254_740_992 }],
    ["a time before 1970", { iat: -1 }],
    ["an empty id", { jti: "" }],
    ["an id with an escape", { jti: 'a"b' }],
    ["a key of another length", { epk: "A".repeat(42) }],
  ])("takes no proof with %s", (_what, change) => {
    expect(ownClaims(payloadOf(canonicalize({ ...claims, ...change })), expected)).toBeUndefined();
  });

  test("takes no member for the end of a name that contains quotes", () => {
    const tool = 'read_file","ath":"x';
    const { ath: _, ...rest } = claims;
    const text = canonicalize({ ...rest, aat_tool: "read_file" }).replace(
      '"aat_tool":"read_file"',
      `"aat_tool":"${tool}","ath":"${expected.tokenDigest}"`,
    );
    expect(ownClaims(payloadOf(text), { ...expected, tool })).toBeUndefined();
  });

  test("refuses what is expected but of another time, with the code of a proof's time", () => {
    const late = { ...expected, nowMs: NOW + 3_600_000 };
    expect(thrownBy(() => verifyAatProof(makeAatProof(draft), late))).toEqual(
      fault("proof_expired", "iat"),
    );
  });

  test.each([
    ["one level less deep than JSON may be", JSON_DEPTH_MAX - 1, true],
    ["as deep as JSON may be, and so deeper inside the claims", JSON_DEPTH_MAX, false],
  ])("takes arguments %s only if reading them does", (_what, depth, taken) => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      const inside = `${open.repeat(depth - 1)}"]}"${close.repeat(depth - 1)}`;
      const canonicalArguments = `{"flat":["{","[","[]"],"path":${inside}}`;
      const payload = canonicalize({ ...claims, hta: 0 }).replace(
        '"hta":0',
        `"hta":${canonicalArguments}`,
      );
      const proof = signed({ alg: "EdDSA" }, payload, key);
      const { canonicalArguments: _, ...rest } = expected;
      const slow = { ...rest, arguments: JSON.parse(canonicalArguments) };
      const quick = { ...slow, canonicalArguments };
      expect(ownClaims(payloadOf(payload), quick) !== undefined).toBe(taken);
      for (const either of [slow, quick]) {
        if (taken) expect(verifyAatProof(proof, either).jti).toBe(claims.jti);
        else expect(thrownBy(() => verifyAatProof(proof, either)).code).toBe("proof_invalid");
      }
    }
  });

  test("agrees with reading claim by claim, whatever is changed", () => {
    const { canonicalArguments: _, ...slow } = expected;
    const value = fc.constantFrom<unknown>(
      "read_file",
      "x",
      1,
      0,
      null,
      {},
      call.arguments,
      "é\u2028",
    );
    const name = fc.constantFrom(...Object.keys(claims), "epk", "cnf", "zz");
    let taken = 0;
    fc.assert(
      fc.property(fc.option(fc.tuple(name, value)), (change) => {
        const told = change === null ? claims : { ...claims, [change[0]]: change[1] };
        const proof = signed({ alg: "EdDSA" }, told, key);
        const answer = (e: AatProofExpectation) => {
          try {
            return verifyAatProof(proof, e);
          } catch (thrown) {
            return (thrown as { code: string }).code;
          }
        };
        const quick = answer(expected);
        if (typeof quick !== "string") taken += 1;
        expect(quick).toEqual(answer(slow));
      }),
    );
    expect(taken).toBeGreaterThan(0);
  });
});
