/** The hand-written half of a delegation's schemas: what it gives, the schema would give. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { AUDIENCES_MAX, HOPS_MAX, NAME_CHARS_MAX, TOKENS_MAX } from "../../src/base/limits.js";
import { parseGrant } from "../../src/wire/grant.js";
import { limitsSchema } from "../../src/wire/grant-limits.js";
import { plainChain, plainDelegateRequest, plainGrantRest } from "../../src/wire/plain-request.js";
import { parseDelegateRequest, parseTokens } from "../../src/wire/verb-request.js";

/** Values at the edges of what any member takes, and of what none does. */
const EDGE = fc.constantFrom<unknown>(
  undefined,
  null,
  "",
  "a",
  "a".repeat(NAME_CHARS_MAX),
  "a".repeat(NAME_CHARS_MAX + 1),
  true,
  false,
  0,
  -0,
  1,
  -1,
  1.5,
  HOPS_MAX,
  HOPS_MAX + 1,
  2 ** 53,
  Number.NaN,
  [],
  {},
);

/** The very schemas, with nothing in front of them. */
const name = z.string().min(1).max(NAME_CHARS_MAX);
const REST = z.strictObject({
  audience: z
    .array(name)
    .max(AUDIENCES_MAX)
    .refine((names) => new Set(names).size === names.length)
    .optional(),
  limits: limitsSchema.optional(),
  expiresAt: z.int().positive().optional(),
  scopes: z.array(z.string()).optional(),
});
const REQUEST = z.strictObject({
  agent: name,
  holderKey: z.unknown(),
  grant: z.unknown(),
  agentProof: z.string().optional(),
  idempotencyKey: name.optional(),
  bearer: z.boolean().optional(),
});

/** Whatever is given by hand, the schema gives; and it does give something. */
function agree(
  inputs: fc.Arbitrary<unknown>,
  quick: (input: unknown) => unknown,
  schema: z.ZodType,
): void {
  let given = 0;
  fc.assert(
    fc.property(inputs, (input) => {
      const plain = quick(input);
      if (plain === undefined) return;
      given += 1;
      expect(plain).toEqual(schema.parse(input));
    }),
    { numRuns: 3_000 },
  );
  expect(given).toBeGreaterThan(30);
}

const member = (usual: fc.Arbitrary<unknown>) => fc.oneof({ weight: 3, arbitrary: usual }, EDGE);
const some = <T>(shape: Record<string, fc.Arbitrary<T>>) => fc.record(shape, { requiredKeys: [] });

describe("by hand", () => {
  test("a request to delegate reads as the schema reads it", () => {
    const request = some({
      agent: member(fc.constant("spiffe://example.com/a")),
      holderKey: member(fc.constant({ kty: "OKP" })),
      grant: member(fc.constant({ tools: {} })),
      idempotencyKey: member(fc.constant("once")),
      bearer: member(fc.boolean()),
    });
    const odd = fc.oneof(request, request, some({ agent: fc.constant("a"), other: EDGE }), EDGE);
    agree(odd, plainDelegateRequest, REQUEST);
  });

  test("the rest of a grant reads as the schema reads it", () => {
    const limits = some({
      calls: member(fc.nat()),
      children: member(fc.nat()),
      depth: member(fc.nat(HOPS_MAX)),
      descendants: member(fc.nat()),
    });
    const names = fc.array(fc.constantFrom("a", "b", "c", "", 1), { maxLength: 3 });
    const rest = some({
      audience: member(names),
      limits: member(fc.oneof(limits, some({ spend: EDGE, useOnly: EDGE }))),
      expiresAt: member(fc.nat()),
    });
    agree(fc.oneof(rest, rest, some({ scopes: EDGE }), EDGE), plainGrantRest, REST);
    const withTools = fc.tuple(rest, EDGE).map(([others, tools]) => ({ ...others, tools }));
    agree(
      withTools,
      plainGrantRest,
      REST.extend({ tools: z.unknown() }).transform(({ tools: _, ...others }) => others),
    );
  });

  test("the tokens of a chain read as the schema reads them", () => {
    const tokens = fc.oneof(fc.array(fc.constantFrom("a.b.c", "", 1), { maxLength: 3 }), EDGE);
    agree(tokens, plainChain, z.array(z.string()).min(1).max(TOKENS_MAX));
  });

  test.each<[string, () => unknown]>([
    [
      "an audience as long as it may be, and no longer",
      () => {
        const names = Array.from({ length: AUDIENCES_MAX }, (_, i) => `a${i}`);
        expect(plainGrantRest({ audience: names })).toEqual({ audience: names });
        return plainGrantRest({ audience: [...names, "b"] });
      },
    ],
    [
      "as many tokens as a chain may have, and no more",
      () => {
        const tokens = Array.from({ length: TOKENS_MAX }, () => "a");
        expect(plainChain(tokens)).toEqual(tokens);
        return plainChain([...tokens, "a"]);
      },
    ],
    [
      "its own members, and no inherited one",
      () => plainDelegateRequest(Object.create({ agent: "a", holderKey: {}, grant: {} })),
    ],
    ["no list with a hole", () => plainGrantRest({ audience: new Array(1) })],
  ])("takes %s", (_what, run) => {
    expect(run()).toBeUndefined();
  });

  test("gives lists of its own, which nobody else changes", () => {
    const audience = ["a"];
    const tokens = ["a.b.c"];
    const rest = plainGrantRest({ audience });
    const chain = plainChain(tokens);
    audience.push("b");
    tokens.push("d");
    expect([rest?.audience, chain]).toEqual([["a"], ["a.b.c"]]);
  });
});

