import { compactVerify, createLocalJWKSet, exportJWK, generateKeyPair } from "jose";
import { describe, expect, test } from "vitest";
import { JWKS_KEYS_MAX } from "../../src/base/limits.js";
import { keyRing, parseJwks, publicJwks, retire, rotate } from "../../src/token/jwks.js";
import { parseJws, signJws, verifyJws } from "../../src/token/jws.js";
import { fault, keyOf } from "./fixtures.js";

const first = keyOf(1);
const second = keyOf(2, "ES256");

describe("a JWKS", () => {
  test("is served so that jose finds each key by its id", async () => {
    const served = publicJwks(rotate(keyRing(first), second).verification);
    const find = createLocalJWKSet({ keys: served.keys.map((jwk) => ({ ...jwk })) });
    for (const key of [first, second]) {
      const text = signJws({ kid: key.kid }, { jti: "one" }, key);
      await expect(compactVerify(text, find)).resolves.toBeDefined();
    }
  });

  test("of jose's is read here", async () => {
    const { publicKey, privateKey } = await generateKeyPair("Ed25519", { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: "theirs", alg: "EdDSA", use: "sig" };
    const rsa = await generateKeyPair("RS256", { extractable: true });
    const keys = parseJwks({ keys: [jwk, await exportJWK(rsa.publicKey)] });
    expect([...keys.keys()]).toEqual(["theirs"]);
    const { CompactSign } = await import("jose");
    const text = await new CompactSign(new TextEncoder().encode("{}"))
      .setProtectedHeader({ alg: "EdDSA" })
      .sign(privateKey);
    const theirs = keys.get("theirs");
    expect(theirs).toBeDefined();
    if (theirs !== undefined) verifyJws(parseJws(text), theirs, ["EdDSA"]);
  });

  test("K03 never serves a private member, even of keys that sign", () => {
    const served = JSON.stringify(publicJwks(new Map([[first.kid, first]])));
    expect(served).not.toContain('"d"');
    expect(JSON.parse(served).keys).toEqual([
      { ...first.jwk, kid: first.kid, alg: "EdDSA", use: "sig" },
    ]);
  });

  test("names a key without id by its thumbprint, and leaves out what does not sign here", () => {
    const jwks = {
      keys: [
        first.jwk,
        { ...first.jwk, crv: "X25519" },
        { ...second.jwk, use: "enc" },
        { kty: "oct", k: "AA" },
      ],
    };
    expect([...parseJwks(jwks).keys()]).toEqual([first.thumbprint]);
  });

  test.each([
    ["null", null],
    ["a list", [first.jwk]],
    ["keys as an object", { keys: {} }],
    ["a key that is text", { keys: ["key"] }],
    ["S10 a private key", { keys: [{ ...first.jwk, d: "A".repeat(43) }] }],
    ["S11 a low-order key", { keys: [{ ...first.jwk, x: "A".repeat(43) }] }],
    [
      "one id for two keys",
      {
        keys: [
          { ...first.jwk, kid: "k" },
          { ...second.jwk, kid: "k" },
        ],
      },
    ],
  ])("S31 refuses %s", (_what, value) => {
    expect(() => parseJwks(value)).toThrow(fault("key_invalid"));
  });

  test("S29 refuses more keys than its ceiling", () => {
    const keys = Array.from({ length: JWKS_KEYS_MAX + 1 }, () => first.jwk);
    expect(() => parseJwks({ keys })).toThrow(fault("too_large"));
  });
});

describe("P20 a rotation", () => {
  test("keeps the previous key for what it signed, and gives only its public part", () => {
    const old = signJws({ kid: first.kid }, { jti: "old" }, first);
    const ring = rotate(keyRing(first), second);
    expect(ring.current.kid).toBe(second.kid);
    const previous = ring.verification.get(first.kid);
    expect(previous).toBeDefined();
    if (previous === undefined) return;
    verifyJws(parseJws(old), previous, ["EdDSA"]);
    for (const key of ring.verification.values()) expect(key).not.toHaveProperty("sign");
  });

  test("refuses another key under an id that is taken, and retires all but the current one", () => {
    const ring = rotate(keyRing(first), second);
    expect(() => rotate(ring, { ...keyOf(3), kid: first.kid })).toThrow(fault("key_invalid"));
    expect(() => retire(ring, second.kid)).toThrow(fault("key_invalid"));
    expect([...retire(ring, first.kid).verification.keys()]).toEqual([second.kid]);
  });
});
