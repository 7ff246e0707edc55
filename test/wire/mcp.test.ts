/** How a delegation travels in MCP. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { actOf, parsePresentMeta, presentMetaSchema } from "../../src/wire/mcp.js";

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

  test.each([[[]], [null], ["a"]])("refuses arguments that are %j", (given) => {
    const wrong = { code: "invalid_request", rule: "arguments" };
    const params = { name: "files.read", arguments: given };
    expect(() => actOf("tools/call", params)).toThrow(expect.objectContaining(wrong));
  });

  test.each([{ arguments: undefined }, {}, Object.create({ arguments: { path: "/a" } })])(
    "has no arguments where none were sent",
    (params) => {
      const sent = Object.assign(params, { name: "files.list" });
      expect(actOf("tools/call", sent)).toEqual({ tool: "files.list", arguments: {} });
    },
  );

  test("has no name but its own", () => {
    const wrong = { code: "invalid_request", rule: "name" };
    const params = Object.create({ name: "files.read" });
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

test("what is presented is read as the schema reads it, whatever its form", () => {
  const mostly = <T>(good: T, ...odd: unknown[]) =>
    fc.oneof({ weight: 8, arbitrary: fc.constant<unknown>(good) }, fc.constantFrom(...odd));
  const text = mostly("a", "", "t".repeat(512), "t".repeat(513), 7, undefined);
  const sequence = mostly(1, 0, -1, 1.5, Number.NaN, 2 ** 53, "1", undefined);
  const session = fc.record({ id: text, sequence, mac: text });
  const list = fc.array(text, { minLength: 1, maxLength: 3 });
  const tokens = fc.oneof({ weight: 8, arbitrary: list }, mostly([], Array(33).fill("a"), "a"));
  const members = { tokens, proof: text, session: fc.oneof(session, text), tickets: list };
  const more = fc.constantFrom({}, {}, {}, { more: 1 });
  const presented = fc
    .tuple(fc.record(members, { requiredKeys: [] }), more)
    .map(([known, other]) => ({ ...known, ...other }));
  let read = 0;
  fc.assert(
    fc.property(
      fc.oneof({ weight: 9, arbitrary: presented }, { weight: 1, arbitrary: tokens }),
      (given) => {
        const { success, data } = presentMetaSchema.safeParse(given);
        const both = data?.proof !== undefined && data.session !== undefined;
        if (!success || both) {
          expect(() => parsePresentMeta(given)).toThrow(
            expect.objectContaining({ code: "invalid_request" }),
          );
        } else {
          read += 1;
          expect(parsePresentMeta(given)).toEqual(data);
        }
      },
    ),
    { numRuns: 2_000 },
  );
  expect(read).toBeGreaterThan(50);
});
