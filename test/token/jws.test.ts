import fc from "fast-check";
import { CompactSign, compactVerify } from "jose";
import { describe, expect, test } from "vitest";
import { canonicalize } from "../../src/base/canonical.js";
import { TOKEN_BYTES_MAX } from "../../src/base/limits.js";
import {
  parseJws,
  readClaims,
  requireTyp,
  signingInputDigest,
  signJws,
  tokenDigest,
  typOf,
  verifyJws,
} from "../../src/token/jws.js";
import { importPublicKey, type VerificationKey } from "../../src/token/key.js";
import { hmacVerificationKey } from "../../src/token/vector-hmac.js";
import { ALGS, compact, fault, keyOf, signed, text, thrownBy } from "./fixtures.js";

const key = keyOf(1);
const claims = { iss: "https://as.example.com", jti: "one", n: 1 };
const header = { alg: "EdDSA", typ: "at+jwt" };
const token = signJws({ typ: "at+jwt" }, claims, key);
const parts = token.split(".");
const [h = "", p = "", s = ""] = parts;

/** Form, signature, claims: all that a token must pass to be believed. */
function believe(candidate: string, by: VerificationKey = key, algs = ALGS) {
  const jws = parseJws(candidate);
  verifyJws(jws, by, algs);
  return readClaims(jws);
}

describe("a token of ours", () => {
  test.each(["EdDSA", "ES256"] as const)("is canonical and verifies (%s)", (alg) => {
    const own = keyOf(3, alg);
    const jws = signJws({ typ: "at+jwt", kid: own.kid, c14n: "JCS" }, { b: 1, a: "é" }, own);
    const { claims, canonical } = believe(jws, importPublicKey(own.jwk));
    expect({ claims, canonical }).toEqual({ claims: { a: "é", b: 1 }, canonical: true });
  });

  test.each(["EdDSA", "ES256"] as const)(
    "passes jose, and jose's passes here (%s)",
    async (alg) => {
      const own = keyOf(4, alg);
      const value = fc.jsonValue({ noUnicodeString: false, maxDepth: 3 } as object);
      await fc.assert(
        fc.asyncProperty(value, async (json) => {
          const ours = signJws({ typ: "at+jwt" }, { json: rounded(json) }, own);
          const { payload, protectedHeader } = await compactVerify(ours, own.key);
          expect(protectedHeader).toEqual({ alg, typ: "at+jwt" });
          const bytes = new TextEncoder().encode(Buffer.from(payload).toString());
          const theirs = await new CompactSign(bytes)
            .setProtectedHeader({ alg, typ: "at+jwt" })
            .sign(own.privateKey);
          expect(believe(theirs, own)).toEqual(believe(ours, own));
        }),
        { numRuns: 40 },
      );
    },
  );

  test("S01 is refused with any bit of its signature flipped", () => {
    const signature = Buffer.from(s, "base64url");
    for (let bit = 0; bit < 512; bit++) {
      const forged = Buffer.from(signature);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const candidate = `${h}.${p}.${forged.toString("base64url")}`;
      expect(() => believe(candidate)).toThrow(fault("signature_invalid"));
    }
  });

  test("S02 is refused as malformed when its signature is a byte short or long", () => {
    const signature = Buffer.from(s, "base64url");
    for (const wrong of [signature.subarray(0, 63), Buffer.alloc(65), Buffer.alloc(0)]) {
      const candidate = `${h}.${p}.${wrong.toString("base64url")}`;
      expect(() => believe(candidate)).toThrow(fault("malformed"));
    }
  });

  test("S07 is refused for its algorithm before anybody looks at how long its signature is", () => {
    const short = Buffer.alloc(32).toString("base64url");
    const claimed = Buffer.from('{"alg":"ES256"}').toString("base64url");
    expect(() => believe(`${claimed}.${p}.${short}`)).toThrow(fault("signature_invalid"));
  });

  test("S04 is refused with any one byte changed, whichever and however", () => {
    for (let at = 0; at < token.length; at++) {
      for (const flip of [1, 2, 4, 8, 16, 32, 64, 128]) {
        const byte = String.fromCharCode(token.charCodeAt(at) ^ flip);
        const candidate = token.slice(0, at) + byte + token.slice(at + 1);
        thrownBy(() => believe(candidate));
      }
    }
  });

  test("S05 has no prefix that passes, nor anything that stands after it", () => {
    for (let end = 0; end < token.length; end++) thrownBy(() => believe(token.slice(0, end)));
    for (const more of [".", "A", "=", "\n", " ", "~", `.${s}`, token]) {
      thrownBy(() => believe(token + more));
    }
  });

  test("S15 does not lend its signature to another token", () => {
    const other = signJws({ typ: "at+jwt" }, { ...claims, n: 2 }, key).split(".");
    expect(() => believe(`${other[0]}.${other[1]}.${s}`)).toThrow(fault("signature_invalid"));
  });

  test("S17 says what its signed bytes say", () => {
    const spaced = signed(header, '{ "n": 1.0 }', key);
    const jws = parseJws(spaced);
    verifyJws(jws, key, ALGS);
    expect(jws.signingInput).toBe(spaced.slice(0, spaced.lastIndexOf(".")));
    expect(Buffer.from(jws.payloadBytes).toString()).toBe('{ "n": 1.0 }');
    const { claims, canonical } = readClaims(jws);
    expect({ claims, canonical }).toEqual({ claims: { n: 1 }, canonical: false });
  });

  test("has digests over its text and over its signing input", async () => {
    const { createHash } = await import("node:crypto");
    const sha = (input: string) => createHash("sha256").update(input).digest("base64url");
    expect(tokenDigest(token)).toBe(sha(token));
    expect(signingInputDigest(token)).toBe(sha(`${h}.${p}`));
    expect(() => signingInputDigest(`${h}.${p}`)).not.toThrow(TypeError);
    expect(() => signingInputDigest(h)).toThrow(fault("malformed"));
  });
});

