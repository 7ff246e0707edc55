/** Every pair of constraint types, every pair of constraints of small domains. @module */
import { describe, expect, test } from "vitest";
import { CHECKED_CHARS_MAX } from "../../src/base/limits.js";
import { beginProof, check, compile, isSubset } from "../../src/grant/constraint-types.js";
import type { Constraint, ConstraintType } from "../../src/wire/constraint.js";
import { CONSTRAINTS } from "../model/constraint-domains.js";
import { FALSE_DENIES } from "../model/false-denies.js";
import { plainMeets } from "../model/plain-constraint.js";
import { ALL_VALUES, admits, isWithin } from "../model/plain-evaluator.js";
import { VALUES } from "../model/values.js";

const TYPES = Object.keys(CONSTRAINTS) as ConstraintType[];

/**
 * What may stand under what, row by parent. The first nine rows and columns are the matrix of the AAT draft; the rest is
 * ours: each type under itself, and lists of values under each.
 */
const UNDER: Readonly<Record<ConstraintType, readonly ConstraintType[]>> = {
  wildcard: TYPES,
  exact: ["exact"],
  range: ["range", "exact"],
  one_of: ["one_of", "exact"],
  not_one_of: ["not_one_of"],
  contains: ["contains"],
  subset: ["subset"],
  all: ["all"],
  any: ["any"],
  prefix: ["prefix", "exact", "one_of"],
  path: ["path", "exact", "one_of"],
  pattern: ["pattern", "exact", "one_of"],
  cidr: ["cidr", "exact", "one_of"],
  host: ["host", "exact", "one_of"],
  time_window: ["time_window", "exact", "one_of"],
  length: ["length", "exact", "one_of"],
};

describe("the subsumption matrix", () => {
  test("has 16 rows and 16 columns", () => {
    expect(TYPES.length).toBe(16);
    expect(Object.keys(UNDER).sort()).toEqual([...TYPES].sort());
  });

  const cells = TYPES.flatMap((parent) =>
    TYPES.map((child) => [child, parent, UNDER[parent].includes(child)] as const),
  );
  test.each(cells)("A17 A44 %s under %s: %s, and never a value more", (child, parent, listed) => {
    let accepted = 0;
    for (const inner of CONSTRAINTS[child]) {
      for (const outer of CONSTRAINTS[parent]) {
        if (!isSubset(inner, outer)) continue;
        accepted += 1;
        if (!isWithin(inner, outer)) expect.fail(widening(inner, outer));
      }
    }
    expect(accepted > 0).toBe(listed);
  });

  test("A46 refuses what lies inside only for the committed pairs of types", () => {
    const refused = TYPES.flatMap((child) =>
      TYPES.filter((parent) => someFalseDeny(child, parent)).map(
        (parent) => `${child} under ${parent}`,
      ),
    );
    expect(refused.sort()).toEqual([...FALSE_DENIES].sort());
  });

  test.each(TYPES)("lets every %s stand under itself", (type) => {
    expect(CONSTRAINTS[type].filter((constraint) => !isSubset(constraint, constraint))).toEqual([]);
  });
});

describe("a check", () => {
  test.each(TYPES)("of %s says what the plain model says, value by value", (type) => {
    const differing = CONSTRAINTS[type].flatMap((constraint) => {
      const passes = compile(constraint);
      return VALUES.filter((value) => passes(value) !== plainMeets(constraint, value)).map(
        (value) => `${JSON.stringify(constraint)} on ${JSON.stringify(value)}`,
      );
    });
    expect(differing).toEqual([]);
  });

  test.each(TYPES)(
    "of %s lets some values through and, but for wildcard, refuses others",
    (type) => {
      const sets = CONSTRAINTS[type].map(admits);
      expect(sets.some((set) => set !== 0n)).toBe(true);
      expect(sets.some((set) => set !== ALL_VALUES)).toBe(type !== "wildcard");
    },
  );

  test("E18 of a type that is not known refuses every value and stands under nothing", () => {
    const unknown = { constraint_type: "regex", value: ".*" } as unknown as Constraint;
    expect(VALUES.filter((value) => check(unknown, value))).toEqual([]);
    expect(check(unknown, 1)).toBe(false);
    expect(isSubset(unknown, { constraint_type: "wildcard" })).toBe(false);
    expect(isSubset({ constraint_type: "exact", value: 1 }, unknown)).toBe(false);
  });
});

