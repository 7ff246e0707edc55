import { describe, expect, test } from "vitest";
import {
  ACCESS_TOKEN_TYPE,
  JWT_TYPE,
  parseTokenExchange,
  TOKEN_EXCHANGE,
} from "../../src/wire/token-request.js";

const least = {
  grant_type: TOKEN_EXCHANGE,
  subject_token: "aaa.bbb.ccc",
  subject_token_type: ACCESS_TOKEN_TYPE,
};
const form = (fields: Record<string, string>, more: [string, string][] = []) =>
  new URLSearchParams([...Object.entries(fields), ...more]).toString();

describe("a token exchange form", () => {
  test("reads every parameter", () => {
    const parsed = parseTokenExchange(
      form(
        {
          ...least,
          subject_token: "a.b.c~d.e.f",
          actor_token: "proof",
          actor_token_type: JWT_TYPE,
          requested_token_type: ACCESS_TOKEN_TYPE,
          scope: "crm.read crm.write",
          authorization_details: '[{"type":"attenuating_agent_token","tools":{}}]',
          req_cnf: '{"jwk":{"kty":"OKP"}}',
          requested_actor: "reader",
          idempotency_key: "k1",
        },
        [
          ["resource", "https://a.example/"],
          ["resource", "https://b.example/"],
          ["audience", "https://a.example/"],
        ],
      ),
    );
    expect(parsed).toEqual({
      subjectTokens: ["a.b.c", "d.e.f"],
      actorToken: "proof",
      audience: ["https://a.example/", "https://b.example/"],
      scopes: ["crm.read", "crm.write"],
      authorizationDetails: [{ type: "attenuating_agent_token", tools: {} }],
      holderKey: { kty: "OKP" },
      actor: "reader",
      idempotencyKey: "k1",
    });
  });

  test("takes an empty parameter for one that was left out", () => {
    const parsed = parseTokenExchange(form({ ...least, scope: "", actor_token: "" }));
    expect(parsed).toEqual({ subjectTokens: ["aaa.bbb.ccc"], audience: [] });
  });

  const REFUSED: readonly [string, string, string][] = [
    ["another grant type", form({ ...least, grant_type: "password" }), "invalid_request"],
    ["no subject token", form({ ...least, subject_token: "" }), "invalid_request"],
    ["no subject token type", form({ ...least, subject_token_type: "" }), "invalid_request"],
    ["an actor token without its type", form({ ...least, actor_token: "x" }), "invalid_request"],
    [
      "an actor token type alone",
      form({ ...least, actor_token_type: JWT_TYPE }),
      "invalid_request",
    ],
    [
      "a repeated parameter",
      form(least, [
        ["scope", "a.b"],
        ["scope", "c.d"],
      ]),
      "invalid_request",
    ],
    ["an unknown parameter", form({ ...least, limit: "1" }), "invalid_request"],
    ["a member that would be a prototype", form({ ...least, __proto__x: "1" }), "invalid_request"],
    ["a resource that is no uri", form(least, [["resource", "files"]]), "invalid_request"],
    [
      "a resource with a fragment",
      form(least, [["resource", "https://a/#x"]]),
      "audience_mismatch",
    ],
    ["a scope with two spaces", form({ ...least, scope: "a.b  c.d" }), "invalid_request"],
    ["details that are no json", form({ ...least, authorization_details: "[" }), "invalid_request"],
    [
      "details that are no array",
      form({ ...least, authorization_details: "{}" }),
      "invalid_grant_shape",
    ],
    [
      "details that name a member twice",
      form({ ...least, authorization_details: '[{"a":1,"a":2}]' }),
      "invalid_request",
    ],
    [
      "a confirmation with more than a key",
      form({ ...least, req_cnf: '{"jwk":{},"x":1}' }),
      "invalid_request",
    ],
  ];
  test.each(REFUSED)("refuses %s", (_what, text, code) => {
    expect(() => parseTokenExchange(text)).toThrow(expect.objectContaining({ code }));
  });
});
