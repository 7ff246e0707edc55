/** Challenges: what a resource says over HTTP that a request needs. @module */
import { extractWWWAuthenticateParams } from "@modelcontextprotocol/sdk/client/auth.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CHALLENGE_CHARS_MAX } from "../../src/base/limits.js";
import { type Challenge, formatChallenge, parseChallenges } from "../../src/wire/challenge.js";

const whole: Challenge = {
  scheme: "Bearer",
  error: "insufficient_scope",
  errorDescription: "the grant does not allow this call",
  scopes: ["crm.read", "pay.refund"],
  resourceMetadata: "https://files.example.com/.well-known/oauth-protected-resource/mcp",
  code: "argument_refused",
  hop: "0199-hop",
  rule: "pay.refund.amount",
  authorizationDetails: [
    {
      type: "attenuating_agent_token",
      tools: { "pay.refund": { amount: { constraint_type: "wildcard" } }, 'a"b\\c, é': {} },
    },
  ],
};

describe("a challenge", () => {
  test("is read as it was written, alone and among others", () => {
    const dpop: Challenge = { scheme: "DPoP", error: "invalid_token", algs: ["EdDSA", "ES256"] };
    expect(parseChallenges(formatChallenge(whole))).toEqual([whole]);
    const many = `Basic realm="a, Bearer x=\\"y\\"", ${formatChallenge(whole)}, Negotiate ab12==, ${formatChallenge(dpop)}`;
    expect(parseChallenges(many)).toEqual([whole, dpop]);
  });

  test("is understood by the client of the official SDK, which searches its text", () => {
    const headers = { "WWW-Authenticate": `${formatChallenge(whole)}, DPoP error="invalid_token"` };
    const said = extractWWWAuthenticateParams(new Response(null, { status: 403, headers }));
    expect(said.error).toBe("insufficient_scope");
    expect(said.scope).toBe("crm.read pay.refund");
    expect(said.resourceMetadataUrl?.href).toBe(whole.resourceMetadata);
  });

  test("is always a header value that HTTP can carry, and one that is read again", () => {
    const text = fc.string({ unit: "binary", maxLength: 30 });
    const challenges = fc.record(
      {
        scheme: fc.constantFrom("Bearer" as const, "DPoP" as const),
        errorDescription: text,
        scopes: fc.array(text, { maxLength: 3 }),
        rule: text,
        authorizationDetails: fc.array(
          fc.record({
            type: fc.string({ minLength: 1, maxLength: 9 }),
            tools: fc.dictionary(text, text, { noNullPrototype: true }),
          }),
          { minLength: 1, maxLength: 2 },
        ),
      },
      { requiredKeys: ["scheme"] },
    );
    fc.assert(
      fc.property(challenges, (challenge) => {
        const value = formatChallenge(challenge);
        expect(new Headers({ "www-authenticate": value }).get("www-authenticate")).toBe(
          value.trim(),
        );
        const [read, ...more] = parseChallenges(value);
        expect(more).toEqual([]);
        expect(read?.scheme).toBe(challenge.scheme);
        const wellFormed =
          JSON.stringify(challenge.authorizationDetails ?? []).includes("\\ud") === false;
        if (wellFormed) expect(read?.authorizationDetails).toEqual(challenge.authorizationDetails);
      }),
    );
  });

  test("leaves out details that would not fit, and nothing else", () => {
    const tools = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [`tool.number-${index}`, {}]),
    );
    const long = { ...whole, authorizationDetails: [{ type: "attenuating_agent_token", tools }] };
    const { authorizationDetails: _, ...rest } = whole;
    expect(formatChallenge(long).length).toBeLessThanOrEqual(CHALLENGE_CHARS_MAX);
    expect(parseChallenges(formatChallenge(long))).toEqual([rest]);
  });

  test.each([
    ["", []],
    ["Bearer", [{ scheme: "Bearer" }]],
    ["bearer , dpop", [{ scheme: "Bearer" }, { scheme: "DPoP" }]],
    ["Bearer realm=x", [{ scheme: "Bearer" }]],
    [`Bearer code="no_such_code", scope=""`, [{ scheme: "Bearer", scopes: [] }]],
    [`Bearer authorization_details="[1]"`, [{ scheme: "Bearer" }]],
    [`Bearer authorization_details="not json"`, [{ scheme: "Bearer" }]],
    [`Bearer error="a", error="b"`, []],
    [`Bearer error="a`, []],
    [`Bearer error=a b`, []],
    [`"Bearer"`, []],
    [`Bearer ${"x".repeat(20_000)}`, []],
  ])("is read leniently, and never throws: %j", (header, challenges) => {
    expect(parseChallenges(header)).toEqual(challenges);
  });

  test("reads any text without an error", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'Bearer DPoP=,"\\ \t[]{}x1') }), (text) => {
        expect(Array.isArray(parseChallenges(text))).toBe(true);
      }),
    );
  });
});
