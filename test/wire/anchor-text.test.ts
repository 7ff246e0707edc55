/** Payloads of anchors that are read from their bytes: as the strict parser reads them, or not at all. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/base/json.js";
import type { JsonObject } from "../../src/base/json-value.js";
import { HOPS_MAX } from "../../src/base/limits.js";
import { readAnchorText } from "../../src/wire/anchor-text.js";
import { readLineage } from "../../src/wire/claim-part.js";

interface Hop {
  readonly agent: string;
  readonly hop: string;
  readonly identity: string;
  readonly jkt: string;
}

const JKT = "A".repeat(43);
const HOP: Hop = { agent: "spiffe://a.example/1", hop: "h1", identity: "asserted", jkt: JKT };

function actOf(agents: readonly string[]): unknown {
  return agents.reduce<unknown>(
    (act, sub) => (act === undefined ? { sub } : { act, sub }),
    undefined,
  );
}

/** A payload as the minter writes it. */
function payloadOf(lineage: readonly Hop[], more: object = { txn: "h1" }): string {
  const act = actOf(lineage.map(({ agent }) => agent));
  return JSON.stringify({ act, aud: "https://x.example", iat: 1, lineage, ...more });
}

function read(text: string): ReturnType<typeof readAnchorText> {
  return readAnchorText(text, Buffer.from(text));
}

/** What the strict way makes of a payload; undefined where it refuses. */
function strictly(text: string): ReturnType<typeof readAnchorText> {
  try {
    const claims = parseJson(text) as JsonObject;
    const lineage = readLineage(claims);
    return { claims: { ...claims, act: 0, lineage: 0 }, lineage };
  } catch {
    return undefined;
  }
}

/** Whatever is read here is read so by the strict way as well. */
function agrees(text: string): boolean {
  const quick = read(text);
  if (quick !== undefined)
    expect({ ...quick, claims: { ...quick.claims } }).toEqual(strictly(text));
  return quick !== undefined;
}

const NAME = fc.oneof(
  fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 12 }),
  fc.constantFrom("lineage", ',"lineage":[', "a\u0001", "é", "", "x".repeat(513), "]", "act", "{"),
);
const LINEAGE = fc.array(
  fc.record({
    agent: NAME,
    hop: NAME,
    identity: fc.constantFrom("asserted", "proven", "known"),
    jkt: fc.constantFrom(JKT, `${"-_aZ09"}${"B".repeat(36)}8`, `${"A".repeat(42)}B`, "short"),
  }),
  { maxLength: 5 },
);

describe("a payload as the minter writes it", () => {
  test.each([1, 2, 8, HOPS_MAX])("is read with a lineage of %i hops", (length) => {
    const lineage = Array.from({ length }, (_, at) => ({
      ...HOP,
      agent: `spiffe://a.example/${at}`,
      hop: `h${at}`,
      identity: at % 2 === 0 ? "proven" : "asserted",
    }));
    expect(agrees(payloadOf(lineage))).toBe(true);
  });

  test("is read up to the longest name", () => {
    const name = "n".repeat(512);
    expect(agrees(payloadOf([{ ...HOP, agent: name, hop: name }]))).toBe(true);
  });

  test("gives claims without prototype", () => {
    expect(Object.getPrototypeOf(read(payloadOf([HOP]))?.claims)).toBeNull();
  });
});

describe("a payload is left to the strict way", () => {
  const plain = payloadOf([HOP]);
  const entry = JSON.stringify(HOP);
  test.each([
    ["that has no act", plain.replace('"act":{', '"bct":{')],
    ["with white space", plain.replace('"act":', '"act": ')],
    ["with a second act", plain.replace("}", '},"act":1')],
    ["with a second lineage", plain.replace('"txn"', '"lineage":1,"txn"')],
    ["with a second lineage by an escape", plain.replace('"txn"', '"line\\u0061ge":1,"txn"')],
    ["whose lineage lies deeper", plain.replace('"iat":1,', '"b":{"c":0,').replace(/\}$/, "}}")],
    ["that tells of a lineage elsewhere", plain.replace("https://x.example", "lineage")],
    ["with a member more in a hop", plain.replace(entry, `${entry.slice(0, -1)},"x":1}`)],
    ["with a member twice in a hop", plain.replace('"hop":"h1",', '"hop":"h1","hop":"h1",')],
    ["with hops in another order of members", payloadOf([swapped(HOP)])],
    ["with an empty lineage", plain.replace(entry, "")],
    ["with a comma behind the last hop", plain.replace(entry, `${entry},`)],
    ["with a control character in a name", plain.replace("a.example", "a\u0001example")],
    ["with an escape in a name", plain.replaceAll("a.example", "a\\u002eexample")],
    ["with a name that is not ASCII", plain.replaceAll("a.example", "ä.example")],
    ["with a name that is too long", payloadOf([{ ...HOP, hop: "n".repeat(513) }])],
    ["with a name that is empty", payloadOf([{ ...HOP, hop: "" }])],
    ["with another identity", payloadOf([{ ...HOP, identity: "known" }])],
    ["with a digest that is none", payloadOf([{ ...HOP, jkt: `${"A".repeat(42)}B` }])],
    ["with more hops than may be", payloadOf(Array.from({ length: HOPS_MAX + 1 }, () => HOP))],
    ["with an unsafe number", plain.replace('"iat":1', '"iat":9007199254740993')],
    ["that ends too early", plain.slice(0, -1)],
    ["with something behind it", `${plain}1`],
    ["that is a list", `[${plain}]`],
    ["that is nothing", ""],
  ])("%s", (_what, text) => {
    expect(read(text)).toBeUndefined();
  });
});

function swapped({ agent, hop, identity, jkt }: Hop): Hop {
  return { hop, agent, identity, jkt };
}

describe("whatever is read", () => {
  test("is what the strict parser gives, whatever names and claims there are", () => {
    let quick = 0;
    fc.assert(
      fc.property(LINEAGE, fc.dictionary(NAME, fc.jsonValue()), (lineage, more) => {
        if (agrees(payloadOf(lineage, more))) quick += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(quick).toBeGreaterThan(0);
  });

  test("is what the strict parser gives, whatever is cut out, put in or written over", () => {
    const plain = payloadOf([HOP, { ...HOP, hop: "h2", identity: "proven" }]);
    const place = fc.nat({ max: plain.length });
    const part = fc.oneof(
      fc.constantFrom("", '"', "\\", "{", "}", "[", "]", ",", ":", "0", " ", "\n", '"},"sub":"'),
      fc.tuple(place, fc.nat({ max: 60 })).map(([at, length]) => plain.slice(at, at + length)),
    );
    fc.assert(
      fc.property(place, fc.nat({ max: 3 }), part, (at, cut, put) => {
        agrees(plain.slice(0, at) + put + plain.slice(at + cut));
      }),
      { numRuns: 5_000 },
    );
  });
});
