/** Shorthand of events: shorter, and the same again. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeEvent } from "../../src/audit/chain.js";
import { canonicalize } from "../../src/base/canonical.js";
import { lengthen, shorten } from "../../src/redis/shorthand.js";

const made = encodeEvent({
  kind: "hop.created",
  tenant: "acme",
  tree: "0192f0a1-7b6c-7def-8000-000000000000",
  hop: "0192f0a1-7b6c-7def-8000-000000000002",
  requester: "https://idp.example ada",
  agent: "https://agents.example/reader",
  identity: "proven",
  data: { made: true, parent: "0192f0a1-7b6c-7def-8000-000000000001" },
});

test("takes a hundred characters off the line of a hop that was made", () => {
  expect(shorten(made).length).toBeLessThan(made.length - 100);
  expect(lengthen(shorten(made))).toBe(made);
});

test("gives back every event, whatever stands in it", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom(...'{}",:\\\u0001\u0002\u0019', "tree", "agent") }),
    fc.constantFrom('","tree":"', '{"agent":"', '"},"hop":"', "\\"),
  );
  const event = fc.record(
    {
      kind: fc.oneof(text, fc.constantFrom("call", "hop.created", "cut")),
      tenant: text,
      tree: text,
      hop: text,
      agent: text,
      requester: text,
      tool: text,
      guard: text,
      reason: text,
      policy: text,
      arguments: text,
      sequence: fc.nat(),
      seen: fc.nat(),
      decision: fc.constantFrom("allow" as const, "deny" as const),
      identity: fc.constantFrom("proven" as const, "asserted" as const),
      data: fc.dictionary(text, text),
    },
    { requiredKeys: ["kind", "tenant"] },
  );
  fc.assert(
    fc.property(event, (one) => {
      const long = encodeEvent(one);
      const short = shorten(long);
      expect(short.length).toBeLessThanOrEqual(long.length);
      expect(lengthen(short)).toBe(long);
    }),
  );
});

test("leaves what was never shortened as it is", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalize(value);
      expect(lengthen(text)).toBe(text);
    }),
  );
});