describe("parseJws", () => {
  test.each([
    ["nothing", ""],
    ["white space", " "],
    ["one part", h],
    ["two parts", `${h}.${p}`],
    ["four parts", `${token}.${s}`],
    ["dots alone", ".."],
    ["no header", `.${p}.${s}`],
    ["a json web signature in json", JSON.stringify({ protected: h, payload: p, signature: s })],
    ["a padded payload", `${h}.${p}=.${s}`],
    ["the other alphabet", `${h}.${p}.${s.slice(0, -1)}+`],
    ["loose trailing bits", `${h}.${p}.${s.slice(0, -1)}${next(s.at(-1) ?? "")}`],
    ["a line break", `${h}.${p}\n.${s}`],
    ["a leading space", ` ${token}`],
    ["binary", String.fromCharCode(...Array.from({ length: 255 }, (_, i) => i))],
  ])("S30 refuses %s", (_what, candidate) => {
    expect(() => parseJws(candidate)).toThrow(fault("malformed"));
  });

  test.each([null, undefined, 5, true, {}, [], [token], new String(token), Buffer.from(token)])(
    "S30 refuses what is no text: %o",
    (value) => {
      expect(() => parseJws(value as string)).toThrow(fault("malformed"));
    },
  );

  test("S30 answers any text with a DelegationError", () => {
    const piece = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constantFrom(h, p, s));
    const garbage = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join("."));
    fc.assert(
      fc.property(garbage, (candidate) => {
        if (candidate !== token) thrownBy(() => believe(candidate));
      }),
    );
  });

  test("S29 refuses a token over the ceiling before it looks at it, and takes one at the ceiling", () => {
    expect(() => parseJws("\u0000".repeat(TOKEN_BYTES_MAX + 1))).toThrow(fault("too_large"));
    expect(() => parseJws("\u0000".repeat(TOKEN_BYTES_MAX))).toThrow(fault("malformed"));
    const room = TOKEN_BYTES_MAX - h.length - s.length - 2;
    const full = `${h}.${"A".repeat(room - (room % 4))}.${s}`;
    expect(parseJws(full).text).toBe(full);
    expect(() => signJws({}, { fill: "x".repeat(TOKEN_BYTES_MAX) }, key)).toThrow(
      fault("too_large"),
    );
  });

  test.each([
    ["an unknown critical extension", { ...header, crit: ["exp"], exp: 1 }],
    ["an empty crit", { ...header, crit: [] }],
    ["an unencoded payload", { ...header, b64: false }],
    ["b64 at all", { ...header, b64: true }],
    ["a place to fetch keys from", { ...header, jku: "https://evil.example" }],
    ["a place to fetch certificates from", { ...header, x5u: "https://evil.example" }],
    ["certificates", { ...header, x5c: ["AA=="] }],
    ["no object", []],
    ["null", null],
    ["a number", "5"],
    ["two values", '{"alg":"EdDSA"}{"alg":"EdDSA"}'],
    ["a byte order mark", '\ufeff{"alg":"EdDSA"}'],
    ["a comment", '{"alg":"EdDSA"/**/}'],
  ])("S21 refuses a header with %s", (_what, bad) => {
    expect(() => parseJws(signed(bad, claims, key))).toThrow(fault("malformed"));
  });

  test.each([
    ["alg a number", { ...header, alg: 1 }],
    ["alg a list", { ...header, alg: ["EdDSA"] }],
    ["alg empty", { ...header, alg: "" }],
    ["typ a boolean", { ...header, typ: true }],
    ["kid an object", { ...header, kid: {} }],
  ])("S32 refuses a header with %s", (_what, bad) => {
    expect(() => parseJws(signed(bad, claims, key))).toThrow(fault("malformed"));
  });

  test("S22 tells a header that is not canonical from one that is", () => {
    for (const [header, canonical] of [
      ['{"alg":"EdDSA","typ":"at+jwt"}', true],
      ['{"typ":"at+jwt","alg":"EdDSA"}', false],
      ['{"alg": "EdDSA"}', false],
      ['{"alg":"EdDS\\u0041"}', false],
    ] as const) {
      const jws = parseJws(signed(header, "{}", key));
      expect(jws.headerCanonical).toBe(canonical);
      expect(readClaims(jws).canonical).toBe(canonical);
    }
  });

  test("refuses a header that names a member twice", () => {
    const twice = signed('{"alg":"EdDSA","alg":"EdDSA"}', claims, key);
    expect(() => parseJws(twice)).toThrow(fault("duplicate_member"));
  });

  test("gives the same header for the same bytes, however many others came between", () => {
    const first = parseJws(token).header;
    for (let i = 0; i < 2_000; i++) parseJws(compact({ ...header, kid: `k${i}` }, {}));
    expect(parseJws(token).header).toEqual(first);
    expect(Object.isFrozen(first)).toBe(true);
  });

  test("a long header, and one with a key, are read like any other", () => {
    const long = signed({ ...header, kid: "k".repeat(500) }, claims, key);
    expect(parseJws(long).header.kid).toHaveLength(500);
    const shown = signed({ ...header, jwk: key.jwk }, claims, key);
    expect(parseJws(shown).header.jwk).toEqual(key.jwk);
  });
});

