/** Payloads that are read from their bytes: as the strict parser reads them, or not at all. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalize } from "../../src/base/canonical.js";
import { parseJson } from "../../src/base/json.js";
import type { Json, JsonObject } from "../../src/base/json-value.js";
import { HOPS_MAX, JSON_DEPTH_MAX } from "../../src/base/limits.js";
import { readLineage } from "../../src/wire/claim-part.js";
import { type ClaimsText, readClaimsText, type StatedMember } from "../../src/wire/claims-text.js";

interface Hop {
  readonly agent: string;
  readonly hop: string;
  readonly identity: string;
  readonly jkt: string;
}

const JKT = "A".repeat(43);
const HOP: Hop = { agent: "spiffe://a.example/1", hop: "h1", identity: "asserted", jkt: JKT };
const DETAILS = [{ tools: { "a.b": { c: { constraint_type: "wildcard" } } }, type: "t" }];
const ED25519 = { crv: "Ed25519", kty: "OKP", x: JKT };
const P256 = { crv: "P-256", kty: "EC", x: JKT, y: JKT };

function actOf(agents: readonly string[]): unknown {
  return agents.reduce<unknown>(
    (act, sub) => (act === undefined ? { sub } : { act, sub }),
    undefined,
  );
}

/** All that a token can say. */
const WHOLE = {
  act: actOf([HOP.agent]),
  agent_proof: "a.b.c",
  aud: "https://x.example",
  authorization_details: DETAILS,
  bearer: true,
  client_id: HOP.agent,
  cnf: { jwk: ED25519 },
  del_depth: 0,
  del_max_depth: 63,
  exp: 1_795_472_052,
  gen: "g1",
  iat: 1_795_385_652,
  iss: "https://as.example.com",
  jti: "01a20552-f35a-71de-a7e4-50fcf38ec422",
  lineage: [HOP],
  nbf: 1,
  par_hash: JKT,
  pos: 999_999_999_999_999,
  principal_iss: "https://idp.example.com",
  scope: "a b",
  self: true,
  status: { status_list: { idx: 7, uri: "https://s.example/1" } },
  sub: "alice",
  tenant: "default",
  txn: "h1",
};

/** A payload as the minter writes it. */
function payloadOf(claims: object): string {
  return canonicalize(claims as Json);
}

/** That of an anchor. */
function anchorOf(lineage: readonly Hop[], more: object = { txn: "h1" }): string {
  const act = actOf(lineage.map(({ agent }) => agent)) ?? {};
  return payloadOf({ act, aud: "https://x.example", iat: 1, lineage, ...more });
}

function read(text: string, before?: StatedMember): ClaimsText | undefined {
  return readClaimsText(text, Buffer.from(text), before);
}

/** What the strict way makes of a payload; undefined where it refuses. */
function strictly(text: string): unknown {
  try {
    const claims = parseJson(text) as JsonObject;
    const lineage = claims.lineage === undefined ? undefined : readLineage(claims);
    const out = { ...("act" in claims && { act: 0 }), ...(lineage && { lineage: 0 }) };
    return { claims: { ...claims, ...out }, lineage };
  } catch {
    return undefined;
  }
}

/** Whatever is read here is read so by the strict way as well. */
function agrees(text: string, before?: StatedMember): boolean {
  const quick = read(text, before);
  if (quick === undefined) return false;
  const { claims, lineage, details } = quick;
  // The strict parser gives objects without prototype, and has no word for what is absent.
  expect({ claims: JSON.parse(JSON.stringify(claims)), lineage }).toEqual(strictly(text));
  expect(details?.value).toBe(claims.authorization_details);
  if (details !== undefined) expect(parseJson(details.text)).toEqual(details.value);
  return true;
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
    expect(agrees(anchorOf(lineage))).toBe(true);
  });

  test("is read up to the longest name", () => {
    const name = "n".repeat(512);
    expect(agrees(anchorOf([{ ...HOP, agent: name, hop: name }]))).toBe(true);
  });

  test.each([
    ["all that a token can say", WHOLE],
    ["one audience of several", { aud: ["a", "b"] }],
    ["a list of one audience", { aud: ["a"] }],
    ["a key on P-256", { cnf: { jwk: P256 } }],
    ["details before cnf alone", { authorization_details: DETAILS, cnf: { jwk: ED25519 } }],
    ["details with escapes", { authorization_details: [{ a: 'b"\\\n' }], client_id: "c" }],
    ["empty texts", { client_id: "", iss: "" }],
  ])("is read with %s", (_what, claims) => {
    expect(agrees(payloadOf(claims))).toBe(true);
  });

  test.each(Object.keys(WHOLE))("is read with %s as its only claim", (name) => {
    const text = payloadOf({ [name]: WHOLE[name as keyof typeof WHOLE] });
    // Where details end shows in the claim that follows them.
    expect(agrees(text)).toBe(name !== "authorization_details");
  });

  test.each(Object.keys(WHOLE))("is read without %s", (name) => {
    const { [name as keyof typeof WHOLE]: _, ...rest } = WHOLE;
    expect(agrees(payloadOf(rest))).toBe(true);
  });
});

