/** Every escape, twice: the minter refuses to make it, and the verifier refuses it when a forger made it. */
import { describe, expect, test } from "vitest";
import { mintLink } from "../../src/chain/mint.js";
import { verifyChain } from "../../src/chain/verify.js";
import { type Authority, type Grant, toLimitsDetail } from "../../src/wire/grant.js";
import {
  aat,
  anchor,
  chainOf,
  claimsOf,
  forgedLink,
  GRANT,
  holder,
  linkDraft,
  NOW,
  options,
  refuses,
  verified,
} from "./forge.js";

type Tools = Authority["tools"];
interface Case {
  readonly parent: Partial<Grant>;
  readonly child: Partial<Authority>;
}

const range = (more: object) => ({ constraint_type: "range" as const, ...more });
const tool = (constraint: unknown): Tools => ({ t: { a: constraint } }) as unknown as Tools;
const of = (parent: unknown, child: unknown): Case => ({
  parent: { tools: tool(parent) },
  child: { tools: tool(child) },
});
const limits = (parent: Grant["limits"], child: Grant["limits"]): Case => ({
  parent: { limits: { ...parent, depth: 3 } },
  child: { tools: GRANT.tools, limits: child },
});
const gate = { approvers: 2, from: ["ann", "bob", "cyd"] };
const gated = (child: Grant["limits"]["approval"]): Case =>
  limits({ approval: { "pay.refund": gate } }, child === undefined ? {} : { approval: child });
const one = (...values: string[]) => ({ constraint_type: "one_of", values });
const not = (...excluded: string[]) => ({ constraint_type: "not_one_of", excluded });

const ESCAPES: readonly (readonly [string, Case])[] = [
  ["A01 a tool that the parent lacks", { parent: {}, child: { tools: { "files.write": {} } } }],
  [
    "A02 a wider pattern",
    of({ constraint_type: "pattern", value: "a*" }, { constraint_type: "pattern", value: "*" }),
  ],
  [
    "A04 a constrained argument dropped",
    {
      parent: { tools: { t: { a: one("x"), b: one("y") } } as unknown as Tools },
      child: { tools: tool(one("x")) },
    },
  ],
  [
    "A04 an argument added to a closed tool",
    {
      parent: { tools: tool(one("x")) },
      child: { tools: { t: { a: one("x"), b: one("y") } } as unknown as Tools },
    },
  ],
  ["A05 a closed tool opened", { parent: { tools: tool(one("x")) }, child: { tools: { t: {} } } }],
  ["A06 a higher maximum", of(range({ max: 100 }), range({ max: 1_000 }))],
  [
    "A06 an exclusive bound made inclusive",
    of(range({ max: 9, max_inclusive: false }), range({ max: 9 })),
  ],
  ["A06 a bound dropped", of(range({ min: 1, max: 9 }), range({ max: 9 }))],
  [
    "A07 another exact value",
    of({ constraint_type: "exact", value: "a" }, { constraint_type: "exact", value: "b" }),
  ],
  ["A09 exclusions under a list of values", of(one("read", "write"), not("write"))],
  ["A10 fewer exclusions", of(not("a", "b"), not("a"))],
  [
    "A11 fewer required members",
    of(
      { constraint_type: "contains", required: ["a", "b"] },
      { constraint_type: "contains", required: ["a"] },
    ),
  ],
  [
    "A11 more allowed members",
    of(
      { constraint_type: "subset", allowed: ["a"] },
      { constraint_type: "subset", allowed: ["a", "b"] },
    ),
  ],
  [
    "A12 a clause of all dropped",
    of(
      { constraint_type: "all", constraints: [range({ min: 1 }), range({ max: 9 })] },
      { constraint_type: "all", constraints: [range({ min: 1 })] },
    ),
  ],
  [
    "A12 one clause of all for two",
    of(
      { constraint_type: "all", constraints: [range({ max: 9 }), range({ max: 9 })] },
      { constraint_type: "all", constraints: [range({ max: 9 })] },
    ),
  ],
  [
    "A17 another type of constraint",
    of({ constraint_type: "pattern", value: "a*" }, range({ max: 1 })),
  ],
  [
    "A19 a wider network",
    of(
      { constraint_type: "cidr", network: "10.1.0.0/16" },
      { constraint_type: "cidr", network: "10.0.0.0/8" },
    ),
  ],
  [
    "A20 a path that only looks like one below",
    of(
      { constraint_type: "path", under: "/data" },
      { constraint_type: "path", under: "/database" },
    ),
  ],
  [
    "A21 a path in another case",
    of({ constraint_type: "path", under: "/data" }, { constraint_type: "path", under: "/Data/x" }),
  ],
  [
    "A22 a host that the parent lacks",
    of(
      { constraint_type: "host", hosts: ["a.example"] },
      { constraint_type: "host", hosts: ["b.example"] },
    ),
  ],
  [
    "A25 a scope that only starts alike",
    { parent: { scopes: ["crm.read"] }, child: { scopes: ["crm.readsecrets"] } },
  ],
  [
    "A27 a wildcard under a literal scope",
    { parent: { scopes: ["crm.read"] }, child: { scopes: ["crm.*"] } },
  ],
  ["A32 more calls", limits({ calls: 5 }, { calls: 6 })],
  ["A32 more to spend", limits({ spend: { EUR: "5.00" } }, { spend: { EUR: "5.01" } })],
  ["A32 another currency", limits({ spend: { EUR: "5.00" } }, { spend: { USD: "5.00" } })],
  ["A35 an emptied approval gate", gated({})],
  [
    "A35 a gate that asks in fewer cases",
    gated({ "pay.refund": { ...gate, when: { amount: range({ min: 5 }) } } }),
  ],
  ["A36 fewer approvers", gated({ "pay.refund": { ...gate, approvers: 1 } })],
  ["A36 other approvers", gated({ "pay.refund": { approvers: 2, from: ["ann", "eve"] } })],
  [
    "an audience that the parent lacks",
    { parent: {}, child: { tools: GRANT.tools, audience: ["https://evil.example"] } },
  ],
];