describe("verifyJws", () => {
  const hmac = hmacVerificationKey({ kty: "oct", k: key.jwk.x });

  test.each([
    ["none", compact({ alg: "none" }, claims, new Uint8Array(0))],
    ["none with a signature", compact({ alg: "none" }, claims)],
    ["NONE", compact({ alg: "NONE" }, claims, new Uint8Array(0))],
  ])("S06 refuses alg %s, even where it is listed", (_alg, candidate) => {
    expect(() => believe(candidate, key, [...ALGS, "none", "NONE"])).toThrow(
      fault("signature_invalid"),
    );
  });

  test("S06 refuses a token without alg", () => {
    expect(() => believe(signed({ typ: "at+jwt" }, claims, key))).toThrow(fault("malformed"));
  });

  test.each([
    ["ES256 over an Ed25519 signature", signed({ alg: "ES256" }, claims, key)],
    ["HS256 over an Ed25519 signature", signed({ alg: "HS256" }, claims, key)],
    ["a name in other case", signed({ alg: "eddsa" }, claims, key)],
    ["RS256", signed({ alg: "RS256" }, claims, key)],
  ])("S07 refuses %s", (_what, candidate) => {
    const all = [...ALGS, "HS256", "eddsa", "RS256"];
    expect(() => believe(candidate, key, all)).toThrow(fault("signature_invalid"));
  });

  test("S07 refuses a MAC under the public key's bytes", async () => {
    const { createHmac } = await import("node:crypto");
    const input = `${text({ alg: "HS256" })}.${text(claims)}`;
    for (const secret of [Buffer.from(key.jwk.x, "base64url"), JSON.stringify(key.jwk)]) {
      const mac = createHmac("sha256", secret).update(input).digest("base64url");
      expect(() => believe(`${input}.${mac}`, key, [...ALGS, "HS256"])).toThrow(
        fault("signature_invalid"),
      );
    }
  });

  test("S07 takes an algorithm's two names only where that very name is accepted", () => {
    const old = signed({ alg: "EdDSA" }, claims, key);
    const precise = signed({ alg: "Ed25519" }, claims, key);
    expect(believe(old, key, ["EdDSA"]).claims).toEqual(claims);
    expect(believe(precise, key, ["Ed25519"]).claims).toEqual(claims);
    expect(() => believe(old, key, ["Ed25519"])).toThrow(fault("signature_invalid"));
    expect(() => believe(precise, key, ["EdDSA"])).toThrow(fault("signature_invalid"));
    expect(() => believe(old, key, [])).toThrow(fault("signature_invalid"));
  });

  test.each([
    ["a bare string", "EdDSA"],
    ["nothing", undefined],
    ["null", null],
    ["an object", { 0: "EdDSA" }],
    ["a list with something else in it", ["EdDSA", 1]],
  ])("a list of algorithms that is %s is a fault of the configuration", (_what, algs) => {
    const jws = parseJws(token);
    expect(() => verifyJws(jws, key, algs as string[])).toThrow(fault("config_invalid"));
  });

  test("S09 S14 never looks at the key that the token brings", () => {
    const thief = keyOf(66);
    const own = signed({ ...header, jwk: thief.jwk, kid: key.kid }, claims, thief);
    expect(() => believe(own)).toThrow(fault("signature_invalid"));
    const confirmed = signJws(header, { ...claims, cnf: { jwk: thief.jwk } }, thief);
    expect(() => believe(confirmed)).toThrow(fault("signature_invalid"));
  });

  test("S11 refuses a signature whose scalar is not canonical", () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const signature = Buffer.from(s, "base64url");
    let scalar = order;
    for (let i = 63; i >= 32; i--) scalar += BigInt(signature[i] ?? 0) << BigInt(8 * (i - 32));
    const forged = Buffer.from(signature);
    for (let i = 32; i < 64; i++, scalar >>= 8n) forged[i] = Number(scalar & 0xffn);
    expect(scalar).toBe(0n);
    const candidate = `${h}.${p}.${forged.toString("base64url")}`;
    expect(() => believe(candidate)).toThrow(fault("signature_invalid"));
  });

  test("S12 refuses a token that verifies under another key", () => {
    expect(() => believe(token, keyOf(2))).toThrow(fault("signature_invalid"));
    expect(() => believe(token, keyOf(2, "ES256"))).toThrow(fault("signature_invalid"));
  });

  test("the runner's shared secrets verify only where HS256 is accepted", async () => {
    const { createHmac } = await import("node:crypto");
    const input = `${text({ alg: "HS256" })}.${text(claims)}`;
    const mac = createHmac("sha256", Buffer.from(key.jwk.x, "base64url")).update(input);
    const candidate = `${input}.${mac.digest("base64url")}`;
    expect(believe(candidate, hmac, ["HS256"]).claims).toEqual(claims);
    expect(() => believe(candidate, hmac, ALGS)).toThrow(fault("signature_invalid"));
    expect(() => believe(token, hmac, [...ALGS, "HS256"])).toThrow(fault("signature_invalid"));
    const short = `${candidate.slice(0, -2)}`;
    thrownBy(() => believe(short, hmac, ["HS256"]));
    expect(() => hmacVerificationKey({ ...key.jwk })).toThrow(fault("key_invalid"));
  });
});