describe("what the quick half leaves to the schema is refused in its words", () => {
  const refused = (code: string, rule: string) => expect.objectContaining({ code, rule });

  test.each<[string, unknown, string]>([
    ["an unknown member", { agent: "a", holderKey: {}, grant: {}, note: 1 }, "note"],
    ["an agent without name", { agent: "", holderKey: {}, grant: {} }, "agent"],
    ["bearer that is no flag", { agent: "a", holderKey: {}, grant: {}, bearer: 1 }, "bearer"],
    [
      "a prototype",
      JSON.parse('{"agent":"a","holderKey":{"__proto__":1},"grant":{}}'),
      "holderKey",
    ],
  ])("%s", (_what, input, rule) => {
    expect(() => parseDelegateRequest(input)).toThrow(refused("invalid_request", rule));
  });

  const plain = { read: { path: { constraint_type: "path", under: "/a" } } };
  const asking = (grant: unknown) => ({ agent: "a", holderKey: {}, grant });

  test.each<[string, string, string]>([
    [
      "a tool",
      '{"__proto__":{},"read":{"path":{"constraint_type":"path","under":"/a"}}}',
      "grant.tools",
    ],
    ["an argument", '{"read":{"__proto__":{"constraint_type":"wildcard"}}}', "grant.tools.read"],
    [
      "a member",
      '{"read":{"path":{"__proto__":1,"constraint_type":"wildcard"}}}',
      "grant.tools.read.path",
    ],
  ])("%s named __proto__, each time that it comes", (_what, text, rule) => {
    for (let time = 0; time < 2; time++) {
      const tools: unknown = JSON.parse(text);
      expect(() => parseDelegateRequest(asking({ tools }))).toThrow(
        refused("invalid_request", rule),
      );
    }
  });

  test("a prototype beside tools that are known", () => {
    expect(parseDelegateRequest(asking({ tools: plain }))).toEqual(asking({ tools: plain }));
    const grant: unknown = Object.assign(JSON.parse('{"__proto__":{}}'), { tools: plain });
    expect(() => parseDelegateRequest(asking(grant))).toThrow(refused("invalid_request", "grant"));
    const limits: unknown = JSON.parse('{"__proto__":{}}');
    expect(() => parseDelegateRequest(asking({ tools: plain, limits }))).toThrow(
      refused("invalid_request", "grant.limits"),
    );
  });

  test("nothing that a shared map hides: others than plain ones are handed on as they are", () => {
    for (const tools of [undefined, null, 1, "x", [], { read: 1 }, { read: { p: {} } }]) {
      const input = asking({ tools, audience: ["a"] });
      expect(parseDelegateRequest(input)).toEqual(input);
    }
    const inherited = asking(Object.create({ tools: plain }));
    expect(parseDelegateRequest(inherited).grant).toBe(inherited.grant);
  });

  test("a limit that is no count", () => {
    const grant = { tools: {}, limits: { calls: -1 } };
    expect(() => parseGrant(grant, { now: 0 })).toThrow(
      refused("invalid_grant_shape", "limits.calls"),
    );
  });

  test("no tokens", () => {
    expect(() => parseTokens([])).toThrow(refused("malformed", "tokens"));
  });
});