describe("details that the token before states", () => {
  const before = read(payloadOf(WHOLE))?.details;

  test("are the very object when they are the same, word for word", () => {
    const again = read(payloadOf({ ...WHOLE, sub: "bob" }), before);
    expect(before).toBeDefined();
    expect(again?.details).toBe(before);
    expect(again?.claims.authorization_details).toBe(before?.value);
    expect(agrees(payloadOf({ ...WHOLE, sub: "bob" }), before)).toBe(true);
  });

  test.each([
    ["others", [...DETAILS, { type: "u" }]],
    ["none", []],
    ["fewer", [{}]],
  ])("are read for themselves when they are %s", (_what, details) => {
    const text = payloadOf({ ...WHOLE, authorization_details: details });
    expect(agrees(text, before)).toBe(true);
    expect(read(text, before)?.claims.authorization_details).toEqual(details);
  });

  test.each([
    ["goes on behind them", '{"authorization_details":[1]1,"client_id":"c"}'],
    ["ends with them", '{"authorization_details":[1]'],
    ["states them deeper", '{"a":{"authorization_details":[1]},"client_id":"c"}'],
    ["states them twice", '{"authorization_details":[1],"authorization_details":[1]}'],
  ])("are left to the parser in a text that %s", (_what, text) => {
    expect(read(text, { text: "[1]", value: [1] })).toBeUndefined();
  });
});

