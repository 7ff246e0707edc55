import { inspect } from "node:util";
import fc from "fast-check";
import { calculateJwkThumbprint, calculateJwkThumbprintUri, importJWK } from "jose";
import { describe, expect, test } from "vitest";
import {
  exportSigningKey,
  generateSigningKey,
  importPublicKey,
  importSigningKey,
  thumbprint,
  thumbprintUri,
} from "../../src/token/key.js";
import { fault, keyOf } from "./fixtures.js";

const okp = keyOf(1).jwk;
const ec = keyOf(2, "ES256").jwk;
const P = 2n ** 255n - 19n;

/** A field element or any other number, as an Ed25519 key, with or without the sign of x. */
function point(y: bigint, sign: 0 | 1 = 0) {
  const bytes = Buffer.alloc(32);
  let rest = y;
  for (let i = 0; i < 32; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  bytes[31] = (bytes[31] ?? 0) | (sign << 7);
  return { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") };
}

const order8 = [
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map((hex) => BigInt(`0x${Buffer.from(hex, "hex").reverse().toString("hex")}`));
const lowOrder: [string, bigint][] = [
  ["order 4", 0n],
  ["the identity", 1n],
  ["order 2", P - 1n],
  ...order8.map((y): [string, bigint] => ["order 8", y]),
];

describe("importPublicKey", () => {
  test.each([
    ["Ed25519", okp],
    ["P-256", ec],
  ])("takes a %s key and names it as jose does", async (_curve, jwk) => {
    const key = importPublicKey({ ...jwk, kid: "any", use: "sig", key_ops: ["verify"], ext: true });
    expect(key.jwk).toEqual(jwk);
    expect(key.thumbprint).toBe(await calculateJwkThumbprint(jwk));
    expect(thumbprintUri(key.thumbprint)).toBe(await calculateJwkThumbprintUri(jwk));
  });

  test.each(lowOrder)("S11 refuses the point of %s, with either sign", (_order, y) => {
    for (const sign of [0, 1] as const) {
      expect(() => importPublicKey(point(y, sign))).toThrow(fault("key_invalid"));
    }
  });

  test("S11 refuses every second spelling of a point, and takes the greatest first one", () => {
    for (let y = P; y < 2n ** 255n; y++) {
      expect(() => importPublicKey(point(y))).toThrow(fault("key_invalid"));
      expect(() => importPublicKey(point(y, 1))).toThrow(fault("key_invalid"));
    }
    expect(importPublicKey(point(P - 2n)).alg).toBe("EdDSA");
    expect(importPublicKey(point(2n)).alg).toBe("EdDSA");
  });

  test("S11 the key that the check keeps out would let one signature fit any message", async () => {
    const { verify, createPublicKey } = await import("node:crypto");
    const identity = createPublicKey({ key: point(1n), format: "jwk" });
    const forged = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]);
    expect(verify(null, Buffer.from("pay everything"), identity, forged)).toBe(true);
    expect(() => importPublicKey(point(1n))).toThrow(fault("key_invalid"));
  });

  test.each([
    ["Ed25519", { ...okp, d: okp.x }],
    ["P-256", { ...ec, d: ec.x }],
    ["RSA's members in", { ...okp, p: "AQ" }],
    ["a secret's member in", { ...okp, k: "AQ" }],
  ])("S10 refuses a private %s key", (_kind, jwk) => {
    expect(() => importPublicKey(jwk)).toThrow(fault("key_invalid"));
  });

  test.each([
    ["no object", null],
    ["a string", "key"],
    ["an array", [okp]],
    ["a shared secret", { kty: "oct", k: "c2VjcmV0" }],
    ["rsa", { kty: "RSA", n: "AQAB", e: "AQAB" }],
    ["X25519, which agrees and does not sign", { ...okp, crv: "X25519" }],
    ["another curve", { ...ec, crv: "P-384" }],
    ["an Ed25519 key of 31 bytes", { ...okp, x: okp.x.slice(0, 42) }],
    ["an Ed25519 key of 33 bytes", { ...okp, x: `${okp.x}A` }],
    ["padding", { ...okp, x: `${okp.x.slice(0, 42)}=` }],
    ["the other alphabet", { ...okp, x: `+${okp.x.slice(1)}` }],
    ["trailing bits", { ...okp, x: `${"A".repeat(42)}B` }],
    ["a point without y", { kty: "EC", crv: "P-256", x: okp.x }],
    ["a point off the curve", { ...ec, y: ec.kty === "EC" ? ec.x : "" }],
    ["P-256 at the origin", { ...ec, x: "A".repeat(43), y: "A".repeat(43) }],
    ["a coordinate beyond the field", { ...ec, x: `${"_".repeat(42)}8` }],
    ["ES256 for an Ed25519 key", { ...okp, alg: "ES256" }],
    ["EdDSA for a P-256 key", { ...ec, alg: "EdDSA" }],
    ["HS256", { ...okp, alg: "HS256" }],
    ["a key for encryption", { ...okp, use: "enc" }],
    ["a key that signs", { ...okp, key_ops: ["sign"] }],
    ["a key that does more", { ...okp, key_ops: ["verify", "deriveKey"] }],
    ["a member of the wrong type", { ...okp, x: 5 }],
  ])("S32 refuses %s", (_what, jwk) => {
    expect(() => importPublicKey(jwk)).toThrow(fault("key_invalid"));
  });

  test("S30 answers anything with a key or a key_invalid", () => {
    const almost = fc.record(
      {
        kty: fc.constantFrom<unknown>("OKP", "EC", 1),
        crv: fc.constantFrom<unknown>("Ed25519", "P-256", null),
        x: fc.oneof(fc.constant(okp.x), fc.string(), fc.anything()),
        y: fc.oneof(fc.constant(okp.x), fc.anything()),
        d: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), almost), (jwk) => {
        try {
          expect(importPublicKey(jwk).thumbprint).toHaveLength(43);
        } catch (thrown) {
          expect(thrown).toEqual(fault("key_invalid"));
        }
      }),
    );
  });
});

