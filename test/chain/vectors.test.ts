import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runVectors } from "../../src/chain/vectors.js";
import { refuses } from "./forge.js";

const FOLDER = new URL("../vectors/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const COUNTS: Readonly<Record<string, number>> = {
  "agent-delegation.json": 14,
  "attenuating-agent-token.json": 16,
  "delegator-bound.json": 5,
  "dpop-rfc9449.json": 1,
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

  test("refuses a file of another format", () => {
    refuses("invalid_request", () => runVectors({ profile: "agent-delegation" }));
    refuses("invalid_request", () => runVectors({ profile: "biscuit", vectors: [] }));
  });
});
