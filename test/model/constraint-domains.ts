/** Small domains of constraints, for every type. @module */
import type { Constraint, ConstraintType, Scalar } from "../../src/wire/constraint.js";
import { PATHS, SCALARS, subsetsOf, textsOver } from "./values.js";

type Lists = Readonly<Record<ConstraintType, readonly Constraint[]>>;

const SETS = subsetsOf<Scalar>(SCALARS.slice(0, 4));
const BOUNDS = [undefined, 0, 1, 2] as const;
const NETWORKS = [
  "0.0.0.0/0",
  "10.0.0.0/8",
  "10.0.0.0/30",
  "10.0.0.0/31",
  "10.0.0.2/31",
  "10.0.0.1/32",
  "10.0.0.2/32",
  "11.0.0.0/8",
  "::/0",
  "::1/128",
  "2001:db8::/32",
  "2001:db8::/127",
  "2001:db8::1/128",
  "::ffff:0:0/96",
  "::ffff:10.0.0.0/127",
  "::ffff:10.0.0.1/128",
  "::/95",
];
const INSTANTS = [
  undefined,
  "2026-01-01T00:00:00Z",
  "2026-01-01T00:00:00.000001Z",
  "2026-01-01T02:00:00+01:00",
] as const;
const HOSTS = [
  ["example.com"],
  ["*.example.com"],
  ["a.example.com"],
  ["*.a.example.com"],
  ["example.com", "*.example.com"],
  ["10.0.0.1"],
  ["example.org", "a.example.com"],
];
const DOORS: readonly object[] = [
  {},
  { schemes: ["https"] },
  { schemes: ["http", "https"] },
  { schemes: ["wss"] },
  { ports: [443] },
  { ports: [443, 8443] },
  { schemes: ["https"], ports: [443] },
  { schemes: ["http", "https"], ports: [80, 443] },
];

/** Under mutation all pairs are tried again and again: two tokens kill what three do. */
const GLOB_TOKENS = process.env.LEGATE_MUTATION_ROOM === undefined ? 3 : 2;

/** All globs of up to so many tokens over one letter and the separator, and some that differ otherwise. */
const GLOBS = [
  ...textsOver(["a", "/", "?", "*", "**"], GLOB_TOKENS).filter((glob) => !glob.includes("***")),
  "a*a*",
  "*a*",
  "**a**",
  "**/a",
  "a/**/b",
  "\\*",
  "b",
];

const LEAVES: Omit<Lists, "all" | "any"> = {
  exact: ["a", "1", 1, 0, true, null, "/data/a", "10.0.0.1", "::ffff:10.0.0.1", "a.example.com"]
    .concat(["https://a.example.com", "2026-01-01T00:00:00Z", "aa"] as never[])
    .map((value) => ({ constraint_type: "exact", value })),
  range: [true, false].flatMap((min_inclusive) =>
    [true, false].flatMap((max_inclusive) =>
      BOUNDS.flatMap((min) =>
        BOUNDS.map((max) => ({
          constraint_type: "range" as const,
          ...(min === undefined ? {} : { min, min_inclusive }),
          ...(max === undefined ? {} : { max, max_inclusive }),
        })),
      ),
    ),
  ),
  one_of: [
    ...SETS,
    ["/data/a", "/data"],
    ["/data/a", "/etc"],
    ["10.0.0.1", "10.0.0.2"],
    ["https://a.example.com", "a.example.com"],
    ["2026-01-01T00:00:00Z", 1767225600],
    ["a", "ab"],
  ].map((values) => ({ constraint_type: "one_of", values })),
  not_one_of: SETS.map((excluded) => ({ constraint_type: "not_one_of", excluded })),
  contains: SETS.map((required) => ({ constraint_type: "contains", required })),
  subset: SETS.map((allowed) => ({ constraint_type: "subset", allowed })),
  wildcard: [{ constraint_type: "wildcard" }],
  prefix: ["", "a", "ab", "b", "/", "/data", "https://"].map((value) => ({
    constraint_type: "prefix",
    value,
  })),
  path: PATHS.map((under) => ({ constraint_type: "path", under })),
  pattern: [
    ...GLOBS.map((value) => ({ constraint_type: "pattern" as const, value })),
    { constraint_type: "pattern", value: "a*", separator: "b" },
    { constraint_type: "pattern", value: "*", separator: "b" },
  ],
  cidr: NETWORKS.map((network) => ({ constraint_type: "cidr", network })),
  host: HOSTS.flatMap((hosts) =>
    DOORS.map((doors) => ({ constraint_type: "host" as const, hosts, ...doors })),
  ),
  time_window: INSTANTS.flatMap((from) =>
    INSTANTS.map((until) => ({
      constraint_type: "time_window" as const,
      ...(from === undefined ? {} : { from }),
      ...(until === undefined ? {} : { until }),
    })),
  ),
  length: BOUNDS.flatMap((min) =>
    BOUNDS.map((max) => ({
      constraint_type: "length" as const,
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    })),
  ),
};

const CLAUSES: readonly Constraint[] = [
  { constraint_type: "range", min: 0, max: 2 },
  { constraint_type: "range", min: 1, max: 2 },
  { constraint_type: "one_of", values: ["a", 1] },
  { constraint_type: "exact", value: 1 },
  { constraint_type: "length", max: 2 },
  { constraint_type: "prefix", value: "a" },
  { constraint_type: "pattern", value: "a*" },
];

/** Every constraint of the domain, by type. */
export const CONSTRAINTS: Lists = {
  ...LEAVES,
  all: clausesOf("all"),
  any: clausesOf("any"),
};

function clausesOf<T extends "all" | "any">(
  constraint_type: T,
): readonly { constraint_type: T; constraints: Constraint[] }[] {
  const pairs = CLAUSES.flatMap((one, i) => CLAUSES.slice(i).map((other) => [one, other]));
  const three = [CLAUSES.slice(0, 3), CLAUSES.slice(4, 7)];
  return [...CLAUSES.map((clause) => [clause]), ...pairs, ...three].map((constraints) => ({
    constraint_type,
    constraints,
  }));
}
