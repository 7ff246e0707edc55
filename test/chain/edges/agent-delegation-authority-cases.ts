/** What one agent-delegation token may hold below another: scopes and constraints. @module */
import { type ChainPlan, constrained, detail, scoped } from "./agent-delegation.js";
import { type Case, canonical, type Members } from "./maker.js";

const cover = (held: string, asked: string, expect: string): Case<ChainPlan> => [
  `${expect === "accept" ? "accept" : "reject"}_scope_${asked}_under_${held}`,
  expect,
  scoped([held], [asked]),
];
const tighter = (expect: string, parent: unknown, child: unknown): Case<ChainPlan> => [
  `${expect === "accept" ? "accept" : "reject"}_${canonical(child)}_under_${canonical(parent)}`,
  expect,
  constrained(parent, child),
];
const leaf = (change: Members): ChainPlan => ({ changes: { 2: { claims: detail(change) } } });
const order = ["none", "internal", "any"];
const one = (member: Members) => [{ key: "k", ...member }];

export const AUTHORITY: readonly Case<ChainPlan>[] = [
  cover("crm.*", "crm.x.y.*", "accept"),
  cover("crm.*", "crm", "not_narrower"),
  cover("crm.*", "crmx.read", "not_narrower"),
  cover("crm.read", "crm.*", "not_narrower"),
  cover("User.Read", "User.Read", "accept"),
  cover("User.Read", "user.read", "not_narrower"),
  ...["*", "crm.re*", "crm.*.read", "User.*", "crm.read\n", ""].map(
    (scope): Case<ChainPlan> => [
      `reject_scope_${JSON.stringify(scope)}`,
      "malformed",
      leaf({ scopes: [scope] }),
    ],
  ),
  ["accept_no_scopes", "accept", leaf({ scopes: [] })],
  tighter("accept", one({ max: 5 }), [...one({ max: 5 }), { key: "more", min: 1 }]),
  tighter("not_narrower", one({ max: 5 }), one({ max_lifetime: 1 })),
  tighter("not_narrower", one({ max_subtree: 5 }), one({ max_subtree: 6 })),
  tighter("not_narrower", one({ min: 5 }), one({ min: 4 })),
  tighter("not_narrower", one({ max: 5 }), undefined),
  tighter("accept", one({ one_of: [1, "a"] }), one({ one_of: [] })),
  tighter("not_narrower", one({ one_of: [1] }), one({ one_of: [true] })),
  tighter("not_narrower", one({ not_one_of: ["a"] }), one({ not_one_of: [] })),
  tighter("not_narrower", one({ prefix: "/data/" }), one({ prefix: "/data" })),
  tighter("accept", one({ rank: "any", order }), one({ rank: "none", order })),
  tighter(
    "not_narrower",
    one({ rank: "any", order }),
    one({ rank: "none", order: ["none", "any"] }),
  ),
  tighter("malformed", [], one({ rank: "some", order })),
  tighter("malformed", [], one({ rank: "a", order: ["a"] })),
  tighter("malformed", [], one({ max: true })),
  tighter("malformed", [], one({ max: 1, min: 0 })),
  tighter("malformed", [], one({ units: 1, parts: 2 })),
  tighter("accept", one({ units: { a: 1, b: [2] } }), one({ units: { b: [2], a: 1 } })),
  tighter("not_narrower", one({ units: 5 }), one({ units: 4 })),
  tighter("not_narrower", one({ units: 5 }), []),
];
