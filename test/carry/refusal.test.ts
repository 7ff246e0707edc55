/** Refusals of servers, as callers get them: what would be needed, and nothing that a server should not get into a log. @module */
import { describe, expect, test } from "vitest";
import { DelegationError } from "../../src/base/error.js";
import { needOf, refusedByChallenge, refusedWith } from "../../src/carry/refusal.js";

const TOKEN = `eyJhbGciOiJFZERTQSJ9.${"a".repeat(40)}.${"b".repeat(40)}`;

describe("a refusal of a guard", () => {
  test("is the caller's as if the guard were here", () => {
    const approvals = [{ approvers: 2, from: ["boss"] }];
    const data = {
      code: "approval_required",
      hop: "h-1",
      rule: "limits.approval",
      retry: true,
    } as const;
    const refusal = refusedWith({ ...data, approvals });
    expect(refusal).toBeInstanceOf(DelegationError);
    expect(refusal).toMatchObject({
      code: "approval_required",
      hop: "h-1",
      rule: "limits.approval",
    });
    expect(needOf(refusal)).toEqual({ retry: true, approvals });
  });

  test.each(["hop", "rule", "required"])(
    "keeps to itself a token that the server put into %s",
    (name) => {
      const refusal = refusedWith({ code: "tool_not_granted", [name]: `see ${TOKEN}` } as never);
      expect(JSON.stringify([refusal, refusal.message, refusal.stack])).not.toContain("eyJ");
      expect(needOf(refusal)).toEqual({ retry: false });
    },
  );
});

describe("a challenge", () => {
  test("says which scopes and which grant the request needs, and where tokens come from", () => {
    const details = [{ type: "attenuating_agent_token", tools: { "files.read": {} } }];
    const refusal = refusedByChallenge({
      scheme: "Bearer",
      error: "insufficient_scope",
      code: "tool_not_granted",
      scopes: ["crm.read"],
      authorizationDetails: details,
      resourceMetadata: "https://a.example/.well-known/oauth-protected-resource",
    });
    expect(refusal).toMatchObject({ code: "tool_not_granted", required: JSON.stringify(details) });
    expect(needOf(refusal)).toEqual({
      retry: false,
      scopes: ["crm.read"],
      authorizationDetails: details,
      resourceMetadata: "https://a.example/.well-known/oauth-protected-resource",
    });
  });

  test("of a stranger's server is understood by OAuth's own words", () => {
    const refusal = refusedByChallenge({
      scheme: "Bearer",
      error: "insufficient_scope",
      scopes: ["a", "b"],
    });
    expect(refusal).toMatchObject({ code: "scope_not_granted", required: "a b" });
    expect(refusedByChallenge({ scheme: "Bearer", error: "invalid_token" })).toBeUndefined();
  });
});

test("what no server refused needs nothing", () => {
  expect(needOf(new DelegationError("tool_not_granted", "no"))).toBeUndefined();
  expect(needOf(new Error("no"))).toBeUndefined();
});