describe("a payload is left to the strict way", () => {
  const plain = anchorOf([HOP]);
  const whole = payloadOf(WHOLE);
  const entry = JSON.stringify(HOP);
  const deep = `${"[".repeat(JSON_DEPTH_MAX)}${"]".repeat(JSON_DEPTH_MAX)}`;
  test.each([
    ["with another act", plain.replace('"act":{', '"act":{"x":1,')],
    ["with an act that is a text", plain.replace(/"act":\{[^}]*\}/, '"act":"x"')],
    ["with an unknown claim", plain.replace('"act":{', '"abc":1,"act":{')],
    ["with an unknown claim behind", plain.replace(/\}$/, ',"zzz":1}')],
    ["with white space", plain.replace('"act":', '"act": ')],
    ["with white space before it", ` ${plain}`],
    ["with a second act", plain.replace("}", '},"act":1')],
    ["with a second lineage", plain.replace('"txn"', '"lineage":1,"txn"')],
    ["with a second lineage by an escape", plain.replace('"txn"', '"line\\u0061ge":1,"txn"')],
    ["whose lineage lies deeper", plain.replace('"iat":1,', '"b":{"c":0,').replace(/\}$/, "}}")],
    ["with claims in another order", plain.replace('"iat":1', '"txn":"h1"')],
    ["with a claim twice", whole.replace('"sub":"alice"', '"sub":"alice","sub":"alice"')],
    ["without a comma", whole.replace(',"tenant"', '"tenant"')],
    ["with a comma too many", whole.replace(',"tenant"', ',,"tenant"')],
    ["with a comma before the end", whole.replace(/\}$/, ",}")],
    ["with a member more in a hop", plain.replace(entry, `${entry.slice(0, -1)},"x":1}`)],
    ["with a member twice in a hop", plain.replace('"hop":"h1",', '"hop":"h1","hop":"h1",')],
    ["with hops in another order of members", anchorOf([HOP]).replace(entry, swapped(HOP))],
    ["with an empty lineage", plain.replace(entry, "")],
    ["with a comma behind the last hop", plain.replace(entry, `${entry},`)],
    ["with a control character in a name", plain.replace("a.example", "a\u0001example")],
    ["with a control character in a text", whole.replace("alice", "al\nce")],
    ["with an escape in a name", plain.replaceAll("a.example", "a\\u002eexample")],
    ["with an escape in a text", whole.replace("alice", "\\u0061lice")],
    ["with a name that is not ASCII", plain.replaceAll("a.example", "ä.example")],
    ["with a name that is too long", anchorOf([{ ...HOP, hop: "n".repeat(513) }])],
    ["with a name that is empty", anchorOf([{ ...HOP, hop: "" }])],
    ["with another identity", anchorOf([{ ...HOP, identity: "known" }])],
    ["with a digest that is none", anchorOf([{ ...HOP, jkt: `${"A".repeat(42)}B` }])],
    ["with more hops than may be", anchorOf(Array.from({ length: HOPS_MAX + 1 }, () => HOP))],
    ["with an unsafe number", plain.replace('"iat":1', '"iat":9007199254740993')],
    ["with a number of sixteen digits", plain.replace('"iat":1', '"iat":1000000000000000')],
    ["with a number that begins with 0", plain.replace('"iat":1', '"iat":01')],
    ["with a negative number", plain.replace('"iat":1', '"iat":-1')],
    ["with a fraction", plain.replace('"iat":1', '"iat":1.5')],
    ["with an exponent", plain.replace('"iat":1', '"iat":1e3')],
    ["with no number", plain.replace('"iat":1', '"iat":')],
    ["with a number as a text", plain.replace('"iat":1', '"iat":"1"')],
    ["with a flag that is not set", whole.replace('"self":true', '"self":false')],
    ["with an empty list of audiences", whole.replace('"https://x.example"', "[]")],
    ["with an audience that is no text", whole.replace('"https://x.example"', '["a",1]')],
    ["with a confirmation by thumbprint", whole.replace('"jwk":{', '"jkt":{')],
    ["with a private key", whole.replace('"kty":"OKP"', '"d":"x","kty":"OKP"')],
    ["with a key's member more", whole.replace(`"x":"${JKT}"`, `"x":"${JKT}","y":"a"`)],
    ["with a confirmation of two members", whole.replace(`"${JKT}"}}`, `"${JKT}"},"x":1}`)],
    ["with a key without y", whole.replace('"Ed25519","kty":"OKP"', '"P-256","kty":"EC"')],
    ["with a status member more", whole.replace('"idx":7', '"idx":7,"ttl":1')],
    ["with details that are none", whole.replace(/"authorization_details":\[/, "$&}")],
    ["with a member twice in its details", whole.replace('"type":"t"', '"type":"t","type":"t"')],
    ["with details too deep", payloadOf(WHOLE).replace(canonicalize(DETAILS as Json), deep)],
    ["with details that end elsewhere", whole.replace('"type":"t"', '"x":[],"client_id":"a"')],
    ["that ends too early", plain.slice(0, -1)],
    ["with something behind it", `${plain}1`],
    ["that is a list", `[${plain}]`],
    ["that is an empty object", "{}"],
    ["that is nothing", ""],
  ])("%s", (_what, text) => {
    expect(text).not.toBe(plain);
    expect(text).not.toBe(whole);
    expect(read(text)).toBeUndefined();
  });
});

/** In another order of members. */
function swapped({ agent, hop, identity, jkt }: Hop): string {
  return JSON.stringify({ hop, agent, identity, jkt });
}

describe("whatever is read", () => {
  test("is what the strict parser gives, whatever names and claims there are", () => {
    let quick = 0;
    const more = fc.dictionary(
      fc.oneof(NAME, fc.constantFrom(...Object.keys(WHOLE))),
      fc.oneof(fc.jsonValue(), fc.constantFrom(...(Object.values(WHOLE) as Json[]))),
    );
    fc.assert(
      fc.property(LINEAGE, more, (lineage, claims) => {
        if (agrees(anchorOf(lineage, claims))) quick += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(quick).toBeGreaterThan(0);
  });

  test("is what the strict parser gives, whatever is cut out, put in or written over", () => {
    const lineage = [HOP, { ...HOP, hop: "h2", identity: "proven" }];
    const plain = payloadOf({ ...WHOLE, lineage });
    const before = read(plain)?.details;
    const place = fc.nat({ max: plain.length });
    const part = fc.oneof(
      fc.constantFrom("", '"', "\\", "{", "}", "[", "]", ",", ":", "0", " ", "\n", '"},"sub":"'),
      fc.tuple(place, fc.nat({ max: 60 })).map(([at, length]) => plain.slice(at, at + length)),
    );
    fc.assert(
      fc.property(place, fc.nat({ max: 3 }), part, fc.boolean(), (at, cut, put, restated) => {
        agrees(plain.slice(0, at) + put + plain.slice(at + cut), restated ? before : undefined);
      }),
      { numRuns: 5_000 },
    );
  });
});
