import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeEvent, sealLine } from "../../src/audit/chain.js";
import { canonicalize } from "../../src/base/canonical.js";
import type { AuditDraft } from "../../src/wire/event.js";

const text = fc.oneof(
  fc.constantFrom("call", "files.read", 'a"b', "a\\b", "é", "\u2028", "\u007f", "\n", ""),
  fc.string(),
);
const number = fc.constantFrom(0, -0, 1, 7, 1.5, 9_007_199_254_740_991);
const call = fc.record({
  agent: text,
  arguments: fc.constantFrom("digest", 'dig"est'),
  at: number,
  decision: fc.constantFrom("allow", "deny"),
  hop: fc.constantFrom("hop", "h\\op"),
  identity: fc.constantFrom("proven", "asserted"),
  seen: number,
  sequence: number,
  tool: fc.constantFrom("files.read", "é"),
});
const oddCall = fc.oneof(
  call.map((entry) => ({ ...entry, rule: "tools" })),
  call.map(({ tool: _, ...entry }) => ({ ...entry, extra: 1 })),
  call.map((entry) => ({ ...entry, hop: null })),
  fc.constantFrom(null, "call", 7),
);
const data = fc.oneof(
  fc.record({ calls: fc.array(call, { maxLength: 4 }) }),
  fc.record({ calls: fc.array(fc.oneof(call, oddCall), { maxLength: 4 }) }),
  fc.record({ position: number }),
  fc.dictionary(text, fc.oneof(number, text, fc.constant(null))),
);
const texts = {
  agent: text,
  arguments: text,
  by: text,
  code: text,
  guard: text,
  hop: text,
  policy: text,
  reason: text,
  requester: text,
  rule: text,
  ticket: text,
  tool: text,
  tree: text,
};
const draft: fc.Arbitrary<AuditDraft> = fc.record(
  {
    kind: text,
    tenant: text,
    ...texts,
    data,
    decision: fc.constantFrom("allow" as const, "deny" as const),
    identity: fc.constantFrom("proven" as const, "asserted" as const),
    seen: number,
    sequence: number,
  },
  { requiredKeys: ["kind", "tenant"] },
);

describe("the text of an event", () => {
  test("is its canonical JSON, whatever its texts and numbers are", () => {
    fc.assert(
      fc.property(draft, (event) => {
        expect(encodeEvent(event)).toBe(canonicalize(event));
      }),
    );
  });

  test("is its canonical JSON also when the hop has said the same before, or nearly the same", () => {
    const nearly = fc.constantFrom<[keyof AuditDraft, unknown]>(
      ...(Object.keys(texts) as (keyof AuditDraft)[]).flatMap(
        (name) =>
          [
            [name, undefined],
            [name, "other"],
            [name, 'a"b'],
          ] as [keyof AuditDraft, unknown][],
      ),
      ["kind", "other"],
      ["tenant", "other"],
      ["identity", undefined],
      ["decision", "ask"],
      ["seen", 3],
      ["sequence", undefined],
      ["data", { position: 5 }],
    );
    fc.assert(
      fc.property(draft, fc.array(nearly, { maxLength: 8 }), (said, changes) => {
        const first = { ...said, kind: "call", hop: "hop" };
        const events = [
          first,
          first,
          ...changes.map(([name, value]) => ({ ...first, [name]: value })),
          first,
        ];
        for (const event of events) {
          const there = Object.fromEntries(
            Object.entries(event).filter(([, value]) => value !== undefined),
          );
          expect(encodeEvent(event as AuditDraft)).toBe(canonicalize(there));
        }
      }),
    );
  });

  test("is its canonical JSON for more hops than are remembered, and for an event that was changed since", () => {
    for (let round = 0; round < 2; round++) {
      for (let hop = 0; hop < 1_100; hop++) {
        const event: AuditDraft = { kind: "call", tenant: "t", hop: `hop-${hop}`, guard: "g" };
        expect(encodeEvent(event)).toBe(canonicalize(event));
        event.guard = `g${round}`;
        expect(encodeEvent(event)).toBe(canonicalize(event));
      }
    }
  });

  test("leaves out what is undefined, and what is no member of an event", () => {
    const event = { kind: "call", tenant: "t", tool: undefined, by: "é" };
    expect(encodeEvent({ ...event, by: "a" } as AuditDraft)).toBe(
      '{"by":"a","kind":"call","tenant":"t"}',
    );
    const more = { ...event, secret: "s" } as unknown as AuditDraft;
    expect(encodeEvent(more)).toBe('{"by":"é","kind":"call","tenant":"t"}');
  });

  test.each([
    ["malformed", { kind: "call", tenant: "\ud800" }],
    ["malformed", { kind: "call", tenant: "t", data: { "\ud800": 1 } }],
    ["non_finite", { kind: "call", tenant: "t", seen: Number.NaN }],
    ["non_finite", { kind: "call", tenant: "t", data: { position: Number.POSITIVE_INFINITY } }],
  ])("refuses what JSON cannot say: %s", (code, event) => {
    expect(() => encodeEvent(event)).toThrow(expect.objectContaining({ code }));
  });
});

test("a line is sealed as its canonical text without the hash", () => {
  const line = { at: 1, event: { kind: "call", tenant: "é" }, n: 1, prev: "", seq: 1, up: "" };
  const { text: sealed, hash } = sealLine(line);
  expect(sealed).toBe(canonicalize({ ...line, hash }));
});
