/** Bytes of ASCII texts: right until the next call, for any length. @module */
import { describe, expect, test } from "vitest";
import { asciiBytes } from "../../src/base/ascii.js";
import { TOKEN_BYTES_MAX } from "../../src/base/limits.js";

describe("bytes of an ASCII text", () => {
  test.each([0, 1, 43, 4_095, 4_096, 4_097, TOKEN_BYTES_MAX, TOKEN_BYTES_MAX + 1])(
    "are all there, and no more, for %i characters, at first and again",
    (length) => {
      for (const char of ["a", "Z"]) {
        const text = char.repeat(length);
        expect(Buffer.from(asciiBytes(text)).toString("latin1")).toBe(text);
        expect(asciiBytes(text)).toHaveLength(length);
      }
    },
  );

  test("are those of the last call", () => {
    asciiBytes("another one");
    expect(Buffer.from(asciiBytes("text")).toString()).toBe("text");
  });
});