describe("a constraint that was never parsed", () => {
  const broken: readonly Constraint[] = [
    { constraint_type: "cidr", network: "10.0.0.0/99" },
    { constraint_type: "pattern", value: "a***" },
  ];

  test.each(broken)("E18 of $constraint_type meets no value and proves nothing", (constraint) => {
    const sound: Constraint =
      constraint.constraint_type === "cidr"
        ? { constraint_type: "cidr", network: "0.0.0.0/0" }
        : { constraint_type: "pattern", value: "**" };
    expect(VALUES.filter((value) => check(constraint, value) !== false)).toEqual([]);
    expect(isSubset(constraint, sound)).toBe(false);
    expect(isSubset(sound, constraint)).toBe(false);
  });

  test("E18 without a clause proves nothing", () => {
    const some: Constraint = {
      constraint_type: "any",
      constraints: [{ constraint_type: "wildcard" }],
    };
    expect(isSubset({ constraint_type: "any", constraints: [] }, some)).toBe(false);
  });

  test.each(["from", "until"])("E18 of time with a broken bound, %s, meets no value", (bound) => {
    const window = { constraint_type: "time_window", [bound]: "yesterday" } as Constraint;
    expect(VALUES.filter((value) => check(window, value))).toEqual([]);
  });
});

describe("text", () => {
  const long = (length: number): string => `/${"a".repeat(length - 1)}`;

  test.each<Constraint>([
    { constraint_type: "path", under: "/" },
    { constraint_type: "pattern", value: "/**" },
  ])("longer than the ceiling meets no $constraint_type", (constraint) => {
    expect(check(constraint, long(CHECKED_CHARS_MAX))).toBe(true);
    expect(check(constraint, long(CHECKED_CHARS_MAX + 1))).toBe(false);
  });

  test.each<[pattern: string, text: string, matches: boolean]>([
    ["?", "\uffffa", false],
    ["??", "\uffffa", true],
    ["?", "\u{1f600}", true],
    ["\u00e9*", "\u00e9a", true],
    ["\u00e9*", "ea", false],
    ["\u0080", "\u0080", true],
    ["\u0080", "\u0081", false],
  ])("is matched by code points: %j on %j: %s", (value, text, matches) => {
    expect(check({ constraint_type: "pattern", value }, text)).toBe(matches);
  });
});

test("a range without bounds lets the least and the greatest number through, whatever it says of ends", () => {
  const open: Constraint = {
    constraint_type: "range",
    min_inclusive: false,
    max_inclusive: false,
  };
  expect(check(open, -Number.MAX_VALUE)).toBe(true);
  expect(check(open, Number.MAX_VALUE)).toBe(true);
});

describe("a proof", () => {
  test("that has used up its steps proves nothing more", () => {
    const proof = beginProof(1);
    const one: Constraint = { constraint_type: "exact", value: 1 };
    expect(proof.proves(one, one)).toBe(true);
    expect(proof.proves(one, one)).toBe(false);
  });

  test("of hostile patterns ends at the ceiling, with a refusal", () => {
    const child: Constraint = { constraint_type: "pattern", value: `**a${"?".repeat(100)}b**` };
    const parent: Constraint = { constraint_type: "pattern", value: `**a${"?".repeat(99)}**b**` };
    expect(isSubset(child, parent)).toBe(false);
  });
});

/** Whether something of the one type lies inside something of the other, says the plain model, and is refused all the same. */
function someFalseDeny(child: ConstraintType, parent: ConstraintType): boolean {
  return CONSTRAINTS[child].some(
    (inner) =>
      admits(inner) !== 0n &&
      CONSTRAINTS[parent].some((outer) => isWithin(inner, outer) && !isSubset(inner, outer)),
  );
}

function widening(inner: Constraint, outer: Constraint): string {
  const extra = admits(inner) & ~admits(outer);
  const value = VALUES.find((_value, i) => (extra >> BigInt(i)) & 1n);
  return `${JSON.stringify(inner)} was let under ${JSON.stringify(outer)} but admits ${JSON.stringify(value)}`;
}