const ALLOWED: readonly (readonly [string, Case])[] = [
  ["A05 an open tool closed", { parent: { tools: { t: {} } }, child: { tools: tool(one("x")) } }],
  ["A26 equal wildcards", { parent: { scopes: ["crm.*"] }, child: { scopes: ["crm.*"] } }],
  ["fewer tools", { parent: {}, child: { tools: { "web.search": {} } } }],
  ["nothing but scopes", { parent: {}, child: { scopes: ["crm.read"] } }],
  [
    "A35 a gate that goes with its tool",
    { ...gated({}), child: { tools: { "web.search": {} }, limits: { approval: {} } } },
  ],
  ["A36 more approvers", gated({ "pay.refund": { ...gate, approvers: 3 } })],
  ["limits that are not stated again", limits({ calls: 5, spend: { EUR: "1" } }, {})],
];

function rootOf({ parent }: Case): readonly string[] {
  return [anchor({ grant: { ...GRANT, ...parent } })];
}

function forged({ parent, child }: Case): readonly string[] {
  const tokens = rootOf({ parent, child });
  const details = [aat(child.tools ?? {})];
  if (child.limits !== undefined && Object.keys(child.limits).length > 0) {
    details.push(toLimitsDetail(child.limits));
  }
  const aud = child.audience?.[0];
  const scope = child.scopes?.join(" ");
  return [...tokens, forgedLink(tokens, { authorization_details: details, aud, scope })];
}

function minted({ parent, child }: Case): readonly string[] {
  const tokens = rootOf({ parent, child });
  const draft = linkDraft(1, { grant: child });
  return [...tokens, mintLink(verified(tokens), draft, holder(0))];
}

describe("an escape", () => {
  test.each(ESCAPES)("%s is not minted", (_what, attempt) => {
    const refusal = refuses("grant_exceeds_parent", () => minted(attempt));
    expect(refusal.hop).toBe("hop-root");
  });

  test.each(ESCAPES)("%s is refused when forged", (_what, attempt) => {
    refuses("grant_exceeds_parent", () => verified(forged(attempt)));
  });
});

describe("a child inside its parent", () => {
  test.each(ALLOWED)("with %s is minted and taken, forged or not", (_what, inside) => {
    const [a, b] = [verified(minted(inside)), verified(forged(inside))];
    expect(a.hops).toHaveLength(2);
    expect(b.grant.tools).toEqual(a.grant.tools);
    expect(b.grant.limits).toEqual(a.grant.limits);
  });
});

