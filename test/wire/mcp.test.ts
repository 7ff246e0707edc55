/** How a delegation travels in MCP. @module */
import { describe, expect, test } from "vitest";
import { actOf, parsePresentMeta } from "../../src/wire/mcp.js";

describe("a request in the words of a grant", () => {
  test("is the tool itself for a tool call", () => {
    const params = { name: "files.read", arguments: { path: "/a" }, _meta: { progressToken: 1 } };
    expect(actOf("tools/call", params)).toEqual({ tool: "files.read", arguments: { path: "/a" } });
  });

  test("is the method with its parameters for all else", () => {
    expect(actOf("resources/read", { uri: "file:///a", _meta: {} })).toEqual({
      tool: "mcp:resources/read",
      arguments: { uri: "file:///a" },
    });
  });

  test.each(["", 7, "mcp:resources/read"])("refuses a tool called %j", (name) => {
    const wrong = { code: "invalid_request", rule: "name" };
    expect(() => actOf("tools/call", { name })).toThrow(expect.objectContaining(wrong));
  });

  test("refuses arguments that are a list", () => {
    const wrong = { code: "invalid_request", rule: "arguments" };
    const params = { name: "files.read", arguments: [] };
    expect(() => actOf("tools/call", params)).toThrow(expect.objectContaining(wrong));
  });
});

describe("the delegation in _meta", () => {
  test("is taken as it is", () => {
    const meta = { tokens: ["a.b.c"], proof: "d.e.f" };
    expect(parsePresentMeta(meta)).toEqual(meta);
  });

  test.each([
    ["two kinds of proof", { proof: "a", session: { id: "s", sequence: 1, mac: "m" } }],
    ["an unknown member", { token: "a" }],
    ["no tokens in a list", { tokens: [] }],
    ["text", "a~b"],
  ])("is refused with %s", (_title, meta) => {
    expect(() => parsePresentMeta(meta)).toThrow(
      expect.objectContaining({ code: "invalid_request" }),
    );
  });
});
