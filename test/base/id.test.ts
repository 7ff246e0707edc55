/** Identifiers and the randomness below them. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64url } from "../../src/base/base64url.js";
import { isUuid, opaqueId, uuidv7 } from "../../src/base/id.js";
import { seededRandom, systemRandom } from "../../src/base/random.js";

describe("uuidv7", () => {
  test("lays out the example of RFC 9562 appendix A.6", () => {
    // rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F, at 0x017F22E279B0
    const noise = Buffer.from("0cc318c4dc0c0c07398f", "hex");
    const id = uuidv7(0x017f22e279b0, () => noise);
    expect(id).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  });

  test("holds the time, the version and the variant, and every random bit", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 48 - 1 }),
        fc.uint8Array({ minLength: 10, maxLength: 10 }),
        (nowMs, noise) => {
          const id = uuidv7(nowMs, () => noise);
          expect(isUuid(id)).toBe(true);
          const bits = BigInt(`0x${id.replaceAll("-", "")}`);
          expect(Number(bits >> 80n)).toBe(nowMs);
          expect((bits >> 76n) & 0xfn).toBe(7n);
          expect((bits >> 62n) & 0x3n).toBe(2n);
          const random = BigInt(`0x${Buffer.from(noise).toString("hex")}`);
          expect((bits >> 64n) & 0xfffn).toBe((random >> 64n) & 0xfffn);
          expect(bits & (2n ** 62n - 1n)).toBe(random & (2n ** 62n - 1n));
        },
      ),
    );
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 48])("takes no time such as %d", (nowMs) => {
    expect(() => uuidv7(nowMs, systemRandom)).toThrow(RangeError);
  });
});

describe("isUuid", () => {
  test.each([
    ["017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true],
    ["919108f7-52d1-4320-9bac-f847db4148a8", true],
    ["017F22E2-79B0-7CC3-98C4-DC0C0C07398F", false],
    ["017f22e279b07cc398c4dc0c0c07398f", false],
    ["017f22e2-79b0-7cc3-18c4-dc0c0c07398f", false],
    ["017f22e2-79b0-9cc3-98c4-dc0c0c07398f", false],
    ["{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}", false],
    ["017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n", false],
    ["", false],
  ])("answers for %j: %s", (text, answer) => {
    expect(isUuid(text)).toBe(answer);
  });
});

describe("opaqueId", () => {
  test("is the prefix and 128 bits in base64url", () => {
    const bytes = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
    const id = opaqueId("tkt", (n) => bytes.subarray(0, n));
    expect(id).toBe("tkt_AAECAwQFBgcICQoLDA0ODw");
    expect(Buffer.from(decodeBase64url(id.slice(4)))).toEqual(bytes);
  });
});

describe("random bytes", () => {
  test("come in the number asked for", () => {
    for (const random of [systemRandom, seededRandom(1)]) {
      expect([0, 1, 32].map((n) => random(n).length)).toEqual([0, 1, 32]);
    }
  });

  test("repeat for one seed, in one stream, and differ between seeds", () => {
    const whole = seededRandom(7)(64);
    const parts = seededRandom(7);
    expect([...parts(40), ...parts(24)]).toEqual([...whole]);
    expect([...seededRandom(8)(64)]).not.toEqual([...whole]);
  });

  test("of a seed fall evenly enough for simulations", () => {
    const counts = new Array<number>(256).fill(0);
    for (const byte of seededRandom(3)(256 * 400)) counts[byte] = (counts[byte] ?? 0) + 1;
    const chiSquare = counts.reduce((sum, n) => sum + (n - 400) ** 2 / 400, 0);
    expect(chiSquare).toBeGreaterThan(170);
    expect(chiSquare).toBeLessThan(350);
  });
});