describe("what may only be delegated", () => {
  const limited = { ...GRANT, limits: { depth: 3, delegateOnly: ["web.search"] } };
  const tokens = [anchor({ grant: limited })];

  test("passes by no link, minted or forged", () => {
    const draft = linkDraft(1, { grant: { tools: { "web.search": {} } } });
    refuses("link_requires_coordinator", () => mintLink(verified(tokens), draft, holder(0)));
    const link = forgedLink(tokens, { authorization_details: [aat({ "web.search": {} })] });
    refuses("link_requires_coordinator", () => verified([...tokens, link]), "limits.delegateOnly");
  });

  test("does not stand in the way of the rest", () => {
    const grant = { tools: { "files.read": GRANT.tools["files.read"] ?? {} } };
    expect(mintLink(verified(tokens), linkDraft(1, { grant }), holder(0))).toMatch(/^ey/);
  });

  test("and what may only be used passes to nobody, restated word for word or not", () => {
    const own = [anchor({ grant: { ...GRANT, limits: { depth: 3, useOnly: ["web.search"] } } })];
    const draft = linkDraft(1, { grant: { tools: { "web.search": {} } } });
    refuses("grant_exceeds_parent", () => mintLink(verified(own), draft, holder(0)));
    const link = forgedLink(own, { authorization_details: [aat({ "web.search": {} })] });
    refuses("grant_exceeds_parent", () => verified([...own, link]));
    refuses("grant_exceeds_parent", () => verified([...own, forgedLink(own, {})]));
  });
});

describe("details that a child restates word for word", () => {
  const root = [anchor()];
  const told = claimsOf(root[0] ?? "").authorization_details;

  test("give it the parent's very tools, hop by hop", () => {
    const { depth } = GRANT.limits;
    const chain = verified(chainOf(4, { ...GRANT, limits: depth === undefined ? {} : { depth } }));
    const [first, ...rest] = chain.grants.map(({ tools }) => tools);
    for (const tools of rest) expect(tools).toBe(first);
  });

  test("and after a child that narrowed them, that child's", () => {
    const narrow = { "files.read": GRANT.tools["files.read"] ?? {} };
    const child = forgedLink(root, { authorization_details: [aat(narrow)] });
    const same = forgedLink([...root, child], {});
    expect(Object.keys(verified([...root, child, same]).grant.tools)).toEqual(["files.read"]);
    const wide = forgedLink([...root, child], { authorization_details: told });
    refuses("grant_exceeds_parent", () => verified([...root, child, wide]));
  });

  test("count only where they stand as the claim itself", () => {
    const elsewhere = { aaa: { authorization_details: told }, authorization_details: undefined };
    refuses("malformed", () => verified([...root, forgedLink(root, elsewhere)]));
    const zero = { aaa: { authorization_details: told }, authorization_details: 0 };
    refuses("malformed", () => verified([...root, forgedLink(root, zero)]));
  });
});

test("A30 A31 the minter refuses a life outside its parent's", () => {
  const parent = verified([anchor()]);
  const at = (expiresAt: number) => mintLink(parent, linkDraft(1, { expiresAt }), holder(0));
  expect(at(NOW + 600_000)).toMatch(/^ey/);
  refuses("lifetime_invalid", () => at(NOW + 601_000), "exp");
  refuses("token_expired", () => at(NOW));
  refuses("token_not_yet_valid", () =>
    mintLink(parent, linkDraft(1, { notBefore: NOW + 1_000 }), holder(0)),
  );
  refuses("token_expired", () => mintLink(parent, linkDraft(1, { now: NOW + 600_000 }), holder(0)));
});

test("S37 C12 the minter extends nothing that is at its end, and raises no maximum", () => {
  const end = verified([anchor({ grant: { ...GRANT, limits: { depth: 0 } } })]);
  refuses("depth_invalid", () => mintLink(end, linkDraft(1), holder(0)));
  const one = verified([anchor({ grant: { ...GRANT, limits: { depth: 1 } } })]);
  const grant = { tools: GRANT.tools, limits: { depth: 1 } };
  refuses("depth_invalid", () => mintLink(one, linkDraft(1, { grant }), holder(0)));
});

test("C06 the minter signs with no other key than the parent's", () => {
  refuses("signature_invalid", () => mintLink(verified([anchor()]), linkDraft(1), holder(5)));
});

test("C16 the minter stops where a verifier with the same ceilings would", () => {
  const tokens = [anchor({ grant: { ...GRANT, limits: { depth: 60 } } })];
  for (let at = 1; at < 32; at += 1) {
    tokens.push(mintLink(verifyChain(tokens, options), linkDraft(at), holder(at - 1)));
  }
  expect(verified(tokens).hops).toHaveLength(32);
  refuses("too_large", () => mintLink(verified(tokens), linkDraft(32), holder(31)), "tokens");
});
