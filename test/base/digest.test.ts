/** Digests and encodings against published answers. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64url, encodeBase64url } from "../../src/base/base64url.js";
import {
  equalConstantTime,
  equalDigest,
  hmacSha256,
  sha256,
  sha256Base64url,
  sha256OfAscii,
} from "../../src/base/digest.js";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("sha256", () => {
  test.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ])("gives FIPS 180-4's answer for %j", (text, digest) => {
    expect(hex(sha256(text))).toBe(digest);
    expect(hex(sha256(Buffer.from(text)))).toBe(digest);
    expect(hex(decodeBase64url(sha256Base64url(text)))).toBe(digest);
  });

  test("reads a view, not the buffer below it", () => {
    const view = new Uint8Array(Buffer.from("xabcx")).subarray(1, 4);
    expect(hex(sha256(view))).toBe(hex(sha256("abc")));
  });

  test("takes a string as UTF-8", () => {
    expect(hex(sha256("€"))).toBe(hex(sha256(Uint8Array.of(0xe2, 0x82, 0xac))));
  });
});

describe("sha256OfAscii", () => {
  test("gives what the general digest gives, for texts of every length up to beyond a token's", () => {
    for (const length of [0, 1, 43, 4_096, 65_535, 65_536, 65_537, 200_000]) {
      const text = "~ az.09_-".repeat(length).slice(0, length);
      expect(sha256OfAscii(text)).toBe(sha256Base64url(text));
    }
  });
});

describe("hmacSha256", () => {
  test("gives the answers of RFC 4231 §4.2 and §4.3", () => {
    expect(hex(hmacSha256(new Uint8Array(20).fill(0x0b), "Hi There"))).toBe(
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    );
    expect(hex(hmacSha256(Buffer.from("Jefe"), "what do ya want for nothing?"))).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  });
});

describe("equalConstantTime", () => {
  test.each<[string | Uint8Array, string | Uint8Array, boolean]>([
    ["", "", true],
    ["a", "a", true],
    ["a", "b", false],
    ["a", "aa", false],
    ["", "a", false],
    ["€", Uint8Array.of(0xe2, 0x82, 0xac), true],
    [Uint8Array.of(1, 2), Uint8Array.of(1, 2), true],
    [Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0), false],
    ["\ud800", "\ufffd", false],
    ["\ud800", "\ud801", false],
  ])("compares %j with %j: %s", (a, b, answer) => {
    expect(equalConstantTime(a, b)).toBe(answer);
    expect(equalConstantTime(b, a)).toBe(answer);
  });
});

describe("base64url", () => {
  test("decodes what it encodes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = encodeBase64url(bytes);
        expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
        expect([...decodeBase64url(text)]).toEqual([...bytes]);
      }),
    );
  });

  test("encodes a view, not the buffer below it", () => {
    expect(encodeBase64url(Uint8Array.of(0, 0xfb, 0xff, 0).subarray(1, 3))).toBe("-_8");
  });

  test.each([
    ["padding", "-_8="],
    ["the other alphabet", "+/8"],
    ["trailing bits", "-_9"],
    ["a length that no bytes have", "-_8AA"],
    ["one character", "A"],
    ["white space", "-_ 8"],
    ["a line end", "-_8\n"],
    ["a foreign character", "-_8€"],
    ["a full stop", "-_8."],
  ])("refuses %s", (_what, text) => {
    expect(() => decodeBase64url(text)).toThrow(expect.objectContaining({ code: "malformed" }));
  });
});

test.each([
  ["the same text", "abc", "abc", true],
  ["one other character", "abc", "abd", false],
  ["another length", "abc", "abcd", false],
  ["as many characters in more bytes", "abc", "abé", false],
  ["nothing twice", "", "", true],
  ["a lone surrogate and what stands for it in bytes", "\ud800", "\ufffd", false],
])("two digests: %s", (_what, a, b, same) => {
  expect(equalDigest(a, b)).toBe(same);
});