describe("readClaims", () => {
  test.each([
    ["a list", "[]", "malformed"],
    ["null", "null", "malformed"],
    ["a string", '"claims"', "malformed"],
    ["nothing", "", "malformed"],
    ["a byte order mark", "\ufeff{}", "malformed"],
    ["bytes after the value", "{} {}", "malformed"],
    ["a member twice", '{"sub":"a","sub":"b"}', "duplicate_member"],
    ["a member twice in disguise", '{"sub":"a","s\\u0075b":"b"}', "duplicate_member"],
    ["NaN", '{"exp":NaN}', "non_finite"],
    ["a number beyond every double", '{"exp":1e400}', "non_finite"],
    ["an integer that would wrap", '{"exp":9007199254740993}', "malformed"],
    ["a lone surrogate", '{"sub":"\\ud800"}', "malformed"],
  ] as const)("S31 S26 refuses claims that are %s", (_what, payload, code) => {
    expect(() => believe(signed(header, payload, key))).toThrow(fault(code));
  });

  test("refuses bytes that are not UTF-8", () => {
    const input = `${h}.${Buffer.from([0x7b, 0xff, 0x7d]).toString("base64url")}`;
    const candidate = `${input}.${Buffer.from(key.sign(input)).toString("base64url")}`;
    expect(() => believe(candidate)).toThrow(fault("malformed"));
  });

  test.each([
    ["white space", '{"a": 1}'],
    ["members out of order", '{"b":1,"a":2}'],
    ["1.0 for 1", '{"a":1.0}'],
    ["-0", '{"a":-0}'],
    ["1e2", '{"a":1e2}'],
    ["0.10", '{"a":0.10}'],
    ["an escape that is not needed", '{"a":"\\u0062"}'],
  ])("S22 tells that %s is not canonical", (_what, payload) => {
    expect(believe(signed(header, payload, key)).canonical).toBe(false);
  });
});

