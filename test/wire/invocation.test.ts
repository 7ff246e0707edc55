/** Invocations are copied as they are read, and nothing that JSON cannot say gets in. @module */
import { describe, expect, test } from "vitest";
import { parseInvocation } from "../../src/wire/invocation.js";

const call = (args: unknown, rest: object = {}) =>
  parseInvocation({ tool: "read", arguments: args, audience: "https://tools.example", ...rest });

describe("an invocation", () => {
  test("E10 keeps the arguments that were read, whatever their sender changes", () => {
    const given = { to: ["a"], nested: { deep: [1] } };
    const parsed = call(given);
    given.to.push("b");
    given.nested.deep[0] = 2;
    expect(parsed.arguments).toEqual({ to: ["a"], nested: { deep: [1] } });
  });

  test("reads a getter once", () => {
    let reads = 0;
    const parsed = call({
      get to() {
        reads += 1;
        return reads === 1 ? "safe" : "evil";
      },
    });
    expect([parsed.arguments.to, parsed.arguments.to, reads]).toEqual(["safe", "safe", 1]);
  });

  test("takes nothing from a prototype, and keeps a member named __proto__ a member", () => {
    const parsed = call(JSON.parse('{"__proto__":{"admin":true}}'));
    expect(Object.keys(parsed.arguments)).toEqual(["__proto__"]);
    expect(parsed.arguments.admin).toBeUndefined();
    expect(parsed.arguments.constructor).toBeUndefined();
  });

  test("S25 keeps null, and leaves out what is undefined", () => {
    expect(call({ a: null, b: undefined }).arguments).toEqual({ a: null });
    expect(call(undefined).arguments).toEqual({});
    expect(call(null).arguments).toEqual({});
  });

  test.each<[string, unknown, string]>([
    ["S26 NaN", { a: Number.NaN }, "non_finite"],
    ["S26 an infinity", { a: [Number.POSITIVE_INFINITY] }, "non_finite"],
    ["S26 an integer that is not exact", { a: 2 ** 53 + 2 }, "invalid_request"],
    ["S26 a huge number", { a: 1e300 }, "invalid_request"],
    ["a big integer", { a: 1n }, "invalid_request"],
    ["a function", { a: () => 1 }, "invalid_request"],
    ["a date", { a: new Date(0) }, "invalid_request"],
    ["an object with a class", { a: new Map() }, "invalid_request"],
    ["undefined in a list", { a: [undefined] }, "invalid_request"],
    ["half a character", { a: "\ud83d" }, "invalid_request"],
    ["half a character in a name", { "\ud83d": 1 }, "invalid_request"],
    ["a list of arguments", [], "invalid_request"],
    ["text for arguments", "{}", "invalid_request"],
    ["more than a megabyte", { a: "x".repeat(1_048_577) }, "too_large"],
  ])("refuses %s", (_why, args, code) => {
    expect(() => call(args)).toThrow(
      expect.objectContaining({ name: "DelegationError", code, rule: "arguments" }),
    );
  });

  test("refuses a cycle", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(() => call(cycle)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });

  test.each([
    ["tool", { tool: "" }],
    ["tool", { tool: "a\0b" }],
    ["tool", { tool: "a\u202eb" }],
    ["tool", { tool: 5 }],
    ["tool", { tool: "a".repeat(257) }],
    ["audience", { audience: "" }],
    ["audience", { audience: undefined }],
  ])("E11 refuses a bad %s: %j", (rule, rest) => {
    expect(() => call({}, rest)).toThrow(
      expect.objectContaining({ code: "invalid_request", rule }),
    );
  });
});
