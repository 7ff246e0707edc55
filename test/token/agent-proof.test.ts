import { compactVerify } from "jose";
import { describe, expect, test } from "vitest";
import { AGENT_PROOF_LIFETIME_MS_MAX, IAT_SKEW_MS } from "../../src/base/limits.js";
import { seededRandom } from "../../src/base/random.js";
import { makeAgentProof, verifyAgentProof } from "../../src/token/agent-proof.js";
import { parseJws, readClaims } from "../../src/token/jws.js";
import type { PublicKey } from "../../src/token/key.js";
import { fault, keyOf, NOW, signed, thrownBy } from "./fixtures.js";

const key = keyOf(1);
const about = {
  agent: "spiffe://example.com/reader",
  holder: keyOf(2).thumbprint,
  parent: "P".repeat(43),
  audience: "https://coordinator.example.com",
};
const keys = (agent: string): readonly PublicKey[] =>
  agent === about.agent ? [keyOf(7, "ES256"), key] : [];
const expected = { ...about, keys, nowMs: NOW };
const proof = makeAgentProof({ key, ...about, nowMs: NOW, random: seededRandom(1) });

function forge(claims: object, header: object = {}): string {
  const jws = parseJws(proof);
  return signed({ ...jws.header, ...header }, { ...readClaims(jws).claims, ...claims }, key);
}

describe("an agent's identity proof", () => {
  test("proves the agent at one hop, by any of its keys", async () => {
    expect(verifyAgentProof(proof, expected)).toEqual({
      jti: expect.stringMatching(/^agp_/),
      identityKey: key.thumbprint,
      expiresAtMs: NOW + 60_000,
    });
    const root = makeAgentProof({ key, ...about, parent: "", nowMs: NOW, random: seededRandom(2) });
    expect(verifyAgentProof(root, { ...expected, parent: "" }).identityKey).toBe(key.thumbprint);
    const { protectedHeader } = await compactVerify(proof, key.key);
    expect(protectedHeader.typ).toBe("agent-proof+jwt");
  });

  test.each([
    ["another agent", { agent: "spiffe://example.com/writer", keys: () => [key] }, "iss"],
    ["an agent whose keys nobody knows", { agent: "stranger" }, "iss"],
    ["P13 another holder key", { holder: keyOf(3).thumbprint }, "sub"],
    ["P13 another parent", { parent: "Q".repeat(43) }, "par"],
    ["the root", { parent: "" }, "par"],
    ["P10 another coordinator", { audience: "https://other.example.com" }, "aud"],
    ["an agent whose key was taken out", { keys: () => [keyOf(9)] }, "iss"],
  ])("does not prove %s", (_what, change, rule) => {
    expect(() => verifyAgentProof(proof, { ...expected, ...change })).toThrow(
      expect.objectContaining({ code: "proof_invalid", rule }),
    );
  });

  test.each([
    ["S16 with a token's type", forge({}, { typ: "at+jwt" })],
    ["S16 with a DPoP proof's type", forge({}, { typ: "dpop+jwt" })],
    ["S16 without a type", forge({}, { typ: undefined })],
    ["S19 with a claim too many", forge({ admin: true })],
    ["without a parent", forge({ par: undefined })],
    ["with a parent that is no digest", forge({ par: "root" })],
    ["S32 with a list of audiences", forge({ aud: [about.audience] })],
    ["S06 with alg none", forge({}, { alg: "none" })],
    ["S30 that is garbage", "garbage"],
    ["S01 with a changed signature", `${proof.slice(0, -4)}AAAA`],
  ])("one %s is refused as proof_invalid", (_what, text) => {
    expect(() => verifyAgentProof(text, expected)).toThrow(fault("proof_invalid"));
  });

  test.each([
    ["at the edge of the tolerance", NOW - IAT_SKEW_MS, true],
    ["one before it", NOW - IAT_SKEW_MS - 1, false],
    ["just before exp", NOW + 59_999, true],
    ["at exp", NOW + 60_000, false],
    ["by a clock that shows nothing", Number.NaN, false],
  ])("P17 is judged %s", (_when, nowMs, passes) => {
    const run = () => verifyAgentProof(proof, { ...expected, nowMs });
    if (passes) expect(run().identityKey).toBe(key.thumbprint);
    else expect(run).toThrow(fault("proof_expired"));
  });

  test("P17 lives no longer than its ceiling, and not backwards", () => {
    const iat = NOW / 1000;
    const most = AGENT_PROOF_LIFETIME_MS_MAX / 1000;
    expect(verifyAgentProof(forge({ exp: iat + most }), expected).jti).toBeTypeOf("string");
    for (const exp of [iat + most + 1, iat]) {
      expect(() => verifyAgentProof(forge({ exp }), expected)).toThrow(fault("proof_expired"));
    }
    expect(() => verifyAgentProof(forge({ iat: iat + 61 }), expected)).toThrow(
      fault("proof_expired"),
    );
  });

  test("S05 has no prefix that passes", () => {
    for (let end = 0; end < proof.length; end++) {
      thrownBy(() => verifyAgentProof(proof.slice(0, end), expected));
    }
  });
});
