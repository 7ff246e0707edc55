import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeBase64url,
  encodeBase64url,
  encodeTextBase64url,
  isBase64urlOf32,
} from "../../src/base/base64url.js";
import { DelegationError } from "../../src/base/error.js";

/** What strictness means: the one text that these bytes are written as. */
function plainly(text: string): string | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes.toString("hex") : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return Buffer.from(decodeBase64url(text)).toString("hex");
  } catch (thrown) {
    if (thrown instanceof DelegationError && thrown.code === "malformed") return undefined;
    throw thrown;
  }
}

const length = fc.oneof(
  fc.integer({ min: 375, max: 400 }),
  fc.integer({ min: 1_520, max: 1_560 }),
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 24_560, max: 24_590 }),
);
const written = fc
  .tuple(length, fc.nat())
  .map(([bytes, seed]) =>
    Buffer.from(
      Uint8Array.from(
        { length: bytes },
        (_, at) => (Math.imul(at + seed, 0x9e3779b1) >>> 13) & 255,
      ),
    ).toString("base64url"),
  );
const foreign = fc.oneof(
  fc.constantFrom("", "+", "/", "=", "==", " ", "\n", "\0", ".", "A", "Z", "-", "_", "0", "AA"),
  // What looks like a character of the alphabet once it is cut down to a byte.
  fc.constantFrom("\u0141", "\uff41", "\u00c1", "\u00ff", "\ud83d", "\ud83d\ude00"),
  fc.string({ unit: "binary", maxLength: 3 }),
);

describe("strict base64url of long texts", () => {
  it("takes what encoding gives, and keeps each text's bytes while others are decoded", () => {
    const texts = fc.sample(written, { numRuns: 60, seed: 7 });
    const all = texts.map(decodeBase64url);
    expect(all.map(encodeBase64url)).toEqual(texts);
  });

  it("says what decoding and encoding again says, with any one change anywhere", () => {
    fc.assert(
      fc.property(written, fc.nat(), foreign, fc.nat({ max: 2 }), (text, place, put, away) => {
        const at = place % (text.length + 1);
        const changed = text.slice(0, at) + put + text.slice(at + away);
        expect(decoded(changed)).toBe(plainly(changed));
      }),
      { numRuns: 400 },
    );
  });

  it("says so for every last character after every length", () => {
    for (const size of [4_096, 4_097, 4_098, 4_099]) {
      for (let code = 0; code < 0x200; code++) {
        const text = "A".repeat(size - 1) + String.fromCharCode(code);
        expect(decoded(text)).toBe(plainly(text));
      }
    }
  });

  it("refuses every character but the alphabet's in the middle", () => {
    for (let code = 0; code < 0x300; code++) {
      const text = `${"A".repeat(2_000)}${String.fromCharCode(code)}${"A".repeat(2_095)}`;
      expect(decoded(text)).toBe(plainly(text));
    }
  });
});

describe("the base64url of a text", () => {
  it("is that of its UTF-8, however long it is", () => {
    const long = fc
      .tuple(
        fc.constantFrom("a", "\u00e4", "\u20ac", "\ud83d\ude00"),
        fc.integer({ min: 8_000, max: 17_000 }),
      )
      .map(([part, times]) => part.repeat(times));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), long), (text) => {
        expect(encodeTextBase64url(text)).toBe(encodeBase64url(new TextEncoder().encode(text)));
      }),
    );
  });
});

describe("32 bytes in base64url", () => {
  it("are told by their one text", () => {
    const bytes = fc.uint8Array({ minLength: 30, maxLength: 34 });
    const change = fc.option(
      fc.tuple(fc.nat({ max: 42 }), fc.oneof(foreign, fc.constantFrom("B", "E", "8", "9", "w"))),
    );
    const seen = { yes: 0, no: 0 };
    fc.assert(
      fc.property(bytes, change, (of, changed) => {
        const plain = encodeBase64url(of);
        const [at, put] = changed ?? [0, plain[0] ?? ""];
        const text = plain.slice(0, at) + put + plain.slice(at + 1);
        const right = decoded(text)?.length === 64;
        expect(isBase64urlOf32(text)).toBe(right);
        seen[right ? "yes" : "no"] += 1;
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(50);
  });

  it("end in a character that holds four bits", () => {
    const last = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];
    const right = last.filter((char) => isBase64urlOf32("A".repeat(42) + char));
    expect(right.join("")).toBe("AEIMQUYcgkosw048");
  });
});
