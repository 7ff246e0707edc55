/** Refusals in MCP as they are read: a guard's, and nobody else's. @module */
import { describe, expect, test } from "vitest";
import { CODES } from "../../src/base/codes.js";
import { httpActOf, parseSessionMeta } from "../../src/wire/mcp.js";
import { parseRefusal } from "../../src/wire/mcp-refusal.js";

const error = (data: unknown, code: number = CODES.tool_not_granted.mcp) => ({
  code,
  message: "no",
  data,
});

describe("an error", () => {
  test("of a guard is read with all that it tells", () => {
    const data = {
      code: "tool_not_granted",
      hop: "h",
      rule: "files.read",
      required: "more",
      retry: false,
      approvals: [{ approvers: 1 }],
    };
    expect(parseRefusal(error({ ...data, position: 7 }))).toEqual(data);
  });

  test.each([
    ["without data", { code: CODES.tool_not_granted.mcp, message: "no" }],
    ["of a code that we have not", error({ code: "made_up" })],
    ["of a name that every object has", error({ code: "toString" })],
    ["whose number is another code's", error({ code: "tool_not_granted" }, -32_602)],
    ["that is none", "error"],
    ["that is null", null],
  ])("%s is no refusal", (_why, given) => {
    expect(parseRefusal(given)).toBeUndefined();
  });

  test.each([
    ["hop", 7],
    ["rule", "r".repeat(513)],
    ["required", ""],
    ["retry", "yes"],
    ["approvals", [{ approvers: -1 }]],
  ])("keeps its code when its %s is not of the form", (name, value) => {
    const refusal = parseRefusal(error({ code: "tool_not_granted", [name]: value }));
    expect(refusal?.code).toBe("tool_not_granted");
    expect(refusal?.[name as "hop"]).toBeUndefined();
  });
});

test("a session is read in its form alone", () => {
  const session = { id: "s", serverKey: "k".repeat(43), expiresAt: 1 };
  expect(parseSessionMeta(session)).toEqual(session);
  expect(parseSessionMeta({ ...session, more: 1 })).toBeUndefined();
  expect(parseSessionMeta(undefined)).toBeUndefined();
});

test("a request without a message has a name of its own", () => {
  expect(httpActOf("DELETE")).toEqual({ tool: "mcp:http/delete", arguments: {} });
});
