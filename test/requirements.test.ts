/** Every rule that is to be proved is cited by a test, and no test cites a rule that does not exist. @module */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { REQUIREMENTS } from "./requirements.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ID = "(?:[SCAEPHRK]\\d{2}|D-[a-z]+(?:-[a-z]+)+)";
/** A text that starts with one id or several; a test's title, or the first column of its table. */
const CITATION = new RegExp(`["'\`](${ID}(?:,? ${ID})*)(?=[ "'\`:])`, "g");

const sources = readdirSync(HERE, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(?:test|fuzz|soak)\.ts$|^contract\//.test(name))
  .sort()
  .map((name) => ({ name, text: readFileSync(join(HERE, name), "utf8") }));

const cited = new Map<string, string>();
for (const { name, text } of sources) {
  for (const [, ids = ""] of text.matchAll(CITATION)) {
    for (const [id] of ids.matchAll(new RegExp(ID, "g"))) cited.set(id, name);
  }
}

describe("the requirements", () => {
  test("are each proved by a test", () => {
    const required = Object.entries(REQUIREMENTS).filter(
      ([, it]) => it.notApplicable === undefined,
    );
    const unproved = required
      .filter(([id]) => !cited.has(id))
      .map(([id, { rule }]) => `${id} ${rule}`);
    expect(unproved).toEqual([]);
  });

  test("are cited by ids that exist", () => {
    const unknown = [...cited].filter(([id]) => REQUIREMENTS[id] === undefined);
    expect(unknown).toEqual([]);
  });

  test("are not called inapplicable where a test proves them", () => {
    const proved = [...cited].filter(([id]) => REQUIREMENTS[id]?.notApplicable !== undefined);
    expect(proved).toEqual([]);
  });

  test("are not cited by a test that does not run", () => {
    const idle = sources.filter(({ text }) => /\.(?:skip|todo|only|fails)\(/.test(text));
    expect(idle.map(({ name }) => name)).toEqual([]);
  });
});
