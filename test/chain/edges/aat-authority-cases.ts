/** What one AAT may hold below another: tools, arguments, constraints. @module */
import { type AatPlan, granting } from "./aat.js";
import { put } from "./agent-delegation.js";
import { type Case, canonical, type Members } from "./maker.js";

const accept = "accept";
const deny = "deny";
const detailsOf = (place: number, change: (details: Members[]) => unknown): AatPlan => ({
  changes: {
    [place]: {
      claims: (all) => ({
        ...all,
        authorization_details: change(all.authorization_details as Members[]),
      }),
    },
  },
});
const wildcard = { constraint_type: "wildcard" };
const names = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, value]));
const nested = (levels: number): unknown =>
  levels === 1 ? wildcard : { constraint_type: "all", constraints: [nested(levels - 1)] };
export const alone = (tools: unknown, tool: string, given: unknown): AatPlan => ({
  tokens: 1,
  tools: [tools],
  call: { tool, arguments: given },
});
const unreadable = (what: string, constraint: unknown): Case<AatPlan> => [
  `reject_constraint_${what}`,
  deny,
  alone({ read: { path: constraint } }, "read", { path: "/a" }),
];

export const TOOLS: readonly Case<AatPlan>[] = [
  [
    "accept_details_of_others",
    accept,
    detailsOf(1, (own) => [{ type: "other" }, ...own, { type: "delegation_limits", calls: "x" }]),
  ],
  ["reject_two_details", deny, detailsOf(1, (own) => [...own, ...own])],
  ["reject_leaf_without_detail", deny, detailsOf(1, () => [])],
  [
    "accept_middle_without_detail",
    accept,
    {
      tokens: 3,
      changes: {
        1: { claims: put({ authorization_details: [] }) },
        2: { claims: put({ authorization_details: granting({}) }) },
      },
      call: undefined,
    },
  ],
  ["reject_tool_below_a_middle_without_detail", deny, { tokens: 3, ...detailsOf(1, () => []) }],
  ["reject_unknown_member_of_detail", deny, detailsOf(1, ([own]) => [{ ...own, actions: [] }])],
  ["accept_open_tool_with_any_arguments", accept, alone({ t: {} }, "t", { a: { b: [null] } })],
  [
    "accept_open_tool_closed_by_child",
    accept,
    { tools: [{ t: {} }, { t: { a: wildcard } }], call: { tool: "t", arguments: { a: 1 } } },
  ],
  [
    "reject_closed_tool_opened_by_child",
    deny,
    { tools: [{ t: { a: wildcard } }, { t: {} }], call: { tool: "t", arguments: { a: 1 } } },
  ],
  [
    "reject_argument_dropped_by_child",
    deny,
    {
      tools: [{ t: { a: wildcard, b: wildcard } }, { t: { a: wildcard } }],
      call: { tool: "t", arguments: { a: 1 } },
    },
  ],
  ["reject_tool_in_other_case", deny, { call: { tool: "Read", arguments: { path: "/a" } } }],
  ["reject_argument_missing", deny, { call: { tool: "read", arguments: {} } }],
  [
    "reject_argument_more_that_is_null",
    deny,
    { call: { tool: "read", arguments: { path: "/a", mode: null } } },
  ],
  ["accept_256_tools", accept, alone(names(256, {}), "n0", {})],
  ["reject_257_tools", deny, alone(names(257, {}), "n0", {})],
  ["accept_64_arguments", accept, alone({ t: names(64, wildcard) }, "t", names(64, 1))],
  ["reject_65_arguments", deny, alone({ t: names(65, wildcard) }, "t", names(65, 1))],
  ["reject_name_of_257_bytes", deny, alone({ ["t".repeat(257)]: {} }, "t".repeat(257), {})],
  ["accept_32_levels", accept, alone({ t: { a: nested(32) } }, "t", { a: 1 })],
  ["reject_33_levels", deny, alone({ t: { a: nested(33) } }, "t", { a: 1 })],
  unreadable("of_unknown_type", { constraint_type: "regex", value: "/a" }),
  unreadable("of_unknown_type_within", {
    constraint_type: "any",
    constraints: [wildcard, { constraint_type: "regex" }],
  }),
  unreadable("of_our_own", { constraint_type: "path", under: "/" }),
  unreadable("with_unknown_member", { constraint_type: "exact", value: "/a", flags: "i" }),
  unreadable("of_a_list", { constraint_type: "exact", value: ["/a"] }),
];

const exact = (value: unknown) => ({ constraint_type: "exact", value });
const range = (bounds: Members) => ({ constraint_type: "range", ...bounds });
const oneOf = (...values: unknown[]) => ({ constraint_type: "one_of", values });
const notOneOf = (...excluded: unknown[]) => ({ constraint_type: "not_one_of", excluded });
const contains = (...required: unknown[]) => ({ constraint_type: "contains", required });
const subset = (...allowed: unknown[]) => ({ constraint_type: "subset", allowed });
const all = (...constraints: unknown[]) => ({ constraint_type: "all", constraints });
const any = (...constraints: unknown[]) => ({ constraint_type: "any", constraints });

/** A child's constraint under its parent's, and a value that the child's takes. */
const under = (expect: string, parent: unknown, child: unknown, a: unknown): Case<AatPlan> => [
  `${expect === accept ? "accept" : "reject"}_${canonical(child)}_under_${canonical(parent)}`,
  expect,
  { tools: [{ t: { a: parent } }, { t: { a: child } }], call: { tool: "t", arguments: { a } } },
];

export const SUBSUMED: readonly Case<AatPlan>[] = [
  under(accept, wildcard, subset("x"), ["x"]),
  under(deny, exact("x"), wildcard, "x"),
  under(accept, range({ min: 1, max: 5 }), exact(5), 5),
  under(deny, range({ max: 5, max_inclusive: false }), exact(5), 5),
  under(deny, range({ max: 5 }), exact("5"), "5"),
  under(deny, oneOf(1), exact(true), true),
  under(deny, range({ max: 5 }), oneOf(1), 1),
  under(deny, any(exact("x")), exact("x"), "x"),
  under(deny, all(exact("x")), exact("x"), "x"),
  under(deny, notOneOf("y"), exact("x"), "x"),
  under(deny, subset("x"), contains("x"), ["x"]),
  under(deny, range({ min: 1, max: 5 }), range({ min: 1 }), 3),
  under(deny, range({ max: 5, max_inclusive: false }), range({ max: 5 }), 3),
  under(accept, range({ max: 5 }), range({ max: 5, max_inclusive: false, min: 1 }), 3),
  under(deny, notOneOf("x", "y"), notOneOf("x"), "z"),
  under(accept, contains("x"), contains("x", "y"), ["x", "y"]),
  under(deny, subset("x"), subset("x", "y"), ["x"]),
  under(deny, any(exact("x")), any(exact("x"), exact("y")), "x"),
  under(accept, any(oneOf("x", "y"), range({ max: 5 })), any(exact("x"), exact(4)), "x"),
  under(
    deny,
    all(range({ min: 1 }), range({ max: 5 })),
    all(range({ min: 1, max: 5 }), wildcard),
    3,
  ),
  under(accept, all(oneOf(1, 2, 3), oneOf(1, 2)), all(oneOf(1, 2), oneOf(1, 3)), 1),
];