test("thumbprints are jose's, key by key", async () => {
  for (let seed = 0; seed < 50; seed++) {
    const { jwk } = keyOf(seed, seed % 2 === 0 ? "EdDSA" : "ES256");
    expect(thumbprint(jwk)).toBe(await calculateJwkThumbprint({ ...jwk, kid: "any" }));
  }
});

describe.each(["EdDSA", "ES256"] as const)("a signing key of %s", (alg) => {
  const key = keyOf(7, alg);
  const secret = String(exportSigningKey(key).d);

  test("signs what its public part verifies, and nothing else", () => {
    const signature = key.sign("header.payload");
    const shown = importPublicKey(key.jwk);
    expect(signature).toHaveLength(64);
    expect(shown.verify("header.payload", signature)).toBe(true);
    expect(shown.verify("header.payloae", signature)).toBe(false);
    expect(keyOf(8, alg).verify("header.payload", signature)).toBe(false);
    expect(shown.verify("header.payload", signature.subarray(0, 63))).toBe(false);
    expect(shown.verify("header.payload", new Uint8Array(0))).toBe(false);
    expect(importPublicKey(key.jwk).verify("header.payloae", signature)).toBe(false);
  });

  test("K03 shows its public part and never its secret", () => {
    const carrier = { hop: 1, key };
    const shown = [
      JSON.stringify(carrier),
      inspect(carrier, { depth: 9, showHidden: true }),
      inspect(key),
      String(key),
      Object.values(key).map(String).join(),
      JSON.stringify({ ...key }),
    ];
    for (const text of shown) expect(text).not.toContain(secret);
    expect(JSON.parse(JSON.stringify(key))).toEqual({ ...key.jwk, kid: key.thumbprint });
    expect(() => structuredClone(key)).toThrow();
    expect({ ...key }).not.toHaveProperty("privateKey");
  });

  test("comes back from its key file as the same key, and jose reads the file too", async () => {
    const file = JSON.parse(JSON.stringify(exportSigningKey(key)));
    const back = importSigningKey(file);
    expect([back.kid, back.thumbprint]).toEqual([key.kid, key.thumbprint]);
    expect(key.verify("a.b", back.sign("a.b"))).toBe(true);
    await expect(importJWK(file)).resolves.toBeDefined();
    expect(importSigningKey({ ...file, kid: "named" }).kid).toBe("named");
  });

  test.each([
    ["another key's public part", { ...keyOf(9, alg).jwk }],
    ["no secret", { d: undefined }],
    ["a secret of another length", { d: "AQ" }],
    ["a secret in loose base64url", { d: `${secret.slice(0, 42)}=` }],
    ["a key that may only verify", { key_ops: ["verify"] }],
    ["the wrong algorithm", { alg: alg === "EdDSA" ? "ES256" : "EdDSA" }],
  ])("is refused from a key file with %s", (_what, change) => {
    const file = { ...exportSigningKey(key), ...change };
    expect(() => importSigningKey(file)).toThrow(fault("key_invalid"));
  });

  test("is another each time it is made", () => {
    expect(generateSigningKey(alg).thumbprint).not.toBe(generateSigningKey(alg).thumbprint);
  });
});

test("randomness that never gives a P-256 key is an error, not a loop", () => {
  expect(() => generateSigningKey("ES256", (n) => new Uint8Array(n))).toThrow(RangeError);
});