describe("typ", () => {
  test.each([
    ["at+jwt", "at+jwt"],
    ["AT+JWT", "at+jwt"],
    ["application/at+jwt", "at+jwt"],
    ["Application/AT+jwt", "at+jwt"],
    ["text/at+jwt", "text/at+jwt"],
    ["application/a/b", "application/a/b"],
    ["jwt", "jwt"],
  ])("%s is %s", (typ, expected) => {
    const jws = parseJws(signed({ alg: "EdDSA", typ }, claims, key));
    expect(typOf(jws)).toBe(expected);
    if (expected === "at+jwt") return requireTyp(jws, "at+jwt");
    expect(() => requireTyp(jws, "at+jwt")).toThrow(fault("malformed"));
  });

  test("S16 a token without one is of no kind", () => {
    const jws = parseJws(signed({ alg: "EdDSA" }, claims, key));
    expect(() => requireTyp(jws, "at+jwt")).toThrow(fault("malformed"));
  });
});

describe("signJws", () => {
  test("refuses to sign under an algorithm that is not the key's", () => {
    expect(() => signJws({ alg: "ES256" }, claims, key)).toThrow(fault("config_invalid"));
    expect(() => signJws({ alg: "none" }, claims, key)).toThrow(fault("config_invalid"));
    expect(believe(signJws({ alg: "Ed25519" }, claims, key)).claims).toEqual(claims);
  });

  test("refuses claims that are not JSON", () => {
    expect(() => signJws({}, { at: new Date(0) }, key)).toThrow(fault("malformed"));
    expect(() => signJws({}, { n: Number.NaN }, key)).toThrow(fault("non_finite"));
  });

  test("K02 no refusal tells a part of the token or the key", () => {
    const tampered = `${h}.${text({ ...claims, n: 2 })}.${s}`;
    for (const candidate of [
      tampered,
      `${h}.${p}`,
      `${token}=`,
      compact({ alg: "none" }, claims),
    ]) {
      const { message, rule = "" } = thrownBy(() => believe(candidate));
      for (const secret of [h, p, s, key.jwk.x, "as.example.com"]) {
        expect(message + rule).not.toContain(secret);
      }
    }
  });
});

/** The next letter of the alphabet: other trailing bits, the same bytes. */
function next(letter: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[alphabet.indexOf(letter) + 1] ?? "A";
}

/** Numbers as canonical JSON takes them: no unsafe integers. */
function rounded(json: unknown): unknown {
  return JSON.parse(
    canonicalize(
      JSON.parse(JSON.stringify(json), (_name, value) =>
        typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
          ? 0
          : value,
      ),
    ),
  );
}
