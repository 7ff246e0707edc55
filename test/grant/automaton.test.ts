/** Whether one glob's strings are all another's, and what finding out costs. @module */
import { expect, test } from "vitest";
import { type Glob, includes } from "../../src/grant/constraint/automaton.js";
import { beginProof } from "../../src/grant/constraint-types.js";
import { parseGlob } from "../../src/wire/glob.js";

function glob(text: string): Glob {
  return { tokens: parseGlob(text) ?? [], separator: "/" };
}

/** The answer, and each amount of work as it was asked for. */
function worked(child: string, parent: string): { inside: boolean; amounts: number[] } {
  const amounts: number[] = [];
  const inside = includes(glob(parent), glob(child), (steps) => amounts.push(steps) > 0);
  return { inside, amounts };
}

test.each([
  ["", "", true],
  ["", "a", false],
  ["a", "", false],
  ["a**b", "a**b", true],
  ["ab", "a**b", true],
  ["a/x/b", "a**b", true],
  ["a*b", "a**b", true],
  ["a**c", "a**b", false],
  ["a", "a**b", false],
  ["a**", "a**b", false],
  ["a**", "**", true],
  ["a/*.md", "a/**", true],
  ["a/**", "a/*.md", false],
])("%j lies inside %j: %s", (child, parent, inside) => {
  expect(worked(child, parent).inside).toBe(inside);
});

test.each([
  ["a step on either side for each letter that leads on", "ab", "ab", [2, 2]],
  ["more where a letter leads to several states", "*b", "*b", [3, 4, 4, 4, 5, 5]],
  ["nothing once the parent takes everything", "**", "**", []],
  ["nothing more once the parent is lost", "abc", "b", [2]],
])("inclusion costs %s: %j inside %j", (_what, child, parent, amounts) => {
  expect(worked(child, parent).amounts).toEqual(amounts);
});

test("a pattern lies inside itself without work", () => {
  const same = { constraint_type: "pattern", value: "a*b**c" } as const;
  expect(beginProof(1).proves(same, { ...same })).toBe(true);
});
