import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runVectors } from "../../src/chain/vectors.js";
import { refuses } from "./forge.js";

const FOLDER = new URL("../vectors/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const COUNTS: Readonly<Record<string, number>> = {
  "agent-delegation.json": 14,
  "agent-delegation-edges.json": 123,
  "attenuating-agent-token-edges.json": 95,
  "attenuating-agent-token.json": 16,
  "delegator-bound-edges.json": 42,
  "delegator-bound.json": 5,
  "dpop-rfc9449.json": 1,
  "status-list-edges.json": 14,
  "status-list.json": 2,
};

interface File {
  vectors: Record<string, unknown>[];
}

function read(name: string): File {
  return JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as File;
}

describe.each(FILES)("%s", (name) => {
  test("gives the expected outcome in every case", () => {
    const results = runVectors(read(name));
    expect(results.filter(({ agree }) => !agree)).toEqual([]);
    expect(results).toHaveLength(COUNTS[name] ?? 0);
  });
});

describe("the runner", () => {
  test("says so where it observes something else", () => {
    const file = read("agent-delegation.json");
    const [first] = file.vectors;
    if (first !== undefined) first.expect = "revoked";
    const [result] = runVectors(file);
    expect(result).toMatchObject({ expected: "revoked", observed: "accept", agree: false });
  });

  test("judges the raw text of tokens, whatever it is", () => {
    const file = read("attenuating-agent-token.json");
    file.vectors = file.vectors.slice(0, 1).map((vector) => ({ ...vector, tokens: [null, 7] }));
    expect(runVectors(file)).toMatchObject([{ observed: "deny", code: "malformed" }]);
  });

  test.each([
    ["jkt", { jkt: "x" }],
    ["ath", { ath: "x" }],
  ])("finds a proof that does not give the %s of the file", (_what, change) => {
    const file = read("dpop-rfc9449.json");
    Object.assign(file.vectors[0] ?? {}, change);
    expect(runVectors(file)).toMatchObject([{ agree: false }]);
  });

  test("finds a status list that decodes to something else", () => {
    const file = read("status-list.json");
    file.vectors = file.vectors.map(({ values: _, ...vector }) => ({
      ...vector,
      nonzero: { 0: 1 },
    }));
    expect(runVectors(file).map(({ agree }) => agree)).toEqual([false, false]);
  });

  const only = (name: string, change: object, at = 0) => {
    const file = read(name);
    file.vectors = file.vectors.slice(at, at + 1).map((vector) => ({ ...vector, ...change }));
    return runVectors(file)[0];
  };
  const AAT = "attenuating-agent-token.json";
  const other = { audience: "https://other.example" };
  const short = "Kz~8mXK1EalYznwH";
  const ath = createHash("sha256").update(short).digest("base64url");

  test.each<[string, string, object, object]>([
    ["a call without proof", AAT, { pop: undefined }, { observed: "deny", code: "proof_missing" }],
    [
      "a call that is not granted",
      AAT,
      { request: { tool: "rm", arguments: {} } },
      { observed: "deny", code: "tool_not_granted" },
    ],
    ["a call at another resource", AAT, other, { observed: "deny", code: "proof_invalid" }],
    [
      "a chain for another resource",
      AAT,
      { request: undefined, ...other },
      { code: "audience_mismatch" },
    ],
    ["a digest that is not the token's", "dpop-rfc9449.json", { ath: "x" }, { code: "malformed" }],
    [
      "a proof for another token",
      "dpop-rfc9449.json",
      { access_token: short, ath },
      { observed: "holder_binding_failed", code: "proof_invalid" },
    ],
    ["a proof by another key", "dpop-rfc9449.json", { jkt: "x" }, { code: "proof_invalid" }],
    [
      "a list that is too short",
      "status-list.json",
      { entries: 17 },
      { observed: "malformed", code: "malformed", agree: false },
    ],
    [
      "a list that is to be refused",
      "status-list.json",
      { expect: "deny", nonzero: { 0: 0 } },
      { observed: "deny", agree: true },
    ],
  ])("tells of %s", (_what, name, change, result) => {
    expect(only(name, change)).toMatchObject(result);
  });

  test.each<[string, string, object, string]>([
    ["a chain alone", AAT, { request: undefined, audience: undefined }, "accept"],
    ["a call at no resource that is named", AAT, { audience: undefined }, "accept"],
    [
      "some of the entries",
      "status-list.json",
      { entries: 3, values: undefined, nonzero: { 0: 1 } },
      "accept",
    ],
    ["as many entries as values", "status-list.json", { entries: undefined }, "accept"],
    [
      "all entries, where there are no values",
      "status-list.json",
      { entries: undefined, values: undefined, nonzero: [] },
      "malformed",
    ],
  ])("judges %s", (_what, name, change, observed) => {
    expect(only(name, change)).toMatchObject({ observed });
  });

  test("tells keys apart by the id that a header names", () => {
    const file = read("agent-delegation.json");
    const trust = file.vectors[0]?.trust as { keys: object[] } | undefined;
    const keys = trust?.keys.map((key) => ({ ...key, kid: "other" }));
    const renamed = { trust: { ...trust, keys } };
    expect(only("agent-delegation.json", renamed)).toMatchObject({ observed: "signature_invalid" });
  });

  test("tells our own code where the draft has no name for what happened", () => {
    const trust = {
      keys: Array(17).fill({ kty: "oct", k: "c2VjcmV0", alg: "HS256" }),
      algs: ["HS256"],
    };
    const result = { observed: "config_invalid", code: "config_invalid" };
    expect(only("agent-delegation.json", { trust })).toMatchObject(result);
  });

  const HMAC = { kty: "oct", alg: "HS256", k: "c2VjcmV0" };
  const trusting = (...keys: object[]) => {
    const trust = read("agent-delegation.json").vectors[0]?.trust as { keys: object[] };
    return { trust: { ...trust, keys: [...keys, ...trust.keys] } };
  };

  test.each<[string, object, string]>([
    ["a key of a kind that nobody here can use", { kty: "RSA", n: "AQAB", e: "AQAB" }, "accept"],
    ["a key of low order", { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) }, "accept"],
    ["a secret that is none", { ...HMAC, k: 7 }, "accept"],
    ["a key for an algorithm that is not accepted", { ...HMAC, alg: "HS512" }, "accept"],
  ])("trusts %s in vain, and the other key still", (_what, key, observed) => {
    expect(only("agent-delegation.json", trusting(key))).toMatchObject({ observed });
    const alone = { trust: { keys: [key], algs: ["HS256"], childSigner: "issuer" } };
    const refused = { observed: "signature_invalid", agree: false };
    expect(only("agent-delegation.json", alone)).toMatchObject(refused);
  });

  test.each(["dpop", "pop"])("holds a %s to the algorithms that are accepted", (kind) => {
    const file = kind === "dpop" ? "delegator-bound.json" : AAT;
    const at = kind === "dpop" ? 3 : 0;
    const { trust } = read(file).vectors[at] as { trust: object };
    const algs = (names: string[]) => only(file, { trust: { ...trust, algs: names } }, at);
    expect(algs(["EdDSA"])).toMatchObject({ observed: "accept" });
    expect(algs(["Ed25519"])).toMatchObject({ code: "signature_invalid" });
  });

  test("is content with any refusal where a case asks for none by name", () => {
    const change = { audience: "https://other.example", expect: "deny" };
    const result = { observed: "deny", agree: true, code: "audience_mismatch" };
    expect(only("agent-delegation.json", change)).toMatchObject(result);
  });

  test.each([
    ["agent-delegation.json", { now: "0" }],
    ["agent-delegation.json", { tokens: "a.b.c" }],
    ["agent-delegation.json", { trust: undefined }],
    ["dpop-rfc9449.json", { proof_resource: undefined }],
    ["status-list.json", { values: "1" }],
  ])("tells of a case in %s that lacks what it needs, beside the others", (name, change) => {
    const file = read(name);
    const [first] = file.vectors;
    const results = runVectors({ ...file, vectors: [null, { ...first, ...change }, first] });
    expect(results).toEqual([
      { name: "(without a name)", expected: "accept", observed: "unreadable", agree: false },
      { name: first?.name, expected: "accept", observed: "unreadable", agree: false },
      { name: first?.name, expected: "accept", observed: "accept", agree: true },
    ]);
  });

  test.each([
    ["bits that there are not", { bits: 3 }],
    ["bits in text", { bits: "1" }],
    ["no list", { lst: undefined }],
    ["a list that is padded", { lst: "eNrbuRgAAhcBXQ==" }],
    ["a list that is no zlib data", { lst: "Y0wEAA" }],
  ])("refuses a status list with %s", (_what, change) => {
    const result = { observed: "malformed", code: "malformed" };
    expect(only("status-list.json", change)).toMatchObject(result);
    const denied = { observed: "deny", agree: true };
    expect(only("status-list.json", { ...change, expect: "deny" })).toMatchObject(denied);
  });

  test("judges arguments of whatever name", () => {
    const named = JSON.parse('{"path":"/data/q3-report.pdf","__proto__":{}}');
    const request = { tool: "read_file", arguments: named };
    const result = { observed: "deny", code: "argument_unexpected" };
    expect(only(AAT, { request })).toMatchObject(result);
  });

  test("refuses a file of another format", () => {
    refuses("invalid_request", () => runVectors({ profile: "agent-delegation" }), "vectors");
    refuses("invalid_request", () => runVectors({ profile: "biscuit", vectors: [] }), "profile");
    refuses("invalid_request", () => runVectors([]), "(whole)");
  });
});
