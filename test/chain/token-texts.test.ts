/** Digests remembered by text. @module */
import { describe, expect, test } from "vitest";
import { TokenTexts } from "../../src/chain/token-texts.js";

const END = "x".repeat(40);

describe("texts of tokens", () => {
  test("are found by all of their text, however it was put together", () => {
    const texts = new TokenTexts(10);
    texts.keep(`head.${END}`, "d1");
    expect(texts.find(["head", END].join("."))).toBe("d1");
    expect(texts.find(`herd.${END}`)).toBeUndefined();
    expect(texts.find(END)).toBeUndefined();
    expect(texts.find("")).toBeUndefined();
  });

  test("of one end keep the last of them", () => {
    const texts = new TokenTexts(10);
    texts.keep(`a.${END}`, "d1");
    texts.keep(`b.${END}`, "d2");
    expect(texts.find(`a.${END}`)).toBeUndefined();
    expect(texts.find(`b.${END}`)).toBe("d2");
  });

  test("are as many as may be, and never more", () => {
    const texts = new TokenTexts(2);
    for (const name of ["one", "two"]) texts.keep(name, name);
    expect(["one", "two"].map((name) => texts.find(name))).toEqual(["one", "two"]);
    for (const name of ["one", "two", "three"]) texts.keep(name, name);
    expect(["one", "two", "three"].filter((name) => texts.find(name) !== undefined)).toEqual([
      "three",
    ]);
  });
});
